"""The Timer port over APScheduler 3's asyncio scheduler with its memory store: one job, one instant."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger

_JOB = "next-alarm"

RINGS = 100
"""Rings under way at a time: with one, an alarm a moment after another would be skipped, and what is due then forgotten."""


class AlarmClock:
    """Rings a callback at the armed instant. Late wake-ups still ring: what is due is decided by rows, not by this."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._scheduler = AsyncIOScheduler(timezone=UTC)

    def start(self) -> None:
        """Begin on the running event loop."""
        self._scheduler.start()

    def stop(self) -> None:
        """Forget the alarm."""
        self._scheduler.shutdown(wait=False)

    def arm(self, at: datetime | None) -> None:
        """See the port."""
        if self._scheduler.get_job(_JOB) is not None:  # pyright: ignore[reportUnknownMemberType] - APScheduler 3 has no types
            self._scheduler.remove_job(_JOB)  # pyright: ignore[reportUnknownMemberType] - as above
        if at is not None:
            trigger = DateTrigger(at)
            self._scheduler.add_job(self._ring, trigger, id=_JOB, misfire_grace_time=None, max_instances=RINGS)  # pyright: ignore[reportUnknownMemberType] - as above
