"""Time as a local server knows it: it stands still until a test moves it, or flows with the wall and can still be moved."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class Timer:
    """One wait. ``done`` is set when it is due; ``forget`` it when nobody waits any more."""

    due: float
    done: asyncio.Future[None]
    patience: asyncio.TimerHandle | None = None
    flow: asyncio.TimerHandle | None = None


class Clock:
    """Seconds since the epoch.

    ``flowing`` follows the wall; otherwise ``now`` changes by ``advance`` alone. Nobody is kept waiting for ever by a
    clock that stands still: waits that stand for a deadline of the platform carry a ``patience`` in real seconds as well.
    """

    def __init__(self, start: float | None = None, *, flowing: bool = False) -> None:
        self.flowing = flowing
        self._start = float(int(time.time())) if start is None else start
        self._moved = 0.0
        self._born = time.monotonic()
        self._timers: set[Timer] = set()

    def now(self) -> float:
        """What stamps, trigger ids and streams go by."""
        return self.running() if self.flowing else self._start + self._moved

    def running(self) -> float:
        """``now`` plus the real time that has passed: what rate limits refill by, so that an honest wait is always enough."""
        return self._start + self._moved + time.monotonic() - self._born

    def advance(self, seconds: float) -> None:
        """Move ahead and wake every wait that is due, in order."""
        if seconds < 0:
            raise ValueError("time goes forwards")
        self._moved += seconds
        for timer in sorted(self._timers, key=lambda timer: timer.due):
            if timer.due <= self.now() + 1e-6:
                self._ring(timer)
            elif timer.flow is not None:
                timer.flow.cancel()
                timer.flow = self._flow(timer)

    def timer(self, seconds: float, *, patience: float | None = None) -> Timer:
        """Start a wait of so many seconds of this clock; after ``patience`` real seconds it ends in any case."""
        loop = asyncio.get_running_loop()
        timer = Timer(due=self.now() + seconds, done=loop.create_future())
        self._timers.add(timer)
        if self.flowing:
            timer.flow = self._flow(timer)
        elif patience is not None:
            timer.patience = loop.call_later(patience, self._ring, timer)
        if seconds <= 0:
            self._ring(timer)
        return timer

    def forget(self, timer: Timer) -> None:
        """Stop a wait nobody needs."""
        self._timers.discard(timer)
        for handle in (timer.patience, timer.flow):
            if handle is not None:
                handle.cancel()
        if not timer.done.done():
            timer.done.cancel()

    async def sleep(self, seconds: float, *, patience: float | None = None) -> None:
        """Wait so many seconds of this clock."""
        timer = self.timer(seconds, patience=patience)
        try:
            await timer.done
        finally:
            self.forget(timer)

    async def wait(self, future: asyncio.Future[object], seconds: float, *, patience: float | None = None) -> bool:
        """Whether ``future`` was done within so many seconds of this clock."""
        timer = self.timer(seconds, patience=patience)
        try:
            waited: set[asyncio.Future[object]] = {future, timer.done}  # pyright: ignore[reportAssignmentType] - invariance
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.forget(timer)
        return future.done()

    def _flow(self, timer: Timer) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(max(0.0, timer.due - self.now()), self._ring, timer)

    def _ring(self, timer: Timer) -> None:
        self._timers.discard(timer)
        if not timer.done.done():
            timer.done.set_result(None)
