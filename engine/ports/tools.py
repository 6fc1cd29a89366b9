"""A tool: one callable an agent may use, with its effect declared."""

from __future__ import annotations

from typing import Protocol

from engine.domain.agent import ToolSpec
from engine.domain.artifact import Artifact
from engine.domain.ids import EffectKey, ExecutionId, StepId
from engine.domain.json import JsonObject


class ToolCall(Protocol):
    """Where and as what a call is made; the same on every attempt."""

    @property
    def execution_id(self) -> ExecutionId:
        """The execution the call belongs to."""
        ...

    @property
    def step_id(self) -> StepId:
        """The step the call belongs to."""
        ...

    @property
    def number(self) -> int:
        """Which effect of its step this is, from 1, in program order."""
        ...

    @property
    def key(self) -> EffectKey:
        """The idempotency key."""
        ...


class Tool(Protocol):
    """Does one thing. ``engine.toolkit`` wraps it in approval, locks, intents and traces, each a Tool itself."""

    @property
    def spec(self) -> ToolSpec:
        """The declaration; constant."""
        ...

    async def check(self, arguments: JsonObject) -> str | None:
        """Is the call still sensible, looking at the world? Reads only; called before asking and again after approval.

        Returns:
            None when it is; otherwise a stable finding code such as ``slot_taken``: a call already approved is then
            superseded and asked again.
        """
        ...

    async def run(self, call: ToolCall, arguments: JsonObject) -> Artifact:
        """Make the call. ``arguments`` have been validated against ``spec.inputs``.

        Cancel: a read stops at once; an effect is shielded by its caller until it ends.
        """
        ...

    async def find(self, call: ToolCall) -> Artifact | None:
        """With effect ``lookup``: look whether this call's effect already happened. Others give None."""
        ...
