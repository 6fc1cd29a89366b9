"""Runs executions; keeps nothing of one between two runs. One that turns out to be damaged on the way is put aside."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from engine.concurrency import Wakeup
from engine.domain.ids import ExecutionId
from engine.domain.snapshot import ExecutionSnapshot
from engine.errors import DamagedError
from engine.execution.error_recovery import SUSPECT_CRASHES
from engine.execution.fault import errors_in
from engine.execution.parts import RunParts
from engine.execution.quarantine import give_up, put_aside
from engine.execution.run import ExecutionRun


class Executor:
    """What the dispatcher calls."""

    def __init__(self, parts: RunParts) -> None:
        self._parts = parts

    async def prepare(self) -> None:
        """Find out which executions were under way at too many deaths of earlier processes."""
        workshop = self._parts.workshop
        workshop.suspects.are(await workshop.store.suspects(SUSPECT_CRASHES))

    def turn(self, execution_id: ExecutionId) -> AbstractAsyncContextManager[None]:
        """See :meth:`engine.execution.suspects.Suspects.turn`. One that was paused or stopped starts nothing."""
        workshop = self._parts.workshop

        async def harmless() -> bool:
            execution = (await workshop.state.snapshot(execution_id)).execution
            return execution.paused or execution.cancelled

        return workshop.suspects.turn(execution_id, harmless)

    def knock(self, execution_id: ExecutionId) -> None:
        """See :meth:`engine.execution.suspects.Suspects.knock`."""
        self._parts.workshop.suspects.knock(execution_id)

    async def run(self, execution_id: ExecutionId, wakeup: Wakeup, snapshot: ExecutionSnapshot | None = None) -> None:
        """Own the execution and move it until it is done or only waits.

        Args:
            execution_id: which.
            wakeup: rings when anything about it changed.
            snapshot: the execution as it was just committed, if the caller knows; saves reading it.

        Damage to anything stored of it, whoever comes upon it, ends it as failed: nothing that follows from it may be done.
        Cancel (shutdown): reads stop, effects end and are recorded; everything is picked up at the next start.
        """
        try:
            await ExecutionRun(self._parts, execution_id, wakeup, snapshot).until_it_rests()
        except Exception as error:
            damage = _damage(error, execution_id)
            if damage is None:
                raise
            workshop = self._parts.workshop
            workshop.telemetry.failed(execution_id, None, error)
            await workshop.state.put_aside(execution_id, damage)

    async def give_up(self, execution_id: ExecutionId, fault: Exception, *, silently: bool) -> None:
        """End an execution whose runs keep breaking: see :mod:`engine.execution.quarantine`.

        Args:
            execution_id: which.
            fault: why they break.
            silently: it cannot even be told how far it came.
        """
        await (put_aside if silently else give_up)(self._parts.workshop, execution_id, fault)


def _damage(error: Exception, execution_id: ExecutionId) -> DamagedError | None:
    """What broke a run, where that is damage to its own execution."""
    damages = (one for one in errors_in(error) if isinstance(one, DamagedError))
    return next((damage for damage in damages if damage.execution_id == execution_id), None)
