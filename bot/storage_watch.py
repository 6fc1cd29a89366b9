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

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds between tries to tell the operator, doubling."""

Notice = Callable[[str], Awaitable[bool]]
"""Tells the operator something; the argument names a sentence of ``storage_notice``. False: nobody could be told now, and it is
owed."""

_MISSING = "missing"


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
        self._since: float | None = None
        """When the trouble began that is not over yet."""
        self._owed = [_MISSING] if database.missing else list[str]()
        """What the operator has still to be told, the oldest first."""
        self._try_at, self._pause = 0.0, FIRST_PAUSE
        self._knows_of_trouble = False
        """Was the operator told of it, and not yet that it is over?"""
        self._loop: asyncio.AbstractEventLoop | None = None
        """Of the service, once it runs."""
        database.health.watch(self._hear)
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
        if self._loop is None and self._database.missing:  # said once, however often this is started
            logger.bind(detail=self._database.missing).error("storage_commits_missing")
        self._loop = asyncio.get_running_loop()
        self._admit(self._database.health.standing)
        while True:
            await self._tick()
            while self._heard:
                await self._tell(self._heard.popleft())
            await self._say_what_is_owed()
            try:
                async with asyncio.timeout(LOOKED_AT_EVERY):
                    await self._bell.wait()
            except TimeoutError:
                continue

    def _hear(self, standing: Standing) -> None:
        """In whichever thread saw it."""
        self._admit(standing)
        self._heard.append(standing)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._bell.ring)

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
        if standing.state in {StorageState.ANSWERS, StorageState.LOW}:  # what waited is committed
            self._landing = True
            await self._look_again()
        match standing.state:
            case StorageState.LOST:
                bound.critical("storage_lost")
                self.lost.set()
            case StorageState.ANSWERS:
                if self._since is not None:
                    logger.bind(after_seconds=round(monotonic() - self._since, 1)).info("storage_answers")
                    self._since = None
                    self._owe_that_it_is_over()
            case _ if monotonic() - self._told.get(standing.state, -TOLD_AGAIN_AFTER) >= TOLD_AGAIN_AFTER:
                self._told[standing.state] = monotonic()
                self._since = self._since or monotonic()
                bound.error(f"storage_{standing.state.value}")
                self._owe(standing.state.value)
            case _:
                return

    def _owe(self, what: str) -> None:
        self._owed = [each for each in self._owed if each != what] + [what]
        self._try_at, self._pause = 0.0, FIRST_PAUSE

    def _owe_that_it_is_over(self) -> None:
        """Of trouble that is over nobody is told any more; who knows of some is told that it is."""
        self._owed = [each for each in self._owed if each == _MISSING]
        if self._knows_of_trouble:
            self._owe(StorageState.ANSWERS.value)

    async def _say_what_is_owed(self) -> None:
        while self._owed and monotonic() >= self._try_at:
            what = self._owed[0]
            if not await self._notice(what):
                self._try_at = monotonic() + self._pause
                self._pause = min(self._pause * 2, LONGEST_PAUSE)
                return
            self._owed.remove(what)
            if what != _MISSING:
                self._knows_of_trouble = what != StorageState.ANSWERS.value
