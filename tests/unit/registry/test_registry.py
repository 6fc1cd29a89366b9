"""The registry refuses agents and tools that do not fit each other."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from pydantic import BaseModel

from engine.domain.agent import AgentSpec, ToolSpec
from engine.domain.artifact import Artifact, Contacts
from engine.domain.effect import Effect
from engine.domain.json import JsonObject
from engine.errors import InternalError, NotFoundError
from engine.ports.agents import StepContext
from engine.ports.tools import ToolCall
from engine.registry.agent_registry import AgentRegistry
from engine.registry.tool_discovery import builtin
from tests.unit.agents.conversation import MemoryRemarks
from tests.unit.agents.office import FakeClock, MemoryCalendar, MemoryContacts, MemoryDocuments


class Nothing(BaseModel):
    """No arguments."""


@dataclass(frozen=True)
class Hand:
    """A tool."""

    spec: ToolSpec

    async def check(self, arguments: JsonObject) -> str | None:
        del arguments

    async def run(self, call: ToolCall, arguments: JsonObject) -> Artifact:
        del arguments
        return Contacts(query=call.key)

    async def find(self, call: ToolCall) -> Artifact | None:
        del call

    def assumed(self, call: ToolCall, arguments: JsonObject) -> Artifact | None:
        del call, arguments


@dataclass(frozen=True)
class Head:
    """An agent."""

    spec: AgentSpec

    async def run(self, inputs: BaseModel, context: StepContext) -> Artifact:
        del inputs
        return Contacts(query=context.request.text)


TOOL = ToolSpec(name="look", version="1", inputs=Nothing, effect=Effect.LOOKUP)
AGENT = AgentSpec(
    name="A", version="1", skill="s", inputs=Nothing, output="contacts", effect=Effect.LOOKUP, tools=frozenset({"look"})
)


def test_builtin_has_every_agent_and_tool_in_order_of_name() -> None:
    registry = builtin(MemoryDocuments(), MemoryContacts(), MemoryCalendar(), FakeClock(), MemoryRemarks())
    assert list(registry.specs()) == [
        "AppointmentsAgent",
        "AssistantAgent",
        "CalendarAgent",
        "ContactSearchAgent",
        "DriveSearchAgent",
        "EditorAgent",
        "MeetingChangeAgent",
        "ThreadAgent",
        "WeeklyStatusAgent",
    ]
    assert list(registry.tools()) == [
        "change_meeting",
        "remove_agenda",
        "save_agenda",
        "schedule_meeting",
        "take_back_meeting",
    ]
    assert registry.gated_agents() == frozenset({"CalendarAgent", "MeetingChangeAgent"})
    writers = {name for name, spec in registry.specs().items() if spec.effect is Effect.KEYED}
    assert writers == {"CalendarAgent", "EditorAgent", "MeetingChangeAgent"}
    for name, spec in registry.specs().items():
        assert registry.agent(name).spec is spec
        assert spec.inputs.model_config.get("extra") == "forbid"
    assert registry.tool("save_agenda").spec.held
    writers = ("EditorAgent", "ThreadAgent", "WeeklyStatusAgent")
    assert registry.stand_ins() == {name: f"{name}WithoutModel" for name in writers}
    assert not registry.model_agents() & set(registry.stand_ins().values())


def test_only_reads_that_cost_nothing_start_early_and_who_asks_a_model_says_so() -> None:
    specs = builtin(MemoryDocuments(), MemoryContacts(), MemoryCalendar(), FakeClock(), MemoryRemarks()).specs()
    assert {name for name, spec in specs.items() if spec.early} == {
        "AppointmentsAgent",
        "ContactSearchAgent",
        "DriveSearchAgent",
    }
    assert {name for name, spec in specs.items() if spec.uses_model} == {
        "AssistantAgent",
        "EditorAgent",
        "ThreadAgent",
        "WeeklyStatusAgent",
    }
    assert not any(s.early and (s.uses_model or s.tools or s.effect is not Effect.READ) for s in specs.values())
    assert specs["AssistantAgent"].tools == frozenset(), "what a model in a loop can reach reads only"


def test_what_takes_things_back_is_the_engines_own() -> None:
    registry = builtin(MemoryDocuments(), MemoryContacts(), MemoryCalendar(), FakeClock(), MemoryRemarks())
    assert registry.undone_by() == {
        "change_meeting": "take_back_meeting",
        "save_agenda": "remove_agenda",
        "schedule_meeting": "take_back_meeting",
    }
    undo = registry.agent("UndoAgent").spec
    assert undo.internal
    assert undo.tools == set(registry.undone_by().values())
    assert "UndoAgent" not in registry.specs()
    assert all(not spec.tools & undo.tools for spec in registry.specs().values())
    assert not any(registry.tool(name).spec.undone_by for name in undo.tools), "an undo is not undone"


def test_a_tool_that_takes_something_back_is_closed_to_every_agent_that_can_be_planned_with() -> None:
    tools = [Hand(TOOL), Hand(replace(TOOL, name="do", undone_by="look"))]
    with pytest.raises(InternalError, match="tool_reserved"):
        AgentRegistry([Head(AGENT)], tools)
    assert AgentRegistry([Head(replace(AGENT, internal=True))], tools).specs() == {}
    with pytest.raises(InternalError, match="tool_unknown"):
        AgentRegistry([], [tools[1]])


def test_unknown_names_are_told_with_the_known_ones() -> None:
    registry = AgentRegistry([Head(AGENT)], [Hand(TOOL)])
    with pytest.raises(NotFoundError, match=r"'B'.*known: A"):
        registry.agent("B")
    with pytest.raises(NotFoundError, match=r"'B'.*known: look"):
        registry.tool("B")


def test_a_name_is_given_once() -> None:
    with pytest.raises(InternalError, match="name_taken"):
        AgentRegistry([Head(AGENT), Head(replace(AGENT, version="2"))], [Hand(TOOL)])
    with pytest.raises(InternalError, match="name_taken"):
        AgentRegistry([], [Hand(TOOL), Hand(TOOL)])


def test_an_agents_tools_must_be_there() -> None:
    with pytest.raises(InternalError, match="tool_unknown"):
        AgentRegistry([Head(AGENT)], [])


@pytest.mark.parametrize("declared", list(Effect))
@pytest.mark.parametrize("real", list(Effect))
def test_an_effect_may_be_overstated_but_never_understated(declared: Effect, real: Effect) -> None:
    agent, tool = Head(replace(AGENT, effect=declared)), Hand(replace(TOOL, effect=real))
    order = [Effect.READ, Effect.KEYED, Effect.LOOKUP, Effect.UNKNOWN]
    if order.index(declared) >= order.index(real):
        assert AgentRegistry([agent], [tool]).agents() == {"A": agent}
    else:
        with pytest.raises(InternalError, match="effect_understated"):
            AgentRegistry([agent], [tool])


PLANNED = replace(AGENT, name="Planned")
OTHER = replace(AGENT, name="Other", stands_in_for="Planned", uses_model=False)
SECOND_TOOL = replace(TOOL, name="second")


class Something(BaseModel):
    """Other arguments."""


def test_a_stand_in_is_known_by_whom_it_replaces_and_hidden_from_planners() -> None:
    registry = AgentRegistry([Head(PLANNED), Head(OTHER)], [Hand(TOOL)])
    assert registry.stand_ins() == {"Planned": "Other"}
    assert (list(registry.specs()), list(registry.agents())) == (["Planned"], ["Other", "Planned"])
    assert registry.gated_agents() == {"Other", "Planned"}


@pytest.mark.parametrize(
    ("planned", "other", "why"),
    [
        (PLANNED, replace(OTHER, stands_in_for="Nobody"), "no plan can name"),
        (replace(PLANNED, internal=True), OTHER, "no plan can name"),
        (PLANNED, replace(OTHER, inputs=Something), "other inputs"),
        (PLANNED, replace(OTHER, output="summary"), "gives summary"),
        (PLANNED, replace(OTHER, effect=Effect.UNKNOWN), "effect is unknown"),
        (replace(PLANNED, effect=Effect.READ, tools=frozenset[str]()), OTHER, "effect is lookup"),
        (PLANNED, replace(OTHER, tools=frozenset({"look", "second"})), "tools that the other one has not"),
        (replace(PLANNED, stands_in_for="Planned"), OTHER, "no plan can name"),
    ],
)
def test_a_stand_in_may_do_nothing_that_nobody_consented_to(planned: AgentSpec, other: AgentSpec, why: str) -> None:
    with pytest.raises(InternalError, match=why) as unfit:
        AgentRegistry([Head(planned), Head(other)], [Hand(TOOL), Hand(SECOND_TOOL)])
    assert unfit.value.code == "stand_in_unfit"


def test_an_agent_has_one_stand_in() -> None:
    with pytest.raises(InternalError, match="Other does so already"):
        AgentRegistry([Head(PLANNED), Head(OTHER), Head(replace(OTHER, name="Third"))], [Hand(TOOL)])
