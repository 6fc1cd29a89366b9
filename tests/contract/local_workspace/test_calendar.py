"""Reading appointments and writing meetings once, whatever happens in between."""

from __future__ import annotations

import email
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import pytest

from engine import failpoints
from engine.errors import RefusedError, UnavailableError
from engine.ports.calendar import Invitation
from engine.ports.clock import Clock
from integrations.local_workspace import LocalCalendar, open_workspace
from integrations.local_workspace.sample import create_sample

JERUSALEM = ZoneInfo("Asia/Jerusalem")
NEW_YORK = ZoneInfo("America/New_York")
KEY = "local/e1/s4/1"
MEETING = Invitation(
    title="אסטרטגיה: תבואות",
    starts=datetime(2026, 11, 25, 10, tzinfo=JERUSALEM),
    ends=datetime(2026, 11, 25, 11, tzinfo=JERUSALEM),
    attendees=(("יואב לוי", "yoav.levi@example.com"),),
    description="שורה\nSecond; line, here",
    organiser=("Maya Bar", "maya@example.com"),
)


def write(root: Path, *lines: str, newline: str = "\r\n") -> bytes:
    content = newline.join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *lines, "END:VCALENDAR", ""]).encode()
    (root / "calendar.ics").write_bytes(content)
    return content


def event(uid: str, *lines: str) -> tuple[str, ...]:
    return ("BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z", f"SUMMARY:{uid}", *lines, "END:VEVENT")


async def titles(calendar: LocalCalendar, first: date, days: int) -> list[tuple[str, str]]:
    starts = datetime(first.year, first.month, first.day, tzinfo=JERUSALEM)
    found = await calendar.between(starts, starts + timedelta(days=days))
    return [(entry.title, entry.starts.astimezone(UTC).isoformat(timespec="minutes")[:16]) for entry in found.items]


async def test_a_weekly_meeting_keeps_its_local_hour_when_the_clocks_change(tmp_path: Path, clock: Clock) -> None:
    rule = "RRULE:FREQ=WEEKLY"
    write(
        tmp_path,
        *event("jerusalem", "DTSTART;TZID=Asia/Jerusalem:20261018T100000", "DURATION:PT1H", rule),
        *event(
            "new york",
            "DTSTART;TZID=America/New_York:20261018T100000",
            "DTEND;TZID=America/New_York:20261018T110000",
            rule,
        ),
    )
    assert await titles(LocalCalendar(tmp_path, clock), date(2026, 10, 18), 16) == [
        ("jerusalem", "2026-10-18T07:00"),
        ("new york", "2026-10-18T14:00"),
        ("jerusalem", "2026-10-25T08:00"),
        ("new york", "2026-10-25T14:00"),
        ("jerusalem", "2026-11-01T08:00"),
        ("new york", "2026-11-01T15:00"),
    ]


async def test_exceptions_moves_and_cancellations_are_followed(tmp_path: Path, clock: Clock) -> None:
    start = "DTSTART;TZID=Asia/Jerusalem:20261101T100000"
    write(
        tmp_path,
        *event(
            "sync", start, "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=5", "EXDATE;TZID=Asia/Jerusalem:20261102T100000"
        ),
        *event(
            "sync", "RECURRENCE-ID;TZID=Asia/Jerusalem:20261103T100000", "DTSTART:20261103T150000Z", "DURATION:PT1H"
        ),
        *event(
            "sync", "RECURRENCE-ID;TZID=Asia/Jerusalem:20261104T100000", start.replace("01T", "04T"), "STATUS:CANCELLED"
        ),
        *event("gone", start, "STATUS:CANCELLED"),
    )
    assert await titles(LocalCalendar(tmp_path, clock), date(2026, 11, 1), 9) == [
        ("sync", "2026-11-01T08:00"),
        ("sync", "2026-11-03T15:00"),
        ("sync", "2026-11-05T08:00"),
    ]


async def test_days_and_floating_times_are_in_the_files_own_zone(tmp_path: Path, clock: Clock) -> None:
    write(
        tmp_path,
        "X-WR-TIMEZONE:America/New_York",
        *event("day", "DTSTART;VALUE=DATE:20261110"),
        *event("floating", "DTSTART:20261110T090000", "DTEND:20261110T100000"),
    )
    starts = datetime(2026, 11, 10, tzinfo=NEW_YORK)
    found = await LocalCalendar(tmp_path, clock).between(starts, starts + timedelta(days=1))
    assert [(e.title, e.starts, e.ends, e.all_day) for e in found.items] == [
        ("day", starts, starts + timedelta(days=1), True),
        ("floating", starts.replace(hour=9), starts.replace(hour=10), False),
    ]


async def test_only_what_overlaps_the_period_is_given_and_ends_are_exclusive(tmp_path: Path, clock: Clock) -> None:
    write(
        tmp_path,
        *event("before", "DTSTART:20261110T080000Z", "DTEND:20261110T090000Z"),
        *event("across", "DTSTART:20261110T083000Z", "DTEND:20261110T093000Z"),
        *event("moment", "DTSTART:20261110T093000Z"),
        *event("after", "DTSTART:20261110T100000Z", "DTEND:20261110T110000Z"),
    )
    starts = datetime(2026, 11, 10, 9, tzinfo=UTC)
    found = await LocalCalendar(tmp_path, clock).between(starts, starts + timedelta(hours=1))
    assert [entry.title for entry in found.items] == ["across", "moment"]
    with pytest.raises(ValueError, match="zone"):
        await LocalCalendar(tmp_path, clock).between(starts.replace(tzinfo=None), starts)


async def test_broken_entries_are_named_and_the_rest_is_given(tmp_path: Path, clock: Clock) -> None:
    good = ("DTSTART:20261110T080000Z", "DTEND:20261110T090000Z")
    content = write(
        tmp_path,
        *event("no date", "DTSTART:2026"),
        *event("no start"),
        *event("bad rule", good[0], "RRULE:FREQ=SOMETIMES"),
        *event("bad line", *good, "this is not a line"),
        *event("storm", *good, "RRULE:FREQ=SECONDLY"),
        *event("mixed", "DTSTART:20261110T080000Z", "DTEND;VALUE=DATE:20261101"),
        *event("good", *good),
    )
    calendar = LocalCalendar(tmp_path, clock)
    starts = datetime(2026, 11, 10, tzinfo=UTC)
    found = await calendar.between(starts, starts + timedelta(days=1))
    assert {"bad line", "good"} <= {entry.title for entry in found.items}
    assert {"no date", "no start", "bad rule", "storm"}.isdisjoint(entry.title for entry in found.items)
    for name in ("no date", "no start", "bad rule", "bad line", "storm"):
        assert any(f"«{name}»" in problem for problem in found.problems), name
    await calendar.schedule(MEETING, key=KEY)
    await calendar.take_back([KEY], key="undo")
    assert (tmp_path / "calendar.ics").read_bytes() == content


BAD_FILES = (
    b"not a calendar", b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", b"\x00\xff\xfe", b"BEGIN:VEVENT\nEND:VEVENT\n",
    b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\n", b"END:VCALENDAR\n",
)  # fmt: skip


@pytest.mark.parametrize("content", BAD_FILES)
async def test_a_file_that_is_no_calendar_is_left_untouched(tmp_path: Path, clock: Clock, content: bytes) -> None:
    (tmp_path / "calendar.ics").write_bytes(content)
    calendar = LocalCalendar(tmp_path, clock)
    with pytest.raises(RefusedError) as refused:
        await calendar.schedule(MEETING, key=KEY)
    assert refused.value.code == "calendar_unreadable"
    with pytest.raises(RefusedError):
        await calendar.take_back([KEY], key="undo")
    found = await calendar.between(MEETING.starts, MEETING.ends)
    assert found.items == ()
    assert "calendar.ics" in found.problems[0]
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["calendar.ics"]
    assert (tmp_path / "calendar.ics").read_bytes() == content


@pytest.mark.parametrize("newline", ["\r\n", "\n"])
async def test_a_meeting_is_put_among_the_others_and_nothing_else_changes(
    tmp_path: Path, clock: Clock, newline: str
) -> None:
    before = write(
        tmp_path,
        *event("a", "DTSTART:20261110T080000Z", "X-ODD:1"),
        "BEGIN:VTODO",
        "UID:t",
        "END:VTODO",
        newline=newline,
    )
    meeting = await LocalCalendar(tmp_path, clock).schedule(MEETING, key=KEY)
    after = (tmp_path / "calendar.ics").read_bytes()
    end = f"END:VCALENDAR{newline}".encode()
    assert after.startswith(before.removesuffix(end))
    assert after.endswith(end)
    assert after.count(b"BEGIN:VEVENT") == 2
    assert (b"\r\n" in after) == (newline == "\r\n")
    assert meeting.link == f"calendar.ics#{meeting.id}"
    assert meeting.attendees == ("יואב לוי <yoav.levi@example.com>",)
    (entry,) = (await LocalCalendar(tmp_path, clock).between(MEETING.starts, MEETING.ends)).items
    assert (entry.title, entry.starts, entry.ends) == (MEETING.title, MEETING.starts, MEETING.ends)


def letters(root: Path) -> list[EmailMessage]:
    files = sorted((root / "outbox").iterdir()) if (root / "outbox").exists() else []
    return [email.message_from_bytes(path.read_bytes(), policy=policy.default) for path in files]


async def test_the_invitation_can_be_read_by_people_and_calendars(tmp_path: Path, clock: Clock) -> None:
    meeting = await LocalCalendar(tmp_path, clock).schedule(MEETING, key=KEY)
    (letter,) = letters(tmp_path)
    assert letter["Subject"] == MEETING.title
    assert letter["To"] == "יואב לוי <yoav.levi@example.com>"
    assert letter["From"] == "Maya Bar <maya@example.com>"
    assert letter["Message-ID"] == f"<{meeting.id}>"
    text, calendar = letter.iter_parts()
    assert "25.11.2026 10:00" in cast("EmailMessage", text).get_content()
    assert calendar.get_content_type() == "text/calendar"
    assert calendar.get_param("method") == "REQUEST"
    body = cast("EmailMessage", calendar).get_content()
    assert "METHOD:REQUEST" in body
    assert f"UID:{meeting.id}" in body
    assert (tmp_path / meeting.invitation).is_file()


@pytest.mark.parametrize("field", ["title", "name", "organiser", "description"])
async def test_nothing_typed_becomes_a_header_or_a_property(tmp_path: Path, clock: Clock, field: str) -> None:
    evil = 'x\r\nBcc: thief@example.com\r\n\r\nEND:VEVENT\r\nATTENDEE:mailto:thief@example.com\u2028"\u202e'
    changes: dict[str, Invitation] = {
        "title": replace(MEETING, title=evil),
        "description": replace(MEETING, description=evil),
        "name": replace(MEETING, attendees=((evil, "yoav.levi@example.com"),)),
        "organiser": replace(MEETING, organiser=(evil, "maya@example.com")),
    }
    await LocalCalendar(tmp_path, clock).schedule(changes[field], key=KEY)
    (letter,) = letters(tmp_path)
    assert letter["Bcc"] is None
    assert [address.addr_spec for address in letter["To"].addresses] == ["yoav.levi@example.com"]
    lines = (tmp_path / "calendar.ics").read_text(encoding="utf-8").splitlines()
    assert lines.count("END:VEVENT") == 1
    assert sum(line.startswith("ATTENDEE") for line in lines) == 1


@pytest.mark.parametrize("address", ["a@b\r\nBcc: c@d.e", "a b@c.d", "<a@b.c>", "a@b, c@d", "no address", "ü@x.y"])
async def test_what_is_no_address_is_refused_before_anything_is_written(
    tmp_path: Path, clock: Clock, address: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        await LocalCalendar(tmp_path, clock).schedule(replace(MEETING, attendees=(("x", address),)), key=KEY)
    assert refused.value.code == "address_invalid"
    assert list(tmp_path.iterdir()) == []


async def test_without_attendees_or_addresses_there_is_no_letter(tmp_path: Path, clock: Clock) -> None:
    calendar = LocalCalendar(tmp_path, clock)
    alone = await calendar.schedule(replace(MEETING, attendees=()), key="a")
    unknown = await calendar.schedule(replace(MEETING, attendees=(("דנה", ""),)), key="b")
    assert (alone.invitation, unknown.invitation, unknown.attendees) == ("", "", ("דנה",))
    assert letters(tmp_path) == []


async def test_a_meeting_that_ends_before_it_starts_is_refused(tmp_path: Path, clock: Clock) -> None:
    with pytest.raises(RefusedError, match="meeting_invalid"):
        await LocalCalendar(tmp_path, clock).schedule(replace(MEETING, ends=MEETING.starts), key=KEY)


async def test_scheduling_twice_leaves_one_event_and_one_letter(tmp_path: Path, clock: Clock) -> None:
    calendar = LocalCalendar(tmp_path, clock)
    first = await calendar.schedule(MEETING, key=KEY)
    content = (tmp_path / "calendar.ics").read_bytes()
    assert await calendar.schedule(MEETING, key=KEY) == first
    assert (tmp_path / "calendar.ics").read_bytes() == content
    moved = await calendar.schedule(replace(MEETING, title="New"), key=KEY)
    assert moved.id == first.id
    assert (tmp_path / "calendar.ics").read_bytes().count(b"BEGIN:VEVENT") == 1
    assert [letter["Subject"] for letter in letters(tmp_path)] == ["New"]
    await calendar.schedule(MEETING, key="another")
    assert (tmp_path / "calendar.ics").read_bytes().count(b"BEGIN:VEVENT") == 2
    assert len(letters(tmp_path)) == 2


CRASH = """
import asyncio, sys
from pathlib import Path
from engine import failpoints
from integrations.local_workspace import LocalCalendar
from tests.contract.local_workspace.conftest import StandingClock
from tests.contract.local_workspace.test_calendar import KEY, MEETING
from tests.laboratory.children import in_child
def die(root):
    failpoints.arm(root.name)
    asyncio.run(LocalCalendar(root, StandingClock()).schedule(MEETING, key=KEY))
for root in map(Path, sys.argv[1:]):
    assert in_child(lambda: die(root)) == -9, root
"""
"""Dies in each of the given folders at the point it is named after."""


async def test_killed_at_any_point_the_same_call_completes_it_once(tmp_path: Path, clock: Clock) -> None:
    points: list[str] = []
    failpoints.arm(None, points.append)
    (tmp_path / "dry").mkdir()
    await LocalCalendar(tmp_path / "dry", clock).schedule(MEETING, key=KEY)
    failpoints.arm(None)
    assert {"calendar.before_event#1", "calendar.event_written#1", "calendar.invitation_written#1"} <= set(points)
    for point in points:
        root = tmp_path / point
        root.mkdir()
        write(root, *event("a", "DTSTART:20261110T080000Z"))
    roots = [str(tmp_path / point) for point in points]
    subprocess.run([sys.executable, "-c", CRASH, *roots], check=True, cwd=Path(__file__).parents[3])
    for point in points:
        root = tmp_path / point
        meeting = await LocalCalendar(root, clock).schedule(MEETING, key=KEY)
        content = (root / "calendar.ics").read_bytes()
        assert (content.count(b"BEGIN:VEVENT"), content.count(f"UID:{meeting.id}".encode())) == (2, 1), point
        assert [letter["Message-ID"] for letter in letters(root)] == [f"<{meeting.id}>"], point


async def test_another_programs_write_in_between_is_kept(tmp_path: Path, clock: Clock) -> None:
    write(tmp_path, *event("a", "DTSTART:20261110T080000Z"))

    def interfere(point: str) -> None:
        if point == "calendar.read#1":
            write(tmp_path, *event("a", "DTSTART:20261110T080000Z"), *event("theirs", "DTSTART:20261110T080000Z"))

    failpoints.arm(None, interfere)
    await LocalCalendar(tmp_path, clock).schedule(MEETING, key=KEY)
    content = (tmp_path / "calendar.ics").read_bytes()
    assert (content.count(b"BEGIN:VEVENT"), content.count(b"UID:theirs")) == (3, 1)


async def test_what_cannot_be_written_is_unavailable_and_leaves_no_halves(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "outbox").write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(UnavailableError) as failed:
        await LocalCalendar(tmp_path, clock).schedule(MEETING, key=KEY)
    assert failed.value.code == "calendar_unwritable"
    (tmp_path / "outbox").unlink()
    await LocalCalendar(tmp_path, clock).schedule(MEETING, key=KEY)
    assert (tmp_path / "calendar.ics").read_bytes().count(b"BEGIN:VEVENT") == 1
    assert len(letters(tmp_path)) == 1


async def test_a_calendar_that_is_a_link_is_not_followed(tmp_path: Path, clock: Clock) -> None:
    target = tmp_path / "elsewhere.ics"
    target.write_bytes(b"")
    root = tmp_path / "w"
    root.mkdir()
    (root / "calendar.ics").symlink_to(target)
    with pytest.raises(UnavailableError, match="link"):
        await LocalCalendar(root, clock).schedule(MEETING, key=KEY)
    assert target.read_bytes() == b""


async def test_the_owner_organises_where_nobody_is_named(tmp_path: Path, clock: Clock) -> None:
    create_sample(tmp_path, date(2026, 11, 23))
    workspace = open_workspace(tmp_path, clock)
    await workspace.calendar.schedule(replace(MEETING, organiser=("", "")), key=KEY)
    workspace.close()
    assert [letter["From"] for letter in letters(tmp_path)] == ["Maya Bar <maya@example.com>"]
