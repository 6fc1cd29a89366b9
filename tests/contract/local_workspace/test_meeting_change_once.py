"""A change is made once and told once, whatever happens between its writes."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from engine import failpoints
from engine.errors import UnavailableError
from engine.ports.clock import Clock
from tests.contract.local_workspace.changing import (
    CHANGE,
    DANA,
    HOUR,
    UID,
    YOAV,
    content,
    crossing,
    later,
    made,
    parsed,
    parts,
    told,
)
from tests.contract.local_workspace.test_calendar import KEY, MEETING, letters


async def test_the_same_key_changes_once_even_after_another_change(tmp_path: Path, clock: Clock) -> None:
    calendar, change = await made(tmp_path, clock)
    first = await calendar.change(later(change), key="a")
    once = content(tmp_path)
    assert await calendar.change(later(change), key="a") == first
    assert content(tmp_path) == once
    await calendar.change(later(later(change)), key="b")
    twice, mails = content(tmp_path), letters(tmp_path)
    assert await calendar.change(later(change), key="a") == first
    assert content(tmp_path) == twice
    assert parsed(tmp_path, change.meeting_id)["SEQUENCE"] == 2
    assert [one.as_bytes() for one in letters(tmp_path)] == [one.as_bytes() for one in mails]
    assert len(mails) == 3
    assert await calendar.schedule(MEETING, key=KEY)
    assert content(tmp_path) == twice, "making it again does not undo its changes"


CRASH = """
import asyncio, sys
from pathlib import Path
from engine import failpoints
from integrations.local_workspace import LocalCalendar
from tests.contract.local_workspace.conftest import StandingClock
from tests.contract.local_workspace.changing import crossing
from tests.laboratory.children import in_child
def die(root):
    failpoints.arm(root.name)
    asyncio.run(crossing(LocalCalendar(root, StandingClock())))
for root in map(Path, sys.argv[1:]):
    assert in_child(lambda: die(root)) == -9, root
"""
"""Dies in each of the given folders at the point it is named after."""


async def test_killed_at_any_point_the_same_call_changes_and_tells_once(tmp_path: Path, clock: Clock) -> None:
    points: list[str] = []
    dry, _ = await made(tmp_path / "dry", clock, replace(MEETING, attendees=(YOAV, DANA)))
    failpoints.arm(None, points.append)
    await crossing(dry)
    failpoints.arm(None)
    assert [point for point in points if not point.startswith(("file.", "letter."))] == [
        "calendar.before_change#1",
        "calendar.letters_staged#1",
        "calendar.change_written#1",
        "calendar.letter_sent#1",
        "calendar.letter_sent#2",
    ]
    calendars = {
        point: (await made(tmp_path / point, clock, replace(MEETING, attendees=(YOAV, DANA))))[0] for point in points
    }
    roots = [str(tmp_path / point) for point in points]
    subprocess.run([sys.executable, "-c", CRASH, *roots], check=True, cwd=Path(__file__).parents[3])
    for point, calendar in calendars.items():
        root = tmp_path / point
        await crossing(calendar)
        changed = parsed(root, UID)
        assert (changed["SEQUENCE"], changed["DTSTART"].dt) == (1, MEETING.starts + HOUR), point
        assert content(root).count(b"X-TIZMOR-CHANGE") == 1, point
        assert len(letters(root)) == 3, point
        told(root, "REQUEST")
        assert "דנה" in str(told(root, "CANCEL")["To"]), point
        assert not [path for path in (root / "outbox").iterdir() if path.name.startswith(".")], point


async def test_a_letter_that_left_the_outbox_is_not_written_again(tmp_path: Path, clock: Clock) -> None:
    calendar, change = await made(tmp_path, clock)
    meeting = await calendar.change(later(change), key=CHANGE)
    (tmp_path / meeting.invitation).unlink()
    await calendar.change(later(change), key=CHANGE)
    assert len(letters(tmp_path)) == 1


async def test_an_edit_between_staging_and_writing_is_kept_and_counted(tmp_path: Path, clock: Clock) -> None:
    calendar, change = await made(tmp_path, clock, replace(MEETING, attendees=(YOAV, DANA)))

    def interfere(point: str) -> None:
        if point == "calendar.letters_staged#1":
            text = content(tmp_path).decode().replace("END:VEVENT", "SEQUENCE:4\r\nX-THEIRS:1\r\nEND:VEVENT")
            # Dana goes, by somebody else's hand: there is nobody left to say farewell to.
            lines = text.replace("\r\n ", "").split("\r\n")
            kept = "\r\n".join(line for line in lines if "dana@" not in line)
            (tmp_path / "calendar.ics").write_bytes(kept.encode())

    failpoints.arm(None, interfere)
    await calendar.change(later(replace(change, attendees=(YOAV,))), key=CHANGE)
    changed = parsed(tmp_path, change.meeting_id)
    assert (changed["SEQUENCE"], changed["X-THEIRS"]) == (5, "1")
    assert len(letters(tmp_path)) == 2
    assert parts(told(tmp_path, "REQUEST"))[1].walk("VEVENT")[0]["SEQUENCE"] == 5
    assert not [path for path in (tmp_path / "outbox").iterdir() if path.name.startswith(".")]


async def test_what_cannot_be_written_is_unavailable_and_completes_later(tmp_path: Path, clock: Clock) -> None:
    calendar, change = await made(tmp_path, clock)
    before = content(tmp_path)
    (tmp_path / "outbox").rename(tmp_path / "kept")
    (tmp_path / "outbox").write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(UnavailableError) as failed:
        await calendar.change(later(change), key=CHANGE)
    assert failed.value.code == "calendar_unwritable"
    assert content(tmp_path) == before
    (tmp_path / "outbox").unlink()
    (tmp_path / "kept").rename(tmp_path / "outbox")
    await calendar.change(later(change), key=CHANGE)
    assert parsed(tmp_path, change.meeting_id)["SEQUENCE"] == 1
    assert len(letters(tmp_path)) == 2
