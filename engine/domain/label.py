"""Where a value comes from and who may read it: what the flow policy looks at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Integrity(IntEnum):
    """How far a value may be trusted to steer an action; higher is less trusted."""

    CONFIG = 0
    """Set by the operator."""
    ASKER = 1
    """The authenticated requester's own words, or a typed pick a person made."""
    TENANT = 2
    """Content of the tenant's own documents, contacts and calendar."""
    EXTERNAL = 3
    """Anything a stranger may have written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """Integrity and readers of one value."""

    integrity: Integrity
    readers: frozenset[str] = frozenset({"tenant"})
    """Principals or groups that may see the value."""

    def join(self, other: Label) -> Label:
        """The label of something made from both: least integrity, only common readers."""
        return Label(integrity=max(self.integrity, other.integrity), readers=self.readers & other.readers)
