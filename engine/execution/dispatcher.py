"""Hands out whole executions to runs of this process: one run an execution, bounded in number, woken without polling.

The crash barrier of an execution: what a run raises is recorded, and its siblings go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from engine.concurrency import Wakeup
from engine.domain.ids import ExecutionId
from engine.domain.snapshot import ExecutionSnapshot
from engine.ports.telemetry import Telemetry

MAX_RUNS = 200
"""Executions moving at once; more wait their turn, holding nothing but their id."""

Run = Callable[[ExecutionId, Wakeup, ExecutionSnapshot | None], Awaitable[None]]


class Dispatcher:
    """Embedded dispatch. Open it with ``async with``; leaving stops every run at its next safe point."""

    def __init__(self, run: Run, telemetry: Telemetry) -> None:
        self._run = run
        self._telemetry = telemetry
        self._wakeups: dict[ExecutionId, Wakeup] = {}
        self._tasks: dict[ExecutionId, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(MAX_RUNS)
        self._group: asyncio.TaskGroup | None = None

    def open(self, group: asyncio.TaskGroup) -> None:
        """Run executions as children of this group from now on."""
        self._group = group

    def close(self) -> None:
        """Start nothing more, and stop every run: reads at once, effects when they have ended. The group waits for them."""
        self._group = None
        for task in list(self._tasks.values()):
            task.cancel()

    def wake(self, execution_id: ExecutionId, snapshot: ExecutionSnapshot | None = None) -> None:
        """Something about the execution changed: have it looked at, once or more, soon. Before ``open`` it does
        nothing: the start-up scan finds the execution. ``snapshot``: as it was just committed, if the caller knows."""
        if self._group is None:
            return
        wakeup = self._wakeups.get(execution_id)
        if wakeup is None:
            wakeup = self._wakeups[execution_id] = Wakeup()
            self._tasks[execution_id] = self._group.create_task(
                self._keep_running(execution_id, wakeup, snapshot), name=f"execution {execution_id}"
            )
        wakeup.ring()

    def wake_all(self, execution_ids: Iterable[ExecutionId]) -> None:
        """Wake several, for the start-up scan."""
        for execution_id in execution_ids:
            self.wake(execution_id)

    async def _keep_running(
        self, execution_id: ExecutionId, wakeup: Wakeup, snapshot: ExecutionSnapshot | None
    ) -> None:
        try:
            while wakeup.rung:
                async with self._slots:
                    wakeup.reset()
                    await self._run(execution_id, wakeup, snapshot)
                snapshot = None
        except Exception as error:  # noqa: BLE001 - the crash barrier of an execution
            self._telemetry.failed(execution_id, None, error)
        finally:
            del self._wakeups[execution_id], self._tasks[execution_id]
