"""Is anything taken in now? Asked by every way in before it takes something, and answered without asking the storage.

What is refused here was surely not taken: whoever sent it may send it again, and platforms do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any, TypeVar

from engine.errors import StorageAwayError, UnavailableError

T = TypeVar("T")

ANSWERED_WITHIN = 10.0
"""Seconds in which something taken in is committed, or its sender hears that nobody knows; well above what a busy disk takes."""


class Admission:
    """One for the process. May be told from any thread."""

    def __init__(self) -> None:
        self._stopping = False
        self._detail = ""
        self._full = False
        self._under_way: set[asyncio.Task[Any]] = set()

    def open(self) -> None:
        """The storage answers: take everything."""
        self._detail, self._full = "", False

    def refuse(self, detail: str, *, full: bool = False) -> None:
        """Nothing can be kept now, for this reason; with ``full``, answers and signals still can."""
        self._detail, self._full = detail, full

    def stop(self) -> None:
        """The process ends: take nothing more."""
        self._stopping = True

    async def leave(self) -> None:
        """The process ends now: what is still under way is left as a crash would leave it."""
        works = tuple(self._under_way)
        for work in works:
            work.cancel()
        if works:
            await asyncio.wait(works)

    @property
    def takes(self) -> bool:
        """Would something new be taken?"""
        return not (self._stopping or self._detail)

    def admit(self, *, answer: bool = False) -> None:
        """Let something in, or not.

        Args:
            answer: it is about something accepted before: a decision, or a signal.

        Raises:
            UnavailableError: ``stopping``: the process ends.
            StorageAwayError: ``storage_unavailable``: nothing can be kept.
        """
        if self._stopping:
            raise UnavailableError("stopping", "This process is ending; send it again in a moment.")
        if self._detail and not (answer and self._full):
            raise StorageAwayError("storage_unavailable", self._detail)

    async def answered(self, work: Coroutine[Any, Any, T]) -> T:
        """As :func:`answered`, of something that goes on to its end whether or not anybody waits for it still: what is
        committed late is acted on like everything else.

        Raises:
            StorageAwayError: as there.
        """
        task = asyncio.get_running_loop().create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        return await answered(asyncio.shield(task))

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waited has it; else nobody asks any more


async def answered(work: Awaitable[T]) -> T:
    """Wait for something that was let in, but not for as long as a storage may be away.

    Raises:
        StorageAwayError: ``storage_unavailable``: it may or may not happen; send it again to know.
    """
    try:
        async with asyncio.timeout(ANSWERED_WITHIN):
            return await work
    except TimeoutError as error:
        raise StorageAwayError(
            "storage_unavailable", f"Nothing could be stored for {ANSWERED_WITHIN:.0f} s; send it again to know."
        ) from error
