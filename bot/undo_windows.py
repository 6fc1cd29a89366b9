"""Shows the end of an execution once more when it cannot be taken back any longer, so that its button goes.

A courtesy: what is pressed too late is answered in words. So times are kept in memory only, and a restart forgets them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from heapq import heappop, heappush

from engine.concurrency import Wakeup
from engine.domain.event import Event, EventType
from engine.domain.ids import ExecutionId
from engine.planning.undoing import UNDO_WINDOW
from engine.ports.clock import Clock

MOST_KEPT = 10_000
"""Executions that end within one window; of more, the button stays until something else changes their end."""
_AFTERWARDS = timedelta(seconds=1)


class UndoWindows:
    """Every window that is open.

    Args:
        clock: when each closes.
        again: has an execution shown once more; ``Outbox.mark``.
    """

    def __init__(self, clock: Clock, again: Callable[[ExecutionId], None]) -> None:
        self._clock = clock
        self._again = again
        self._open: list[tuple[datetime, ExecutionId]] = []
        self._bell = Wakeup()

    def heard(self, event: Event) -> None:
        """An execution may have ended; give it to ``StateManager.watch``."""
        if event.type is EventType.EXECUTION_FINISHED and len(self._open) < MOST_KEPT:
            heappush(self._open, (event.at + UNDO_WINDOW + _AFTERWARDS, event.execution_id))
            self._bell.ring()

    async def run(self) -> None:
        """Show what has closed until cancelled."""
        while True:
            now = self._clock.now()
            while self._open and self._open[0][0] <= now:
                self._again(heappop(self._open)[1])
            if self._open:
                await self._clock.sleep(self._open[0][0] - now)
            else:
                await self._bell.wait()
