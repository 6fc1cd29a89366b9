"""The only writer of execution state: commits changes, then tells whoever watches."""

from __future__ import annotations

from collections.abc import Callable

from engine.domain.event import Event, EventType
from engine.domain.execution import ExecutionOutcome
from engine.domain.ids import ExecutionId
from engine.domain.json import JsonValue
from engine.domain.snapshot import ExecutionSnapshot
from engine.errors import DamagedError, NotFoundError
from engine.failpoints import failpoint
from engine.ports.changes import AppendEvent, Change, PutAside
from engine.ports.clock import Clock
from engine.ports.store import ExecutionStore

Watcher = Callable[[Event], None]
"""Called after the commit, on the event loop; must return at once. ``seq`` of the event is 0: read it to know."""


class StateManager:
    """Every state change passes here, with the event that tells of it, in one transaction."""

    def __init__(self, store: ExecutionStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._watchers: list[Watcher] = []

    def watch(self, watcher: Watcher) -> None:
        """Hear of every committed event of this process."""
        self._watchers.append(watcher)

    def event(self, execution_id: ExecutionId, kind: EventType, /, **payload: JsonValue) -> AppendEvent:
        """The change that appends a fact happening now."""
        return AppendEvent(event=Event(execution_id=execution_id, type=kind, at=self._clock.now(), payload=payload))

    async def commit(self, *changes: Change) -> bool:
        """All or nothing; True when it is durable. Watchers hear of the events among the changes."""
        name = type(changes[0]).__name__
        failpoint(f"state.{name}.before")
        won = await self._store.commit(*changes)
        failpoint(f"state.{name}.after")
        if won:
            for change in changes:
                if isinstance(change, AppendEvent):
                    for watcher in self._watchers:
                        watcher(change.event)
        return won

    async def snapshot(self, execution_id: ExecutionId) -> ExecutionSnapshot:
        """Everything about one execution. One whose stored data turns out to be damaged is put aside: it has failed, its
        questions are closed, and its owner is told as of any end.

        Raises:
            NotFoundError: ``execution_unknown``.
        """
        try:
            found = await self._store.snapshot(execution_id)
        except DamagedError as error:
            await self.put_aside(execution_id, error)
            found = await self._store.snapshot(execution_id)
        if found is None:
            raise NotFoundError("execution_unknown", f"There is no execution {execution_id}.", {"id": execution_id})
        return found

    async def put_aside(self, execution_id: ExecutionId, error: DamagedError) -> None:
        """An execution whose stored data is damaged has failed. Repeating it is harmless: it is told once."""
        aside = PutAside(execution_id=execution_id, at=self._clock.now(), detail=error.detail, code=error.code)
        ended = self.event(
            execution_id, EventType.EXECUTION_FINISHED, outcome=ExecutionOutcome.FAILED.value, error=error.code
        )
        await self.commit(aside, ended)
