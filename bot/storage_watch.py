"""Looks after the storage while the product runs: says once what is wrong, and has everything looked at again when it is well."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from time import monotonic

from loguru import logger

from bot.admission import Admission
from engine.concurrency import Wakeup
from engine.errors import TizmorError
from storage.database import Database
from storage.health import Standing, StorageState

LOOKED_AT_EVERY = 1.0
"""Seconds between looks at the files and at the space."""
TOLD_AGAIN_AFTER = 60.0
"""Seconds within which the same trouble coming back is no news."""

Notice = Callable[[str], Awaitable[None]]
"""Tells the operator something; the argument names a sentence of ``storage_notice``."""


class StorageWatch:
    """One for the process.

    Args:
        database: which.
        admission: told what may be taken in, at once and in the thread that saw it.
        again: has everything that can move looked at: what gave up while nothing could be read or written goes on.
        notice: tells the operator.
    """

    def __init__(
        self, database: Database, admission: Admission, again: Callable[[], Awaitable[None]], notice: Notice
    ) -> None:
        self._database = database
        self._admission = admission
        self._again = again
        self._notice = notice
        self._heard: deque[Standing] = deque(maxlen=16)
        self._bell = Wakeup()
        self._told: dict[StorageState, float] = {}
        self._owed: float | None = None
        """Since when there is trouble that the operator was told of, and not yet that it is over."""
        self._landing = False
        """What waited is being committed now: whoever gave up waiting for it is not told."""
        self.lost = asyncio.Event()
        """Nothing can be committed any more: the process has to end."""

    @property
    def why_lost(self) -> str:
        """What there is to say of that; empty while it is not so."""
        standing = self._database.health.standing
        return standing.fault.detail if standing.state is StorageState.LOST and standing.fault is not None else ""

    async def run(self) -> None:
        """Watch until cancelled."""
        loop = asyncio.get_running_loop()

        def hear(standing: Standing) -> None:
            self._admit(standing)
            self._heard.append(standing)
            loop.call_soon_threadsafe(self._bell.ring)

        self._database.health.watch(hear)
        self._admit(self._database.health.standing)
        if self._database.missing:
            logger.bind(detail=self._database.missing).error("storage_commits_missing")
            await self._notice("missing")
        while True:
            await self._tick()
            while self._heard:
                await self._tell(self._heard.popleft())
            try:
                async with asyncio.timeout(LOOKED_AT_EVERY):
                    await self._bell.wait()
            except TimeoutError:
                continue

    def _admit(self, standing: Standing) -> None:
        if standing.state is StorageState.ANSWERS or standing.fault is None:
            self._admission.open()
        else:
            self._admission.refuse(standing.fault.detail, full=standing.state is StorageState.LOW)

    async def _tick(self) -> None:
        await asyncio.to_thread(self._database.look_after)
        if self._database.reads_fail or self._landing:
            self._database.reads_fail = self._landing = False
            await self._look_again()

    async def _look_again(self) -> None:
        try:
            await self._again()
        except TizmorError:
            self._database.reads_fail = True

    async def _tell(self, standing: Standing) -> None:
        fault = standing.fault
        bound = logger.bind(fault=fault.kind.value, detail=fault.detail) if fault else logger
        match standing.state:
            case StorageState.LOST:
                bound.critical("storage_lost")
                self.lost.set()
            case StorageState.ANSWERS:
                self._landing = True
                await self._look_again()
                if self._owed is not None:
                    logger.bind(after_seconds=round(monotonic() - self._owed, 1)).info("storage_answers")
                    self._owed = None
                    await self._notice(standing.state.value)
            case _ if monotonic() - self._told.get(standing.state, -TOLD_AGAIN_AFTER) >= TOLD_AGAIN_AFTER:
                self._told[standing.state] = monotonic()
                self._owed = self._owed or monotonic()
                bound.error(f"storage_{standing.state.value}")
                await self._notice(standing.state.value)
            case _:
                return
