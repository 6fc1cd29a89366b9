"""The calendar port over ``calendar.ics`` and ``outbox/``.

Both writes of a meeting derive their names from its key, each is atomic and skipped when it is already there; so
whatever a crash left, the same call completes it. One process owns the folder; a lock orders its threads.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, tzinfo
from pathlib import Path
from threading import Lock
from zoneinfo import ZoneInfo

from engine.concurrency import finish
from engine.domain.artifact import Appointments, Meeting
from engine.domain.ids import opaque
from engine.errors import RefusedError, UnavailableError
from engine.failpoints import failpoint
from engine.ports.calendar import Invitation
from engine.ports.clock import Clock
from integrations.local_workspace import ics
from integrations.local_workspace.atomic import remove_file, replace_file
from integrations.local_workspace.invitation import NO_OWNER, checked, event_lines, mail, mark_of, uid_of

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
        self._outbox = root / "outbox"
        self._clock = clock
        self._zone = zone or ZoneInfo("Asia/Jerusalem")
        self._owner = owner
        self._lock = Lock()
        self._parsed: tuple[_Stamp, ics.ParsedCalendar] | None = None

    async def between(self, starts: datetime, ends: datetime) -> Appointments:
        """Every occurrence overlapping the period; see the port.

        A file that cannot be parsed at all is named in ``problems``, with no items.

        Raises:
            UnavailableError: ``calendar_unreadable``: the file is there and cannot be opened.
            ValueError: a time without zone.
        """
        if starts.tzinfo is None or ends.tzinfo is None:
            raise ValueError(f"appointments between {starts} and {ends}: both need a zone")
        return await asyncio.to_thread(self._between, starts, ends)

    async def schedule(self, invitation: Invitation, *, key: str) -> Meeting:
        """Write the meeting and its invitation; see the port. A cancelled call still ends its writes.

        Raises:
            RefusedError: also ``meeting_invalid`` and ``address_invalid``; nothing is written then.
        """
        return await finish(asyncio.to_thread(self._schedule, invitation, key), within=_WRITE_SECONDS)

    async def remove(self, key: str) -> bool:
        """Take back event and invitation; see the port. Raises as :meth:`schedule`."""
        return await finish(asyncio.to_thread(self._remove, key), within=_WRITE_SECONDS)

    def _between(self, starts: datetime, ends: datetime) -> Appointments:
        try:
            parsed = self._load()
        except RefusedError as error:
            return Appointments(starts=starts, ends=ends, problems=(error.detail,))
        entries, problems = ics.occurrences(parsed, starts, ends)
        return Appointments(starts=starts, ends=ends, items=tuple(entries), problems=(*parsed.problems, *problems))

    def _load(self) -> ics.ParsedCalendar:
        with self._lock:
            content, stamp = self._read()
            if self._parsed is None or self._parsed[0] != stamp:
                self._parsed = (stamp, ics.parse(content, zone=self._zone))
            return self._parsed[1]

    def _schedule(self, invitation: Invitation, key: str) -> Meeting:
        organiser = invitation.organiser if invitation.organiser[1] else self._owner()
        written = checked(replace(invitation, organiser=organiser))
        uid, mail_path = uid_of(key), self._mail_path(key)
        stamp = self._clock.now().replace(microsecond=0)
        invited = any(address for _, address in written.attendees)
        with self._lock:
            failpoint("calendar.before_event")
            self._put(uid, event_lines(written, key=key, stamp=stamp), mark_of(written))
            failpoint("calendar.event_written")
            letter = mail(written, key=key, stamp=stamp, zone=self._zone) if invited else None
            self._deliver(mail_path, letter, mark_of(written))
            failpoint("calendar.invitation_written")
        return Meeting(
            id=uid,
            title=written.title,
            starts=written.starts,
            ends=written.ends,
            link=f"calendar.ics#{uid}",
            attendees=tuple(f"{name} <{address}>" if address else name for name, address in written.attendees),
            invitation=f"outbox/{mail_path.name}" if invited else "",
        )

    def _remove(self, key: str) -> bool:
        with self._lock:
            try:
                mail_gone = remove_file(self._mail_path(key))
                failpoint("calendar.invitation_removed")
                return self._put(uid_of(key), None) or mail_gone
            except OSError as error:
                raise self._unwritable(error) from error

    def _put(self, uid: str, event: bytes | None, mark: str = "") -> bool:
        """Put in or take out one event, minding that another program may write the file; False when nothing changed."""
        for _ in range(_TRIES):
            content, stamp = self._read()
            if event is not None and ics.has_event(content, uid, mark.encode()):
                return False
            changed = ics.put_event(content, uid, event)
            if changed == content:
                return False
            failpoint("calendar.read")
            if self._read()[1] == stamp:
                self._replace(self._file, changed)
                return True
        raise UnavailableError("calendar_unwritable", "calendar.ics keeps changing while it is written; try again.")

    def _deliver(self, path: Path, content: bytes | None, mark: str) -> None:
        try:
            if content is None:
                remove_file(path)
                return
            if path.is_file() and b"X-Tizmor-Content: " + mark.encode() in path.read_bytes():
                return
        except OSError as error:
            raise self._unwritable(error) from error
        self._replace(path, content)

    def _replace(self, path: Path, content: bytes) -> None:
        try:
            replace_file(path, content)
        except OSError as error:
            raise self._unwritable(error) from error

    def _read(self) -> tuple[bytes, _Stamp]:
        """The file and its state; what a missing or empty one starts as."""
        try:
            opened = os.open(self._file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return ics.EMPTY, (0, 0, 0)
        except OSError as error:
            detail = f"calendar.ics cannot be opened: {error.strerror}. It must be a plain file, not a link."
            raise UnavailableError("calendar_unreadable", detail) from error
        with os.fdopen(opened, "rb") as file:
            found = os.fstat(file.fileno())
            if found.st_size > _MOST_BYTES:
                raise RefusedError(
                    "calendar_unreadable", f"calendar.ics has {found.st_size:,} bytes, too many to read."
                )
            return file.read() or ics.EMPTY, (found.st_mtime_ns, found.st_size, found.st_ino)

    def _mail_path(self, key: str) -> Path:
        return self._outbox / f"{opaque(key)}.eml"

    def _unwritable(self, error: OSError) -> UnavailableError:
        return UnavailableError("calendar_unwritable", f"{error.filename or 'the workspace'}: {error.strerror}.")
