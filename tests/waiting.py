"""Waiting without sleeping: look again whenever the loop has turned, with a bound."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def until(look: Callable[[], Awaitable[T]], fits: Callable[[T], bool], seconds: float = 20) -> T:
    """The first value that fits.

    Raises:
        TimeoutError: none did in time.
    """
    async with asyncio.timeout(seconds):
        while True:
            value = await look()
            if fits(value):
                return value
            await asyncio.to_thread(lambda: None)
