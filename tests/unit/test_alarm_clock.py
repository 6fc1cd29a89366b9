"""The alarm clock over the real scheduler: it rings once for the last instant armed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from integrations.scheduling.clock import SystemClock
from integrations.scheduling.timer import AlarmClock


async def test_it_rings_for_the_last_instant_armed_also_when_it_has_passed() -> None:
    rung: list[int] = []
    bell = asyncio.Event()

    def ring() -> None:
        rung.append(1)
        bell.set()

    clock = AlarmClock(ring)
    clock.start()
    try:
        clock.arm(datetime.now(UTC) + timedelta(days=400))
        clock.arm(SystemClock().now() - timedelta(seconds=1))
        async with asyncio.timeout(10):
            await bell.wait()
        clock.arm(None)
        assert rung == [1]
    finally:
        clock.stop()
