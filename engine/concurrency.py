"""The few structured-concurrency helpers everyone uses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def finish(work: Coroutine[Any, Any, T], *, within: float) -> T:
    """Run ``work`` to its end even if the caller is cancelled meanwhile; the cancellation is delivered afterwards.

    For recording what already happened: an effect's end, an outcome. ``within`` bounds it, in seconds.

    Raises:
        TimeoutError: it did not end in time (it is cancelled then).
        asyncio.CancelledError: after ``work`` ended, if the caller had been cancelled.
    """
    task = asyncio.get_running_loop().create_task(_bounded(work, within))
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            if task.cancelled():
                raise
            cancelled = error
        except BaseException:  # noqa: BLE001, S110 - the task's own error is raised by result() below
            pass
    if cancelled is not None:
        task.exception()
        raise cancelled
    return task.result()


async def _bounded(work: Awaitable[T], within: float) -> T:
    async with asyncio.timeout(within):
        return await work


class Wakeup:
    """An edge that is never lost: ``wait`` returns once for one or more ``ring`` since the last ``wait``."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Wake whoever waits, or the next one to wait."""
        self._event.set()

    @property
    def rung(self) -> bool:
        """Has it rung since the last ``wait`` or ``reset``?"""
        return self._event.is_set()

    def reset(self) -> None:
        """Take the rings so far as answered."""
        self._event.clear()

    async def wait(self) -> None:
        """Wait for a ring; cancels at once."""
        await self._event.wait()
        self._event.clear()
