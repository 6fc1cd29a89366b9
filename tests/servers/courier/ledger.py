"""What the courier did, which nobody may lose or do twice: the oracle of every test about effects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One effect that happened."""

    effect: str
    """The logical effect it was, as the caller names it. The courier itself never compares it: it is for judging."""
    service: str
    """``keyed``, ``marked`` or ``plain``."""
    parcel: str


@dataclass(slots=True)
class Ledger:
    """Every delivery, in order."""

    deliveries: list[Delivery] = field(default_factory=list[Delivery])

    def counts(self) -> Counter[str]:
        """How often each logical effect happened."""
        return Counter(each.effect for each in self.deliveries)

    def repeated(self) -> list[str]:
        """Logical effects that happened more than once."""
        return [effect for effect, count in self.counts().items() if count > 1]

    def parcels(self) -> list[str]:
        """What was delivered, in order."""
        return [each.parcel for each in self.deliveries]

    def as_json(self) -> list[dict[str, Any]]:
        """For another process."""
        return [asdict(each) for each in self.deliveries]

    @classmethod
    def from_json(cls, deliveries: Sequence[dict[str, Any]]) -> Ledger:
        """As :meth:`as_json` gave it."""
        return cls([Delivery(**each) for each in deliveries])
