"""A tool: one callable an agent may use, with its effect declared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from engine.domain.agent import ToolSpec
from engine.domain.approval import Approval
from engine.domain.artifact import Artifact
from engine.domain.ids import EffectKey, ExecutionId, StepId, TenantId, effect_key
from engine.domain.json import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """Where and as what a tool is called; the same on every attempt."""

    tenant_id: TenantId
    execution_id: ExecutionId
    step_id: StepId
    number: int
    """Which effect of its step this is, from 1, in program order."""
    fence: int = 0
    """Of the owner that makes the call."""
    plan_version: int = 0
    title: str = ""
    """The step's title, for cards."""
    gate: Approval | None = None
    """A person's answer to this call, where it is known already; an answer never changes. None: ask the store."""
    doubtful: bool = False
    """It may have been made before, even where nothing is known of it."""
    reached: Callable[[], None] = field(default=lambda: None, compare=False, repr=False)
    """Called once everything that may keep the effect from happening has been passed: from there on it is let end."""

    @property
    def key(self) -> EffectKey:
        """The idempotency key."""
        return effect_key(self.tenant_id, self.execution_id, self.step_id, self.number)


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

        Raises:
            RequestError, AuthExpiredError, RefusedError: the call was turned down, and nothing happened.
            UnavailableError: it may have happened, unless the error says ``untouched``. So may it with any other error.
        """
        ...

    async def find(self, call: ToolCall) -> Artifact | None:
        """With effect ``lookup``: look whether this call's effect already happened. Others give None."""
        ...

    def assumed(self, call: ToolCall, arguments: JsonObject) -> Artifact | None:
        """With effect ``unknown``: what the call would have given, once a person says that it happened.

        Pure: it looks at nothing but the call.

        Returns:
            None where that cannot be known without its answer; others give None.
        """
        ...
