"""Latest state wins: reads an execution when it is stale and has its surface show it. A chat failure never fails an execution."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from loguru import logger

from engine.concurrency import Wakeup
from engine.domain.event import Event
from engine.domain.ids import ConversationId, ExecutionId
from engine.domain.snapshot import ExecutionSnapshot
from engine.errors import TizmorError
from engine.orchestration.state_manager import StateManager
from engine.ports.clock import Clock

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(minutes=5)


class Surface(Protocol):
    """Where executions of its conversations are shown."""

    def owns(self, conversation_id: ConversationId) -> bool:
        """Is this conversation held here?"""
        ...

    async def behind(self) -> Sequence[ExecutionId]:
        """Executions of its conversations that show less than their last event, oldest first."""
        ...

    async def show(self, snapshot: ExecutionSnapshot) -> None:
        """Bring what is shown up to this state, now or as soon as the surface takes it; a newer state replaces it."""
        ...


class Watcher(Protocol):
    """A chat that shows besides what concerns its people of executions that are held elsewhere (``bot.mirror``)."""

    def owns(self, conversation_id: ConversationId) -> bool:
        """Is this conversation held there? Then its surface shows it, not this."""
        ...

    async def behind(self) -> Sequence[ExecutionId]:
        """Executions that it shows less of than it should, oldest first."""
        ...

    def show(self, snapshot: ExecutionSnapshot) -> None:
        """Look at this state as soon as there is time; waits for nothing, and raises nothing."""
        ...


class Outbox:
    """One reader for all surfaces. Progress may be skipped; approvals, questions and finals are states and never are.

    Args:
        state: where executions are read.
        clock: for pauses.
        local: the surface of every conversation that is held nowhere outside. What no surface owns (one that is not
            configured any more) is not shown.
    """

    def __init__(self, state: StateManager, clock: Clock, local: Surface) -> None:
        self._state = state
        self._clock = clock
        self._pauses: dict[ExecutionId, timedelta] = {}
        """Of executions that could not be shown: how long until the next try."""
        self._surfaces: dict[str, Surface] = {"": local}
        self._mirrors: dict[str, Watcher] = {}
        self._stale: dict[ExecutionId, None] = {}
        self._bell = Wakeup()

    def heard(self, event: Event) -> None:
        """An execution has news; give it to ``StateManager.watch``."""
        self.mark(event.execution_id)

    def mark(self, execution_id: ExecutionId) -> None:
        """Show this execution's latest state soon."""
        self._stale[execution_id] = None
        self._bell.ring()

    async def add(self, name: str, surface: Surface) -> None:
        """Show a surface's conversations there from now on, and first what it is behind with; the last of a name counts."""
        self._surfaces[name] = surface
        for execution_id in await surface.behind():
            self.mark(execution_id)

    async def add_mirror(self, name: str, mirror: Watcher) -> None:
        """Let a mirror see what is held elsewhere from now on, and first what it is behind with; the last of a name counts."""
        self._mirrors[name] = mirror
        for execution_id in await mirror.behind():
            self.mark(execution_id)

    async def run(self) -> None:
        """Show until cancelled; begins with what was not shown before a restart. The crash barrier of delivery."""
        for shower in (*self._surfaces.values(), *self._mirrors.values()):
            for execution_id in await shower.behind():
                self.mark(execution_id)
        self._pauses.clear()
        async with asyncio.TaskGroup() as group:
            while True:
                await self._bell.wait()
                while self._stale:
                    execution_id = next(iter(self._stale))
                    del self._stale[execution_id]
                    if not await self._shows(execution_id):
                        group.create_task(self._mark_later(execution_id))

    async def _shows(self, execution_id: ExecutionId) -> bool:
        """Show it; False when that failed."""
        try:
            await self._show(execution_id)
        except TizmorError as error:
            logger.bind(execution_id=execution_id, code=error.code).error("delivery_failed")
            return False
        except Exception:  # noqa: BLE001 - the crash barrier of delivery
            logger.bind(execution_id=execution_id).exception("delivery_broke")
            return False
        self._pauses.pop(execution_id, None)
        return True

    async def _mark_later(self, execution_id: ExecutionId) -> None:
        """Come back to what could not be shown, after a pause that doubles."""
        pause = self._pauses.get(execution_id, FIRST_PAUSE)
        self._pauses[execution_id] = min(pause * 2, LONGEST_PAUSE)
        await self._clock.sleep(pause)
        self.mark(execution_id)

    async def _show(self, execution_id: ExecutionId) -> None:
        snapshot = await self._state.snapshot(execution_id)
        conversation = snapshot.execution.request.conversation_id
        for mirror in self._mirrors.values():
            if not mirror.owns(conversation):
                mirror.show(snapshot)
        surface = next((s for s in self._surfaces.values() if s.owns(conversation)), None)
        if surface is not None:
            await surface.show(snapshot)
        origin = snapshot.execution.request.origin
        if origin is not None and snapshot.execution.request.undoes:
            self.mark(origin.execution_id)  # its end says that it is taken back
