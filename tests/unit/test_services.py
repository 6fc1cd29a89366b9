"""A service that breaks is started again, after a pause that grows while it breaks at once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.services import FIRST_PAUSE, LONGEST_PAUSE, STEADY, keep_running
from tests.lab import FakeClock

AT_ONCE = timedelta(seconds=1)


class Watch(FakeClock):
    """Notes what was waited for; after so many pauses everything is cancelled, as at the end of a process."""

    def __init__(self, pauses: int) -> None:
        super().__init__()
        self.waited: list[timedelta] = []
        self._pauses = pauses

    async def sleep(self, duration: timedelta) -> None:
        self.waited.append(duration)
        if len(self.waited) == self._pauses:
            raise asyncio.CancelledError


async def pauses(*lives: timedelta) -> list[timedelta]:
    """What is waited for after each life of a service that breaks."""
    clock, left = Watch(len(lives)), list(lives)

    async def service() -> None:
        clock.advance(left.pop(0))
        raise RuntimeError("broke")

    with pytest.raises(asyncio.CancelledError):
        await keep_running("x", service, clock)
    return clock.waited


async def test_a_service_that_breaks_at_once_is_left_alone_for_longer_and_longer() -> None:
    found = await pauses(*[AT_ONCE] * 7)
    assert found == [FIRST_PAUSE * 2**n for n in range(5)] + [LONGEST_PAUSE] * 2


async def test_a_service_that_lived_a_minute_is_started_again_soon() -> None:
    found = await pauses(AT_ONCE, AT_ONCE, AT_ONCE, STEADY, AT_ONCE)
    assert found == [FIRST_PAUSE, FIRST_PAUSE * 2, FIRST_PAUSE * 4, FIRST_PAUSE, FIRST_PAUSE * 2]


async def test_a_service_that_is_cancelled_stays_so() -> None:
    started = list[None]()

    async def service() -> None:
        started.append(None)
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await keep_running("x", service, FakeClock())
    assert len(started) == 1
