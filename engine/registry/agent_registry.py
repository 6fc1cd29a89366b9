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
        InternalError: ``name_taken``; ``tool_unknown``, an agent names a tool that is not there;
            ``effect_understated``, an agent declares a weaker effect than one of its tools has.
    """

    def __init__(self, agents: Iterable[Agent], tools: Iterable[Tool]) -> None:
        self._tools = _by_name("tool", list(tools))
        self._agents = _by_name("agent", list(agents))
        self._specs = MappingProxyType({name: agent.spec for name, agent in self._agents.items()})
        for spec in self._specs.values():
            self._verify(spec)

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
        """Every agent's card by name."""
        return self._specs

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
        return frozenset(name for name, spec in self._specs.items() if spec.early)

    def model_agents(self) -> frozenset[str]:
        """Names of the agents that ask the language model."""
        return frozenset(name for name, spec in self._specs.items() if spec.uses_model)

    def _verify(self, spec: AgentSpec) -> None:
        for name in sorted(spec.tools):
            if name not in self._tools:
                raise InternalError("tool_unknown", f"{spec.name} names the tool {name!r}, which is not registered.")
            effect = self._tools[name].spec.effect
            if _STRENGTH[spec.effect] < _STRENGTH[effect]:
                detail = f"{spec.name} declares {spec.effect.value}, but its tool {name} is {effect.value}."
                raise InternalError("effect_understated", detail)


def _by_name(what: str, entries: Sequence[_Entry]) -> Mapping[str, _Entry]:
    found: dict[str, _Entry] = {}
    for entry in sorted(entries, key=lambda each: each.spec.name):
        if entry.spec.name in found:
            raise InternalError("name_taken", f"Two {what}s are called {entry.spec.name!r}; rename one.")
        found[entry.spec.name] = entry
    return MappingProxyType(found)
