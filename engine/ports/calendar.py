"""The person's calendar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from engine.domain.artifact import Appointments, Meeting, Undone

MAX_TITLE = 300
MAX_DESCRIPTION = 4_000
"""Characters of a meeting's texts as :meth:`Calendar.find` gives them; what stands in the calendar may be longer."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingMeeting:
    """A meeting as it stands in the calendar now, whoever wrote it last."""

    meeting_id: str
    """Its UID."""
    title: str
    """One line; ``-`` when it has none."""
    starts: datetime
    ends: datetime
    """Both aware; the end is exclusive, and the start's own instant when it lasts no time."""
    attendees: tuple[tuple[str, str], ...] = ()
    """(name, address) of each; the address is empty where there is none to write to."""
    description: str = ""
    cancelled: bool = False
    all_day: bool = False
    obstacle: str = ""
    """Why it cannot be changed from here: ``meeting_repeats`` (a series) or ``meeting_not_ours`` (somebody else
    organises it); empty when it can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingChange:
    """What a meeting shall be, whole: exactly what a person approved. Absolute, so that repeating it is harmless.

    What equals what stands (as :meth:`Calendar.find` gives it) is not rewritten.
    """

    meeting_id: str
    """Its UID."""
    title: str
    starts: datetime
    ends: datetime
    attendees: tuple[tuple[str, str], ...] = ()
    """(name, address) of everybody who shall come."""
    description: str = ""
    cancelled: bool = False


class Calendar(Protocol):
    """Reads appointments; writes meetings by key."""

    async def between(self, starts: datetime, ends: datetime, *, without: str = "") -> Appointments:
        """Every occurrence overlapping the period, recurring events expanded in their own zones, in order of start.
        A broken entry is named in ``problems`` and the rest is returned. ``without``: UID of a meeting to leave out."""
        ...

    async def find(self, meeting_id: str) -> StandingMeeting | None:
        """The meeting with this UID as it stands now, cancelled ones included; None when there is none.

        Raises:
            RefusedError: ``calendar_unreadable``; ``meeting_unreadable``: it is there, and nobody can tell when it is.
            UnavailableError: ``calendar_unreadable``: the calendar cannot be opened.
        """
        ...

    async def schedule(self, invitation: Invitation, *, key: str) -> Meeting:
        """Put the meeting into the calendar and its invitation into the outbox. Both are derived from ``key``: repeating
        the call, also after a crash between the two writes, leaves one event and one invitation.

        Raises:
            RefusedError: ``calendar_unreadable``: the file cannot be parsed at all and is left untouched.
            UnavailableError: ``calendar_unwritable``: disk full, permissions.
        """
        ...

    async def change(self, change: MeetingChange, *, key: str) -> Meeting:
        """Make a meeting what ``change`` says and put what tells its people into the outbox: an update to all who come,
        a cancellation to those who no longer do, or to everybody when it is cancelled.

        Once per ``key``: repeating the call, also after a crash between the writes or after later changes, changes
        nothing again and leaves one update. Whatever else the event holds stays as it is.

        Raises:
            RefusedError: ``meeting_missing``: no event has this UID; ``meeting_repeats`` or ``meeting_not_ours``, see
                :attr:`StandingMeeting.obstacle`; ``meeting_unreadable``; those of :meth:`schedule`.
            UnavailableError: ``calendar_unwritable``: disk full, permissions.
        """
        ...

    async def take_back(self, done: Sequence[str], *, key: str) -> Undone:
        """Take back what ``schedule`` and ``change`` did under these keys to one meeting, all at once: a meeting that was
        made goes, one that was changed is what it was before. A letter tells its people, since an invitation in the outbox
        counts as sent; a letter that was not put there yet never is.

        Once per ``key``: repeating the call, also after a crash between the writes, changes nothing again.

        Args:
            done: keys of effects on one meeting, the oldest first.
            key: the idempotency key of taking them back.

        Raises:
            RefusedError: and nothing was changed: ``undo_changed``: it is not what those effects left, because somebody
                moved it or changed what it says (their answers do not count); ``undo_gone``: it is not there any more;
                ``undo_done``: it was taken back under another key; ``undo_unknown``: what stood before is not known any
                more; those of :meth:`find`.
            UnavailableError: ``calendar_unwritable``: disk full, permissions.
        """
        ...
