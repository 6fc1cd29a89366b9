"""Which steps may have changed the world: read from the rows that are written before every effect."""

from __future__ import annotations

from engine.domain.effect import Effect, IntentStatus
from engine.domain.ids import ExecutionId, StepId
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
