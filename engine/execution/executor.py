"""Runs executions; keeps nothing of one between two runs."""

from __future__ import annotations

from engine.concurrency import Wakeup
from engine.domain.ids import ExecutionId
from engine.domain.snapshot import ExecutionSnapshot
from engine.execution.parts import RunParts
from engine.execution.run import ExecutionRun


class Executor:
    """What the dispatcher calls."""

    def __init__(self, parts: RunParts) -> None:
        self._parts = parts

    async def run(self, execution_id: ExecutionId, wakeup: Wakeup, snapshot: ExecutionSnapshot | None = None) -> None:
        """Own the execution and move it until it is done or only waits.

        Args:
            execution_id: which.
            wakeup: rings when anything about it changed.
            snapshot: the execution as it was just committed, if the caller knows; saves reading it.

        Cancel (shutdown): reads stop, effects end and are recorded; everything is picked up at the next start.
        """
        await ExecutionRun(self._parts, execution_id, wakeup, snapshot).until_it_rests()
