"""How an execution ends: everything that is open is closed, in the transaction that records the outcome."""

from __future__ import annotations

from collections.abc import Iterator

from engine.domain.event import EventType
from engine.domain.execution import ExecutionOutcome, ExecutionStatus, StepError, StepOutcome, StepStatus
from engine.domain.ids import StepId
from engine.domain.snapshot import ExecutionSnapshot
from engine.errors import TizmorError
from engine.execution.recording import Recorder
from engine.orchestration.results import compose
from engine.ports.changes import Change, MoveExecution, SettleStep, SupersedeApprovals


def ending(
    snapshot: ExecutionSnapshot, recorder: Recorder, outcome: ExecutionOutcome, error: TizmorError | None = None
) -> tuple[Change, ...]:
    """The changes, from a snapshot that knows every step; ``error`` says why there is no plan, if there is none.

    An answer that came in the meantime makes them lose, so that a change of plan agreed to is not overlooked; a person's
    stop does not wait for one. A question may have been opened from outside: whatever is open is closed.
    """
    execution = snapshot.execution
    done = MoveExecution(
        execution_id=recorder.execution_id,
        fence=recorder.fence,
        status=ExecutionStatus.DONE,
        at=recorder.at,
        outcome=outcome,
        result=compose(snapshot),
        error=None if error is None else StepError(code=error.code, detail=error.detail),
        unless_moved_from=None if execution.cancelled else execution.epoch,
    )
    questions = SupersedeApprovals(execution_id=recorder.execution_id, at=recorder.at)
    finished = recorder.event(EventType.EXECUTION_FINISHED, outcome=outcome.value)
    return (questions, *(_cancelled(step_id, recorder) for step_id in _open_steps(snapshot)), done, finished)


def _open_steps(snapshot: ExecutionSnapshot) -> Iterator[StepId]:
    """Steps that have not ended; a plan that was only to be looked at has none to close."""
    if snapshot.plan is None or snapshot.execution.request.dry_run:
        return
    for step in snapshot.plan.steps:
        run = snapshot.step_runs.get(step.id)
        if run is None or run.status is not StepStatus.DONE:
            yield step.id


def _cancelled(step_id: StepId, recorder: Recorder) -> SettleStep:
    return SettleStep(
        execution_id=recorder.execution_id,
        step_id=step_id,
        fence=recorder.fence,
        outcome=StepOutcome.CANCELLED,
        at=recorder.at,
    )
