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
    assert list(registry.tools()) == ["change_meeting", "save_agenda", "schedule_meeting"]
    assert registry.gated_agents() == frozenset({"CalendarAgent", "MeetingChangeAgent"})
    writers = {name for name, spec in registry.specs().items() if spec.effect is Effect.KEYED}
    assert writers == {"CalendarAgent", "EditorAgent", "MeetingChangeAgent"}
    for name, spec in registry.specs().items():
        assert registry.agent(name).spec is spec
        assert spec.inputs.model_config.get("extra") == "forbid"
    assert registry.tool("save_agenda").spec.held


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
