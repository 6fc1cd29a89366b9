"""MeetingChangeAgent turns a relative wish into the whole meeting, from what stands now, and asks anew when it moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from engine.agents.meeting_change import MeetingChangeInputs
from engine.agents.meeting_change_agent import MeetingChangeAgent
from engine.agents.meeting_change_arguments import ChangeMeetingArguments, instead_of
from engine.agents.office_tools import ChangeMeeting
from engine.domain.artifact import Meeting, Person, dump, load
from engine.domain.effect import Effect
from engine.errors import RequestError
from engine.ports.calendar import StandingMeeting
from tests.unit.agents.office import NOW, Desk, FakeClock, Killed, MemoryCalendar, contact, local, tool_call

JERUSALEM = ZoneInfo("Asia/Jerusalem")
THURSDAY, SUNDAY = date(2026, 1, 15), date(2026, 1, 18)
UID = "abc@tizmor"
YOAV, DANA = ("יואב לוי", "yoav@example.com"), ("דנה מזרחי", "dana@example.com")
STANDS = StandingMeeting(
    meeting_id=UID,
    title="אסטרטגיה: תבואות",
    starts=local(THURSDAY, 10),
    ends=local(THURSDAY, 11),
    attendees=(YOAV,),
    description="שורה\nline",
)
MEETING = Meeting(id=UID, title="an old title", starts=local(SUNDAY, 8), ends=local(SUNDAY, 9))
"""As an earlier execution left it: stale in everything but its id."""


def person(name: str, email: str = "") -> Person:
    return Person(contact=contact(name, email))


class Office:
    """A calendar with one meeting, the tool and the agent."""

    def __init__(self, stands: StandingMeeting | None = STANDS, now: datetime = NOW) -> None:
        self.calendar = MemoryCalendar()
        self.clock = FakeClock(now)
        self.agent = MeetingChangeAgent(self.calendar, self.clock)
        self.tool = ChangeMeeting(self.calendar, self.clock)
        if stands is not None:
            self.calendar.stand(stands)

    def desk(self, timezone: str = "Asia/Jerusalem", locale: str = "en") -> Desk:
        tools = {"change_meeting": self.tool}
        return Desk(self.agent, tools=tools, timezone=timezone, locale=locale, now=self.clock.at)

    async def change(self, desk: Desk | None = None, **wanted: Any) -> Mapping[str, Any]:
        """The arguments of the call. Without a desk it is another execution's, whose keys are its own."""
        if desk is None:
            self.calendar.changes.clear()
        desk = desk or self.desk()
        meeting = await self.agent.run(MeetingChangeInputs.model_validate({"meeting": MEETING, **wanted}), desk)
        assert isinstance(meeting, Meeting)
        return desk.calls[-1][1]

    def now(self) -> StandingMeeting:
        return self.calendar.standing[UID]


async def test_an_hour_later_is_the_whole_meeting_an_hour_later() -> None:
    office = Office()
    desk = office.desk(locale="he")
    assert await office.change(desk, shift_minutes=60) == {
        "meeting_id": UID,
        "title": "אסטרטגיה: תבואות",
        "timezone": "Asia/Jerusalem",
        "starts": "2026-01-15T11:00:00+02:00",
        "duration_minutes": 60,
        "attendees": [{"name": YOAV[0], "email": YOAV[1]}],
        "description": "שורה\nline",
        "cancel": False,
        "instead_of": instead_of(STANDS, JERUSALEM),
    }
    assert instead_of(STANDS, JERUSALEM)[:-11] == "אסטרטגיה: תבואות · 15.01.2026 10:00–11:00 · יואב לוי"
    assert office.now().starts == local(THURSDAY, 11)
    assert desk.lines == ["מציע: 15.01.2026 11:00"]


@pytest.mark.parametrize(
    ("wanted", "starts", "minutes"),
    [
        ({"shift_minutes": -90}, "2026-01-15T08:30:00+02:00", 60),
        ({"on": SUNDAY}, "2026-01-18T10:00:00+02:00", 60),
        ({"at": time(14, 30)}, "2026-01-15T14:30:00+02:00", 60),
        ({"on": SUNDAY, "at": time(9)}, "2026-01-18T09:00:00+02:00", 60),
        ({"on": SUNDAY, "shift_minutes": 30}, "2026-01-18T10:30:00+02:00", 60),
        ({"shift_minutes": 24 * 60}, "2026-01-16T10:00:00+02:00", 60),
        ({"duration_minutes": 30}, "2026-01-15T10:00:00+02:00", 30),
        ({"at": time(9), "duration_minutes": 90}, "2026-01-15T09:00:00+02:00", 90),
        ({"at": time(9, tzinfo=UTC)}, "2026-01-15T09:00:00+02:00", 60),
    ],
)
async def test_times_are_meant_on_the_clock_on_the_wall(wanted: dict[str, Any], starts: str, minutes: int) -> None:
    arguments = await Office().change(**wanted)
    assert (arguments["starts"], arguments["duration_minutes"]) == (starts, minutes)


async def test_a_shift_over_a_clock_change_keeps_the_wall_time() -> None:
    stands = replace(STANDS, starts=local(date(2026, 3, 26), 10), ends=local(date(2026, 3, 26), 11))
    arguments = await Office(stands).change(shift_minutes=24 * 60)
    assert arguments["starts"] == "2026-03-27T10:00:00+03:00"
    new_york = Office(stands)
    assert (await new_york.change(new_york.desk("America/New_York"), shift_minutes=60))["starts"] == (
        "2026-03-26T05:00:00-04:00"
    )
    with pytest.raises(RequestError, match="time_skipped"):
        await Office(stands).change(on=date(2026, 3, 27), at=time(2, 30))


async def test_later_within_a_repeated_hour_is_later() -> None:
    second = datetime(2026, 10, 25, 1, 15, fold=1, tzinfo=JERUSALEM)
    stands = replace(STANDS, starts=second, ends=second + timedelta(hours=1))
    assert (await Office(stands).change(shift_minutes=15))["starts"] == "2026-10-25T01:30:00+02:00"
    assert (await Office(stands).change(title="New"))["starts"] == "2026-10-25T01:15:00+02:00"


async def test_people_come_and_go() -> None:
    office = Office()
    arguments = await office.change(add=person(*DANA))
    assert arguments["attendees"] == [{"name": n, "email": e} for n, e in (YOAV, DANA)]
    assert arguments["starts"] == "2026-01-15T10:00:00+02:00"
    arguments = await office.change(remove=person("Yoav L.", "YOAV@example.com"), add=person("רון"))
    assert arguments["attendees"] == [{"name": DANA[0], "email": DANA[1]}, {"name": "רון", "email": ""}]
    arguments = await office.change(add=person("רון", "ron@example.com"))
    assert arguments["attendees"][-1] == {"name": "רון", "email": "ron@example.com"}
    assert len(arguments["attendees"]) == 2, "who had no address has one now"
    arguments = await office.change(remove=person("דנה מזרחי", "a new address"))
    assert [attendee["name"] for attendee in arguments["attendees"]] == ["רון"]


async def test_a_person_without_a_usable_address_is_named() -> None:
    office = Office()
    desk = office.desk(locale="he")
    arguments = await office.change(desk, add=person("דנה כהן\nX", "not an address"))
    assert arguments["attendees"][-1] == {"name": "דנה כהן X", "email": ""}
    assert desk.lines == ["אין כתובת דוא״ל תקינה עבור דנה כהן X: הפגישה תיקבע בלי הזמנה."]


async def test_names_are_compared_as_a_calendar_can_hold_them() -> None:
    stands = replace(STANDS, attendees=(("עו'ד גל", ""), YOAV))
    arguments = await Office(stands).change(remove=person('עו"ד גל'))
    assert arguments["attendees"] == [{"name": YOAV[0], "email": YOAV[1]}]


async def test_cancelling_leaves_everything_else() -> None:
    office = Office()
    desk = office.desk()
    meeting = await office.agent.run(MeetingChangeInputs(meeting=MEETING, cancel=True), desk)
    assert isinstance(meeting, Meeting)
    assert meeting.cancelled
    assert office.now() == replace(STANDS, cancelled=True)
    assert load(dump(meeting)) == meeting
    old: dict[str, Any] = {key: value for key, value in dump(meeting).items() if key != "cancelled"}
    assert load(old) == replace(meeting, cancelled=False), "stored before there was such a field"


@pytest.mark.parametrize(
    ("wanted", "stands", "code"),
    [
        ({}, STANDS, "nothing_to_change"),
        ({"shift_minutes": 0, "title": "אסטרטגיה: תבואות"}, STANDS, "nothing_to_change"),
        ({"add": person(*YOAV)}, STANDS, "nothing_to_change"),
        ({"on": THURSDAY, "at": time(10), "duration_minutes": 60}, STANDS, "nothing_to_change"),
        ({"shift_minutes": 60, "at": time(11)}, STANDS, "change_ambiguous"),
        ({"cancel": True, "title": "x"}, STANDS, "change_ambiguous"),
        ({"cancel": True, "shift_minutes": 0}, STANDS, "change_ambiguous"),
        ({"add": person(*DANA), "remove": person(*DANA)}, STANDS, "change_ambiguous"),
        (
            {"remove": person("יואב לוי")},
            replace(STANDS, attendees=(YOAV, ("יואב לוי", "other@example.com"))),
            "change_ambiguous",
        ),
        ({"remove": person(*DANA)}, STANDS, "not_invited"),
        ({"remove": person(*DANA)}, replace(STANDS, attendees=()), "not_invited"),
        ({"on": date(2026, 1, 14), "at": time(9)}, STANDS, "slot_past"),
        ({"title": "x"}, replace(STANDS, starts=NOW - timedelta(hours=2), ends=NOW), "slot_past"),
        ({"cancel": True}, replace(STANDS, starts=NOW - timedelta(hours=2), ends=NOW), "slot_past"),
        ({"shift_minutes": 60}, None, "meeting_missing"),
        ({"shift_minutes": 60}, replace(STANDS, cancelled=True), "meeting_cancelled"),
        ({"cancel": True}, replace(STANDS, cancelled=True), "meeting_cancelled"),
        ({"shift_minutes": 60}, replace(STANDS, obstacle="meeting_repeats"), "meeting_repeats"),
        ({"cancel": True}, replace(STANDS, obstacle="meeting_not_ours"), "meeting_not_ours"),
        ({"on": SUNDAY}, replace(STANDS, all_day=True), "meeting_all_day"),
        ({"on": date(9999, 1, 1)}, STANDS, "date_out_of_range"),
        ({"title": "\u202e"}, STANDS, "arguments_invalid"),
    ],
)
async def test_what_cannot_be_changed_is_named(
    wanted: dict[str, Any], stands: StandingMeeting | None, code: str
) -> None:
    office = Office(stands)
    desk = office.desk()
    with pytest.raises(RequestError) as caught:
        await office.change(desk, **wanted)
    assert caught.value.code == code
    assert (desk.calls, desk.saves) == ([], [])


async def test_a_meeting_that_has_begun_can_still_end_later_or_move() -> None:
    running = replace(STANDS, starts=NOW - timedelta(minutes=30), ends=NOW + timedelta(minutes=30))
    assert (await Office(running).change(duration_minutes=90))["duration_minutes"] == 90
    over = replace(STANDS, starts=NOW - timedelta(hours=2), ends=NOW - timedelta(hours=1))
    assert (await Office(over).change(on=THURSDAY))["starts"] == "2026-01-15T08:00:00+02:00"


async def test_the_proposal_is_saved_before_the_call_and_is_not_shifted_twice() -> None:
    office = Office()
    desk = office.desk()
    desk.die_after_save = 1
    with pytest.raises(Killed):
        await office.change(desk, shift_minutes=60)
    assert desk.calls == []
    again = desk.again()
    assert (await office.change(again, shift_minutes=60))["starts"] == "2026-01-15T11:00:00+02:00"
    third = again.again()
    assert (await office.change(third, shift_minutes=60))["starts"] == "2026-01-15T11:00:00+02:00", "its own change"
    assert (again.saves, third.saves) == ([], [])
    assert len(office.calendar.changes) == 1


async def test_a_meeting_somebody_moved_meanwhile_is_proposed_anew() -> None:
    office = Office()
    desk = office.desk()
    desk.die_after_save = 1
    with pytest.raises(Killed):
        await office.change(desk, shift_minutes=60)
    saved = desk.saves[0]["proposal"]
    assert isinstance(saved, Mapping)
    assert await office.tool.check(saved) is None
    office.calendar.stand(replace(STANDS, starts=local(THURSDAY, 14), ends=local(THURSDAY, 15), title="Theirs"))
    assert await office.tool.check(saved) == "meeting_changed"
    again = desk.again()
    arguments = await office.change(again, shift_minutes=60)
    assert (arguments["starts"], arguments["title"]) == ("2026-01-15T15:00:00+02:00", "Theirs")
    assert len(again.saves) == 1


async def test_with_a_saved_proposal_it_repeats_it_rather_than_fail() -> None:
    for now_stands in (None, replace(STANDS, cancelled=True), replace(STANDS, obstacle="meeting_repeats")):
        office = Office()
        first = office.desk()
        await office.change(first, shift_minutes=60)
        office.calendar.standing.clear()
        if now_stands:
            office.calendar.stand(now_stands)
        again = first.again()
        await office.change(again, shift_minutes=60)
        assert again.calls == first.calls, "its call may already have been made"


GOOD: dict[str, Any] = {
    "meeting_id": UID,
    "title": "אסטרטגיה: תבואות",
    "timezone": "Asia/Jerusalem",
    "starts": "2026-01-15T10:30:00+02:00",
    "duration_minutes": 60,
    "attendees": [{"name": YOAV[0], "email": YOAV[1]}],
    "description": "שורה\nline",
    "cancel": False,
    "instead_of": "",
}


def test_arguments_read_back_as_they_were_shown() -> None:
    assert ChangeMeetingArguments.model_validate(GOOD).model_dump(mode="json") == GOOD


@pytest.mark.parametrize(
    "changed",
    [
        {"meeting_id": ""},
        {"meeting_id": "a\r\nEND:VEVENT"},
        {"instead_of": "a\nb"},
        {"duration_minutes": 0},
        {"duration_minutes": 31 * 24 * 60 + 1},
        {"cancel": "perhaps"},
        {"title": " "},
        {"starts": "2026-03-27T02:30:00"},
        {"attendees": [{"name": "x", "email": "a@b\r\nBcc: c@example.com"}]},
        {"surprise": 1},
    ],
)
def test_what_a_person_edits_wrongly_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ChangeMeetingArguments.model_validate({**GOOD, **changed})


async def test_check_ignores_the_meeting_itself_and_time_that_stays() -> None:
    office = Office()
    assert await office.tool.check(GOOD) is None, "it overlaps only its own old time"
    office.calendar.block(local(THURSDAY, 10), 24 * 60, all_day=True)
    assert await office.tool.check(GOOD) is None
    office.calendar.block(local(THURSDAY, 11, 15), 30)
    assert await office.tool.check(GOOD) == "slot_taken"
    assert await office.tool.check({**GOOD, "cancel": True}) is None
    assert await office.tool.check({**GOOD, "starts": "2026-01-15T10:00:00+02:00"}) is None
    office.calendar.block(local(THURSDAY, 10), 60)
    assert await office.tool.check({**GOOD, "starts": "2026-01-15T10:00:00+02:00"}) is None
    office.clock.at = local(THURSDAY, 10, 30)
    assert await office.tool.check(GOOD) == "slot_past"
    assert await office.tool.check({**GOOD, "meeting_id": "gone@tizmor"}) == "meeting_missing"


async def test_every_part_of_a_meeting_counts_as_changed() -> None:
    shown = {**GOOD, "instead_of": instead_of(STANDS, JERUSALEM)}
    for theirs in (
        replace(STANDS, title="x"),
        replace(STANDS, ends=local(THURSDAY, 12)),
        replace(STANDS, attendees=(YOAV, DANA)),
        replace(STANDS, description="x"),
        replace(STANDS, cancelled=True),
    ):
        assert await Office(theirs).tool.check(shown) == "meeting_changed", theirs
    assert await Office().tool.check(shown) is None


async def test_the_tool_writes_once_per_key_and_is_gated_like_scheduling() -> None:
    office = Office()
    first = await office.tool.run(tool_call(), GOOD)
    assert await office.tool.run(tool_call(), GOOD) == first
    assert len(office.calendar.changes) == 1
    assert await office.tool.find(tool_call()) is None
    spec = office.tool.spec
    assert (spec.effect, spec.gated, spec.locks) == (Effect.KEYED, True, frozenset({"calendar"}))
