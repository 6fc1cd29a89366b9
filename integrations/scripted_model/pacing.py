"""When the pieces of an answer go out: at once, spread over a time, or held until somebody lets go."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where an answer stands just before its next piece."""

    index: int
    """Pieces (``content_block_delta`` events) sent so far."""
    total: int
    """Pieces the whole answer has."""
    sent: str
    """What all pieces so far carried, joined over all blocks."""
    upcoming: str
    """What the next piece carries."""
    began: float
    """When the first piece was about to go, in the event loop's seconds."""


Pacer = Callable[[Progress], Awaitable[None]]
"""Awaited before every piece of a streamed answer, and once (``index`` 0) before one that is not streamed. Cancelled when
the client leaves or the server stops."""


def spread(over: timedelta) -> Pacer:
    """Send the pieces evenly over a real time; the last one goes when it has passed. For demonstrations and benches."""

    async def pace(progress: Progress) -> None:
        due = progress.began + over.total_seconds() * (progress.index + 1) / max(progress.total, 1)
        await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))

    return pace


class Hold:
    """A pacer that stops an answer once, just before the piece in which ``before`` would become complete.

    Args:
        before: text the client must not have whole while it is held, such as ``'"s3"'``; empty: before the first piece.
    """

    def __init__(self, before: str = "") -> None:
        self._before = before
        self.reached = asyncio.Event()
        """Set once the answer is held, everything before that piece having been sent."""
        self.release = asyncio.Event()
        """Set it to let the answer go on to its end."""

    async def __call__(self, progress: Progress) -> None:
        """Wait where the time has come."""
        if self._before in progress.sent + progress.upcoming:
            self.reached.set()
            await self.release.wait()
