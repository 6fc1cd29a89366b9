"""What was answered under an idempotency key, kept in the database."""

from __future__ import annotations

from bot.admission import answered
from bot.door import Remembered
from engine.domain.ids import PrincipalId
from engine.ports.clock import Clock
from storage.access_store import AccessStore, StoredAnswer


class RememberedAnswers:
    """``bot.door.Idempotency`` over the access store."""

    def __init__(self, store: AccessStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def recall(self, principal_id: PrincipalId, key: str) -> Remembered | None:
        """What was answered under this key, or None."""
        found = await self._store.recall(principal_id, key)
        if found is None:
            return None
        return Remembered(route=found.route, body_hash=found.body_hash, status=found.status, body=found.body)  # pyright: ignore[reportArgumentType] - JSON by contract

    async def remember(self, principal_id: PrincipalId, key: str, answer: Remembered) -> None:
        """Keep an answer; the first one under a key stays.

        Raises:
            UnavailableError: storage is away; what was asked was done all the same, and is known when it is asked again.
        """
        stored = StoredAnswer(
            route=answer.route, body_hash=answer.body_hash, status=answer.status, body=dict(answer.body)
        )
        await answered(self._store.remember(principal_id, key, stored, self._clock.now()))
