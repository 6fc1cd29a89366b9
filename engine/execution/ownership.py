"""A process takes an execution over: what it finds under way is ready again, and what brings processes down is put aside."""

from __future__ import annotations

from collections.abc import Sequence

from engine.domain.execution import ExecutionOutcome, StepOutcome, StepStatus
from engine.domain.ids import ExecutionId
from engine.domain.snapshot import ExecutionSnapshot
from engine.errors import InternalError
from engine.execution.attempt import Workshop
from engine.execution.begun import effects_begun
from engine.execution.ending import ending, recorded_effects
from engine.execution.error_recovery import MAX_CRASHES, quarantined
from engine.execution.recording import Recorder
from engine.orchestration.transitions import outcome_of
from engine.ports.changes import Change, OwnExecution


async def own(
    workshop: Workshop, execution_id: ExecutionId, given: ExecutionSnapshot | None
) -> ExecutionSnapshot | None:
    """Become the owner.

    A step during which the process died too often is not tried again: it has failed, or nobody knows how it ended where an
    effect of it had begun. An execution that keeps bringing the process down outside any step ends with what it has.

    Args:
        workshop: of this process.
        execution_id: which.
        given: the execution as it was just committed, if the caller knows.

    Returns:
        The execution as it stands then; None where a newer process owns it, or it is done.
    """
    snapshot = given or await workshop.state.snapshot(execution_id)
    left = any(run.status is StepStatus.RUNNING for run in snapshot.step_runs.values())
    if not left and snapshot.execution.fence == workshop.fence:
        return snapshot
    if not await workshop.state.commit(OwnExecution(execution_id=execution_id, fence=workshop.fence)):
        return None
    snapshot = await workshop.state.snapshot(execution_id)
    aside = await _put_aside(workshop, snapshot)
    if aside:
        await workshop.state.commit(*aside)
        snapshot = await workshop.state.snapshot(execution_id)
    return snapshot


async def _put_aside(workshop: Workshop, snapshot: ExecutionSnapshot) -> Sequence[Change]:
    execution = snapshot.execution
    recorder = Recorder(execution_id=execution.id, fence=workshop.fence, at=workshop.clock.now())
    if execution.crashes >= MAX_CRASHES:
        outcome = _outcome(snapshot)
        effects = await recorded_effects(workshop, snapshot, outcome)
        return ending(snapshot, recorder, outcome, _why(execution.crashes), effects)
    poisonous = [
        run for run in snapshot.step_runs.values() if run.crashes >= MAX_CRASHES and run.status is not StepStatus.DONE
    ]
    if not poisonous:
        return ()
    begun = await effects_begun(workshop.store, execution.id)
    changes: list[Change] = []
    for run in poisonous:
        outcome = StepOutcome.UNKNOWN if run.step_id in begun else StepOutcome.FAILED
        changes += recorder.settled(run.step_id, outcome, quarantined(run.crashes)).changes
    return changes


def _outcome(snapshot: ExecutionSnapshot) -> ExecutionOutcome:
    if snapshot.plan is None or not snapshot.execution.plan_version:
        return ExecutionOutcome.FAILED
    runs = [snapshot.step_runs.get(step.id) for step in snapshot.plan.steps]
    found = outcome_of(run for run in runs if run is not None)
    return ExecutionOutcome.PARTIAL if found is ExecutionOutcome.SUCCEEDED else found


def _why(deaths: int) -> InternalError:
    return InternalError("execution_quarantined", f"The process died {deaths} times while it worked on this.")
