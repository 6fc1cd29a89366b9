"""Forgets what is not needed any more, once an hour: handled deliveries after two days, people's remarks after ninety."""

from __future__ import annotations

from datetime import timedelta

from loguru import logger

from engine.ports.chat_log import ChatLog
from engine.ports.clock import Clock
from engine.ports.remarks import RemarkBook

KEYS_KEPT = timedelta(hours=48)
"""How long a handled delivery is remembered: platforms repeat theirs within minutes, and look-backs reach a day."""
REMARKS_KEPT = timedelta(days=90)
"""How long what people wrote in a conversation can be read by a step."""
SWEPT_EVERY = timedelta(hours=1)


class Housekeeping:
    """Sweeps until cancelled."""

    def __init__(self, log: ChatLog, remarks: RemarkBook, clock: Clock) -> None:
        self._log = log
        self._remarks = remarks
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
        deliveries = await self._log.forget(now - KEYS_KEPT)
        remarks = await self._remarks.forget(now - REMARKS_KEPT)
        logger.bind(deliveries=deliveries, remarks=remarks).debug("swept")
