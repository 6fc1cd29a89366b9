"""The calendar port over ``calendar.ics`` and ``outbox/``.

Every write derives its name from its key, is atomic, and is skipped when it is already there; so whatever a crash left,
the same call completes it. One process owns the folder; a lock orders its threads.

=============== ========================================================================================
killed after    a repeated ``change`` finds
=============== ========================================================================================
letters staged  the event without the key: stages them anew from what stands then, and goes on
event written   the event with the key: puts the staged letters in
a letter sent   the event with the key: puts in what is still staged
=============== ========================================================================================
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, tzinfo
from pathlib import Path
from threading import Lock
from zoneinfo import ZoneInfo

from engine.concurrency import finish
from engine.domain.artifact import Appointments, Meeting
from engine.errors import RefusedError, UnavailableError
from engine.failpoints import failpoint
from engine.ports.calendar import Invitation, MeetingChange, StandingMeeting
from engine.ports.clock import Clock
from integrations.local_workspace import ics, ics_lines
from integrations.local_workspace.atomic import replace_file
from integrations.local_workspace.change_letters import farewell_key
from integrations.local_workspace.invitation import NO_OWNER, checked, event_lines, mail, mark_of, uid_of
from integrations.local_workspace.outbox import Outbox
from integrations.local_workspace.revision import Occasion, checked_change, revise
from integrations.local_workspace.standing import found_event

_WRITE_SECONDS = 30.0
_MOST_BYTES = 20 * 1024 * 1024
_TRIES = 5

_Stamp = tuple[int, int, int]


def _nobody() -> tuple[str, str]:
    return NO_OWNER


class LocalCalendar:
    """:class:`engine.ports.calendar.Calendar` over the workspace folder ``root``.

    Args:
        root: holds ``calendar.ics`` and ``outbox/``; a missing calendar is an empty one.
        clock: dates what is written.
        zone: the person's, for all-day events where the file names none.
        owner: gives (name, address) of the organiser where an invitation names none. Called in a worker thread.
    """

    def __init__(
        self,
        root: Path,
        clock: Clock,
        *,
        zone: tzinfo | None = None,
        owner: Callable[[], tuple[str, str]] = _nobody,
    ) -> None:
        self._file = root / "calendar.ics"
        self._outbox = Outbox(root / "outbox")
        self._clock = clock
        self._zone = zone or ZoneInfo("Asia/Jerusalem")
        self._owner = owner
        self._lock = Lock()
        self._parsed: tuple[_Stamp, ics.ParsedCalendar] | None = None

    async def between(self, starts: datetime, ends: datetime, *, without: str = "") -> Appointments:
        """Every occurrence overlapping the period; see the port.

        A file that cannot be parsed at all is named in ``problems``, with no items.

        Raises:
            UnavailableError: ``calendar_unreadable``: the file is there and cannot be opened.
            ValueError: a time without zone.
        """
        if starts.tzinfo is None or ends.tzinfo is None:
            raise ValueError(f"appointments between {starts} and {ends}: both need a zone")
        return await asyncio.to_thread(self._between, starts, ends, without)

    async def find(self, meeting_id: str) -> StandingMeeting | None:
        """The meeting as it stands; see the port."""
        return await asyncio.to_thread(self._find, meeting_id)

    async def schedule(self, invitation: Invitation, *, key: str) -> Meeting:
        """Write the meeting and its invitation; see the port. A cancelled call still ends its writes.

        Raises:
            RefusedError: also ``meeting_invalid`` and ``address_invalid``; nothing is written then.
        """
        return await finish(asyncio.to_thread(self._schedule, invitation, key), within=_WRITE_SECONDS)

    async def change(self, change: MeetingChange, *, key: str) -> Meeting:
        """Rewrite the meeting's event and tell its people; see the port. A cancelled call still ends its writes.

        Raises:
            RefusedError: also ``meeting_invalid`` and ``address_invalid``; nothing is written then.
        """
        return await finish(asyncio.to_thread(self._change, change, key), within=_WRITE_SECONDS)

    async def remove(self, key: str) -> bool:
        """Take back event and invitation; see the port. Raises as :meth:`schedule`."""
        return await finish(asyncio.to_thread(self._remove, key), within=_WRITE_SECONDS)

    def _between(self, starts: datetime, ends: datetime, without: str) -> Appointments:
        try:
            parsed = self._load()
        except RefusedError as error:
            return Appointments(starts=starts, ends=ends, problems=(error.detail,))
        entries, problems = ics.occurrences(parsed, starts, ends, without=without)
        return Appointments(starts=starts, ends=ends, items=tuple(entries), problems=(*parsed.problems, *problems))

    def _find(self, meeting_id: str) -> StandingMeeting | None:
        found = found_event(self._read()[0], meeting_id, zone=self._zone, owner=self._owner)
        return found.meeting if found else None

    def _load(self) -> ics.ParsedCalendar:
        with self._lock:
            content, stamp = self._read()
            if self._parsed is None or self._parsed[0] != stamp:
                self._parsed = (stamp, ics.parse(content, zone=self._zone))
            return self._parsed[1]

    def _schedule(self, invitation: Invitation, key: str) -> Meeting:
        organiser = invitation.organiser if invitation.organiser[1] else self._owner()
        written = checked(replace(invitation, organiser=organiser))
        stamp = self._stamp()
        invited = any(address for _, address in written.attendees)
        with self._lock:
            failpoint("calendar.before_event")
            self._put(uid_of(key), event_lines(written, key=key, stamp=stamp), mark_of(written))
            failpoint("calendar.event_written")
            letter = mail(written, key=key, stamp=stamp, zone=self._zone) if invited else None
            with _writing():
                self._outbox.deliver(key, letter, mark_of(written))
            failpoint("calendar.invitation_written")
        return self._meeting(uid_of(key), written, self._outbox.name(key) if invited else "")

    def _change(self, change: MeetingChange, key: str) -> Meeting:
        wanted = checked_change(change)
        with self._lock, _writing():
            failpoint("calendar.before_change")
            self._revise(wanted, Occasion(key=key, stamp=self._stamp(), zone=self._zone, owner=self._owner))
            for letter in (farewell_key(key), key):
                self._outbox.send(letter)
                failpoint("calendar.letter_sent")
            told = self._outbox.name(key) if self._outbox.holds(key) else ""
        return replace(self._meeting(wanted.meeting_id, wanted, told), cancelled=wanted.cancelled)

    def _revise(self, change: MeetingChange, occasion: Occasion) -> None:
        """Stage the letters and write the event, minding that another program may write the file."""
        for _ in range(_TRIES):
            content, stamp = self._read()
            revision = revise(content, change, occasion)
            if revision is None:
                return
            self._outbox.stage(farewell_key(occasion.key), revision.letters.farewell)
            self._outbox.stage(occasion.key, revision.letters.update)
            failpoint("calendar.letters_staged")
            if self._read()[1] == stamp:
                replace_file(self._file, revision.content)
                failpoint("calendar.change_written")
                return
        raise _restless()

    def _meeting(self, uid: str, written: Invitation | MeetingChange, letter: str) -> Meeting:
        return Meeting(
            id=uid,
            title=written.title,
            starts=written.starts,
            ends=written.ends,
            link=f"calendar.ics#{uid}",
            attendees=tuple(_shown(person) for person in written.attendees),
            invitation=letter,
        )

    def _remove(self, key: str) -> bool:
        with self._lock, _writing():
            mail_gone = self._outbox.remove(key)
            failpoint("calendar.invitation_removed")
            return self._put(uid_of(key), None) or mail_gone

    def _put(self, uid: str, event: bytes | None, mark: str = "") -> bool:
        """Put in or take out one event, minding that another program may write the file; False when nothing changed."""
        for _ in range(_TRIES):
            content, stamp = self._read()
            if event is not None and ics_lines.has_event(content, uid, mark.encode()):
                return False
            changed = ics_lines.put_event(content, uid, event)
            if changed == content:
                return False
            failpoint("calendar.read")
            if self._read()[1] == stamp:
                with _writing():
                    replace_file(self._file, changed)
                return True
        raise _restless()

    def _read(self) -> tuple[bytes, _Stamp]:
        """The file and its state; what a missing or empty one starts as."""
        try:
            opened = os.open(self._file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return ics_lines.EMPTY, (0, 0, 0)
        except OSError as error:
            detail = f"calendar.ics cannot be opened: {error.strerror}. It must be a plain file, not a link."
            raise UnavailableError("calendar_unreadable", detail) from error
        with os.fdopen(opened, "rb") as file:
            found = os.fstat(file.fileno())
            if found.st_size > _MOST_BYTES:
                raise RefusedError(
                    "calendar_unreadable", f"calendar.ics has {found.st_size:,} bytes, too many to read."
                )
            return file.read() or ics_lines.EMPTY, (found.st_mtime_ns, found.st_size, found.st_ino)

    def _stamp(self) -> datetime:
        return self._clock.now().replace(microsecond=0)


@contextmanager
def _writing() -> Generator[None]:
    """What the disk refuses inside is ``calendar_unwritable``."""
    try:
        yield
    except OSError as error:
        detail = f"{error.filename or 'the workspace'}: {error.strerror}."
        raise UnavailableError("calendar_unwritable", detail) from error


def _shown(person: tuple[str, str]) -> str:
    name, address = person
    return f"{name} <{address}>" if name and address else name or address


def _restless() -> UnavailableError:
    return UnavailableError("calendar_unwritable", "calendar.ics keeps changing while it is written; try again.")
