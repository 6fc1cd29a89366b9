"""A process takes an execution over: what it finds under way is ready again, and what brings processes down is put aside."""

from __future__ import annotations

from collections.abc import Sequence

from engine.domain.execution import ExecutionOutcome, StepOutcome, StepRun, StepStatus
from engine.domain.ids import ExecutionId
from engine.domain.snapshot import ExecutionSnapshot
from engine.errors import InternalError
from engine.execution.attempt import Workshop
from engine.execution.ending import all_effects, closings, ending, recorded_effects
from engine.execution.error_recovery import MAX_CRASHES, quarantined
from engine.execution.recording import Recorder
from engine.orchestration.transitions import outcome_of
from engine.ports.changes import Change, OwnExecution


async def own(
    workshop: Workshop, execution_id: ExecutionId, given: ExecutionSnapshot | None
) -> ExecutionSnapshot | None:
    """Become the owner.

    A step during which the process died too often is not tried again. It has failed, save where its effect is recorded: one that
    came to its end is what the step gives, and of one that did not nobody knows how it ended. An execution that keeps bringing
    the process down outside any step ends with what it has.

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
    runs = snapshot.step_runs
    poisonous = [step for step in snapshot.plan.steps if _is_poisonous(runs.get(step.id))] if snapshot.plan else []
    if not poisonous:
        return ()
    effects = await all_effects(workshop, snapshot)
    changes: list[Change] = []
    for closing in closings(snapshot, poisonous, effects, StepOutcome.FAILED):
        if closing.artifact is not None:
            changes += recorder.succeeded(closing.step_id, closing.artifact).changes
        else:
            error = quarantined(runs[closing.step_id].crashes)
            changes += recorder.settled(closing.step_id, closing.outcome, error).changes
    return changes


def _is_poisonous(run: StepRun | None) -> bool:
    return run is not None and run.crashes >= MAX_CRASHES and run.status is not StepStatus.DONE


def _outcome(snapshot: ExecutionSnapshot) -> ExecutionOutcome:
    if snapshot.plan is None or not snapshot.execution.plan_version:
        return ExecutionOutcome.FAILED
    runs = [snapshot.step_runs.get(step.id) for step in snapshot.plan.steps]
    found = outcome_of(run for run in runs if run is not None)
    return ExecutionOutcome.PARTIAL if found is ExecutionOutcome.SUCCEEDED else found


def _why(deaths: int) -> InternalError:
    return InternalError("execution_quarantined", f"The process died {deaths} times while it worked on this.")
