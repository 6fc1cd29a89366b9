"""What a tool does to the world, and the row written before it does it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from engine.domain.ids import ApprovalId, ChoiceId, EffectKey, ExecutionId, StepId
from engine.domain.json import JsonObject, content_hash


class Effect(StrEnum):
    """How a tool's effect behaves when nobody knows whether it happened."""

    READ = "read"
    """Changes nothing; repeat at will."""
    KEYED = "keyed"
    """The provider accepts our idempotency key: repeat with the same key."""
    LOOKUP = "lookup"
    """Our marker can be found again: look before repeating."""
    UNKNOWN = "unknown"
    """Neither; never repeated without asking. What is not declared is this."""


HAPPENED, AGAIN, LEAVE = ChoiceId("happened"), ChoiceId("again"), ChoiceId("leave")
"""What a person may say of an effect that may have happened: it did · do it once more · leave it at that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One exact call of a tool: what a person consents to and what an intent row is bound to."""

    tool: str
    version: str
    arguments: JsonObject

    @property
    def hash(self) -> str:
        """Identity of the call: tool, version and canonical arguments."""
        return content_hash({"tool": self.tool, "version": self.version, "arguments": self.arguments})


class IntentStatus(StrEnum):
    """Where an effect is."""

    STARTED = "started"
    """The row is committed; the effect may or may not have happened."""
    DONE = "done"
    """The result is recorded."""
    VOID = "void"
    """The call was turned down the first time it was made: nothing happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """Committed before an effect, completed after it."""

    key: EffectKey
    execution_id: ExecutionId
    step_id: StepId
    tool: str
    effect: Effect
    call_hash: str
    title: str = ""
    """The step's: a later version of the plan may not have it any more."""
    status: IntentStatus = IntentStatus.STARTED
    started_at: datetime | None = None
    """When it was last tried; None until it is stored."""
    answer: ApprovalId | None = None
    """The answer on whose word it was last tried again: used up by that try. None: nobody was asked."""
    result: JsonObject | None = None
