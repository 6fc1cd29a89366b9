"""The person's calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from engine.domain.artifact import Appointments, Meeting


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A meeting to write: exactly what a person approved."""

    title: str
    starts: datetime
    ends: datetime
    attendees: tuple[tuple[str, str], ...] = ()
    """(name, address) of each."""
    description: str = ""
    organiser: tuple[str, str] = ("", "")
    """(name, address); empty strings take the workspace's owner."""


class Calendar(Protocol):
    """Reads appointments; writes meetings by key."""

    async def between(self, starts: datetime, ends: datetime) -> Appointments:
        """Every occurrence overlapping the period, recurring events expanded in their own zones, in order of start.
        A broken entry is named in ``problems`` and the rest is returned."""
        ...

    async def schedule(self, invitation: Invitation, *, key: str) -> Meeting:
        """Put the meeting into the calendar and its invitation into the outbox. Both are derived from ``key``: repeating
        the call, also after a crash between the two writes, leaves one event and one invitation.

        Raises:
            RefusedError: ``calendar_unreadable``: the file cannot be parsed at all and is left untouched.
            UnavailableError: ``calendar_unwritable``: disk full, permissions.
        """
        ...

    async def remove(self, key: str) -> bool:
        """Take back what ``schedule`` wrote under this key; False when nothing was there."""
        ...
