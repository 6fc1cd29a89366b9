"""The end of an execution is shown again once it cannot be taken back any longer, and not before."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from bot.undo_windows import UndoWindows
from engine.domain.event import Event, EventType
from engine.domain.ids import ExecutionId
from engine.planning.undoing import UNDO_WINDOW

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


class SteppingClock:
    """Moves only while somebody sleeps, and then exactly so far."""

    def __init__(self) -> None:
        self.at = START
        self.slept: list[timedelta] = []

    def now(self) -> datetime:
        return self.at

    async def sleep(self, duration: timedelta) -> None:
        self.slept.append(duration)
        self.at += duration
        await asyncio.sleep(0)


def ended(name: str, at: datetime = START, kind: EventType = EventType.EXECUTION_FINISHED) -> Event:
    return Event(execution_id=ExecutionId(name), type=kind, at=at, payload={})


async def test_each_is_shown_again_when_its_own_time_is_over() -> None:
    clock, shown, over = SteppingClock(), list[tuple[str, datetime]](), asyncio.Event()

    def again(name: ExecutionId) -> None:
        shown.append((name, clock.at))
        if len(shown) == 2:
            over.set()

    windows = UndoWindows(clock, again)
    windows.heard(ended("second", START + timedelta(minutes=3)))
    windows.heard(ended("first"))
    windows.heard(ended("running", kind=EventType.STEP_FINISHED))
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        running = group.create_task(windows.run())
        await over.wait()
        running.cancel()
    after = timedelta(seconds=1)
    assert shown == [
        ("first", START + UNDO_WINDOW + after),
        ("second", START + timedelta(minutes=3) + UNDO_WINDOW + after),
    ]


async def test_without_any_it_waits_and_does_not_look_again_and_again() -> None:
    clock, shown = SteppingClock(), list[str]()
    windows = UndoWindows(clock, shown.append)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        running = group.create_task(windows.run())
        await asyncio.sleep(0)
        assert clock.slept == []
        windows.heard(ended("only"))
        while not shown:
            await asyncio.sleep(0)
        running.cancel()
    assert shown == ["only"]
