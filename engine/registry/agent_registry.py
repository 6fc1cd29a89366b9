"""Agents and tools by name: what planners may plan with and executors run. Fixed once built, and consistent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol, TypeVar

from engine.domain.agent import AgentSpec, ToolSpec
from engine.domain.effect import Effect
from engine.errors import InternalError, NotFoundError
from engine.ports.agents import Agent
from engine.ports.tools import Tool

_STRENGTH = {Effect.READ: 0, Effect.KEYED: 1, Effect.LOOKUP: 2, Effect.UNKNOWN: 3}


class _Named(Protocol):
    @property
    def spec(self) -> AgentSpec | ToolSpec: ...


_Entry = TypeVar("_Entry", bound=_Named)


class AgentRegistry:
    """Every agent and tool, each name once. All mappings are read-only and in order of name.

    Raises:
        InternalError: ``name_taken``; ``tool_unknown``, an agent names a tool that is not there, or a tool one that takes it
            back; ``effect_understated``, an agent declares a weaker effect than one of its tools has; ``tool_reserved``,
            an agent that is not internal declares a tool that takes something back; ``stand_in_unfit``, an agent cannot
            do another one's steps unseen.
    """

    def __init__(self, agents: Iterable[Agent], tools: Iterable[Tool]) -> None:
        self._tools = _by_name("tool", list(tools))
        self._agents = _by_name("agent", list(agents))
        self._specs = MappingProxyType({name: agent.spec for name, agent in self._agents.items()})
        for spec in self._specs.values():
            self._verify(spec)
        for name, undoing in self.undone_by().items():
            if undoing not in self._tools:
                raise InternalError("tool_unknown", f"{name} is taken back by {undoing!r}, which is not registered.")
        hidden = {name for name, spec in self._specs.items() if spec.internal or spec.stands_in_for}
        self._planned = MappingProxyType({name: spec for name, spec in self._specs.items() if name not in hidden})
        self._stand_ins = MappingProxyType(self._verified_stand_ins())

    def agent(self, name: str) -> Agent:
        """The agent with this name.

        Raises:
            NotFoundError: ``agent_not_found``.
        """
        if name not in self._agents:
            known = ", ".join(self._agents)
            raise NotFoundError("agent_not_found", f"There is no agent {name!r}; known: {known}.", {"name": name})
        return self._agents[name]

    def tool(self, name: str) -> Tool:
        """The tool with this name, undecorated.

        Raises:
            NotFoundError: ``tool_not_found``.
        """
        if name not in self._tools:
            known = ", ".join(self._tools)
            raise NotFoundError("tool_not_found", f"There is no tool {name!r}; known: {known}.", {"name": name})
        return self._tools[name]

    def specs(self) -> Mapping[str, AgentSpec]:
        """The card of every agent that planners may plan with, by name."""
        return self._planned

    def stand_ins(self) -> Mapping[str, str]:
        """Who takes over from an agent that was given up, by that agent's name."""
        return self._stand_ins

    def agents(self) -> Mapping[str, Agent]:
        """Every agent by name."""
        return self._agents

    def tools(self) -> Mapping[str, Tool]:
        """Every tool by name, undecorated."""
        return self._tools

    def gated_agents(self) -> frozenset[str]:
        """Names of the agents that have a gated tool."""
        gated = {name for name, tool in self._tools.items() if tool.spec.gated}
        return frozenset(name for name, spec in self._specs.items() if spec.tools & gated)

    def early_agents(self) -> frozenset[str]:
        """Names of the agents whose steps may start while the plan is still being drafted."""
        return frozenset(name for name, spec in self._planned.items() if spec.early)

    def model_agents(self) -> frozenset[str]:
        """Names of the agents that ask the language model."""
        return frozenset(name for name, spec in self._specs.items() if spec.uses_model)

    def undone_by(self) -> Mapping[str, str]:
        """The tool that takes back what another did, by that one's name."""
        return {name: tool.spec.undone_by for name, tool in self._tools.items() if tool.spec.undone_by}

    def _verify(self, spec: AgentSpec) -> None:
        reserved = spec.tools & set(self.undone_by().values())
        if reserved and not spec.internal:
            raise InternalError("tool_reserved", f"{spec.name} declares {min(reserved)}, which only an undo may call.")
        for name in sorted(spec.tools):
            if name not in self._tools:
                raise InternalError("tool_unknown", f"{spec.name} names the tool {name!r}, which is not registered.")
            effect = self._tools[name].spec.effect
            if _STRENGTH[spec.effect] < _STRENGTH[effect]:
                detail = f"{spec.name} declares {spec.effect.value}, but its tool {name} is {effect.value}."
                raise InternalError("effect_understated", detail)

    def _verified_stand_ins(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for spec in self._specs.values():
            if not spec.stands_in_for:
                continue
            wrong = _unfit(spec, self._planned.get(spec.stands_in_for))
            if spec.stands_in_for in found:
                wrong = f"{found[spec.stands_in_for]} does so already"
            if wrong:
                detail = f"{spec.name} cannot stand in for {spec.stands_in_for}: {wrong}."
                raise InternalError("stand_in_unfit", detail)
            found[spec.stands_in_for] = spec.name
        return found


def _unfit(stand_in: AgentSpec, planned: AgentSpec | None) -> str:
    """Why one may not do the other's steps, which people consented to; empty where it may. With no tool but the other's, it
    meets the same gates."""
    if planned is None:
        return "no plan can name that agent"
    if stand_in.inputs is not planned.inputs:
        return "it takes other inputs"
    if stand_in.output != planned.output:
        return f"it gives {stand_in.output}, not {planned.output}"
    if _STRENGTH[stand_in.effect] > _STRENGTH[planned.effect]:
        return f"its effect is {stand_in.effect.value}, that one's {planned.effect.value}"
    if not stand_in.tools <= planned.tools:
        return "it has tools that the other one has not"
    return ""


def _by_name(what: str, entries: Sequence[_Entry]) -> Mapping[str, _Entry]:
    found: dict[str, _Entry] = {}
    for entry in sorted(entries, key=lambda each: each.spec.name):
        if entry.spec.name in found:
            raise InternalError("name_taken", f"Two {what}s are called {entry.spec.name!r}; rename one.")
        found[entry.spec.name] = entry
    return MappingProxyType(found)
