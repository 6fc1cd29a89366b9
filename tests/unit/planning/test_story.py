"""The story's graph in both languages, and the other requests the product is known for."""

from __future__ import annotations

from contextlib import suppress

import pytest

from engine.domain.plan import Binding, Plan
from engine.domain.tenant import PersonalTime
from engine.errors import PlanError
from engine.planning.offline.phrases import PHRASES
from engine.planning.planner import OfflinePlanner
from engine.ports.planning import Brief, Clarification, Planner
from tests.unit.planning.office import NOW, OFFICE, asked
from tests.unit.planning.scripted_desk import ScriptedDesk

HEBREW = "תקרא מה עשינו בדצמבר בתבואות, תבין את האסטרטגיה ותקבע פגישה עם יואב"
ENGLISH = "read what we did in December at Tevuot, understand the strategy and set up a meeting with Yoav"


async def plan_of(text: str, change: str | None = None, answers: tuple[Clarification, ...] = ()) -> Plan:
    planner: Planner = OfflinePlanner(lambda: OFFICE)
    brief = Brief(request=asked(text), now=NOW, personal=PersonalTime(), change=change, answers=answers)
    plan = await planner.create_plan(brief, ScriptedDesk())
    assert isinstance(plan, Plan)
    return plan


@pytest.mark.parametrize(
    ("text", "place", "strategy", "name"),
    [(HEBREW, "תבואות", "אסטרטגיה", "יואב"), (ENGLISH, "Tevuot", "strategy", "Yoav")],
)
async def test_story_gives_exactly_its_graph(text: str, place: str, strategy: str, name: str) -> None:
    plan = await plan_of(text)
    assert [(one.id, one.agent, one.depends_on) for one in plan.steps] == [
        ("s1", "DriveSearchAgent", ()),
        ("s2", "ContactSearchAgent", ()),
        ("s3", "WeeklyStatusAgent", ("s1", "s2")),
        ("s4", "CalendarAgent", ("s2", "s3")),
        ("s5", "EditorAgent", ("s3",)),
    ]
    search, contact, status, meeting, agenda = plan.steps
    assert search.inputs["since"] == "2025-12-01"
    assert search.inputs["until"] == "2025-12-31"
    terms = search.inputs["terms"]
    assert isinstance(terms, list)
    assert {place, strategy} <= set(terms)
    assert contact.inputs == {"name": name}
    assert status.bindings == {"documents": Binding(step_id=search.id), "people": Binding(step_id=contact.id)}
    assert meeting.bindings == {
        "person": Binding(step_id=contact.id, one=True),
        "summary": Binding(step_id=status.id),
    }
    assert agenda.bindings == {"summary": Binding(step_id=status.id)}
    assert plan.sure
    assert name in plan.understood


async def test_titles_are_short_and_in_the_language_of_the_request() -> None:
    hebrew, english = await plan_of(HEBREW), await plan_of(ENGLISH)
    assert hebrew.steps[0].title == "חיפוש מסמכים: תבואות, אסטרטגיה, דצמבר 2025"
    assert english.steps[0].title == "Search documents: Tevuot, strategy, December 2025"
    assert english.steps[3].title == "Set up: Meeting with Yoav"
    assert all(len(one.title) <= 120 for one in (*hebrew.steps, *english.steps))


async def test_a_bare_meeting_has_no_agenda() -> None:
    plan = await plan_of("set up a meeting with Dana on Tuesday at 10")
    assert [one.agent for one in plan.steps] == ["ContactSearchAgent", "CalendarAgent"]
    assert plan.steps[1].inputs == {"title": "Meeting with Dana", "on": "2026-01-20", "at": "10:00:00"}


async def test_a_change_is_read_with_the_request() -> None:
    plan = await plan_of(ENGLISH, change="without an agenda")
    assert [one.agent for one in plan.steps][-1] == "CalendarAgent"


async def test_answers_are_read_with_the_request() -> None:
    answers = (Clarification(question="Which file?", answer="find the budget file"),)
    plan = await plan_of("set up a meeting with Dana tomorrow at 10", answers=answers)
    assert [one.agent for one in plan.steps] == ["DriveSearchAgent", "ContactSearchAgent", "CalendarAgent"]


async def test_what_was_left_out_is_said() -> None:
    plan = await plan_of("set up a meeting with Dana tomorrow at 10 and send her an email")
    assert not plan.sure
    assert "send her an email" in plan.understood
    hebrew = await plan_of("תקבע פגישה עם דנה ויואב מחר ב-9")
    assert not hebrew.sure
    assert "יואב" in hebrew.understood


@pytest.mark.parametrize(
    "text", ["hello", "book a flight", "תמחק את הקבצים", "...", "😀" * 10_000, "and and and ,,, ו"]
)
async def test_nothing_understood_is_refused(text: str) -> None:
    with pytest.raises(PlanError) as caught:
        await plan_of(text)
    assert caught.value.code == "request_not_understood"
    assert len(caught.value.detail) < 400


@pytest.mark.parametrize(
    "text",
    [
        ENGLISH * 160, HEBREW * 200, "at 10 " * 2600, "1.1 " * 4000, "with Dana and " * 1100, "תקבע פגישה עם " * 1100,
        "set up a meeting with Dana, " * 570, "a" * 16_000, "ו" * 16_000, "the last " * 1700, "what " * 3200, " " * 15_990 + "x",
        "who is " + "a's " * 4000, "what was " + "a " * 7900, "in the " * 2200, "meeting " * 2000,
    ],
)  # fmt: skip
async def test_long_and_odd_requests_are_decided(text: str) -> None:
    with suppress(PlanError):
        assert len((await plan_of(text[:16_000])).steps) <= 200


def test_every_sentence_is_there_in_both_languages() -> None:
    assert set(PHRASES["he"]) == set(PHRASES["en"])
