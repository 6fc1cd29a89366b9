"""Taking back what was done to a meeting: exactly that, only while it stands as it was left, and its people are told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine.domain.artifact import Undone
from engine.domain.ids import opaque
from engine.errors import RefusedError, UnavailableError
from engine.ports.clock import Clock
from integrations.local_workspace import LocalCalendar
from integrations.local_workspace.keepsakes import MOST_KEPT
from tests.contract.local_workspace.changing import (
    CHANGE,
    DANA,
    UID,
    YOAV,
    as_change,
    content,
    later,
    made,
    parsed,
    parts,
)
from tests.contract.local_workspace.test_calendar import KEY, MEETING, event, letters, write

UNDO = "local/e9/u1/1"


def kept(root: Path, key: str = KEY) -> Path:
    return root / ".tizmor" / "kept" / f"{opaque(key)}.json"


async def refusal(calendar: LocalCalendar, *done: str, key: str = UNDO) -> str:
    with pytest.raises(RefusedError) as refused:
        await calendar.take_back(done or (KEY,), key=key)
    return refused.value.code


def letter_of(root: Path, key: str) -> tuple[str, str]:
    """Method and subject of what was written under a key."""
    (found,) = [one for one in letters(root) if one["Message-ID"] == f"<{opaque(key)}@tizmor>"]
    return str(parts(found)[1]["METHOD"]), str(found["Subject"])


@pytest.mark.parametrize("newline", ["\r\n", "\n"])
async def test_a_meeting_that_was_made_goes_and_its_people_get_a_cancellation(
    tmp_path: Path, clock: Clock, newline: str
) -> None:
    before = write(tmp_path, *event("a", "DTSTART:20261110T080000Z", "X-ODD:1"), newline=newline)
    calendar, _ = await made(tmp_path, clock, replace(MEETING, attendees=(YOAV, DANA)))
    undone = await calendar.take_back([KEY], key=UNDO)
    assert content(tmp_path) == before
    assert undone == Undone(
        what="meeting_removed",
        title=MEETING.title,
        starts=MEETING.starts,
        ends=MEETING.ends,
        told=("יואב לוי <yoav.levi@example.com>", "דנה מזרחי <dana@example.com>"),
        letters=(f"outbox/{opaque(UNDO)}.eml",),
    )
    assert len(letters(tmp_path)) == 2, "the invitation counts as sent: it stays"
    assert letter_of(tmp_path, UNDO) == ("CANCEL", f"ביטול: {MEETING.title}")
    (cancelled,) = [one for one in letters(tmp_path) if one["Message-ID"] == f"<{opaque(UNDO)}@tizmor>"]
    cancellation = parts(cancelled)[1].walk("VEVENT")[0]
    assert (str(cancellation["UID"]), cancellation["STATUS"], cancellation["SEQUENCE"]) == (UID, "CANCELLED", 1)
    assert {address.addr_spec for address in cancelled["To"].addresses} == {YOAV[1], DANA[1]}


async def test_without_people_a_meeting_goes_without_a_letter(tmp_path: Path, clock: Clock) -> None:
    calendar, _ = await made(tmp_path, clock, replace(MEETING, attendees=(("דנה", ""),)))
    undone = await calendar.take_back([KEY], key=UNDO)
    assert (undone.told, undone.letters, letters(tmp_path)) == ((), (), [])


async def test_a_moved_meeting_has_the_lines_it_had_and_the_way_back_is_told(tmp_path: Path, clock: Clock) -> None:
    odd = ("DTSTART;TZID=Asia/Jerusalem:20261125T100000", "DURATION:PT1H", "LOCATION:חדר 3", "X-ODD:1", "SEQUENCE:4")
    people = ("ATTENDEE;CN=Yoav;PARTSTAT=ACCEPTED:mailto:yoav.levi@example.com",)
    alarm = ("BEGIN:VALARM", "TRIGGER:-PT10M", "ACTION:DISPLAY", "END:VALARM")
    before = write(tmp_path, *event("e@example.com", *odd, *people, *alarm))
    calendar = LocalCalendar(tmp_path, clock)
    stands = await calendar.find("e@example.com")
    assert stands is not None
    change = replace(later(as_change(stands)), title="Another", attendees=(DANA,))
    await calendar.change(change, key=CHANGE)
    undone = await calendar.take_back([CHANGE], key=UNDO)
    assert (undone.what, undone.title, undone.starts) == ("meeting_restored", "e@example.com", stands.starts)
    assert await calendar.find("e@example.com") == stands
    told = {line for line in before.splitlines() if not line.startswith((b"ATTENDEE", b"SEQUENCE", b"DTSTAMP"))}
    assert told <= set(content(tmp_path).splitlines())
    back = parsed(tmp_path, "e@example.com")
    assert back["SEQUENCE"] == 6
    assert back["ATTENDEE"].params["PARTSTAT"] == "NEEDS-ACTION", "what they said was to another time"
    assert set(undone.told) == {"Yoav <yoav.levi@example.com>", "דנה מזרחי <dana@example.com>"}
    assert letter_of(tmp_path, UNDO) == ("REQUEST", "Updated: e@example.com")
    assert letter_of(tmp_path, f"{UNDO}#farewell")[0] == "CANCEL"
    assert undone.letters == (f"outbox/{opaque(f'{UNDO}#farewell')}.eml", f"outbox/{opaque(UNDO)}.eml")


async def test_a_meeting_that_was_called_off_takes_place_again(tmp_path: Path, clock: Clock) -> None:
    calendar, change = await made(tmp_path, clock)
    stood = await calendar.find(UID)
    await calendar.change(replace(change, cancelled=True), key=CHANGE)
    await calendar.take_back([CHANGE], key=UNDO)
    assert await calendar.find(UID) == stood
    assert "STATUS" not in parsed(tmp_path, UID)
    assert letter_of(tmp_path, UNDO)[0] == "REQUEST"


async def test_everything_done_to_one_meeting_is_taken_back_at_once(tmp_path: Path, clock: Clock) -> None:
    before = write(tmp_path)
    calendar, change = await made(tmp_path, clock)
    await calendar.change(later(change), key=CHANGE)
    await calendar.take_back([KEY, CHANGE], key=UNDO)
    assert content(tmp_path) == before
    assert letter_of(tmp_path, UNDO)[0] == "CANCEL"
    assert len(letters(tmp_path)) == 3


async def test_an_earlier_effect_can_be_taken_back_once_a_later_one_was(tmp_path: Path, clock: Clock) -> None:
    before = write(tmp_path)
    calendar, change = await made(tmp_path, clock)
    await calendar.change(later(change), key=CHANGE)
    assert await refusal(calendar, KEY) == "undo_changed"
    await calendar.take_back([CHANGE], key=UNDO)
    await calendar.take_back([KEY], key="local/e10/u1/1")
    assert content(tmp_path) == before


Edit = Callable[[bytes], bytes]
EDITS: dict[str, Edit] = {
    "moved": lambda old: old.replace(b"T080000Z", b"T093000Z"),
    "renamed": lambda old: old.replace(b"SUMMARY:", b"SUMMARY:x"),
    "told more": lambda old: old.replace(b"DESCRIPTION:", b"DESCRIPTION:x"),
    "somebody added": lambda old: old.replace(b"END:VEVENT", b"ATTENDEE:mailto:x@example.com\r\nEND:VEVENT"),
    "made a series": lambda old: old.replace(b"END:VEVENT", b"RRULE:FREQ=WEEKLY\r\nEND:VEVENT"),
    "given a place": lambda old: old.replace(b"END:VEVENT", b"LOCATION:x\r\nEND:VEVENT"),
    "called off": lambda old: old.replace(b"END:VEVENT", b"STATUS:CANCELLED\r\nEND:VEVENT"),
    "an exception beside it": lambda old: old.replace(
        b"END:VCALENDAR",
        f"BEGIN:VEVENT\r\nUID:{UID}\r\nDTSTART:20261125T080000Z\r\nEND:VEVENT\r\nEND:VCALENDAR".encode(),
    ),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=list(EDITS))
@pytest.mark.parametrize("changed", [False, True], ids=["made", "changed"])
async def test_what_somebody_changed_since_is_theirs(
    tmp_path: Path, clock: Clock, edit: Edit, *, changed: bool
) -> None:
    calendar, change = await made(tmp_path, clock)
    if changed:
        await calendar.change(replace(change, title="Another"), key=CHANGE)
    (tmp_path / "calendar.ics").write_bytes(edit(content(tmp_path)))
    before, told_before = content(tmp_path), sorted((tmp_path / "outbox").iterdir())
    assert await refusal(calendar, CHANGE if changed else KEY) == "undo_changed"
    assert content(tmp_path) == before
    assert sorted((tmp_path / "outbox").iterdir()) == told_before


HARMLESS: dict[str, Edit] = {
    "answered": lambda old: old.replace(b"NEEDS-ACTION", b"ACCEPTED"),
    "saved again": lambda old: old.replace(b"DTSTAMP:2026", b"DTSTAMP:2027").replace(b"SUMMARY", b"summary"),
    "an alarm": lambda old: old.replace(b"END:VEVENT", b"BEGIN:VALARM\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\nEND:VEVENT"),
    "a mark": lambda old: old.replace(b"END:VEVENT", b"X-THEIRS:1\r\nEND:VEVENT"),
    "counted": lambda old: old.replace(b"END:VEVENT", b"SEQUENCE:3\r\nEND:VEVENT"),
}


@pytest.mark.parametrize("edit", HARMLESS.values(), ids=list(HARMLESS))
async def test_what_does_not_change_a_meeting_does_not_keep_it(tmp_path: Path, clock: Clock, edit: Edit) -> None:
    calendar, _ = await made(tmp_path, clock)
    (tmp_path / "calendar.ics").write_bytes(edit(content(tmp_path)))
    assert (await calendar.take_back([KEY], key=UNDO)).what == "meeting_removed"
    assert b"VEVENT" not in content(tmp_path)


async def test_a_meeting_that_is_gone_was_taken_away_by_somebody(tmp_path: Path, clock: Clock) -> None:
    calendar, _ = await made(tmp_path, clock)
    before = write(tmp_path)
    assert await refusal(calendar) == "undo_gone"
    assert content(tmp_path) == before
    assert len(letters(tmp_path)) == 1


async def test_taken_back_under_another_key_it_was_taken_back_before(tmp_path: Path, clock: Clock) -> None:
    calendar, _ = await made(tmp_path, clock)
    await calendar.take_back([KEY], key=UNDO)
    assert await refusal(calendar, key="another") == "undo_done"
    assert len(letters(tmp_path)) == 2


async def test_a_letter_that_never_reached_the_outbox_is_withdrawn(tmp_path: Path, clock: Clock) -> None:
    calendar, change = await made(tmp_path, clock)
    await calendar.change(later(change), key=CHANGE)
    update = tmp_path / "outbox" / f"{opaque(CHANGE)}.eml"
    update.rename(update.with_name(f".{update.name}.staged"))
    await calendar.take_back([CHANGE], key=UNDO)
    assert [path.name for path in (tmp_path / "outbox").iterdir() if path.name.startswith(".")] == []
    assert not update.exists()


BROKEN = (
    b"",
    b"{}",
    b"not json",
    b'{"uid": "x"}',
    b"\xff\xfe",
    b'{"uid":"x","left":"","before":"***"}',
    b"[" * 100_000,
)


@pytest.mark.parametrize("broken", BROKEN, ids=range(len(BROKEN)))
async def test_where_what_stood_before_cannot_be_read_nothing_is_touched(
    tmp_path: Path, clock: Clock, broken: bytes
) -> None:
    calendar, _ = await made(tmp_path, clock)
    kept(tmp_path).write_bytes(broken)
    before = content(tmp_path)
    assert await refusal(calendar) == "undo_unknown"
    assert content(tmp_path) == before


async def test_effects_on_several_meetings_or_on_none_are_refused(tmp_path: Path, clock: Clock) -> None:
    calendar, _ = await made(tmp_path, clock)
    await calendar.schedule(MEETING, key="another")
    assert await refusal(calendar, KEY, "another") == "undo_unknown"
    assert await refusal(calendar, "never made") == "undo_unknown"
    assert content(tmp_path).count(b"BEGIN:VEVENT") == 2


async def test_nothing_is_read_or_kept_through_a_link(tmp_path: Path, clock: Clock) -> None:
    calendar, _ = await made(tmp_path, clock)
    elsewhere = tmp_path / "elsewhere.json"
    kept(tmp_path).rename(elsewhere)
    kept(tmp_path).symlink_to(elsewhere)
    assert await refusal(calendar) == "undo_unknown"
    root, outside = tmp_path / "w", tmp_path / "outside"
    outside.mkdir()
    root.mkdir()
    (root / ".tizmor").symlink_to(outside)
    with pytest.raises(UnavailableError, match="link"):
        await LocalCalendar(root, clock).schedule(MEETING, key=KEY)
    assert list(outside.iterdir()) == []
    assert not (root / "calendar.ics").exists()


async def test_what_was_kept_of_long_ago_goes(tmp_path: Path, clock: Clock) -> None:
    calendar = LocalCalendar(tmp_path, clock)
    for number in range(MOST_KEPT + 3):
        await calendar.schedule(replace(MEETING, attendees=()), key=f"k{number}")
    assert len(list(kept(tmp_path).parent.iterdir())) == MOST_KEPT
    assert await refusal(calendar, "k0") == "undo_unknown"
    assert (await calendar.take_back([f"k{MOST_KEPT}"], key=UNDO)).what == "meeting_removed"


@pytest.mark.parametrize("broken", [b"not a calendar", b"BEGIN:VCALENDAR\r\n", b"\x00\xff"])
async def test_a_calendar_that_broke_since_is_left_untouched(tmp_path: Path, clock: Clock, broken: bytes) -> None:
    calendar, _ = await made(tmp_path, clock)
    (tmp_path / "calendar.ics").write_bytes(broken)
    assert await refusal(calendar) == "calendar_unreadable"
    assert content(tmp_path) == broken
    assert len(letters(tmp_path)) == 1
