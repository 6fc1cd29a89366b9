"""The few structured-concurrency helpers everyone uses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def finish(work: Coroutine[Any, Any, T], *, within: float, unhurried: bool = False) -> T:
    """Run ``work`` to its end even if the caller is cancelled meanwhile; the cancellation is delivered afterwards.

    For recording what already happened: an effect's end, an outcome.

    Args:
        work: what has to end.
        within: bounds it, in seconds.
        unhurried: only from when the caller is cancelled: until then it may wait for a storage that is away.

    Raises:
        TimeoutError: it did not end in time (it is cancelled then).
        asyncio.CancelledError: after ``work`` ended, if the caller had been cancelled.
    """
    limit = asyncio.timeout(None if unhurried else within)
    task = asyncio.get_running_loop().create_task(_bounded(work, limit))
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            if task.cancelled():
                raise
            if unhurried and cancelled is None:
                limit.reschedule(asyncio.get_running_loop().time() + within)
            cancelled = error
        except BaseException:  # noqa: BLE001, S110 - the task's own error is raised by result() below
            pass
    if cancelled is not None:
        task.exception()
        raise cancelled
    return task.result()


async def _bounded(work: Awaitable[T], limit: asyncio.Timeout) -> T:
    async with limit:
        return await work


class Wakeup:
    """An edge that is never lost: ``wait`` returns once for one or more rings since the last ``wait``.

    It tells two kinds of ring apart: ``ring`` brings news from outside, ``nudge`` only says that work of one's own ended.
    """

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._news = False

    def ring(self) -> None:
        """Wake whoever waits, or the next one to wait, with news."""
        self._news = True
        self._event.set()

    def nudge(self) -> None:
        """Wake whoever waits, without news."""
        self._event.set()

    @property
    def rung(self) -> bool:
        """Has it rung or been nudged since the last ``wait`` or ``reset``?"""
        return self._event.is_set()

    def take_news(self) -> bool:
        """Has it rung with news since this was last asked, or since ``reset``?"""
        news, self._news = self._news, False
        return news

    def reset(self) -> None:
        """Take the rings so far as answered."""
        self._event.clear()
        self._news = False

    async def wait(self) -> None:
        """Wait for a ring or a nudge; cancels at once."""
        await self._event.wait()
        self._event.clear()


class Turnstile:
    """Lets through, at each ring, everybody who began to wait before it."""

    def __init__(self) -> None:
        self._next: asyncio.Future[None] | None = None

    def ring(self) -> None:
        """Let everybody through who waits."""
        waiting, self._next = self._next, None
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    def wait(self) -> asyncio.Future[None]:
        """Begin to wait, at once: awaiting what this gives ends with the next ring, even one before the await. Do not
        cancel it; await it behind ``asyncio.shield`` where that may happen."""
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        return self._next
