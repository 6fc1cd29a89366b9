"""The wall clock is put forward and back, and the machine sleeps: nothing waits for a day, and nothing happens twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.access import OneTimeCodes
from bot.clock_watch import ClockWatch
from engine.domain.artifact import Artifact
from engine.domain.event import EventType
from engine.domain.execution import ExecutionOutcome, ExecutionStatus
from engine.domain.waiting import left
from engine.errors import UnavailableError
from engine.ports.agents import StepContext
from engine.ports.changes import Change, ClaimDue
from tests.lab import OWNER, FakeClock, Lab, NoteInputs, Publish, World, note, open_lab, plan, step

DAY = timedelta(days=1)
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ahead", "wait"),
    [
        (-DAY, 0),
        (timedelta(0), 0),
        (timedelta(seconds=5), 5),
        (timedelta(seconds=60), 60),
        (timedelta(seconds=61), 0),
        (DAY, 0),
    ],
)
def test_no_wait_is_longer_than_it_can_have_been_meant(ahead: timedelta, wait: float) -> None:
    assert left(NOW + ahead, NOW, timedelta(seconds=60)) == timedelta(seconds=wait)


async def answers_the_second_time(context: StepContext, tried: list[int]) -> Artifact:
    tried.append(1)
    if len(tried) == 1:
        raise UnavailableError("away", "not now")
    return note("done")


@pytest.mark.parametrize("jump", [-DAY, DAY, timedelta(hours=8), -timedelta(hours=1, minutes=30)])
async def test_a_retry_comes_however_the_clock_jumped_meanwhile(tmp_path: Path, jump: timedelta) -> None:
    tried: list[int] = []

    async def work(_: NoteInputs, context: StepContext) -> Artifact:
        return await answers_the_second_time(context, tried)

    async with open_lab(tmp_path, World(lambda _: plan(step("a")), behaviours={"Writer": work})) as lab:
        execution = await lab.orchestrator.start("try", "owner")
        await lab.until(execution.id, lambda s: any(run.retry_at is not None for run in s.step_runs.values()))
        lab.clock.advance(jump)
        lab.clock.advance(timedelta(seconds=30))
        await lab.alarms.ring(lab.timer)
        assert (await lab.done(execution.id)).outcome is ExecutionOutcome.SUCCEEDED
    assert len(tried) == 2


@pytest.mark.parametrize(
    ("asks_for", "rings_at", "looks_at"),
    [
        (timedelta(0), timedelta(seconds=30), -timedelta(seconds=5)),
        (timedelta(hours=1), -timedelta(milliseconds=1), timedelta(0)),
        (timedelta(hours=1), -timedelta(milliseconds=1), timedelta(hours=1)),
    ],
    ids=["put back", "put forward by little", "put forward by much"],
)
async def test_a_retry_comes_though_its_alarm_rang_by_another_clock_than_it_is_looked_at_by(
    tmp_path: Path, asks_for: timedelta, rings_at: timedelta, looks_at: timedelta
) -> None:
    tried: list[int] = []

    async def work(_: NoteInputs, context: StepContext) -> Artifact:
        if not tried:
            tried.append(1)
            raise UnavailableError("away", "not now", retry_after=asks_for)
        return await answers_the_second_time(context, tried)

    async with open_lab(tmp_path, World(lambda _: plan(step("a")), behaviours={"Writer": work})) as lab:
        began, commit = lab.clock.now(), lab.store.commit
        execution = await lab.orchestrator.start("try", "owner")
        await lab.until(execution.id, lambda s: s.execution.status is ExecutionStatus.WAITING)
        assert len(await lab.store.due(10)) == 1, "it needs one alarm"

        async def jumps(*changes: Change) -> bool:
            won = await commit(*changes)
            if any(isinstance(change, ClaimDue) for change in changes):
                lab.clock.instant = began + looks_at
            return won

        lab.store.commit = jumps
        lab.clock.instant = began + rings_at
        await lab.alarms.ring(lab.timer)
        lab.store.commit = commit
        await lab.until(execution.id, lambda s: s.outcome is not None or s.execution.status is ExecutionStatus.WAITING)
        lab.clock.instant = began + asks_for + timedelta(seconds=30)
        await lab.alarms.ring(lab.timer)
        assert (await lab.done(execution.id)).outcome is ExecutionOutcome.SUCCEEDED
        assert len(tried) == 2
        told = await lab.store.events((await lab.orchestrator.get_execution(execution.id)).id, 0)
        assert sum(event.type is EventType.STEP_WAITING for event in told) <= 2


async def reminders(lab: Lab, execution_id: str) -> int:
    events = await lab.store.events((await lab.orchestrator.get_execution(execution_id)).id, 0)
    return sum(event.type is EventType.APPROVAL_REMINDED for event in events)


async def test_a_question_is_reminded_of_once_however_often_the_clock_jumps(tmp_path: Path) -> None:
    world = World(lambda _: plan(step("p", "Publisher")), tools=(Publish(),))
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("publish", "owner")
        await lab.asked(execution.id)
        for jump in (timedelta(hours=5), -DAY, DAY, -DAY, DAY):
            lab.clock.advance(jump)
            await lab.alarms.ring(lab.timer)
        assert await reminders(lab, execution.id) <= 1


def test_a_jump_and_a_sleep_are_noticed_once_and_passing_time_is_not() -> None:
    clock, running, rung = FakeClock(), [0.0], list[int]()
    watch = ClockWatch(clock, lambda: rung.append(1), lambda: running[0])

    def pass_by(wall: timedelta, seconds: float) -> int:
        clock.advance(wall)
        running[0] += seconds
        watch.look()
        return len(rung)

    watch.look()
    assert pass_by(timedelta(seconds=1), 1) == 0
    assert pass_by(timedelta(seconds=90), 90) == 0, "a busy machine looks late"
    assert pass_by(DAY, 1) == 1
    assert pass_by(timedelta(seconds=1), 1) == 1
    assert pass_by(-DAY, 1) == 2
    assert pass_by(timedelta(hours=8), 1) == 3, "the machine slept: only the wall went on"
    assert pass_by(timedelta(milliseconds=1_500), 1) == 3, "the clock is being slewed"


def test_a_code_is_not_good_for_longer_because_the_clock_was_put_back() -> None:
    clock = FakeClock()
    codes = OneTimeCodes(clock, timedelta(minutes=10))
    code, _ = codes.issue(OWNER)
    assert codes.knows(code)
    clock.advance(-DAY)
    assert not codes.knows(code)
    assert codes.redeem(code) is None
