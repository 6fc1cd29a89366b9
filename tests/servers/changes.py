"""Waiting for something to have changed, without looking again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Changes:
    """A counter of state changes and the people who wait for the next one."""

    def __init__(self) -> None:
        self.version = 0
        self._waiting: set[asyncio.Future[None]] = set()

    def touch(self) -> None:
        """Something changed: wake everybody."""
        self.version += 1
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def after(self, version: int, seconds: float) -> int:
        """The current version as soon as it is beyond ``version``, or as it stands after so many real seconds."""
        if self.version > version:
            return self.version
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        await asyncio.wait({future}, timeout=seconds)
        self._waiting.discard(future)
        return self.version

    async def eventually(self, holds: Callable[[], object], seconds: float, story: Callable[[], str]) -> None:
        """Return when ``holds`` does; it is asked at every change and never in between.

        Raises:
            TimeoutError: it did not hold within so many real seconds; the text is what ``story`` tells.
        """
        deadline = asyncio.get_running_loop().time() + seconds
        while not holds():
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                raise TimeoutError(f"not within {seconds} s; {story()}")
            await self.after(self.version, left)
