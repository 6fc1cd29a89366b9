"""Changing a meeting in its file: only what changes is rewritten, people are told once, whatever happens in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.agents.meeting_change import MeetingChangeInputs
from engine.agents.meeting_change_agent import MeetingChangeAgent
from engine.agents.office_tools import ChangeMeeting
from engine.domain.artifact import Contact, Meeting, Person
from engine.domain.ids import ExecutionId
from engine.domain.json import JsonObject
from engine.errors import RefusedError
from engine.ports.calendar import MeetingChange, StandingMeeting
from engine.ports.clock import Clock
from engine.ports.tools import ToolCall
from integrations.local_workspace import LocalCalendar
from tests.contract.local_workspace.changing import (
    CHANGE,
    DANA,
    HOUR,
    UID,
    YOAV,
    as_change,
    attendees,
    content,
    later,
    made,
    parsed,
    parts,
    told,
)
from tests.contract.local_workspace.test_calendar import JERUSALEM, KEY, MEETING, event, letters, write
from tests.unit.agents.office import Desk


async def test_a_meeting_is_found_as_it_was_made(tmp_path: Path, clock: Clock) -> None:
    calendar, _ = await made(tmp_path, clock)
    assert await calendar.find(UID) == StandingMeeting(
        meeting_id=UID,
        title=MEETING.title,
        starts=MEETING.starts,
        ends=MEETING.ends,
        attendees=MEETING.attendees,
        description=MEETING.description,
    )
    assert await calendar.find("nobody@tizmor") is None
    assert await calendar.find("x\r\nEND:VEVENT") is None
    assert await LocalCalendar(tmp_path / "new", clock).find(UID) is None


@pytest.mark.parametrize("newline", ["\r\n", "\n"])
async def test_moving_rewrites_the_time_and_nothing_else_of_the_file(
    tmp_path: Path, clock: Clock, newline: str
) -> None:
    around = (
        *event(
            "weekly", "DTSTART;TZID=Asia/Jerusalem:20261101T100000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY", "X-ODD:1"
        ),
        *event("weekly", "RECURRENCE-ID:20261108T080000Z", "DTSTART:20261108T150000Z"),
        *event("broken", "DTSTART:2026", "this is not a line"),
    )
    write(tmp_path, *around, newline=newline)
    calendar, change = await made(tmp_path, clock)
    before = content(tmp_path)
    await calendar.change(later(change), key=CHANGE)
    after = content(tmp_path)
    assert (b"\r\n" in after) == (newline == "\r\n")
    ours = f"BEGIN:VEVENT{newline}SUMMARY:".encode()
    assert before.partition(ours)[0] == after.partition(ours)[0]
    volatile = (b"DTSTART", b"DTEND", b"DTSTAMP", b"SEQUENCE", b"LAST-MODIFIED", b"X-TIZMOR-CHANGE")
    kept = [line for line in before.splitlines() if not line.startswith(volatile)]
    assert kept == [line for line in after.splitlines() if not line.startswith(volatile)]
    moved = parsed(tmp_path, change.meeting_id)
    assert (moved["DTSTART"].dt, moved["DTEND"].dt) == (MEETING.starts + HOUR, MEETING.ends + HOUR)
    assert (moved["SEQUENCE"], moved["LAST-MODIFIED"].dt) == (1, clock.now())
    starts = datetime(2026, 11, 25, tzinfo=JERUSALEM)
    (entry,) = (await calendar.between(starts, starts + timedelta(days=1))).items
    assert (entry.title, entry.starts) == (MEETING.title, MEETING.starts + HOUR)


THEIRS = (
    "BEGIN:VEVENT",
    "SUMMARY;LANGUAGE=he:כות",
    " רת ארוכה\\, עם פסיק",
    "uid:theirs@example.com",
    "DTSTART;TZID=Asia/Jerusalem:20261125T100000",
    "DURATION:PT90M",
    "LOCATION:חדר 4",
    "SEQUENCE:6",
    "X-ODD;A=b:1",
    "BEGIN:VALARM",
    "ACTION:DISPLAY",
    "SUMMARY:alarm",
    "DTSTAMP:20200101T000000Z",
    "TRIGGER:-PT15M",
    "END:VALARM",
    'ATTENDEE;ROLE=OPT-PARTICIPANT;PARTSTAT=ACCEPTED;CN="Levi, Yoav":MAILTO:Yoav.Levi@Example.com',
    "ATTENDEE;CUTYPE=ROOM;CN=Room:urn:uuid:4",
    "ATTENDEE;this is broken",
    "END:VEVENT",
)


async def test_what_another_program_wrote_into_the_event_stays_byte_for_byte(tmp_path: Path, clock: Clock) -> None:
    before = write(tmp_path, *THEIRS)
    calendar = LocalCalendar(tmp_path, clock)
    stands = await calendar.find("THEIRS@example.com")
    assert stands is not None
    assert stands.title == "כותרת ארוכה, עם פסיק"
    assert stands.attendees == (("Levi, Yoav", "Yoav.Levi@Example.com"), ("Room", ""))
    assert stands.ends - stands.starts == timedelta(minutes=90)
    await calendar.change(replace(as_change(stands), attendees=(*stands.attendees, DANA)), key=CHANGE)
    lines = content(tmp_path).splitlines()
    was = before.splitlines()
    assert [line for line in was if line not in lines] == [b"SEQUENCE:6"]
    added = [line for line in lines if line not in was]
    assert [line.split(b":")[0].split(b";")[0] for line in added if not line.startswith(b" ")] == [
        b"SEQUENCE", b"ATTENDEE", b"ORGANIZER", b"DTSTAMP", b"LAST-MODIFIED", b"X-TIZMOR-CHANGE"
    ]  # fmt: skip
    assert b"SEQUENCE:7" in added
    _, update = parts(letters(tmp_path)[0])
    told_event = update.walk("VEVENT")[0]
    assert (told_event["LOCATION"], told_event["SEQUENCE"], len(told_event["ATTENDEE"])) == ("חדר 4", 7, 3)


async def test_a_new_time_asks_people_anew_and_a_new_title_does_not(tmp_path: Path, clock: Clock) -> None:
    write(tmp_path, *THEIRS)
    calendar = LocalCalendar(tmp_path, clock)
    stands = await calendar.find("theirs@example.com")
    assert stands is not None
    await calendar.change(replace(as_change(stands), title="שם חדש"), key="a")
    yoav = parsed(tmp_path, "theirs@example.com")["ATTENDEE"][0]
    assert yoav.params["PARTSTAT"] == "ACCEPTED"
    assert parsed(tmp_path, "theirs@example.com")["SUMMARY"] == "שם חדש"
    await calendar.change(later(replace(as_change(stands), title="שם חדש")), key="b")
    yoav = parsed(tmp_path, "theirs@example.com")["ATTENDEE"][0]
    assert (yoav, yoav.params["PARTSTAT"], yoav.params["ROLE"], yoav.params["CN"]) == (
        "MAILTO:Yoav.Levi@Example.com", "NEEDS-ACTION", "OPT-PARTICIPANT", "Levi, Yoav"
    )  # fmt: skip
    assert b"ATTENDEE;this is broken" in content(tmp_path)
    moved = parsed(tmp_path, "theirs@example.com")
    assert (moved["DTEND"].dt - moved["DTSTART"].dt, "DURATION" in moved) == (timedelta(minutes=90), False)


async def test_everybody_is_told_of_a_new_time_in_one_letter(tmp_path: Path, clock: Clock) -> None:
    calendar, change = await made(tmp_path, clock)
    meeting = await calendar.change(later(replace(change, attendees=(YOAV, DANA, ("רון", "")))), key=CHANGE)
    assert len(letters(tmp_path)) == 2
    letter = told(tmp_path, "REQUEST")
    assert (letter["Subject"], letter["From"]) == (f"עדכון: {MEETING.title}", "Maya Bar <maya@example.com>")
    assert [address.addr_spec for address in letter["To"].addresses] == [YOAV[1], DANA[1]]
    text, update = parts(letter)
    assert "25.11.2026 11:00" in text
    (told_event,) = update.walk("VEVENT")
    assert (told_event["UID"], told_event["SEQUENCE"]) == (meeting.id, 1)
    assert told_event["DTSTART"].dt == MEETING.starts + HOUR
    assert meeting.attendees == ("יואב לוי <yoav.levi@example.com>", "דנה מזרחי <dana@example.com>", "רון")
    assert (tmp_path / meeting.invitation).is_file()
    assert (meeting.starts, meeting.title, meeting.cancelled) == (MEETING.starts + HOUR, MEETING.title, False)


async def test_who_is_removed_is_told_about_the_meeting_they_knew_and_nothing_new(tmp_path: Path, clock: Clock) -> None:
    calendar, change = await made(tmp_path, clock, replace(MEETING, attendees=(YOAV, DANA)))
    await calendar.change(later(replace(change, attendees=(YOAV,), title="Secret", description="secret")), key=CHANGE)
    assert [p["CN"] for p in attendees(tmp_path)] == ["יואב לוי"]
    assert len(letters(tmp_path)) == 3
    letter = told(tmp_path, "CANCEL")
    assert str(letter["To"]) == f"{DANA[0]} <{DANA[1]}>"
    assert letter["Subject"] == f"ביטול: {MEETING.title}"
    text, cancel = parts(letter)
    assert "ההזמנה שלך לפגישה הזאת בוטלה." in text
    assert "25.11.2026 10:00" in text
    (told_event,) = cancel.walk("VEVENT")
    assert (str(told_event["ATTENDEE"]), told_event["SEQUENCE"]) == (f"mailto:{DANA[1]}", 1)
    assert "STATUS" not in told_event, "the meeting itself is not off"
    assert "ecret" not in letter.as_string()
    assert [address.addr_spec for address in told(tmp_path, "REQUEST")["To"].addresses] == [YOAV[1]]


async def test_two_people_of_one_name_are_told_apart_by_address(tmp_path: Path, clock: Clock) -> None:
    namesake = (YOAV[0], "another@example.com")
    calendar, change = await made(tmp_path, clock, replace(MEETING, attendees=(YOAV, namesake)))
    await calendar.change(replace(change, attendees=(namesake,)), key=CHANGE)
    stands = await calendar.find(UID)
    assert stands is not None
    assert stands.attendees == (namesake,)
    assert [address.addr_spec for address in told(tmp_path, "CANCEL")["To"].addresses] == [YOAV[1]]


async def test_a_cancelled_meeting_stays_as_cancelled_and_frees_its_time(tmp_path: Path, clock: Clock) -> None:
    calendar, change = await made(tmp_path, clock)
    meeting = await calendar.change(replace(change, cancelled=True, attendees=(YOAV, DANA)), key=CHANGE)
    assert meeting.cancelled
    assert (await calendar.between(MEETING.starts, MEETING.ends)).items == ()
    stands = await calendar.find(change.meeting_id)
    assert stands is not None
    assert stands.cancelled
    letter = told(tmp_path, "CANCEL")
    assert letter["Subject"] == f"ביטול: {MEETING.title}"
    assert [address.addr_spec for address in letter["To"].addresses] == [YOAV[1]], "Dana never heard of it"
    text, cancel = parts(letter)
    assert "הפגישה בוטלה." in text
    assert cancel.walk("VEVENT")[0]["STATUS"] == "CANCELLED"
    again = await calendar.change(replace(as_change(stands), cancelled=False), key="again")
    assert not again.cancelled
    assert parsed(tmp_path, change.meeting_id)["STATUS"] == "CONFIRMED"


async def test_without_people_nobody_is_told(tmp_path: Path, clock: Clock) -> None:
    calendar, change = await made(tmp_path, clock, replace(MEETING, attendees=()))
    meeting = await calendar.change(later(change), key=CHANGE)
    assert (meeting.invitation, letters(tmp_path)) == ("", [])


async def test_a_meeting_that_is_gone_is_refused_and_nothing_is_written(tmp_path: Path, clock: Clock) -> None:
    calendar, change = await made(tmp_path, clock)
    await calendar.take_back([KEY], key="undo")
    before, told_before = content(tmp_path), letters(tmp_path)
    with pytest.raises(RefusedError) as refused:
        await calendar.change(later(change), key=CHANGE)
    assert refused.value.code == "meeting_missing"
    assert content(tmp_path) == before
    assert [one.as_bytes() for one in letters(tmp_path)] == [one.as_bytes() for one in told_before]


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (("DTSTART:20261125T080000Z", "RRULE:FREQ=WEEKLY"), "meeting_repeats"),
        (("DTSTART:20261125T080000Z", "ORGANIZER:mailto:boss@example.com"), "meeting_not_ours"),
        (("DTSTART:2026",), "meeting_unreadable"),
        (("DTSTART:20261125T080000Z", "DTEND:then"), "meeting_unreadable"),
        (("DTSTART:20261125T080000Z", "DTEND;VALUE=DATE:20261126"), "meeting_unreadable"),
    ],
)
async def test_what_cannot_be_changed_from_here_is_refused_by_name(
    tmp_path: Path, clock: Clock, lines: tuple[str, ...], code: str
) -> None:
    before = write(tmp_path, *event("e@example.com", *lines))
    calendar = LocalCalendar(tmp_path, clock)
    change = MeetingChange(meeting_id="e@example.com", title="x", starts=MEETING.starts, ends=MEETING.ends)
    with pytest.raises(RefusedError) as refused:
        await calendar.change(change, key=CHANGE)
    assert refused.value.code == code
    assert content(tmp_path) == before
    if code != "meeting_unreadable":
        stands = await calendar.find("e@example.com")
        assert stands is not None
        assert stands.obstacle == code


async def test_a_meeting_its_owner_organises_elsewhere_can_be_changed(tmp_path: Path, clock: Clock) -> None:
    write(tmp_path, *event("e@example.com", "DTSTART:20261125T080000Z", "ORGANIZER;CN=Maya:mailto:MAYA@example.com"))
    calendar = LocalCalendar(tmp_path, clock, owner=lambda: ("Maya Bar", "maya@example.com"))
    change = MeetingChange(
        meeting_id="e@example.com",
        title="x",
        starts=MEETING.starts,
        ends=MEETING.ends,
        attendees=(("Maya", "maya@example.com"),),
    )
    meeting = await calendar.change(change, key=CHANGE)
    assert (meeting.invitation, letters(tmp_path)) == ("", []), "nobody writes to themselves"


async def test_a_day_stays_a_day_when_only_people_change(tmp_path: Path, clock: Clock) -> None:
    write(tmp_path, *event("day", "DTSTART;VALUE=DATE:20261125", "DTEND;VALUE=DATE:20261127"))
    calendar = LocalCalendar(tmp_path, clock)
    stands = await calendar.find("day")
    assert stands is not None
    assert stands.all_day
    assert stands.ends - stands.starts == timedelta(days=2)
    await calendar.change(replace(as_change(stands), attendees=(DANA,)), key=CHANGE)
    assert b"DTSTART;VALUE=DATE:20261125\r\n" in content(tmp_path)
    told_event = parts(letters(tmp_path)[0])[1].walk("VEVENT")[0]
    assert (str(told_event["DTSTART"].dt), str(told_event["DTEND"].dt)) == ("2026-11-25", "2026-11-27")


@pytest.mark.parametrize("field", ["title", "name", "description"])
async def test_nothing_typed_becomes_a_header_or_a_property(tmp_path: Path, clock: Clock, field: str) -> None:
    evil = 'x\r\nBcc: thief@example.com\r\n\r\nEND:VEVENT\r\nATTENDEE:mailto:thief@example.com\u2028"\u202e'
    calendar, change = await made(tmp_path, clock)
    changes = {
        "title": replace(change, title=evil),
        "description": replace(change, description=evil),
        "name": replace(change, attendees=((evil, "yoav.levi@example.com"), (evil, "b@example.com"))),
    }
    await calendar.change(changes[field], key=CHANGE)
    assert all(letter["Bcc"] is None for letter in letters(tmp_path))
    lines = content(tmp_path).decode().splitlines()
    assert lines.count("END:VEVENT") == 1
    assert sum(line.startswith("ATTENDEE") for line in lines) == (2 if field == "name" else 1)
    with pytest.raises(RefusedError, match="address_invalid"):
        await calendar.change(replace(change, attendees=(("x", "a@b\r\nBcc: c@d.e"),)), key="other")


async def test_a_meeting_can_be_left_out_of_what_stands_in_its_way(tmp_path: Path, clock: Clock) -> None:
    write(tmp_path, *event("other", "DTSTART:20261125T080000Z", "DTEND:20261125T090000Z"))
    calendar, change = await made(tmp_path, clock)
    everything = await calendar.between(MEETING.starts, MEETING.ends)
    assert [entry.title for entry in everything.items] == ["other", MEETING.title]
    found = await calendar.between(MEETING.starts, MEETING.ends, without=change.meeting_id.upper())
    assert [entry.title for entry in found.items] == ["other"]


async def test_texts_too_long_to_show_are_left_alone(tmp_path: Path, clock: Clock) -> None:
    before = write(
        tmp_path,
        "BEGIN:VEVENT",
        "UID:long",
        "DTSTART:20261125T080000Z",
        "DTEND:20261125T090000Z",
        "SUMMARY:" + "ש" * 400,
        "DESCRIPTION:" + "x" * 3_999 + "\\n\\n" + "y" * 3_000,
        "END:VEVENT",
    )
    calendar = LocalCalendar(tmp_path, clock)
    stands = await calendar.find("long")
    assert stands is not None
    assert (len(stands.title), stands.description) == (300, "x" * 3_999)
    await calendar.change(later(as_change(stands)), key=CHANGE)
    assert [line for line in before.splitlines() if line not in content(tmp_path).splitlines()] == [
        b"DTSTART:20261125T080000Z",
        b"DTEND:20261125T090000Z",
    ]


class Executed(ChangeMeeting):
    """The tool as one execution calls it: its keys are its own."""

    execution = ExecutionId("")

    async def run(self, call: ToolCall, arguments: JsonObject) -> Meeting:
        return await super().run(replace(call, execution_id=self.execution), arguments)


async def test_follow_ups_change_what_an_earlier_request_made(tmp_path: Path, clock: Clock) -> None:
    calendar, _ = await made(tmp_path, clock)
    agent = MeetingChangeAgent(calendar, clock)
    meeting = await calendar.schedule(MEETING, key=KEY)
    wishes: tuple[dict[str, Any], ...] = (
        {"shift_minutes": 60},
        {"add": Person(contact=Contact(id="d", name=DANA[0], email=DANA[1]))},
        {"remove": Person(contact=Contact(id="y", name=YOAV[0], email=YOAV[1]))},
        {"cancel": True},
    )
    for number, wish in enumerate(wishes):
        tool = Executed(calendar, clock)
        tool.execution = ExecutionId(f"follow-up {number}")
        desk = Desk(agent, tools={"change_meeting": tool}, now=clock.now())
        changed = await agent.run(MeetingChangeInputs.model_validate({"meeting": meeting, **wish}), desk)
        assert isinstance(changed, Meeting)
        meeting = changed
    stands = await calendar.find(UID)
    assert stands is not None
    assert (stands.starts, stands.attendees, stands.cancelled) == (MEETING.starts + HOUR, (DANA,), True)
    assert parsed(tmp_path, UID)["SEQUENCE"] == 4
    methods = sorted(str(parts(letter)[1]["METHOD"]) for letter in letters(tmp_path))
    assert methods == ["CANCEL", "CANCEL", "REQUEST", "REQUEST", "REQUEST", "REQUEST"]
