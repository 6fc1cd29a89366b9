"""What keeps breaking is put aside: what brings processes down, and what runs cannot get past for a fault of ours."""

from __future__ import annotations

from collections.abc import Sequence

from engine.domain.execution import ExecutionOutcome, ExecutionStatus, StepOutcome, StepRun, StepStatus
from engine.domain.ids import ExecutionId
from engine.domain.snapshot import ExecutionSnapshot
from engine.errors import DamagedError, InternalError
from engine.execution.attempt import Workshop
from engine.execution.ending import all_effects, closings, ending, recorded_effects
from engine.execution.error_recovery import MAX_CRASHES, quarantined
from engine.execution.fault import errors_in
from engine.execution.recording import Recorder
from engine.orchestration.transitions import outcome_of
from engine.ports.changes import Change, ForgetDeaths, OwnExecution

_QUARANTINED = "execution_quarantined"


async def after_deaths(workshop: Workshop, snapshot: ExecutionSnapshot) -> Sequence[Change]:
    """What an execution that is taken over does without; empty: nothing.

    A step during which the process died too often has failed, save where its effect is recorded: one that came to its end is
    what the step gives, and of one that did not nobody knows how it ended. An execution that keeps bringing the process down
    outside any step ends with what it has.
    """
    if (deaths := snapshot.execution.crashes) >= MAX_CRASHES:
        why = f"The process died {deaths} times while it worked on this."
        return (*await _ending(workshop, snapshot, why), ForgetDeaths())
    runs = snapshot.step_runs
    poisonous = [step for step in snapshot.plan.steps if _is_poisonous(runs.get(step.id))] if snapshot.plan else []
    if not poisonous:
        return ()
    effects, recorder = await all_effects(workshop, snapshot), _recorder(workshop, snapshot)
    changes: list[Change] = []
    for closing in closings(snapshot, poisonous, effects, StepOutcome.FAILED):
        if closing.artifact is not None:
            changes += recorder.succeeded(closing.step_id, closing.artifact).changes
        else:
            error = quarantined(runs[closing.step_id].crashes)
            changes += recorder.settled(closing.step_id, closing.outcome, error).changes
    return (*changes, ForgetDeaths())


async def give_up(workshop: Workshop, execution_id: ExecutionId, fault: Exception) -> None:
    """End an execution that no run gets past ``fault``, a bug of ours: with what it has, and with what happened to every effect.
    One that is done, or that somebody moves meanwhile, is left as it is. Raises whatever keeps that from being told."""
    await workshop.state.commit(OwnExecution(execution_id=execution_id, fence=workshop.fence))
    snapshot = await workshop.state.snapshot(execution_id)
    if snapshot.execution.status is not ExecutionStatus.DONE:
        await workshop.state.commit(*await _ending(workshop, snapshot, _broke(fault)))


async def put_aside(workshop: Workshop, execution_id: ExecutionId, fault: Exception) -> None:
    """Where not even that can be told: it has failed, and nothing of it is shown."""
    await workshop.state.put_aside(execution_id, DamagedError(_QUARANTINED, _broke(fault), execution_id))


def _broke(fault: Exception) -> str:
    return f"It broke again and again with {type(next(errors_in(fault))).__name__}; see the log."


async def _ending(workshop: Workshop, snapshot: ExecutionSnapshot, why: str) -> Sequence[Change]:
    outcome = _outcome(snapshot)
    effects = await recorded_effects(workshop, snapshot, outcome)
    return ending(snapshot, _recorder(workshop, snapshot), outcome, InternalError(_QUARANTINED, why), effects)


def _recorder(workshop: Workshop, snapshot: ExecutionSnapshot) -> Recorder:
    return Recorder(execution_id=snapshot.id, fence=workshop.fence, at=workshop.clock.now())


def _is_poisonous(run: StepRun | None) -> bool:
    return run is not None and run.crashes >= MAX_CRASHES and run.status is not StepStatus.DONE


def _outcome(snapshot: ExecutionSnapshot) -> ExecutionOutcome:
    if snapshot.execution.cancelled:
        return ExecutionOutcome.CANCELLED
    if snapshot.plan is None or not snapshot.execution.plan_version:
        return ExecutionOutcome.FAILED
    runs = [snapshot.step_runs.get(step.id) for step in snapshot.plan.steps]
    found = outcome_of(run for run in runs if run is not None)
    return ExecutionOutcome.PARTIAL if found is ExecutionOutcome.SUCCEEDED else found
