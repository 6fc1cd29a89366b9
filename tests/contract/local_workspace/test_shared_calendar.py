"""A calendar that others write and read too: what they save meanwhile is kept, and they may go on reading it."""

from __future__ import annotations

import os
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from engine import failpoints
from engine.ports.calendar import MeetingChange
from engine.ports.clock import Clock
from integrations.local_workspace import LocalCalendar
from tests.contract.local_workspace.test_calendar import KEY, MEETING

THEIRS = b"BEGIN:VEVENT\r\nUID:theirs\r\nDTSTART:20261110T080000Z\r\nSUMMARY:Theirs\r\nEND:VEVENT\r\n"
LAST_LOOKS = {"calendar.read", "calendar.letters_staged", "calendar.undo_noted"}
"""Passed before the calendar itself is written."""

Work = Callable[[LocalCalendar, str], Awaitable[object]]


async def schedule(calendar: LocalCalendar, _meeting: str) -> object:
    return await calendar.schedule(MEETING, key="local/e1/s9/1")


async def change(calendar: LocalCalendar, meeting: str) -> object:
    moved = MeetingChange(
        meeting_id=meeting, title="moved", starts=MEETING.starts, ends=MEETING.ends, attendees=MEETING.attendees
    )
    return await calendar.change(moved, key="local/e1/s9/1")


async def take_back(calendar: LocalCalendar, _meeting: str) -> object:
    return await calendar.take_back([KEY], key="local/e1/s9/1")


@pytest.mark.parametrize(("work", "events"), [(schedule, 3), (change, 2), (take_back, 1)])
async def test_what_somebody_saves_while_ours_is_being_written_is_kept(
    tmp_path: Path, clock: Clock, work: Work, events: int
) -> None:
    calendar, file = LocalCalendar(tmp_path, clock), tmp_path / "calendar.ics"
    meeting = await calendar.schedule(MEETING, key=KEY)
    passed_before: list[str] = [""]

    def interfere(passed: str) -> None:
        name = passed.partition("#")[0]
        if name == "file.write.before" and passed_before[-1] in LAST_LOOKS and b"theirs" not in file.read_bytes():
            file.write_bytes(file.read_bytes().replace(b"END:VCALENDAR", THEIRS + b"END:VCALENDAR"))
        passed_before.append(name)

    failpoints.arm(None, interfere)
    await work(calendar, meeting.id)
    content = file.read_bytes()
    assert content.count(b"UID:theirs") == 1
    assert content.count(b"BEGIN:VEVENT") == events
    assert (b"SUMMARY:moved" in content) == (work is change)
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []


async def test_who_may_read_and_write_it_stays_as_it_is(tmp_path: Path, clock: Clock) -> None:
    calendar, file = LocalCalendar(tmp_path, clock), tmp_path / "calendar.ics"
    await calendar.schedule(MEETING, key=KEY)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600, "a new one is ours alone"
    owner = (12345, 12346) if os.geteuid() == 0 else (os.getuid(), os.getgid())  # only root can give a file away
    os.chown(file, *owner)
    file.chmod(0o664)
    await schedule(calendar, "")
    assert stat.S_IMODE(file.stat().st_mode) == 0o664
    assert (file.stat().st_uid, file.stat().st_gid) == owner
