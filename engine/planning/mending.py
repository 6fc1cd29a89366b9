"""Whether another plan may get round steps that failed, and what such a plan has to be. Pure, from the rows alone."""

from __future__ import annotations

from collections.abc import Collection

from engine.domain.approval import ApprovalKind, ApprovalStatus
from engine.domain.effect import Effect
from engine.domain.execution import StepOutcome
from engine.domain.ids import StepId
from engine.domain.plan import Plan, Step
from engine.domain.snapshot import ExecutionSnapshot
from engine.planning.revise import unsucceeded
from engine.ports.planning import FailedStep

MAX_RECOVERIES = 3
"""Versions of one execution's plan that may be made because steps of the version before had failed."""


def mendable(snapshot: ExecutionSnapshot, begun: Collection[StepId]) -> tuple[FailedStep, ...]:
    """The failed steps that another plan may get round; empty where none is to be looked for.

    None is where a person said no or left something at not knowing, and none where a step that did not succeed may have
    changed the world: another way of doing it might do it twice.

    Args:
        snapshot: the execution, every step of its plan done.
        begun: steps an effect of which began.
    """
    plan, execution = snapshot.plan, snapshot.execution
    if plan is None or execution.request.dry_run or execution.request.undoes or execution.cancelled:
        return ()
    outcomes = {run.outcome for step in plan.steps if (run := snapshot.step_runs.get(step.id)) is not None}
    if outcomes & {StepOutcome.REJECTED, StepOutcome.UNKNOWN}:
        return ()
    if any(step_id in begun and unsucceeded(snapshot.step_runs, step_id) for step_id in snapshot.step_runs):
        return ()
    return tuple(failed for step in plan.steps if (failed := _failed(step, snapshot)) is not None)


def mends(plan: Plan, snapshot: ExecutionSnapshot) -> bool:
    """Is there a step in this next version that has not been tried and can run? Otherwise it is what failed, once more."""
    stuck: set[StepId] = set()
    for step in plan.steps:
        if unsucceeded(snapshot.step_runs, step.id) or not stuck.isdisjoint(step.depends_on):
            stuck.add(step.id)
        elif step.id not in snapshot.step_runs:
            return True
    return False


def goes_unasked(plan: Plan, snapshot: ExecutionSnapshot) -> bool:
    """May this next version run without a person having seen it? Only where it looks something up in another way: it adds no
    effect, gives none up, and nobody had approved the plan it replaces."""
    if any(a.kind is ApprovalKind.PLAN and a.status is ApprovalStatus.APPROVED for a in snapshot.approvals):
        return False
    kept = {step.id for step in plan.steps}
    before = snapshot.plan.steps if snapshot.plan is not None else ()
    given_up = [step for step in before if step.id not in kept and unsucceeded(snapshot.step_runs, step.id)]
    added = [step for step in plan.steps if step.id not in snapshot.step_runs]
    return plan.sure and all(step.effect is Effect.READ for step in (*given_up, *added))


def _failed(step: Step, snapshot: ExecutionSnapshot) -> FailedStep | None:
    run = snapshot.step_runs.get(step.id)
    if run is None or run.outcome is not StepOutcome.FAILED or run.error is None or not run.error.mendable:
        return None
    return FailedStep(step_id=step.id, agent=step.agent, title=step.title, code=run.error.code)
