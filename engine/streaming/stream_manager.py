"""Events to whoever watches: replayed from the log, then live, without gap or repeat."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator

from engine.concurrency import Wakeup
from engine.domain.event import Event, EventType
from engine.domain.ids import ExecutionId
from engine.ports.store import ExecutionStore


class StreamManager:
    """Holds one bell per watcher, never the events: a slow watcher reads the log later and costs nothing."""

    def __init__(self, store: ExecutionStore) -> None:
        self._store = store
        self._bells: defaultdict[ExecutionId, set[Wakeup]] = defaultdict(set)

    def heard(self, event: Event) -> None:
        """Ring for everyone who watches this execution; give it to ``StateManager.watch``."""
        for bell in self._bells.get(event.execution_id, ()):
            bell.ring()

    async def events(self, execution_id: ExecutionId, after: int = 0) -> AsyncIterator[Event]:
        """Events numbered above ``after``, in order, ending after ``execution_finished``.

        Close the iterator (``aclosing``) to stop watching.
        """
        bell = Wakeup()
        self._bells[execution_id].add(bell)
        try:
            while True:
                batch = await self._store.events(execution_id, after)
                for event in batch:
                    after = event.seq
                    yield event
                    if event.type is EventType.EXECUTION_FINISHED:
                        return
                if not batch:
                    await bell.wait()
        finally:
            self._bells[execution_id].discard(bell)
            if not self._bells[execution_id]:
                del self._bells[execution_id]
