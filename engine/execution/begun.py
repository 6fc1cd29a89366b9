"""Which steps may have changed the world: read from the rows that are written before every effect."""

from __future__ import annotations

from engine.domain.effect import Effect, IntentStatus
from engine.domain.execution import StepStatus
from engine.domain.ids import ExecutionId, StepId
from engine.domain.snapshot import ExecutionSnapshot
from engine.ports.store import ExecutionStore


async def effects_begun(store: ExecutionStore, execution_id: ExecutionId) -> frozenset[StepId]:
    """Steps of an execution an effect of which began, in whichever attempt, and was not turned down.

    Raises:
        StorageAwayError: as ``ExecutionStore.intents``.
    """
    return frozenset(
        intent.step_id
        for intent in await store.intents(execution_id)
        if intent.effect is not Effect.READ and intent.status is not IntentStatus.VOID
    )


async def left_begun(store: ExecutionStore, snapshot: ExecutionSnapshot) -> tuple[StepId, ...]:
    """Steps of the plan that an earlier attempt left with an effect begun, and that nothing works on."""
    runs = snapshot.step_runs.values()
    left = {run.step_id for run in runs if run.status is StepStatus.READY and run.started_at is not None}
    left &= {step.id for step in snapshot.plan.steps} if snapshot.plan else set()
    return tuple(sorted(left & await effects_begun(store, snapshot.id))) if left else ()
