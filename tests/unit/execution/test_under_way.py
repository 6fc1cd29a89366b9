"""Attempts under way: whatever stops one, its end is taken once."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from engine.execution.attempt import GaveWay, StepAttempt
from engine.execution.under_way import UnderWay
from tests.lab import step


async def test_an_attempt_that_is_stopped_before_its_first_step_gave_way() -> None:
    nudged = asyncio.Event()
    async with asyncio.TaskGroup() as group:

        def spawn(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
            return group.create_task(work)

        under_way = UnderWay(spawn, nudged.set)
        attempt = StepAttempt.__new__(StepAttempt)  # nothing of it runs: that is the point
        attempt.step = step("a")
        under_way.start(attempt)
        under_way.stop()  # before the loop has turned once
        await nudged.wait()
    assert under_way
    assert under_way.take_ended() == [(attempt, GaveWay())]
    assert not under_way
    assert under_way.clear_except()
