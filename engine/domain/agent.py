"""What an agent can do, as the registry, the planner and people see it."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import BaseModel

from engine.domain.effect import Call, Effect
from engine.domain.json import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSpec:
    """An agent's card in the registry."""

    name: str
    version: str
    skill: str
    """One sentence: what it is for."""
    inputs: type[BaseModel]
    """Its literal and bound arguments after resolution; ``extra="forbid"``."""
    output: str
    """``kind`` of the artifact it gives back."""
    effect: Effect = Effect.UNKNOWN
    """The strongest effect it may have through its tools."""
    tools: frozenset[str] = field(default_factory=frozenset[str])
    """Names of the tools it may call; all others are closed to it."""
    early: bool = False
    """A read that sends nothing out and costs no model call: it may start while the plan is still being drafted."""
    uses_model: bool = False
    """Asks the language model where there is one: its steps cost money."""
    ends_with_effect: bool = False
    """Its step makes one effect, as the last thing it does, and gives what that gave: once it is recorded, the step is done,
    whether or not it came to say so."""
    internal: bool = False
    """The engine itself plans its steps: no planner is told of it, and no draft may name it."""
    stands_in_for: str = ""
    """The agent whose steps it does, once each, after that one was given up; no plan names it. Empty: an agent of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSpec:
    """A tool's declaration."""

    name: str
    version: str
    inputs: type[BaseModel]
    """Arguments, ``extra="forbid"``; validated before every call and after every edit."""
    effect: Effect = Effect.UNKNOWN
    gated: bool = True
    """A person must approve each call."""
    held: bool = False
    """Not gated itself, but in a plan with a gate it waits until that gate has opened."""
    locks: frozenset[str] = field(default_factory=frozenset[str])
    """Named resources held around the effect."""
    undone_by: str = ""
    """The tool that takes back what this one did, which internal agents alone may call. Empty: it cannot be taken back."""
    service: str = ""
    """What it calls outside, by a name it shares with every other tool that calls it: one that keeps failing is left alone
    for a while by all of them. Empty: nothing that could be away by itself."""

    def call(self, arguments: JsonObject) -> Call:
        """One exact call of this tool: what a person consents to."""
        return Call(tool=self.name, version=self.version, arguments=arguments)
