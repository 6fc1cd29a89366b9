"""An execution: one run of a plan. Status says where a thing is, outcome how it ended; never one field for both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from engine.domain.ids import ExecutionId, StepId
from engine.domain.json import JsonObject
from engine.domain.request import Request


class ExecutionStatus(StrEnum):
    """Where an execution is."""

    PLANNING = "planning"
    """Accepted; the plan is being made."""
    RUNNING = "running"
    """Steps run or are about to."""
    WAITING = "waiting"
    """Only persons or timers can move it."""
    PAUSED = "paused"
    """Shown while the pause flag is up; never stored as a status."""
    DONE = "done"
    """Ended; ``outcome`` says how."""


class ExecutionOutcome(StrEnum):
    """How an execution ended."""

    SUCCEEDED = "succeeded"
    """Every step succeeded."""
    PARTIAL = "partial"
    """Something was delivered and something was not."""
    FAILED = "failed"
    """Nothing was delivered."""
    CANCELLED = "cancelled"
    """A person stopped it."""
    REJECTED = "rejected"
    """A person said no at a gate or at the plan, and nothing failed."""


class StepStatus(StrEnum):
    """Where a step is."""

    PENDING = "pending"
    """Waits for other steps."""
    READY = "ready"
    """Everything it needs is there."""
    RUNNING = "running"
    """An attempt is under way."""
    WAITING = "waiting"
    """For a person or a timer."""
    DONE = "done"
    """Ended; ``outcome`` says how."""


class StepOutcome(StrEnum):
    """How a step ended."""

    SUCCEEDED = "succeeded"
    """Its artifact is recorded."""
    FAILED = "failed"
    """All its attempts failed."""
    SKIPPED = "skipped"
    """Something it depends on did not succeed."""
    CANCELLED = "cancelled"
    """The execution was stopped before it ended."""
    REJECTED = "rejected"
    """A person said no at its gate."""
    UNKNOWN = "unknown"
    """Its effect may have happened: a person left it at that, or it was stopped before anybody knew."""


class Signal(StrEnum):
    """What a person may do to a whole execution."""

    PAUSE = "pause"
    """No new step; reads stop and are redone later; running effects end."""
    RESUME = "resume"
    """Go on."""
    CANCEL = "cancel"
    """No new step, ever; pending approvals are superseded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepError:
    """Why a step failed: a stable code and one sentence naming the thing."""

    code: str
    detail: str
    mendable: bool = False
    """Another plan may find a way round it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRun:
    """Where one step of one execution is."""

    step_id: StepId
    status: StepStatus = StepStatus.PENDING
    outcome: StepOutcome | None = None
    attempts: int = 0
    retry_at: datetime | None = None
    """Not to be started before this instant."""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    cached: bool = False
    crashes: int = 0
    """Times the process died while an attempt was under way."""
    stand_in: str = ""
    """The agent that works instead of the plan's, after that one was given up; empty: none."""
    error: StepError | None = None
    checkpoint: JsonObject | None = None
    """What the last attempt saved of its way; opaque to everyone but its agent."""
    message: str = ""
    """The latest progress line, in the request's language; may lag, may be empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One run of a plan for one request."""

    id: ExecutionId
    request: Request
    status: ExecutionStatus
    created_at: datetime
    updated_at: datetime
    outcome: ExecutionOutcome | None = None
    plan_version: int = 0
    """0 until a checked plan exists."""
    epoch: int = 0
    """Grows with every answer of a person; a claim made under an older epoch fails."""
    fence: int = 0
    """Grows with every owner; a write under an older fence fails."""
    crashes: int = 0
    """Times the process died while it worked on this outside any step, since this last got anywhere."""
    paused: bool = False
    pause_reason: str = ""
    """Why, where not a person did it: ``budget_execution`` or ``budget_day``; empty otherwise."""
    cancelled: bool = False
    error: StepError | None = None
    """Why planning failed, if it did."""
    result: JsonObject | None = None
    """Composed by the engine from typed artifacts when the execution ends."""
    doubtful: bool = False
    """The database was brought back from an earlier state while this was under way: an effect of which nothing is known may
    have happened all the same."""

    @property
    def shown_status(self) -> ExecutionStatus:
        """What clients are told: the pause flag covers everything but ``done``."""
        if self.paused and self.status is not ExecutionStatus.DONE:
            return ExecutionStatus.PAUSED
        return self.status

    @property
    def ended_at(self) -> datetime | None:
        """When it ended; None while it has not."""
        return self.updated_at if self.status is ExecutionStatus.DONE else None
