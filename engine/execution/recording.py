"""How the end of an attempt is recorded: pure, from an end to the changes that make it durable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, assert_never

from engine.domain.artifact import dump
from engine.domain.event import Event, EventType
from engine.domain.execution import StepError, StepOutcome
from engine.domain.ids import ExecutionId, StepId
from engine.domain.json import JsonObject
from engine.domain.label import Integrity, Label
from engine.execution.attempt import AttemptEnd, Failed, GaveWay, LeftOpen, Succeeded, WasDeclined
from engine.execution.error_recovery import recover
from engine.ports.changes import AppendEvent, Change, Due, DueKind, ParkStep, PutArtifact, SetDue, SettleStep

_TENANT = Label(integrity=Integrity.TENANT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorder:
    """Writes for one owner of one execution at one instant."""

    execution_id: ExecutionId
    fence: int
    at: datetime

    def ended(self, step_id: StepId, attempt: int, end: AttemptEnd, jitter: float) -> Record:
        """The record of an attempt's end.

        Args:
            step_id: whose attempt it was.
            attempt: its number, from 1.
            end: how it ended.
            jitter: 0 to 1, from outside; spreads retries.
        """
        match end:
            case Succeeded(artifact):
                return self._succeeded(step_id, dump(artifact))
            case GaveWay(changes, waiting):
                return self._parked(step_id, changes, waiting=waiting)
            case WasDeclined():
                return self.settled(step_id, StepOutcome.REJECTED)
            case LeftOpen():
                return self.settled(step_id, StepOutcome.UNKNOWN)
            case Failed(error):
                return self._failed(step_id, error, attempt, jitter)
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

    def _succeeded(self, step_id: StepId, artifact: JsonObject) -> Record:
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

    def _failed(self, step_id: StepId, error: Exception, attempt: int, jitter: float) -> Record:
        recovery = recover(error, attempt, jitter)
        if recovery.retry_in is None:
            return self.settled(step_id, StepOutcome.FAILED, recovery.error)
        due = self.at + recovery.retry_in
        park = ParkStep(
            execution_id=self.execution_id,
            step_id=step_id,
            fence=self.fence,
            waiting=True,
            retry_at=due,
            error=recovery.error,
        )
        alarm = SetDue(due=Due(execution_id=self.execution_id, kind=DueKind.RETRY, at=due))
        event = self.event(EventType.STEP_WAITING, step=step_id, retry_at=due.isoformat(), error=recovery.error.code)
        return Record(step_id=step_id, changes=(park, alarm, event))

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
