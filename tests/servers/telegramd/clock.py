"""Time as this Telegram knows it: the wall's, a test's own, or one that stands still until it is moved."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from tests.servers.clock import Clock


class Now(Protocol):
    """A clock of somebody else's."""

    def now(self) -> datetime:
        """The present moment, aware."""
        ...


class GivenClock(Clock):
    """Follows another clock; ``advance`` moves this one ahead of it."""

    def __init__(self, source: Now) -> None:
        super().__init__(0.0)
        self._source = source

    def now(self) -> float:
        """The other's moment."""
        return self._source.now().timestamp() + self._moved

    def running(self) -> float:
        """The same: limits refill by it alone."""
        return self.now()


def clock_of(source: Now | None, start: float | None, *, realtime: bool) -> Clock:
    """The clock a server is started with."""
    return Clock(start, flowing=realtime) if source is None else GivenClock(source)
