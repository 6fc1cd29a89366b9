"""Executions that did not simply succeed, with the account of them that their result holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from engine.domain.effect import Effect, Intent, IntentStatus
from engine.domain.execution import ExecutionOutcome, ExecutionStatus, StepOutcome, StepRun, StepStatus
from engine.domain.ids import EffectKey, StepId
from engine.domain.snapshot import ExecutionSnapshot
from engine.orchestration.results import compose
from tests.unit.render.story import NOW, snapshot

DONE, S4, S5 = ExecutionStatus.DONE, StepId("s4"), StepId("s5")


def intent(snapshot: ExecutionSnapshot, step: StepId, status: IntentStatus = IntentStatus.STARTED) -> Intent:
    """What is recorded of an effect of the step, a day before the end where nobody knows what became of it."""
    execution = snapshot.execution.id
    return Intent(
        key=EffectKey(f"local/{execution}/{step}/1"),
        execution_id=execution,
        step_id=step,
        tool="post",
        effect=Effect.UNKNOWN,
        call_hash="h",
        title="Send the letter",
        status=status,
        started_at=NOW - timedelta(minutes=3),
        result={} if status is IntentStatus.DONE else None,
    )


def ended(
    shot: ExecutionSnapshot, outcome: ExecutionOutcome, *intents: Intent, **outcomes: StepOutcome
) -> ExecutionSnapshot:
    """The snapshot once it is over: steps not named otherwise are as they were, open ones stopped; with its result."""
    runs: dict[StepId, StepRun] = {}
    for step in shot.plan.steps if shot.plan else ():
        run = shot.step_runs[step.id]
        wanted = outcomes.get(step.id) or run.outcome or StepOutcome.CANCELLED
        runs[step.id] = replace(run, status=StepStatus.DONE, outcome=wanted)
    execution = replace(shot.execution, status=DONE, outcome=outcome)
    over = replace(shot, execution=execution, step_runs=runs)
    return replace(over, execution=replace(execution, result=compose(over, intents)))


def unsuccessful(locale: str) -> Mapping[str, ExecutionSnapshot]:
    """Each kind of end by name."""
    cancelled, partial = ExecutionOutcome.CANCELLED, ExecutionOutcome.PARTIAL
    early, late, failed = snapshot(locale, "....."), snapshot(locale, "++r.."), snapshot(locale, "+++-+")
    half, refused = snapshot(locale, "+++.."), snapshot(locale, "+++xs")
    unknown = {"s4": StepOutcome.UNKNOWN}
    return {
        "cancelled": ended(late, cancelled),
        "cancelled-nothing": ended(early, cancelled),
        "cancelled-unknown": ended(half, cancelled, intent(half, S4), **unknown),
        "cancelled-begun": ended(half, cancelled, intent(half, S5, IntentStatus.DONE)),
        "partial-told": ended(failed, partial),
        "partial-unknown": ended(half, partial, intent(half, S4), s5=StepOutcome.SUCCEEDED, **unknown),
        "rejected-told": ended(refused, ExecutionOutcome.REJECTED),
        "left-open": ended(early, ExecutionOutcome.FAILED, intent(early, S4), **unknown),
    }
