"""Requests that speak of what was written in the conversation they are made in, without a model."""

from __future__ import annotations

import pytest

from engine.domain.plan import Plan
from engine.errors import PlanError
from engine.planning.catalogue import emit_plan
from engine.registry.tool_discovery import builtin
from tests.unit.agents.conversation import MemoryRemarks
from tests.unit.agents.office import FakeClock, MemoryCalendar, MemoryContacts, MemoryDocuments
from tests.unit.planning.test_story import plan_of

ALONE = [
    "summarise this thread", "can you sum up what everybody wrote in this thread?", "catch me up on this thread",
    "Summarize the discussion here", "can you summarise this thread for me?",
    "what did we decide in this thread?", "what did we agree on above?", "what was decided here?", "go over this thread",
    "write a summary of this conversation", "read everything above", "what is this thread about?",
    "תסכם את השרשור", "תסכם את הדיון הזה", "מה סיכמנו כאן?", "מה החלטנו בשרשור הזה?", "תסכם מה שכתבנו כאן",
    "תסכם לי את מה שנאמר פה", "על מה השרשור הזה?", "תסביר לי את השרשור הזה",
]  # fmt: skip

MEETINGS = [
    "read what we wrote above and set up a meeting with Yoav",
    "set up a meeting with Yoav about what we discussed here",
    "go over this thread, understand it and set up a meeting with Yoav",
    "תקרא מה שכתבנו כאן ותקבע פגישה עם יואב",
    "תקבע פגישה עם יואב לפי מה שכתבנו כאן",
    "קרא את השרשור וקבע ישיבה עם יואב",
]

AGENDAS = [
    ("prepare an agenda from this thread", "this conversation"),
    ("prepare an agenda for the board based on what was said above", "board"),
    ("תכין סדר יום לפי השרשור", "השיחה הזאת"),
    ("תכין אג'נדה מהדיון הזה", "השיחה הזאת"),
]


def graph(plan: Plan) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.agent, one.depends_on) for one in plan.steps]


@pytest.mark.parametrize("text", ALONE)
async def test_asked_for_alone_it_is_one_step_for_everything_that_was_written(text: str) -> None:
    plan = await plan_of(text)
    assert [(one.agent, one.inputs) for one in plan.steps] == [("ThreadAgent", {"topic": ""})]
    assert plan.sure


@pytest.mark.parametrize("text", MEETINGS)
async def test_for_a_meeting_it_is_read_first_and_goes_into_invitation_and_agenda(text: str) -> None:
    plan = await plan_of(text)
    assert graph(plan) == [
        ("ContactSearchAgent", ()),
        ("ThreadAgent", ()),
        ("CalendarAgent", ("s1", "s2")),
        ("EditorAgent", ("s2",)),
    ]
    assert plan.steps[2].bindings["summary"].step_id == "s2"
    assert plan.sure


@pytest.mark.parametrize(("text", "subject"), AGENDAS)
async def test_an_agenda_is_written_from_it(text: str, subject: str) -> None:
    plan = await plan_of(text)
    assert graph(plan) == [("ThreadAgent", ()), ("EditorAgent", ("s1",))]
    assert subject in str(plan.steps[1].inputs["title"])
    assert plan.sure


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("summarise what we wrote here about the budget", "budget"),
        ("read this thread and understand the strategy", "strategy"),
        ("תסכם את השרשור בנושא התקציב", "תקציב"),
        ("תקרא את מה שכתבנו כאן ותבין את האסטרטגיה", "אסטרטגיה"),
    ],
)
async def test_a_topic_narrows_what_is_read(text: str, topic: str) -> None:
    plan = await plan_of(text)
    assert [(one.agent, one.inputs) for one in plan.steps] == [("ThreadAgent", {"topic": topic})]
    assert topic in plan.steps[0].title


@pytest.mark.parametrize(
    "text", ["read this thread and the budget file", "read what we did in December at Tevuot and this thread"]
)
async def test_documents_named_beside_it_are_read_too_and_the_plan_is_shown_first(text: str) -> None:
    plan = await plan_of(text)
    assert [one.agent for one in plan.steps] == ["DriveSearchAgent", "WeeklyStatusAgent", "ThreadAgent"]
    assert not plan.sure


@pytest.mark.parametrize(
    "text", ["translate this thread", "send this thread to Dana", "תתרגם את השרשור", "delete what we wrote here"]
)
async def test_what_nobody_here_can_do_with_it_is_refused(text: str) -> None:
    with pytest.raises(PlanError):
        await plan_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "set up a conversation with Dana",
        "summarise the conversation with Dana",
        "תסכם את השיחה עם דנה",
        "find the thread count of the fabric",
    ],
)
async def test_other_conversations_are_not_this_one(text: str) -> None:
    assert "ThreadAgent" not in [one.agent for one in (await plan_of(text)).steps]


def test_with_every_agent_there_is_a_models_tool_is_still_strict() -> None:
    specs = builtin(MemoryDocuments(), MemoryContacts(), MemoryCalendar(), FakeClock(), MemoryRemarks()).specs()
    assert emit_plan(specs).strict
