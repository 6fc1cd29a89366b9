"""Who may have brought the process down: after several deaths they move one at a time, so that another tells which it was."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from engine.domain.execution import StepRun, StepStatus
from engine.domain.ids import ExecutionId, StepId
from engine.execution.error_recovery import SUSPECT_CRASHES

LONGEST_TURN = timedelta(minutes=2)
"""What brings processes down does so at once, as a rule; and nobody stands still for long because something else hangs."""


def is_suspect(run: StepRun | None) -> bool:
    """Has the process died so often during it that it has to show whether it is to blame?"""
    return run is not None and run.crashes >= SUSPECT_CRASHES


def apart(start: Sequence[StepId], runs: Mapping[StepId, StepRun]) -> Sequence[StepId]:
    """Of the steps that may start, those that do: a suspect only while nothing else of the execution is under way, and nothing
    beside it."""
    under_way = [run for run in runs.values() if run.status is StepStatus.RUNNING]
    if any(is_suspect(run) for run in under_way):
        return ()
    others = [step_id for step_id in start if not is_suspect(runs.get(step_id))]
    return others if others or under_way else start[:1]


class Suspects:
    """Executions that were under way at so many deaths that one of them is to blame.

    Without turns, one that brings the process down at every start would have whatever is under way beside it put aside too.

    Args:
        longest: how long one is alone; whoever has not brought the process down by then lets the next one in.
    """

    def __init__(self, longest: timedelta = LONGEST_TURN) -> None:
        self._ids = set[ExecutionId]()
        self._longest = longest.total_seconds()
        self._moving: ExecutionId | None = None
        self._knocked = set[ExecutionId]()
        self._news = asyncio.Event()

    def are(self, execution_ids: Iterable[ExecutionId]) -> None:
        """These are; nobody else is."""
        self._ids = set(execution_ids)

    def clear(self) -> None:
        """Whoever did it has been found: the others go on together, from now on."""
        self._ids.clear()
        self._tell()

    def knock(self, execution_id: ExecutionId) -> None:
        """Something was said about one: if it waits for its turn, it is asked again whether it may pass."""
        if execution_id in self._ids:
            self._knocked.add(execution_id)
            self._tell()

    @asynccontextmanager
    async def turn(self, execution_id: ExecutionId, harmless: Callable[[], Awaitable[bool]]) -> AsyncGenerator[None]:
        """Be under way; a suspect only while no other is, in the order in which they came. One that comes to rest is none any
        more. Cancels at once.

        Args:
            execution_id: which.
            harmless: nothing of it will start, so that it may pass. Asked only of one that waits and was knocked at.
        """
        if not await self._waited(execution_id, harmless):
            yield
            return
        self._moving = execution_id
        end = asyncio.get_running_loop().call_later(self._longest, self._next, execution_id)
        try:
            yield
            self._ids.discard(execution_id)
        finally:
            end.cancel()
            self._next(execution_id)

    async def _waited(self, execution_id: ExecutionId, harmless: Callable[[], Awaitable[bool]]) -> bool:
        """Wait; True where it is its turn, False where it needs none."""
        while execution_id in self._ids:
            if self._moving is None:
                return True
            if execution_id in self._knocked:
                self._knocked.discard(execution_id)
                if await harmless():
                    return False
            else:
                await self._news.wait()
        return False

    def _next(self, after: ExecutionId) -> None:
        if self._moving == after:
            self._moving = None
            self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()
