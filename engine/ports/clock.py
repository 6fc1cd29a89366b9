"""Time and identity from outside, so that the engine itself is repeatable."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Wall time for facts, monotonic waiting for deadlines."""

    def now(self) -> datetime:
        """The current instant, aware, in UTC."""
        ...

    async def sleep(self, duration: timedelta) -> None:
        """Wait on monotonic time; a jump of the wall clock changes nothing. Cancels at once."""
        ...


class IdSource(Protocol):
    """Makes unguessable identifiers."""

    def new(self) -> str:
        """At least 128 random bits, in lower-case letters and digits, at most 40 characters."""
        ...
