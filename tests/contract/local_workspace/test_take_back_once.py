"""Something is taken back once and told once, whatever happens between its writes."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from engine import failpoints
from engine.domain.artifact import Undone
from engine.errors import RefusedError, UnavailableError
from engine.ports.clock import Clock
from integrations.local_workspace import LocalCalendar, LocalDocuments
from tests.contract.local_workspace.changing import CHANGE, DANA, UID, YOAV, content, crossing, made, parsed
from tests.contract.local_workspace.test_calendar import KEY, MEETING, event, letters, write
from tests.contract.local_workspace.test_take_back import UNDO

CASES = {"made": KEY, "changed": CHANGE}
CRASH = f"""
import asyncio, os, sys
from pathlib import Path
import icalendar, icalendar.parser
from engine import failpoints
from integrations.local_workspace import LocalCalendar
from tests.contract.local_workspace.conftest import StandingClock
for point in sys.argv[3:]:
    child = os.fork()
    if child == 0:
        failpoints.arm(point)
        calendar = LocalCalendar(Path(sys.argv[1]) / point, StandingClock())
        asyncio.run(calendar.take_back([sys.argv[2]], key="{UNDO}"))
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -9, point
"""
"""Everything is imported once; each point has a home and a process of its own."""


async def ready(root: Path, clock: Clock, case: str) -> LocalCalendar:
    """A calendar with a meeting that was made, or with one that was changed as well."""
    root.mkdir(exist_ok=True)
    write(root, *event("a", "DTSTART:20261110T080000Z"))
    calendar, _ = await made(root, clock, replace(MEETING, attendees=(YOAV, DANA)))
    if case == "changed":
        await crossing(calendar)
    return calendar


def die_at(homes: Path, key: str, *points: str) -> None:
    """Take back in the home that is called like each point, and die there."""
    command = [sys.executable, "-c", CRASH, str(homes), key, *points]
    died = subprocess.run(command, check=False, cwd=Path(__file__).parents[3], capture_output=True, text=True)
    assert died.returncode == 0, died.stderr


@pytest.mark.parametrize("case", CASES)
async def test_killed_at_any_point_the_same_call_takes_it_back_and_tells_once(
    tmp_path: Path, clock: Clock, case: str
) -> None:
    dry = await ready(tmp_path / "dry", clock, case)
    points: list[str] = []
    failpoints.arm(None, points.append)
    expected = await dry.take_back([CASES[case]], key=UNDO)
    failpoints.arm(None)
    own = [point for point in points if not point.startswith(("file.", "letter."))]
    assert own[:3] == ["calendar.before_undo#1", "calendar.undo_noted#1", "calendar.undo_written#1"]
    wanted = [one["Message-ID"] for one in letters(tmp_path / "dry")]
    calendars = {point: await ready(tmp_path / point, clock, case) for point in points}
    die_at(tmp_path, CASES[case], *points)
    for point, calendar in calendars.items():
        root = tmp_path / point
        assert await calendar.take_back([CASES[case]], key=UNDO) == expected, point
        assert content(root) == content(tmp_path / "dry"), point
        assert [one["Message-ID"] for one in letters(root)] == wanted, point
        assert not [path for path in (root / "outbox").iterdir() if path.name.startswith(".")], point


@pytest.mark.parametrize("case", CASES)
async def test_the_same_key_takes_back_once_whatever_came_afterwards(tmp_path: Path, clock: Clock, case: str) -> None:
    calendar = await ready(tmp_path, clock, case)
    first = await calendar.take_back([CASES[case]], key=UNDO)
    if case == "changed":
        (tmp_path / "calendar.ics").write_bytes(content(tmp_path).replace(b"SUMMARY:", b"SUMMARY:x"))
    once, told = content(tmp_path), [one.as_bytes() for one in letters(tmp_path)]
    assert await calendar.take_back([CASES[case]], key=UNDO) == first
    assert content(tmp_path) == once
    assert [one.as_bytes() for one in letters(tmp_path)] == told


async def test_what_somebody_changes_while_we_are_down_stays_theirs(tmp_path: Path, clock: Clock) -> None:
    root = tmp_path / "calendar.undo_noted#1"
    calendar = await ready(root, clock, "made")
    die_at(tmp_path, KEY, root.name)
    (root / "calendar.ics").write_bytes(content(root).replace(b"SUMMARY:", b"SUMMARY:x"))
    before = content(root)
    with pytest.raises(RefusedError) as refused:
        await calendar.take_back([KEY], key=UNDO)
    assert refused.value.code == "undo_changed"
    assert content(root) == before
    assert len(list((root / "outbox").iterdir())) == 1, "no letter tells of what did not happen, nor lies ready"


async def test_another_programs_write_in_between_is_kept(tmp_path: Path, clock: Clock) -> None:
    calendar = await ready(tmp_path, clock, "changed")

    def interfere(point: str) -> None:
        if point == "calendar.undo_noted#1":
            before, end, after = content(tmp_path).rpartition(b"END:VCALENDAR")
            theirs = "\r\n".join([*event("theirs", "DTSTART:20261110T080000Z"), ""]).encode()
            (tmp_path / "calendar.ics").write_bytes(before + theirs + end + after)

    failpoints.arm(None, interfere)
    await calendar.take_back([CHANGE], key=UNDO)
    assert content(tmp_path).count(b"UID:theirs") == 1
    assert parsed(tmp_path, UID)["SEQUENCE"] == 2


async def test_what_cannot_be_written_is_unavailable_and_done_later(tmp_path: Path, clock: Clock) -> None:
    calendar = await ready(tmp_path, clock, "made")
    outbox, aside = tmp_path / "outbox", tmp_path / "aside"
    outbox.rename(aside)
    outbox.write_text("a file where the folder should be", "utf-8")
    before = content(tmp_path)
    with pytest.raises(UnavailableError) as failed:
        await calendar.take_back([KEY], key=UNDO)
    assert failed.value.code == "calendar_unwritable"
    assert content(tmp_path) == before
    outbox.unlink()
    aside.rename(outbox)
    assert (await calendar.take_back([KEY], key=UNDO)).what == "meeting_removed"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


async def test_a_saved_agenda_goes_once_and_only_that_one(store: LocalDocuments, docs: Path) -> None:
    path = await store.save_agenda(key=KEY, title="סדר יום", text="# א\n")
    other = await store.save_agenda(key="other", title="סדר יום", text="# א\n")
    assert await store.remove_agenda(key=KEY, digest=digest("# א\n"))
    assert not (docs / path).exists()
    assert (docs / other).exists()
    assert not await store.remove_agenda(key=KEY, digest=digest("# א\n"))


@pytest.mark.parametrize("change", ["edited", "folder", "link"])
async def test_an_agenda_somebody_changed_stays(store: LocalDocuments, docs: Path, tmp_path: Path, change: str) -> None:
    path = docs / await store.save_agenda(key=KEY, title="Agenda", text="# A\n")
    if change == "edited":
        path.write_text("# A\nmine", "utf-8")
    else:
        path.unlink()
    if change == "folder":
        path.mkdir()
    if change == "link":
        (tmp_path / "elsewhere.md").write_text("# A\n", "utf-8")
        path.symlink_to(tmp_path / "elsewhere.md")
    with pytest.raises(RefusedError) as refused:
        await store.remove_agenda(key=KEY, digest=digest("# A\n"))
    assert refused.value.code == "undo_changed"
    assert path.is_symlink() or path.exists()


async def test_no_agendas_at_all_are_none_to_remove(store: LocalDocuments) -> None:
    assert not await store.remove_agenda(key=KEY, digest=digest(""))


async def test_what_is_given_back_can_be_stored(tmp_path: Path, clock: Clock) -> None:
    calendar = await ready(tmp_path, clock, "made")
    undone = await calendar.take_back([KEY], key=UNDO)
    assert isinstance(undone, Undone)
    assert undone.starts is not None
    assert undone.starts.tzinfo is not None
