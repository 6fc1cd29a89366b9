"""Notices that the wall clock jumped, or that the machine slept: what waits for an instant is then looked at anew."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic

from loguru import logger

from engine.ports.clock import Clock

LOOKED_AT_EVERY = timedelta(seconds=1)
JUMP = timedelta(seconds=2)
"""A difference between the two clocks, from one look to the next, that is no slewing and no busy machine."""


class ClockWatch:
    """Compares the wall clock with time that only runs, which stands still while the machine sleeps.

    Args:
        clock: the wall's.
        jumped: called after each jump.
        running: seconds that only grow.
    """

    def __init__(self, clock: Clock, jumped: Callable[[], None], running: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._jumped = jumped
        self._running = running
        self._seen: tuple[datetime, float] | None = None

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            self.look()
            await self._clock.sleep(LOOKED_AT_EVERY)

    def look(self) -> None:
        """Compare now with the last look."""
        now, running = self._clock.now(), self._running()
        before, self._seen = self._seen, (now, running)
        if before is None:
            return
        jump = now - before[0] - timedelta(seconds=running - before[1])
        if abs(jump) >= JUMP:
            logger.bind(by=str(jump)).warning("clock_jumped")
            self._jumped()
