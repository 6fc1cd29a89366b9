"""Hands out whole executions to runs of this process: one run an execution, bounded in number, woken without polling.

The crash barrier of an execution: what a run raises is recorded, and its siblings go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Protocol

from engine.concurrency import Wakeup
from engine.domain.ids import ExecutionId
from engine.domain.snapshot import ExecutionSnapshot
from engine.errors import UnavailableError
from engine.execution.fault import errors_in
from engine.ports.clock import Clock
from engine.ports.telemetry import Telemetry

MAX_RUNS = 200
"""Executions moving at once; more wait their turn, holding nothing but their id."""

MOST_FAILURES = 6
"""Runs of one execution that may break one after another for a fault of ours; then it is given up. A storage that is away is
waited for, however long that takes."""

MOST_REFUSALS = 3
"""Times giving it up may break for a fault of ours too; then it is not told how far it came."""

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(seconds=30)
"""After the first of them; doubled each time, up to the longest."""


class Runner(Protocol):
    """Who moves executions; see :class:`engine.execution.executor.Executor`."""

    async def prepare(self) -> None:
        """Called once, before anything else."""
        ...

    def turn(self, execution_id: ExecutionId) -> AbstractAsyncContextManager[None]:
        """Held while one is moved: whoever has to wait for it does so here."""
        ...

    async def run(self, execution_id: ExecutionId, wakeup: Wakeup, snapshot: ExecutionSnapshot | None = None) -> None:
        """Move one until it rests."""
        ...

    def knock(self, execution_id: ExecutionId) -> None:
        """Something about one that may wait for its turn changed."""
        ...

    async def give_up(self, execution_id: ExecutionId, fault: Exception, *, silently: bool) -> None:
        """End one that no run gets past ``fault``; its owner hears of it. ``silently``: though not of how far it came."""
        ...


class Dispatcher:
    """Embedded dispatch, between ``open`` and ``close``."""

    def __init__(self, runner: Runner, telemetry: Telemetry, clock: Clock) -> None:
        self._runner = runner
        self._telemetry = telemetry
        self._clock = clock
        self._wakeups: dict[ExecutionId, Wakeup] = {}
        self._tasks: dict[ExecutionId, asyncio.Task[None]] = {}
        self._known: dict[ExecutionId, ExecutionSnapshot] = {}
        """Executions as they were just committed, until something else is heard of them."""
        self._slots = asyncio.Semaphore(MAX_RUNS)
        self._group: asyncio.TaskGroup | None = None

    async def open(self, group: asyncio.TaskGroup) -> None:
        """Run executions as children of this group from now on."""
        await self._runner.prepare()
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
        if wakeup is not None:
            self._known.pop(execution_id, None)  # there is news of it: what was committed first is old
        else:
            wakeup = self._wakeups[execution_id] = Wakeup()
            if snapshot is not None:
                self._known[execution_id] = snapshot
            self._tasks[execution_id] = self._group.create_task(
                self._keep_running(execution_id, wakeup), name=f"execution {execution_id}"
            )
        wakeup.ring()
        self._runner.knock(execution_id)

    def wake_all(self, execution_ids: Iterable[ExecutionId]) -> None:
        """Wake several, for the start-up scan."""
        for execution_id in execution_ids:
            self.wake(execution_id)

    async def _keep_running(self, execution_id: ExecutionId, wakeup: Wakeup) -> None:
        pause, broken, refused = FIRST_PAUSE, 0, 0
        try:
            while (fault := await self._breaks(self._until_it_rests(execution_id, wakeup), execution_id)) is not None:
                if self._group is None:
                    return  # the process stops: the next one goes on
                ours = not _passes(fault)
                broken += ours
                if ours and broken >= MOST_FAILURES and not wakeup.take_news():
                    wakeup.reset()
                    giving_up = self._runner.give_up(execution_id, fault, silently=refused >= MOST_REFUSALS)
                    if (refusal := await self._breaks(giving_up, execution_id)) is None:
                        continue  # for whoever woke it meanwhile
                    refused += not _passes(refusal)
                wakeup.ring()
                await self._clock.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
        finally:
            self._known.pop(execution_id, None)
            del self._wakeups[execution_id], self._tasks[execution_id]

    async def _breaks(self, work: Awaitable[None], execution_id: ExecutionId) -> Exception | None:
        """Why some work on an execution broke, which is recorded; None: it did not."""
        try:
            await work
        except Exception as error:  # noqa: BLE001 - the crash barrier of an execution
            self._telemetry.failed(execution_id, None, error)
            return error
        return None

    async def _until_it_rests(self, execution_id: ExecutionId, wakeup: Wakeup) -> None:
        while wakeup.rung:
            async with self._runner.turn(execution_id), self._slots:
                wakeup.reset()
                await self._runner.run(execution_id, wakeup, self._known.pop(execution_id, None))


def _passes(error: Exception) -> bool:
    """Did a run break only because of something that passes by itself?"""
    return all(isinstance(one, UnavailableError | MemoryError | OSError) for one in errors_in(error))
