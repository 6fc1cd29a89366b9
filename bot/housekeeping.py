"""Forgets what is not needed any more, once an hour."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

from loguru import logger

from engine.ports.clock import Clock

KEYS_KEPT = timedelta(hours=48)
"""How long a handled delivery is remembered: platforms repeat theirs within minutes, and look-backs reach a day."""
REMARKS_KEPT = timedelta(days=90)
"""How long what people wrote in a conversation can be read by a step."""
CODES_KEPT = timedelta(hours=48)
"""How long after its end a one-time code is known as one that was used."""
FORMS_KEPT = timedelta(hours=24)
"""How long a form can be left half filled in."""
SWEPT_EVERY = timedelta(hours=1)


class Forgetful(Protocol):
    """Something kept for a time."""

    async def forget(self, before: datetime) -> int:
        """Drop what is older than this instant; how many there were."""
        ...


class Housekeeping:
    """Sweeps until cancelled.

    Args:
        kept: what is swept, by name, and how long each is kept.
        clock: says what is old.
    """

    def __init__(self, kept: Mapping[str, tuple[Forgetful, timedelta]], clock: Clock) -> None:
        self._kept = kept
        self._clock = clock

    async def run(self) -> None:
        """Sweep now and every hour."""
        while True:
            await self.sweep()
            await self._clock.sleep(SWEPT_EVERY)

    async def sweep(self) -> None:
        """Forget what is old by now.

        Raises:
            UnavailableError: storage is away.
        """
        now = self._clock.now()
        swept = {name: await kept.forget(now - age) for name, (kept, age) in self._kept.items()}
        logger.bind(**swept).debug("swept")
