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

What an effect replaced is kept beside the staged letters, and is as true as they are. ``take_back`` goes the same way; that
it has begun is noted in what was kept, so that a meeting which is gone is known to have been taken out by it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, tzinfo
from pathlib import Path
from threading import Lock
from zoneinfo import ZoneInfo

from engine.concurrency import finish
from engine.domain.artifact import Appointments, Meeting, Undone
from engine.domain.ids import opaque
from engine.errors import RefusedError, UnavailableError
from engine.failpoints import failpoint
from engine.ports.calendar import Invitation, MeetingChange, StandingMeeting
from engine.ports.clock import Clock
from integrations.local_workspace import ics, ics_lines
from integrations.local_workspace.atomic import replace_file_if, sync_folder
from integrations.local_workspace.change_letters import Letters, farewell_key
from integrations.local_workspace.etag import etag_of
from integrations.local_workspace.invitation import NO_OWNER, checked, event_lines, mail, mark_of, uid_of
from integrations.local_workspace.keepsakes import Keepsake, Keepsakes
from integrations.local_workspace.outbox import Outbox
from integrations.local_workspace.restoring import taken_back
from integrations.local_workspace.revision import Occasion, checked_change, revise
from integrations.local_workspace.standing import found_event

_WRITE_SECONDS = 30.0
_MOST_BYTES = 20 * 1024 * 1024
_TRIES = 5

_Stamp = tuple[int, int, int]
_NO_FILE: _Stamp = (0, 0, 0)


def _nobody() -> tuple[str, str]:
    return NO_OWNER


class LocalCalendar:
    """:class:`engine.ports.calendar.Calendar` over the workspace folder ``root``.

    Args:
        root: holds ``calendar.ics``, ``outbox/`` and ``.tizmor/kept/``; a missing calendar is an empty one.
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
        self._kept = Keepsakes(root / ".tizmor" / "kept")
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

    async def take_back(self, done: Sequence[str], *, key: str) -> Undone:
        """Take out a meeting that was made, or give one its lines back; see the port. A cancelled call still ends its
        writes."""
        return await finish(asyncio.to_thread(self._take_back, tuple(done), key), within=_WRITE_SECONDS)

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
            self._put(key, event_lines(written, key=key, stamp=stamp), mark_of(written))
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
            self._revise(wanted, self._occasion(key))
            told = self._told(key)
        return replace(self._meeting(wanted.meeting_id, wanted, told), cancelled=wanted.cancelled)

    def _revise(self, change: MeetingChange, occasion: Occasion) -> None:
        """Stage the letters and write the event, minding that another program may write the file."""
        for _ in range(_TRIES):
            content, stamp = self._read()
            revision = revise(content, change, occasion)
            if revision is None:
                self._make_durable()
                return
            self._stage(occasion.key, revision.letters)
            self._keep(occasion.key, change.meeting_id, content, revision.content)
            failpoint("calendar.letters_staged")
            if self._replace(stamp, revision.content):
                failpoint("calendar.change_written")
                return
        raise _restless()

    def _take_back(self, done: Sequence[str], key: str) -> Undone:
        with self._lock, _writing():
            failpoint("calendar.before_undo")
            kept = [found for effect in done if (found := self._kept.find(effect)) is not None]
            if not kept or len(kept) < len(done):
                raise RefusedError("undo_unknown", "What stood before is not known any more, so nothing was changed.")
            for effect in done:
                self._stage(effect, Letters(update=None, farewell=None))
            undone = self._restore(done[-1], kept, self._occasion(key))
            told = self._told(key)
        letters = (self._outbox.name(farewell_key(key)) if self._outbox.holds(farewell_key(key)) else "", told)
        return replace(undone, letters=tuple(name for name in letters if name))

    def _restore(self, newest: str, kept: Sequence[Keepsake], occasion: Occasion) -> Undone:
        for _ in range(_TRIES):
            content, stamp = self._read()
            try:
                restoration = taken_back(content, kept, occasion)
            except RefusedError:
                self._stage(occasion.key, Letters(update=None, farewell=None))
                raise
            if restoration is None:
                self._make_durable()
                return kept[-1].undone or Undone(what="meeting_removed", title="-")
            self._stage(occasion.key, restoration.letters)
            noted = {"taken_back_by": opaque(occasion.key), "undone": restoration.undone}
            kept = [*kept[:-1], kept[-1].model_copy(update=noted)]
            self._kept.keep(newest, kept[-1])
            failpoint("calendar.undo_noted")
            if self._replace(stamp, restoration.content):
                failpoint("calendar.undo_written")
                return restoration.undone
        raise _restless()

    def _stage(self, key: str, letters: Letters) -> None:
        self._outbox.stage(farewell_key(key), letters.farewell)
        self._outbox.stage(key, letters.update)

    def _told(self, key: str) -> str:
        """Send what is staged; the letter that is there then."""
        for letter in (farewell_key(key), key):
            self._outbox.send(letter)
            failpoint("calendar.letter_sent")
        return self._outbox.name(key) if self._outbox.holds(key) else ""

    def _keep(self, key: str, uid: str, content: bytes, changed: bytes) -> None:
        """Keep what an effect is about to replace. The first event with the UID is the one that is changed."""
        found = ics_lines.blocks(content, uid)
        self._kept.keep(key, Keepsake(uid=uid, left=etag_of(changed, uid), before=found[0] if found else None))

    def _occasion(self, key: str) -> Occasion:
        return Occasion(key=key, stamp=self._stamp(), zone=self._zone, owner=self._owner)

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

    def _put(self, key: str, event: bytes, mark: str) -> None:
        """Put in the event of a key unless it is there, minding that another program may write the file."""
        uid = uid_of(key)
        for _ in range(_TRIES):
            content, stamp = self._read()
            if ics_lines.has_event(content, uid, mark.encode()):
                self._make_durable()
                return
            changed = ics_lines.put_event(content, uid, event)
            with _writing():
                self._kept.keep(key, Keepsake(uid=uid, left=etag_of(changed, uid)))
            failpoint("calendar.read")
            with _writing():
                if self._replace(stamp, changed):
                    return
        raise _restless()

    def _replace(self, stamp: _Stamp, content: bytes) -> bool:
        """Put it in the place of the file, unless that is not any more what was read under this stamp."""
        return replace_file_if(self._file, content, lambda: self._stands() == stamp)

    def _stands(self) -> _Stamp:
        try:
            return _stamp_of(self._file.lstat())
        except FileNotFoundError:
            return _NO_FILE

    def _make_durable(self) -> None:
        """What is found already done was perhaps put in place by a call that was cut short before its sync."""
        with _writing():
            sync_folder(self._file.parent)

    def _read(self) -> tuple[bytes, _Stamp]:
        """The file and its state; what a missing or empty one starts as."""
        try:
            opened = os.open(self._file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return ics_lines.EMPTY, _NO_FILE
        except OSError as error:
            detail = f"calendar.ics cannot be opened: {error.strerror}. It must be a plain file, not a link."
            raise UnavailableError("calendar_unreadable", detail) from error
        with os.fdopen(opened, "rb") as file:
            found = os.fstat(file.fileno())
            if found.st_size > _MOST_BYTES:
                raise RefusedError(
                    "calendar_unreadable", f"calendar.ics has {found.st_size:,} bytes, too many to read."
                )
            return file.read() or ics_lines.EMPTY, _stamp_of(found)

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


def _stamp_of(found: os.stat_result) -> _Stamp:
    return found.st_mtime_ns, found.st_size, found.st_ino


def _shown(person: tuple[str, str]) -> str:
    name, address = person
    return f"{name} <{address}>" if name and address else name or address


def _restless() -> UnavailableError:
    return UnavailableError("calendar_unwritable", "calendar.ics keeps changing while it is written; try again.")
