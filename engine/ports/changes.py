"""Changes of state: each one conditional write, as a value. Pure code decides them, the store applies them.

``ExecutionStore.commit`` takes several and makes them one transaction: either every condition held and all are durable, or
nothing happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from engine.domain.approval import Approval
from engine.domain.effect import Intent
from engine.domain.event import Event
from engine.domain.execution import Execution, ExecutionOutcome, ExecutionStatus, StepError, StepOutcome
from engine.domain.feedback import Feedback
from engine.domain.ids import ApprovalId, EffectKey, ExecutionId, StepId
from engine.domain.json import JsonObject
from engine.domain.label import Label
from engine.domain.message import AgentMessage
from engine.domain.plan import Plan
from engine.domain.prompt import Prompt
from engine.domain.spend import Caps, ModelCall


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateExecution:
    """Insert an execution. Lost when its (tenant, user, request key) is taken."""

    execution: Execution


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnExecution:
    """Become the owner under a fence; steps an earlier owner left running are ready again. Lost when a newer fence owns
    it or it is done.

    Of an owner under an older fence it is counted that it died: with each step it left running, else with the execution,
    where that was being worked on. Taking it again under the same fence counts nothing.
    """

    execution_id: ExecutionId
    fence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveExecution:
    """The process ends in good order, nothing of it runs any more, and it is left to the next: that did not die of it. A step
    that was claimed and never begun is ready again, and its attempt counts for nothing. Lost when the fence is not ours
    any more, or it is done."""

    execution_id: ExecutionId
    fence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetDeaths:
    """What brought processes down has been found: of whatever else is not done, in any execution, no death is counted any
    more. Never lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveExecution:
    """Set status (and what comes with it). Lost when the fence is not ours any more, or it is done."""

    execution_id: ExecutionId
    fence: int
    status: ExecutionStatus
    at: datetime
    outcome: ExecutionOutcome | None = None
    result: JsonObject | None = None
    error: StepError | None = None
    unless_moved_from: int | None = None
    """Epoch the decision was made under; a newer one loses, so that an answer is never overlooked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PutAside:
    """Stored data of an execution is damaged, or it cannot even be told how far it came: it has failed, whoever owns it, and
    is shown as no more than that. Lost when it was put aside before."""

    execution_id: ExecutionId
    at: datetime
    detail: str
    """What is damaged, or kept breaking."""
    code: str = "row_corrupt"
    """The error that it has ended with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseFlag:
    """A person's signal on an execution that is not done. Lost when it is done or already there."""

    execution_id: ExecutionId
    at: datetime
    paused: bool | None = None
    cancelled: bool | None = None
    reason: str = ""
    """Why it is paused, where not a person did it: ``budget_execution`` or ``budget_day``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveDraft:
    """Store what is known of the plan being made, as version 0, with step runs for its steps. Lost without the fence, or
    when a plan exists."""

    execution_id: ExecutionId
    fence: int
    draft: Plan
    kept: frozenset[StepId] = frozenset()
    """Steps of the stored draft that are unchanged in this one; the others are dropped, with what they gave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavePlan:
    """Store a plan version with its pending step runs, and make it the current one. A step whose id has a run keeps it:
    the caller has seen to it that ids are never reused with other arguments. Lost without the fence, when the version
    before is not the current one, or when a person has edited that one and the plan does not take it up."""

    execution_id: ExecutionId
    fence: int
    plan: Plan
    adopted: frozenset[StepId] | None = None
    """Steps of the stored draft that are this plan's, with whatever they gave; its others are dropped. None: no draft."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimStep:
    """Begin an attempt. Lost when the step is running or done, or the execution is paused, cancelled, under another
    fence or a newer epoch."""

    execution_id: ExecutionId
    step_id: StepId
    fence: int
    epoch: int
    attempt: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleStep:
    """End a step. Lost without the fence, or when it is done."""

    execution_id: ExecutionId
    step_id: StepId
    fence: int
    outcome: StepOutcome
    at: datetime
    error: StepError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkStep:
    """A running step gives way: to a person, to a timer, or to a pause (``ready``: then its attempt counts for nothing).
    Lost without the fence."""

    execution_id: ExecutionId
    step_id: StepId
    fence: int
    waiting: bool
    retry_at: datetime | None = None
    error: StepError | None = None
    stand_in: str = ""
    """The agent that works from now on; empty: the same as before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveCheckpoint:
    """What an attempt knows so far. Lost without the fence."""

    execution_id: ExecutionId
    step_id: StepId
    fence: int
    state: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class PutArtifact:
    """A step's artifact on the shared context, with its provenance."""

    execution_id: ExecutionId
    step_id: StepId
    artifact: JsonObject
    label: Label
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenApproval:
    """Insert a pending approval. Lost when the same question is already pending."""

    approval: Approval


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideApproval:
    """Move a pending approval to its decided state and bump the execution's epoch. Lost when it is not pending."""

    approval: Approval
    """As decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemindApproval:
    """Note on a pending approval that its person was reminded. Lost when it is not pending any more."""

    approval: Approval
    """With ``reminded_at``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SupersedeApprovals:
    """Close every pending approval of an execution. Never lost."""

    execution_id: ExecutionId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordIntent:
    """Insert an intent. Lost when the key exists, the fence is not ours, or the execution was stopped: cancelled, or paused
    by a person. What is paused for want of money may have the effects that have been paid for."""

    intent: Intent
    fence: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryIntent:
    """Begin an effect once more, under the same key. Lost where :class:`RecordIntent` would be, when its result is recorded,
    and when this ``answer`` has been used up."""

    key: EffectKey
    execution_id: ExecutionId
    fence: int
    at: datetime
    call_hash: str
    """Of the call that is made now: after one that was turned down it may be another."""
    answer: ApprovalId | None = None
    """The person's, where one was needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidIntent:
    """Nothing happened: the call was turned down. Lost when it has ended, or was begun again under another fence."""

    key: EffectKey
    fence: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteIntent:
    """Store an effect's result. Lost when there is no started intent."""

    key: EffectKey
    result: JsonObject
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReserveSpend:
    """Set money aside before a model call. Lost when that would pass a cap: what all other calls of the execution (or of
    the tenant's day) cost or hold reserved, and this, is more than it."""

    call: ModelCall
    caps: Caps


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleSpend:
    """Account for a reserved call: usage and cost replace the reservation. Lost when it is accounted for."""

    call: ModelCall


@dataclass(frozen=True, slots=True, kw_only=True)
class PutPrompt:
    """Keep a prompt's text under its version; one that is known stays as it is."""

    prompt: Prompt
    at: datetime


class DueKind(StrEnum):
    """What is due."""

    REMIND = "remind"
    """Remind the person of a pending approval."""
    EXPIRE = "expire"
    """Close a pending approval nobody answered."""
    RETRY = "retry"
    """Try a step again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """An alarm. Its occurrence is claimed once."""

    execution_id: ExecutionId
    kind: DueKind
    at: datetime
    approval_id: ApprovalId | None = None
    id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SetDue:
    """Insert an alarm."""

    due: Due


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimDue:
    """Take one occurrence. Lost when somebody had it."""

    due_id: int
    wakes: ExecutionId | None = None
    """An execution that is not waiting any more by this, so that a crash before it was woken loses nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppendEvent:
    """Append a fact; its sequence number is allocated in the transaction."""

    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class SendMessage:
    """A message between agents; repeating it is harmless."""

    message: AgentMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class PutFeedback:
    """A person's verdict; replaces their earlier one."""

    feedback: Feedback


Change = (
    CreateExecution
    | OwnExecution
    | LeaveExecution
    | MoveExecution
    | PutAside
    | ForgetDeaths
    | RaiseFlag
    | SaveDraft
    | SavePlan
    | ClaimStep
    | SettleStep
    | ParkStep
    | SaveCheckpoint
    | PutArtifact
    | OpenApproval
    | DecideApproval
    | RemindApproval
    | SupersedeApprovals
    | RecordIntent
    | RetryIntent
    | VoidIntent
    | CompleteIntent
    | ReserveSpend
    | SettleSpend
    | PutPrompt
    | SetDue
    | ClaimDue
    | AppendEvent
    | SendMessage
    | PutFeedback
)
