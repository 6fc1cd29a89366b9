"""How the end of an attempt is recorded: pure, from an end to the changes that make it durable."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, assert_never

from engine.domain.approval import Approval, ApprovalStatus
from engine.domain.artifact import dump
from engine.domain.event import Event, EventType
from engine.domain.execution import ExecutionStatus, StepError, StepOutcome
from engine.domain.ids import ExecutionId, StepId
from engine.domain.json import JsonObject
from engine.domain.label import Integrity, Label
from engine.execution.attempt import AttemptEnd, Failed, GaveWay, LeftOpen, Succeeded, WasDeclined
from engine.execution.error_recovery import (
    Failure,
    GiveUp,
    StandIn,
    TryAgain,
    kind_of,
    retry_after,
    step_error,
    what_follows,
)
from engine.execution.parallel_coordinator import Retry
from engine.ports.changes import (
    AppendEvent,
    Change,
    ClaimStep,
    DecideApproval,
    Due,
    DueKind,
    MoveExecution,
    ParkStep,
    PutArtifact,
    SetDue,
    SettleStep,
)

_TENANT = Label(integrity=Integrity.TENANT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorder:
    """Writes for one owner of one execution at one instant."""

    execution_id: ExecutionId
    fence: int
    at: datetime

    def ended(self, step_id: StepId, end: AttemptEnd, jitter: float) -> Record:
        """The record of an attempt's end.

        Args:
            step_id: whose attempt it was.
            end: how it ended.
            jitter: 0 to 1, from outside; spreads retries.
        """
        match end:
            case Succeeded(artifact):
                return self.succeeded(step_id, dump(artifact))
            case GaveWay(changes, waiting):
                return self._parked(step_id, changes, waiting=waiting)
            case WasDeclined():
                return self.settled(step_id, StepOutcome.REJECTED)
            case LeftOpen():
                return self.settled(step_id, StepOutcome.UNKNOWN)
            case Failed():
                return self._failed(step_id, end, jitter)
            case _:
                assert_never(end)

    def settled(self, step_id: StepId, outcome: StepOutcome, error: StepError | None = None) -> Record:
        """A step ends without an artifact."""
        code = None if error is None else error.code
        event = self.event(EventType.STEP_FINISHED, step=step_id, outcome=outcome.value, error=code)
        return Record(step_id=step_id, changes=(self._settle(step_id, outcome, error), event), outcome=outcome)

    def event(self, kind: EventType, /, **payload: Any) -> AppendEvent:
        """The change that appends a fact."""
        return AppendEvent(event=Event(execution_id=self.execution_id, type=kind, at=self.at, payload=payload))

    def moved(self, status: ExecutionStatus, *, unless_moved_from: int | None = None) -> MoveExecution:
        """The change that says where the execution is."""
        return MoveExecution(
            execution_id=self.execution_id,
            fence=self.fence,
            status=status,
            at=self.at,
            unless_moved_from=unless_moved_from,
        )

    def claimed(self, step_id: StepId, attempt: int, epoch: int) -> tuple[Change, ...]:
        """An attempt begins, under the answers that were known."""
        claim = ClaimStep(
            execution_id=self.execution_id,
            step_id=step_id,
            fence=self.fence,
            epoch=epoch,
            attempt=attempt,
            at=self.at,
        )
        return (claim, self.event(EventType.STEP_STARTED, step=step_id, attempt=attempt))

    def closed(self, asked: Iterable[Approval]) -> list[Change]:
        """Questions that are beside the point now."""
        changes: list[Change] = []
        for approval in asked:
            closed = replace(approval, status=ApprovalStatus.SUPERSEDED, decided_at=self.at)
            event = self.event(EventType.APPROVAL_DECIDED, approval=closed.id, status=closed.status.value, by=None)
            changes += [DecideApproval(approval=closed), event]
        return changes

    def woken_at(self, retries: Iterable[Retry]) -> list[Change]:
        """Alarms for steps that wait for an instant, where theirs may have been used up."""
        changes: list[Change] = []
        for step_id, at in retries:
            event = self.event(EventType.STEP_WAITING, step=step_id, retry_at=at.isoformat())
            changes += [self._alarm(at), event]
        return changes

    def succeeded(self, step_id: StepId, artifact: JsonObject) -> Record:
        """A step ends with what it gives."""
        put = PutArtifact(execution_id=self.execution_id, step_id=step_id, artifact=artifact, label=_TENANT, at=self.at)
        event = self.event(EventType.STEP_FINISHED, step=step_id, outcome=StepOutcome.SUCCEEDED.value, error=None)
        return Record(
            step_id=step_id,
            changes=(self._settle(step_id, StepOutcome.SUCCEEDED), put, event),
            outcome=StepOutcome.SUCCEEDED,
            artifact=artifact,
        )

    def _parked(self, step_id: StepId, changes: Sequence[Change], *, waiting: bool) -> Record:
        park = ParkStep(execution_id=self.execution_id, step_id=step_id, fence=self.fence, waiting=waiting)
        alone = (park, self.event(EventType.STEP_WAITING, step=step_id)) if waiting else (park,)
        return Record(step_id=step_id, changes=(alone[0], *changes, *alone[1:]), alone=alone)

    def _failed(self, step_id: StepId, failed: Failed, jitter: float) -> Record:
        failure = Failure(
            kind=kind_of(failed.error),
            attempt=failed.attempt,
            retry_after=retry_after(failed.error),
            stand_in=failed.stand_in,
            stood_in=failed.stood_in,
            had_effect=failed.had_effect,
        )
        match what_follows(failure, jitter):
            case GiveUp(mendable):
                return self.settled(step_id, StepOutcome.FAILED, step_error(failed.error, mendable=mendable))
            case TryAgain(delay):
                return self._later(step_id, self.at + delay, step_error(failed.error))
            case StandIn(agent):
                return self._handed_over(step_id, agent, step_error(failed.error))

    def _later(self, step_id: StepId, at: datetime, error: StepError) -> Record:
        """The step is tried again from an instant on."""
        park = ParkStep(
            execution_id=self.execution_id, step_id=step_id, fence=self.fence, waiting=True, retry_at=at, error=error
        )
        event = self.event(EventType.STEP_WAITING, step=step_id, retry_at=at.isoformat(), error=error.code)
        return Record(step_id=step_id, changes=(park, self._alarm(at), event))

    def _handed_over(self, step_id: StepId, agent: str, error: StepError) -> Record:
        """The step is tried again at once, by another agent: it waits for nothing."""
        park = ParkStep(
            execution_id=self.execution_id,
            step_id=step_id,
            fence=self.fence,
            waiting=False,
            error=error,
            stand_in=agent,
        )
        event = self.event(EventType.STEP_WAITING, step=step_id, error=error.code, stand_in=agent)
        return Record(step_id=step_id, changes=(park, event))

    def _alarm(self, at: datetime) -> SetDue:
        return SetDue(due=Due(execution_id=self.execution_id, kind=DueKind.RETRY, at=at))

    def _settle(self, step_id: StepId, outcome: StepOutcome, error: StepError | None = None) -> SettleStep:
        return SettleStep(
            execution_id=self.execution_id,
            step_id=step_id,
            fence=self.fence,
            outcome=outcome,
            at=self.at,
            error=error,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Changes that belong together, and what they mean for the copy of the execution in memory."""

    step_id: StepId
    changes: tuple[Change, ...]
    alone: tuple[Change, ...] = ()
    """What is left to record when ``changes`` lose because somebody else opened the same question; empty: nothing."""
    outcome: StepOutcome | None = None
    """None: the step has not ended."""
    artifact: JsonObject | None = None
