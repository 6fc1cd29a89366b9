"""What one clause asks for, before it becomes steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from engine.planning.offline.dates import Times


class Kind(StrEnum):
    """The acts this planner knows."""

    FIND = "find"
    READ = "read"
    """Find, then understand."""
    CONTACT = "contact"
    MEET = "meet"
    AGENDA = "agenda"
    NO_AGENDA = "no_agenda"
    """The person wants none."""
    APPOINTMENTS = "appointments"
    THREAD = "thread"
    """Read what was written in this conversation."""
    NONE = "none"
    """Not understood, or not done here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """One clause, understood."""

    kind: Kind
    text: str
    """The clause as written."""
    times: Times = field(default_factory=Times)
    terms: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    topic: str = ""
    refers: bool = False
    """It speaks of something an earlier clause named: it, him."""
    thread: bool = False
    """It takes from what was written in this conversation, on ``topic`` where that is all it wants."""
    left: tuple[str, ...] = ()
    """Words of weight nothing was made of."""
    doubts: tuple[str, ...] = ()
    """Phrase keys of what a person should check."""
