"""The scripted brain, asked by the product's own planner and agents through the real adapter, over sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from engine.agents.assistant_agent import AssistantAgent
from engine.agents.editor_agent import EditorAgent
from engine.agents.inputs import AssistantInputs, EditorInputs, WeeklyStatusInputs
from engine.agents.office_tools import SAVE_AGENDA, SaveAgenda
from engine.agents.weekly_status_agent import WeeklyStatusAgent
from engine.domain.artifact import Contact
from engine.domain.plan import Plan, Step
from engine.planning.model_planner import ModelPlanner
from engine.ports.language_model import Growing, LanguageModel, ModelAnswer, ModelRequest
from engine.ports.planning import Brief, PlanQuestion
from integrations.anthropic import AnthropicModel
from integrations.scripted_model import ScriptedServer, ServerOptions, serve_scripted
from integrations.scripted_model.office import office_script
from tests.contract.anthropic.conftest import official, options
from tests.unit.agents.office import Desk, MemoryCalendar, MemoryContacts, MemoryDocuments
from tests.unit.planning.model_plans import EARLIER, HEBREW, brief
from tests.unit.planning.office import OFFICE, WITH_MODEL

ENGLISH = "read what we did in December at Tevuot, understand the strategy and set up a meeting with Yoav"
STORY = ["DriveSearchAgent", "ContactSearchAgent", "WeeklyStatusAgent", "CalendarAgent", "EditorAgent"]
NOTES = """# Tevuot, December

Decision: the Tevuot pilot opens in Haifa in February.
Risk: the supplier of Tevuot may be two weeks late.
Next step: Dana sends the Tevuot contract to legal.
Lunch was served on the terrace.
"""
HEBREW_NOTES = """# תבואות, דצמבר

החלטה: הולכים על מחיר אחיד בתבואות.
סיכון: הספק של תבואות עלול לאחר בשבועיים.
"""


@dataclass(kw_only=True)
class Planning:
    """A desk at a real model; remembers what was drafted, and how much of the answer had been sent then."""

    model: LanguageModel
    server: ScriptedServer
    drafts: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    withdrawals: int = 0

    async def ask(self, request: ModelRequest, growing: Growing | None = None) -> ModelAnswer:
        return await self.model.ask(request, growing)

    def drafted(self, step: Step) -> None:
        self.drafts.append((step.id, self.server.requests[-1].pieces))

    def withdrawn(self) -> None:
        self.withdrawals += 1


@dataclass(slots=True)
class Connected(Desk):
    """A step whose model is a real one."""

    connection: LanguageModel | None = None

    @property
    def has_model(self) -> bool:
        return True

    async def ask(self, request: ModelRequest) -> ModelAnswer:
        assert self.connection is not None
        return await self.connection.ask(request)


@asynccontextmanager
async def _office(
    make: Any = options, over: timedelta | None = None
) -> AsyncGenerator[tuple[AnthropicModel, ScriptedServer]]:
    async with (
        serve_scripted(office_script(over), ServerOptions(as_named=make is official)) as server,
        AnthropicModel(make(server.url)) as model,
    ):
        yield model, server


async def _planned(wanted: Brief, make: Any = options, agents: Any = WITH_MODEL) -> Plan | PlanQuestion:
    async with _office(make) as (model, server):
        desk = Planning(model=model, server=server)
        made = await ModelPlanner(lambda: agents).create_plan(wanted, desk)
        assert len(server.requests) == 1, "the plan had to be repaired"
        assert desk.withdrawals == isinstance(made, PlanQuestion)
        return made


@pytest.mark.parametrize("make", [options, official])
@pytest.mark.parametrize("text", [HEBREW, ENGLISH])
async def test_the_story_is_planned_in_its_own_language(text: str, make: Any) -> None:
    plan = await _planned(brief(text), make)
    assert isinstance(plan, Plan)
    assert [step.agent for step in plan.steps] == STORY
    assert plan.sure
    docs, who, status, meet, agenda = plan.steps
    assert docs.inputs["since"] == "2025-12-01"
    assert status.bindings["documents"].step_id == docs.id
    assert (meet.bindings["person"].step_id, meet.bindings["person"].one) == (who.id, True)
    assert agenda.bindings["summary"].step_id == status.id
    hebrew = text is HEBREW
    assert all(("א" <= max(step.title) <= "ת") == hebrew for step in plan.steps)


@pytest.mark.parametrize(
    ("text", "wanted", "person"),
    [
        ("make it an hour later", {"shift_minutes": 60}, ""),
        ("תדחה בשעה", {"shift_minutes": 60}, ""),
        ("תדחי את הפגישה בחצי שעה בבקשה", {"shift_minutes": 30}, ""),
        ("bring it forward by two hours", {"shift_minutes": -120}, ""),
        ("תקדים בשעה וחצי", {"shift_minutes": -90}, ""),
        ("move it to Sunday at 12", {"on": "2026-01-18", "at": "12:00"}, ""),
        ("תזיז ליום ראשון בשעה 12", {"on": "2026-01-18", "at": "12:00"}, ""),
        ("shorten it to 45 minutes", {"duration_minutes": 45}, ""),
        ("תקצר לחצי שעה", {"duration_minutes": 30}, ""),
        ("also invite Dana", {}, "add Dana"),
        ("תזמין גם את דנה", {}, "add דנה"),
        ("תוסיפי את דנה לוי לפגישה", {}, "add דנה לוי"),
        ("make it an hour later and invite Dana Levi too", {"shift_minutes": 60}, "add Dana Levi"),
        ("do it without Noa", {}, "remove Noa"),
        ("בלי נועה", {}, "remove נועה"),
        ("rename it to 'Q1 budget'", {"title": "Q1 budget"}, ""),
        ("cancel it", {"cancel": True}, ""),
        ("תבטלי את הפגישה", {"cancel": True}, ""),
    ],
)
@pytest.mark.parametrize("make", [options, official])
async def test_a_follow_up_changes_the_meeting_made_earlier(
    text: str, wanted: dict[str, Any], person: str, make: Any
) -> None:
    plan = await _planned(brief(text, earlier=EARLIER), make)
    assert isinstance(plan, Plan)
    *before, change = plan.steps
    assert change.agent == "MeetingChangeAgent"
    assert plan.imports[0].step_id == EARLIER[0].artifacts[1].step_id
    assert change.bindings["meeting"].earlier
    assert change.inputs == wanted
    assert [step.agent for step in before] == (["ContactSearchAgent"] if person else [])
    if person:
        field_name, _, name = person.partition(" ")
        assert before[0].inputs == {"name": name}
        assert (change.bindings[field_name].step_id, change.bindings[field_name].one) == (before[0].id, True)


@pytest.mark.parametrize(
    "text",
    [
        "set up a meeting with Noa on Sunday at 12",
        "set up a meeting with Noa on Sunday at 12 and invite Dana",
        "תקבע פגישה עם נועה ביום ראשון ב-12 ותזמין גם את דנה",
    ],
)
async def test_a_new_meeting_asked_for_in_the_same_conversation_is_no_change(text: str) -> None:
    plan = await _planned(brief(text, earlier=EARLIER))
    assert isinstance(plan, Plan)
    agents = [step.agent for step in plan.steps]
    assert "CalendarAgent" in agents
    assert "MeetingChangeAgent" not in agents


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("make it an hour later", "Which meeting do you mean?"),
        ("תדחה בשעה", "על איזו פגישה מדובר?"),
        ("set up a meeting tomorrow at 10", "With whom should the meeting be?"),
        ("תקבע פגישה מחר בעשר", "עם מי הפגישה?"),
    ],
)
async def test_what_nobody_can_know_is_asked(text: str, asked: str) -> None:
    question = await _planned(brief(text))
    assert isinstance(question, PlanQuestion)
    assert question.text == asked


async def test_an_answer_names_the_person_of_a_meeting() -> None:
    plan = await _planned(brief("set up a meeting tomorrow at 10", answers=1))
    assert isinstance(plan, Plan)
    assert [step.agent for step in plan.steps] == ["ContactSearchAgent", "CalendarAgent"]


async def test_a_question_nobody_has_rules_for_is_looked_up_where_somebody_can() -> None:
    plan = await _planned(brief("What does Noa think about the budget?"))
    assert isinstance(plan, Plan)
    assert [(step.agent, step.inputs) for step in plan.steps] == [
        ("AssistantAgent", {"question": "What does Noa think about the budget?"})
    ]
    without = await _planned(brief("What does Noa think about the budget?"), agents=OFFICE)
    assert isinstance(without, PlanQuestion)


async def test_a_change_of_a_plan_keeps_the_steps_that_stay() -> None:
    first = await _planned(brief(ENGLISH))
    assert isinstance(first, Plan)
    second = await _planned(brief(ENGLISH, change="skip the agenda", current=first))
    assert isinstance(second, Plan)
    assert second.steps == first.steps[:-1]
    same = await _planned(brief(ENGLISH, change="no, not like that", current=first))
    assert isinstance(same, PlanQuestion)


async def test_a_plan_that_takes_its_time_shows_its_first_step_early() -> None:
    async with _office(over=timedelta(seconds=0.5)) as (model, server):
        desk = Planning(model=model, server=server)
        began = asyncio.get_running_loop().time()
        await ModelPlanner(lambda: WITH_MODEL).create_plan(brief(ENGLISH), desk)
        assert asyncio.get_running_loop().time() - began >= 0.5
        whole = server.requests[0].pieces
    step, sent = desk.drafts[0]
    assert step == "s1"
    assert sent < whole / 2
    assert len(desk.drafts) >= 4


@pytest.mark.parametrize("make", [options, official])
async def test_a_summary_is_what_the_passages_say_with_their_numbers(make: Any) -> None:
    store = MemoryDocuments({"tevuot.md": NOTES})
    agent = WeeklyStatusAgent(store)
    async with _office(make) as (model, server):
        desk = Connected(agent, connection=model)
        summary = await agent.run(WeeklyStatusInputs(topic="Tevuot", documents=store.found("tevuot.md")), desk)
        assert len(server.requests) == 1
    assert summary.problems == ()
    assert "### " in summary.text
    assert "the supplier of Tevuot may be two weeks late" in summary.text
    assert {source.path for source in summary.sources} == {"tevuot.md"}


@pytest.mark.parametrize("make", [options, official])
@pytest.mark.parametrize("researched", [True, False])
async def test_an_agenda_is_written_from_the_summary_or_from_its_topic_alone(*, researched: bool, make: Any) -> None:
    store = MemoryDocuments({"tevuot.md": HEBREW_NOTES})
    status, editor = WeeklyStatusAgent(store), EditorAgent()
    async with _office(make) as (model, server):
        desk = Connected(status, locale="he", connection=model)
        found = WeeklyStatusInputs(topic="תבואות", documents=store.found("tevuot.md"))
        summary = await status.run(found, desk) if researched else None
        wanted = EditorInputs(title="סדר יום: תבואות", topic="תבואות", summary=summary)
        saving = {SAVE_AGENDA: SaveAgenda(store)}
        agenda = await editor.run(wanted, Connected(editor, saving, locale="he", connection=model))
        assert all(exchange.status == 200 for exchange in server.requests)
    assert agenda.problems == ()
    assert ("מחיר אחיד" in agenda.text) == researched
    assert ("מה הוחלט" in agenda.text) == researched
    assert ("הצעדים הבאים" in agenda.text) == (not researched)


@pytest.mark.parametrize("make", [options, official])
async def test_an_assistant_searches_reads_and_answers_from_what_it_found(make: Any) -> None:
    store = MemoryDocuments({"plan.md": NOTES, "other.md": "Nothing of the kind."})
    dana = Contact(id="d", name="Dana Levi", email="dana@example.com", phone="", title="CFO")
    agent = AssistantAgent(store, MemoryContacts((dana,)), MemoryCalendar())
    async with _office(make) as (model, server):
        desk = Connected(agent, connection=model)
        answer = await agent.run(AssistantInputs(question="Where does the Tevuot pilot open?"), desk)
        uses = [use for exchange in server.requests if exchange.request for use in exchange.request.outputs]
    assert [use.name for use in uses] == ["search_documents", "read_documents"]
    assert "opens in Haifa in February" in answer.text
    assert answer.problems == ()
    assert answer.read == 1
