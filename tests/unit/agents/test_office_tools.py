"""The writing tools refuse what could break out of a header, and write once per key."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from engine.agents.meeting_arguments import ScheduleMeetingArguments, is_address
from engine.agents.office_tools import SaveAgenda, ScheduleMeeting
from engine.domain.effect import Effect
from engine.errors import RequestError
from tests.unit.agents.office import NOW, FakeClock, MemoryCalendar, MemoryDocuments, tool_call

GOOD: dict[str, Any] = {
    "title": "תבואות",
    "timezone": "Asia/Jerusalem",
    "starts": "2026-01-15T10:00:00+02:00",
    "duration_minutes": 60,
    "attendees": [{"name": "Yoav", "email": "yoav@example.com"}],
    "description": "line\nline",
}


def read(**changed: Any) -> ScheduleMeetingArguments:
    return ScheduleMeetingArguments.model_validate({**GOOD, **changed})


def test_arguments_read_back_as_they_were_shown() -> None:
    shown = read().model_dump(mode="json")
    assert shown == GOOD
    assert ScheduleMeetingArguments.model_validate(shown).model_dump(mode="json") == shown


@pytest.mark.parametrize(
    "changed",
    [
        {"title": "a\r\nBCC: x@example.com"},
        {"title": "a\nb"},
        {"title": "a\u2028b"},
        {"title": "\u202egnp.exe"},
        {"title": "  "},
        {"title": 5},
        {"title": "x" * 301},
        {"starts": "tomorrow"},
        {"starts": "2026-01-15"},
        {"starts": 1_768_464_000},
        {"starts": True},
        {"starts": None},
        {"starts": "2026-07-15T10:00:00+02:00"},
        {"starts": "2026-03-27T02:30:00"},
        {"starts": "0001-01-01T00:00:00Z"},
        {"starts": "9999-12-31T23:59:00Z"},
        {"starts": "2026-02-30T10:00:00Z"},
        {"duration_minutes": 0},
        {"duration_minutes": True},
        {"duration_minutes": 1441},
        {"duration_minutes": 60.5},
        {"duration_minutes": "an hour"},
        {"timezone": "Mars/Base"},
        {"timezone": "../../etc/passwd"},
        {"timezone": "/etc/localtime"},
        {"timezone": ""},
        {"attendees": "yoav@example.com"},
        {"attendees": [{"name": "Y", "email": "yoav"}]},
        {"attendees": [{"name": "Y", "email": "a@example.com\r\nBcc: b@example.com"}]},
        {"attendees": [{"name": "Y", "email": "a@example.com, b@example.com"}]},
        {"attendees": [{"name": "Y\nZ", "email": ""}]},
        {"attendees": [{"name": "Y", "email": "", "role": "chair"}]},
        {"attendees": [{"name": "Y", "email": ""}] * 51},
        {"description": "a\x00b"},
        {"description": "x" * 4_001},
        {"surprise": 1},
    ],
)
def test_what_a_person_edits_wrongly_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        read(**changed)


@pytest.mark.parametrize(
    ("starts", "means"),
    [
        ("2026-01-15T10:00", "2026-01-15T10:00:00+02:00"),
        ("2026-07-15 10:00", "2026-07-15T10:00:00+03:00"),
        ("2026-07-15T07:00:00Z", "2026-07-15T10:00:00+03:00"),
        ("2026-10-25T01:30:00+03:00", "2026-10-25T01:30:00+03:00"),
        ("2026-10-25T01:30:00+02:00", "2026-10-25T01:30:00+02:00"),
    ],
)
def test_a_start_is_read_in_the_meetings_zone(starts: str, means: str) -> None:
    read_back = read(starts=starts)
    assert read_back.model_dump(mode="json")["starts"] == means
    assert ScheduleMeetingArguments.model_validate(read_back.model_dump(mode="json")) == read_back


def test_windows_line_ends_in_a_description_become_plain() -> None:
    assert read(description="a\r\nb").description == "a\nb"


@given(st.text(max_size=40))
def test_an_address_never_holds_what_ends_a_header(text: str) -> None:
    for candidate in (text, f"{text}@example.com", f"a@{text}.com"):
        if is_address(candidate):
            assert candidate.isascii()
            assert not set(candidate) & set(' \t\r\n<>,;:"()[]\\')
            assert candidate.count("@") == 1


async def test_check_tells_past_and_taken() -> None:
    calendar, clock = MemoryCalendar(), FakeClock()
    tool = ScheduleMeeting(calendar, clock)
    start = read().starts
    assert await tool.check(GOOD) is None
    calendar.block(start + timedelta(hours=1), 30)
    calendar.block(start - timedelta(hours=1), 60)
    calendar.block(start, 24 * 60, all_day=True)
    calendar.block(start + timedelta(minutes=5), 0)
    assert await tool.check(GOOD) is None, "what touches, lasts all day or lasts no time is not in the way"
    calendar.block(start + timedelta(minutes=59), 30)
    assert await tool.check(GOOD) == "slot_taken"
    clock.at = start
    assert await tool.check(GOOD) == "slot_past"


async def test_a_meeting_over_a_clock_change_is_compared_in_real_time() -> None:
    calendar = MemoryCalendar()
    tool = ScheduleMeeting(calendar, FakeClock(NOW))
    night = {**GOOD, "starts": "2026-10-25T00:30:00+03:00", "duration_minutes": 120}
    end = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)
    assert read(**night).ends.astimezone(UTC) == end
    calendar.block(end - timedelta(minutes=15), 15)
    assert await tool.check(night) == "slot_taken"
    assert read(**{**night, "starts": "2026-03-27T01:30:00+02:00"}).model_dump(mode="json")["starts"][-6:] == "+02:00"


async def test_the_same_key_leaves_one_meeting_and_one_agenda() -> None:
    calendar, documents = MemoryCalendar(), MemoryDocuments()
    schedule, save = ScheduleMeeting(calendar, FakeClock(NOW)), SaveAgenda(documents)
    first, second = await schedule.run(tool_call(), GOOD), await schedule.run(tool_call(), GOOD)
    assert first == second
    assert len(calendar.meetings) == 1
    agenda = {"title": "סדר יום", "text": "# סדר יום\n"}
    saved = [await save.run(tool_call(), agenda) for _ in range(2)]
    assert saved[0] == saved[1]
    assert list(documents.agendas) == [saved[0].path]
    assert await save.find(tool_call()) is None
    assert await schedule.find(tool_call()) is None
    assert await save.check(agenda) is None


async def test_arguments_that_do_not_fit_are_a_request_error_naming_the_field() -> None:
    with pytest.raises(RequestError) as caught:
        await ScheduleMeeting(MemoryCalendar(), FakeClock()).check({**GOOD, "duration_minutes": "long"})
    assert caught.value.parameters == {"field": "duration_minutes"}


def test_specs_declare_effect_gate_and_lock() -> None:
    schedule, save = ScheduleMeeting(MemoryCalendar(), FakeClock()).spec, SaveAgenda(MemoryDocuments()).spec
    assert (schedule.effect, schedule.gated, schedule.locks) == (Effect.KEYED, True, frozenset({"calendar"}))
    assert (save.effect, save.gated, save.held) == (Effect.KEYED, False, True)
