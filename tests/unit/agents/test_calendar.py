"""CalendarAgent proposes in the person's week, keeps its proposal, and asks anew when the world moved."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from engine.agents.appointments_agent import AppointmentsAgent
from engine.agents.calendar_agent import CalendarAgent
from engine.agents.inputs import AppointmentsInputs, CalendarInputs
from engine.agents.office_tools import ScheduleMeeting
from engine.domain.artifact import Extract, Meeting, Person, Source, Summary
from engine.errors import RequestError
from tests.unit.agents.office import NOW, Desk, FakeClock, MemoryCalendar, contact, local

THURSDAY, FRIDAY, SUNDAY = date(2026, 1, 15), date(2026, 1, 16), date(2026, 1, 18)
YOAV = Person(contact=contact("יואב לוי", "yoav@example.com"))


class Office:
    """A calendar, its tool and its agent."""

    def __init__(self, now: datetime = NOW) -> None:
        self.calendar = MemoryCalendar()
        self.clock = FakeClock(now)
        self.agent = CalendarAgent(self.calendar, self.clock)
        self.tool = ScheduleMeeting(self.calendar, self.clock)

    def desk(self, locale: str = "en", timezone: str = "Asia/Jerusalem") -> Desk:
        tools = {"schedule_meeting": self.tool}
        return Desk(self.agent, tools=tools, locale=locale, timezone=timezone, now=self.clock.at)

    async def start(self, desk: Desk | None = None, **wanted: Any) -> str:
        """The start that was written, local, with its offset."""
        desk = desk or self.desk()
        meeting = await self.agent.run(CalendarInputs.model_validate({"title": "תבואות", **wanted}), desk)
        assert isinstance(meeting, Meeting)
        return str(desk.calls[-1][1]["starts"])


async def test_by_default_it_is_the_next_working_day_at_ten() -> None:
    assert await Office().start() == "2026-01-15T10:00:00+02:00"
    assert await Office(NOW + timedelta(days=1)).start() == "2026-01-18T10:00:00+02:00", "after Thursday comes Sunday"


async def test_it_avoids_what_stands_in_the_calendar() -> None:
    office = Office()
    office.calendar.block(local(THURSDAY, 9, 30), 60)
    assert await office.start() == "2026-01-15T10:30:00+02:00"
    office.calendar.block(local(THURSDAY, 9), 9 * 60)
    assert await office.start() == "2026-01-18T10:00:00+02:00"


async def test_an_all_day_entry_puts_its_day_last_but_does_not_forbid_it() -> None:
    office = Office()
    office.calendar.block(local(THURSDAY, 0), 24 * 60, title="Conference", all_day=True)
    assert await office.start() == "2026-01-18T10:00:00+02:00"
    assert await office.start(on=THURSDAY) == "2026-01-15T10:00:00+02:00"


async def test_today_leaves_two_hours() -> None:
    assert await Office().start(on=date(2026, 1, 14)) == "2026-01-14T12:00:00+02:00"
    assert await Office().start(until=date(2026, 1, 14)) == "2026-01-14T12:00:00+02:00"


async def test_a_fixed_day_and_time_is_proposed_exactly_even_when_busy() -> None:
    office = Office()
    office.calendar.block(local(THURSDAY, 10), 60)
    arguments = {
        "title": "x",
        "timezone": "Asia/Jerusalem",
        "starts": "2026-01-15T10:30:00+02:00",
        "duration_minutes": 60,
    }
    assert await office.tool.check(arguments) == "slot_taken"
    assert await office.start(on=THURSDAY, at=time(10, 30)) == "2026-01-15T10:30:00+02:00"
    assert await office.start(on=FRIDAY, at=time(20, 0)) == "2026-01-16T20:00:00+02:00", "the person named it"


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"on": date(2026, 1, 14), "at": time(9, 59)}, "slot_past"),
        ({"on": date(2026, 1, 13)}, "no_free_slot"),
        ({"on": date(2026, 3, 27), "at": time(2, 30)}, "time_skipped"),
        ({"duration_minutes": 600}, "no_free_slot"),
        ({"on": date(9999, 12, 31)}, "date_out_of_range"),
        ({"since": date(1, 1, 1)}, "date_out_of_range"),
        ({"title": "\u202e"}, "arguments_invalid"),
        ({"since": FRIDAY, "until": THURSDAY}, "period_reversed"),
    ],
)
async def test_what_cannot_be_proposed_is_named(wanted: dict[str, Any], code: str) -> None:
    with pytest.raises(RequestError) as caught:
        await Office().start(**wanted)
    assert caught.value.code == code


async def test_a_period_and_a_time_find_the_first_day_that_has_it_free() -> None:
    office = Office()
    office.calendar.block(local(SUNDAY, 14), 60)
    assert await office.start(since=SUNDAY, until=date(2026, 1, 24), at=time(14)) == "2026-01-19T14:00:00+02:00"
    assert await office.start(since=FRIDAY, until=FRIDAY) == "2026-01-16T10:00:00+02:00"


async def test_summer_time_has_its_own_offset() -> None:
    assert await Office().start(on=date(2026, 3, 26)) == "2026-03-26T10:00:00+02:00"
    assert await Office().start(on=date(2026, 3, 29)) == "2026-03-29T10:00:00+03:00"
    new_york = Office().desk(timezone="America/New_York")
    assert (await Office().start(new_york, on=date(2026, 3, 9))) == "2026-03-09T10:00:00-04:00"


async def test_the_call_is_plain_json_with_description_and_sources() -> None:
    office = Office()
    source = Source(path="status.md", line=3)
    text = "Documents read: 1\n\n### Decisions\n- Decision: **go** [1]"
    summary = Summary(topic="t", text=text, extracts=(Extract(text="go", source=source),), sources=(source,), read=1)
    desk = office.desk()
    await office.start(desk, title="Tevuot\r\nBCC: evil@example.com", person=YOAV, summary=summary)
    assert desk.calls == [
        (
            "schedule_meeting",
            {
                "title": "Tevuot BCC: evil@example.com",
                "timezone": "Asia/Jerusalem",
                "starts": "2026-01-15T10:00:00+02:00",
                "duration_minutes": 60,
                "attendees": [{"name": "יואב לוי", "email": "yoav@example.com"}],
                "description": "Documents read: 1\nDecisions\nDecision: go [1]\n\nSources:\n[1] status.md, line 3",
            },
        )
    ]
    assert office.calendar.invitations[0].ends - office.calendar.invitations[0].starts == timedelta(hours=1)


@pytest.mark.parametrize("email", ["", "not an address", "a@b.c\nBcc: x@example.com"])
async def test_without_a_usable_address_the_meeting_is_made_and_nobody_is_invited(email: str) -> None:
    office = Office()
    desk = office.desk(locale="he")
    await office.start(desk, person=Person(contact=contact("דנה כהן\nX", email)))
    assert desk.calls[-1][1]["attendees"] == [{"name": "דנה כהן X", "email": ""}]
    assert "אין כתובת דוא״ל תקינה עבור דנה כהן X: הפגישה תיקבע בלי הזמנה." in desk.lines


async def test_the_proposal_is_saved_before_the_call_and_used_again() -> None:
    office = Office()
    first = office.desk()
    assert await office.start(first) == "2026-01-15T10:00:00+02:00"
    office.calendar.meetings.clear()
    office.calendar.block(local(THURSDAY, 11), 60)
    office.clock.at += timedelta(hours=20)
    second = first.again()
    assert await office.start(second) == "2026-01-15T10:00:00+02:00"
    assert second.calls == first.calls
    assert second.saves == []


async def test_a_saved_slot_that_was_taken_or_has_passed_is_proposed_anew() -> None:
    office = Office()
    first = office.desk()
    await office.start(first)
    office.calendar.meetings.clear()
    office.calendar.block(local(THURSDAY, 10, 30), 15)
    assert await office.start(first.again()) == "2026-01-15T09:30:00+02:00"
    office.clock.at = local(THURSDAY, 10)
    assert await office.start(first.again()) == "2026-01-18T10:00:00+02:00"


async def test_a_fixed_time_that_passed_while_waiting_moves_and_never_fails() -> None:
    office = Office()
    first = office.desk()
    await office.start(first, on=THURSDAY, at=time(10))
    office.clock.at = local(date(2026, 1, 20), 12)
    assert await office.start(first.again(), on=THURSDAY, at=time(10)) == "2026-01-21T10:00:00+02:00"


async def test_with_a_saved_proposal_and_no_time_left_it_repeats_the_proposal() -> None:
    office = Office()
    first = office.desk()
    await office.start(first)
    office.calendar.block(NOW, 90 * 24 * 60)
    assert await office.start(first.again()) == "2026-01-15T10:00:00+02:00", "its call may already have been made"


async def test_appointments_cover_whole_local_days_with_clock_changes() -> None:
    calendar = MemoryCalendar()
    agent = AppointmentsAgent(calendar)
    found = await agent.run(AppointmentsInputs(since=date(2026, 3, 27), until=date(2026, 3, 27)), Desk(agent))
    assert found.starts == datetime(2026, 3, 26, 22, tzinfo=UTC)
    assert found.ends - found.starts == timedelta(hours=23)
    calendar.block(local(THURSDAY, 9), 30, title="ישיבת צוות")
    found = await agent.run(AppointmentsInputs(since=THURSDAY, until=THURSDAY), Desk(agent, locale="he"))
    assert [entry.title for entry in found.items] == ["ישיבת צוות"]
    with pytest.raises(RequestError, match="too long"):
        await agent.run(AppointmentsInputs(since=date(2026, 1, 1), until=date(2030, 1, 1)), Desk(agent))
    with pytest.raises(RequestError, match="no time zone"):
        await agent.run(AppointmentsInputs(since=THURSDAY, until=THURSDAY), Desk(agent, timezone="Mars/../Base"))
