"""A part of the laboratory: breaks the product on purpose in one way, judges what is left, and says it in figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

Figure = int | float | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a part is run."""

    work: Path
    """An empty folder of the part's own; what is left there when it found nothing wrong is removed."""
    seconds: float
    """About how long the part may take: one that could go on for ever stops then, one that is finite says that it was cut."""
    seed: int
    """All its chance: the same seed does the same again."""
    jobs: int
    """Processes at a time."""
    replay: str = ""
    """Of a part that prints tokens: run only what this one stands for, and tell how it went."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a part found."""

    name: str
    figures: Mapping[str, Figure] = field(default_factory=dict[str, Figure])
    """In the order they are told, such as ``points``, ``kills``, ``lost``, ``repeated``."""
    violations: Sequence[str] = ()
    """A sentence each: what was seen where, and what does it again. None is the only good number."""
    seconds: float = 0.0
    """How long it took; measured by who ran it."""


class Part(Protocol):
    """One way to break the product. Its module has it as ``PART`` and is named in ``tests.laboratory.__main__.PARTS``."""

    @property
    def name(self) -> str:
        """One word, for ``--only``."""
        ...

    def run(self, options: Options) -> Report:
        """Break and judge, within ``options.seconds``; processes it starts are gone when it returns.

        What it finds wrong it reports; it raises only where it cannot judge, which is told as a violation too.
        """
        ...
