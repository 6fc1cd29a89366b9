"""Who may have brought the process down: after several deaths they move one at a time, so that another tells which it was."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager

from engine.domain.execution import StepRun, StepStatus
from engine.domain.ids import ExecutionId, StepId
from engine.execution.error_recovery import SUSPECT_CRASHES


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
    """

    def __init__(self) -> None:
        self._ids: frozenset[ExecutionId] = frozenset()
        self._alone = asyncio.Lock()

    def are(self, execution_ids: Iterable[ExecutionId]) -> None:
        """These are; nobody else is."""
        self._ids = frozenset(execution_ids)

    def clear(self) -> None:
        """Whoever did it has been found: the others go on together."""
        self._ids = frozenset()

    @asynccontextmanager
    async def turn(self, execution_id: ExecutionId) -> AsyncGenerator[None]:
        """Be under way; a suspect only while no other is. Cancels at once."""
        if execution_id in self._ids:
            async with self._alone:
                if execution_id in self._ids:
                    yield
                    return
        yield
