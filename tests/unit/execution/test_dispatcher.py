"""A run that breaks is begun again: for as long as a storage is away, and only so often for a fault of ours. Then it is given up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import timedelta
from pathlib import Path

import pytest

from engine.concurrency import Wakeup
from engine.domain.approval import DecisionVerb
from engine.domain.execution import ExecutionOutcome
from engine.domain.ids import ExecutionId, StepId
from engine.domain.snapshot import ExecutionSnapshot
from engine.errors import StorageAwayError
from engine.execution.dispatcher import FIRST_PAUSE, LONGEST_PAUSE, MOST_FAILURES, MOST_REFUSALS, Dispatcher
from engine.ports.changes import Change
from tests.lab import FakeClock, Lab, Publish, Recorder, World, open_lab, plan, step

AWAY = StorageAwayError("storage_unavailable", "The disk is gone.")
ONE = ExecutionId("one")


class Patient(FakeClock):
    """Notes how long it was asked to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[timedelta] = []

    async def sleep(self, duration: timedelta) -> None:
        self.waits.append(duration)
        await asyncio.sleep(0)


class Runs:
    """Runs of one execution that break with these errors, in order; then it rests."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.refusals: list[Exception] = []
        """Why giving it up breaks, in order."""
        self.ran = 0
        self.rested = asyncio.Event()
        self.given_up: list[Exception] = []
        self.silently: list[bool] = []
        self.gave_up = asyncio.Event()

    async def prepare(self) -> None:
        """There is nothing to prepare."""

    def turn(self, execution_id: ExecutionId) -> AbstractAsyncContextManager[None]:
        return nullcontext()

    def knock(self, execution_id: ExecutionId) -> None:
        """Nobody waits for a turn."""

    async def give_up(self, execution_id: ExecutionId, fault: Exception, *, silently: bool) -> None:
        self.given_up.append(fault)
        self.silently.append(silently)
        if self.refusals:
            raise self.refusals.pop(0)
        self.gave_up.set()

    async def run(self, execution_id: ExecutionId, wakeup: Wakeup, snapshot: ExecutionSnapshot | None = None) -> None:
        self.ran += 1
        if self.errors:
            raise self.errors.pop(0)
        self.rested.set()


@asynccontextmanager
async def dispatching(runs: Runs, clock: FakeClock) -> AsyncGenerator[tuple[Dispatcher, Recorder]]:
    telemetry = Recorder()
    dispatcher = Dispatcher(runs, telemetry, clock)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        await dispatcher.open(group)
        yield dispatcher, telemetry
        dispatcher.close()


async def test_a_storage_that_is_away_is_waited_for_with_bounded_pauses() -> None:
    runs, clock = Runs(*[AWAY] * 20), Patient()
    async with dispatching(runs, clock) as (dispatcher, telemetry):
        dispatcher.wake(ONE)
        await runs.rested.wait()
    assert (runs.ran, len(telemetry.failures)) == (21, 20)
    assert clock.waits[:6] == [FIRST_PAUSE * 2**n for n in range(5)] + [LONGEST_PAUSE]
    assert set(clock.waits[5:]) == {LONGEST_PAUSE}


async def test_what_breaks_in_a_group_of_tasks_is_looked_into() -> None:
    nested = ExceptionGroup("run", [ExceptionGroup("inner", [AWAY])])
    runs = Runs(*[nested] * (MOST_FAILURES + 1))
    async with dispatching(runs, Patient()) as (dispatcher, _):
        dispatcher.wake(ONE)
        await runs.rested.wait()
    assert runs.ran == MOST_FAILURES + 2


async def test_a_fault_of_ours_is_tried_so_often_and_then_given_up() -> None:
    last = KeyError("the last")
    mixed = ExceptionGroup("run", [AWAY, KeyError("ours")])
    runs, clock = Runs(*[mixed] * (MOST_FAILURES - 1), AWAY, last, KeyError("one too many")), Patient()
    async with dispatching(runs, clock) as (dispatcher, _):
        dispatcher.wake(ONE)
        await runs.gave_up.wait()
    assert (runs.ran, runs.given_up, runs.rested.is_set()) == (MOST_FAILURES + 1, [last], False)
    assert len(clock.waits) == MOST_FAILURES


async def test_giving_up_is_tried_again_where_it_breaks_too() -> None:
    runs = Runs(*[KeyError("ours")] * (MOST_FAILURES + 2))
    runs.refusals = [AWAY, AWAY]
    async with dispatching(runs, Patient()) as (dispatcher, telemetry):
        dispatcher.wake(ONE)
        await runs.gave_up.wait()
    assert (runs.ran, len(runs.given_up)) == (MOST_FAILURES + 2, 3)
    assert telemetry.failures.count(AWAY) == 2


async def test_it_is_given_up_silently_where_it_cannot_be_told() -> None:
    runs = Runs(*[KeyError("ours")] * (MOST_FAILURES + MOST_REFUSALS))
    runs.refusals = [KeyError("ours too")] * MOST_REFUSALS
    async with dispatching(runs, Patient()) as (dispatcher, _):
        dispatcher.wake(ONE)
        await runs.gave_up.wait()
    assert runs.silently == [False] * MOST_REFUSALS + [True]


@pytest.mark.parametrize("passing", [AWAY, MemoryError(), OSError("no more threads")])
async def test_nothing_is_given_up_for_what_passes(passing: Exception) -> None:
    """Though it broke for a fault of ours often enough."""
    runs = Knocking(during=True)
    runs.errors += [passing] * MOST_FAILURES
    async with dispatching(runs, Patient()) as (dispatcher, _):
        runs.knock_now = lambda: dispatcher.wake(ONE)
        dispatcher.wake(ONE)
        await runs.rested.wait()
    assert (runs.ran, runs.given_up) == (2 * MOST_FAILURES + 1, [])


@pytest.mark.parametrize("error", [KeyError("ours"), AWAY])
async def test_a_run_that_breaks_while_it_is_stopped_is_not_begun_again(error: Exception) -> None:
    runs, clock = Runs(), Patient()
    begun = asyncio.Event()

    async def breaking(execution_id: ExecutionId, wakeup: Wakeup, snapshot: ExecutionSnapshot | None = None) -> None:
        runs.ran += 1
        if runs.ran > 1:
            return
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise error from None

    runs.run = breaking
    async with dispatching(runs, clock) as (dispatcher, _):
        dispatcher.wake(ONE)
        await begun.wait()
    assert (runs.ran, clock.waits) == (1, [])


async def test_one_that_was_given_up_is_looked_at_when_somebody_knocks() -> None:
    runs = Runs(*[KeyError("ours")] * MOST_FAILURES)
    async with dispatching(runs, Patient()) as (dispatcher, _):
        dispatcher.wake(ONE)
        await runs.gave_up.wait()
        dispatcher.wake(ONE)
        await runs.rested.wait()


class Knocking(Runs):
    """Somebody knocks at the very last."""

    def __init__(self, *, during: bool) -> None:
        super().__init__(*[KeyError("ours")] * MOST_FAILURES)
        self.during = during
        self.knock_now: Callable[[], None] = lambda: None

    async def run(self, execution_id: ExecutionId, wakeup: Wakeup, snapshot: ExecutionSnapshot | None = None) -> None:
        if self.ran == MOST_FAILURES - 1:
            if self.during:
                self.knock_now()
            else:
                asyncio.get_running_loop().call_soon(self.knock_now)
        await super().run(execution_id, wakeup, snapshot)


@pytest.mark.parametrize("during", [True, False], ids=["during the last run", "right after it"])
async def test_a_knock_at_the_very_last_is_heard(*, during: bool) -> None:
    runs = Knocking(during=during)
    async with dispatching(runs, Patient()) as (dispatcher, _):
        runs.knock_now = lambda: dispatcher.wake(ONE)
        dispatcher.wake(ONE)
        await runs.rested.wait()
    assert len(runs.given_up) == (0 if during else 1)


class Fickle:
    """A store that goes away under the runs of executions at their n-th call, for three calls; nobody else notices.

    Args:
        lab: whose store it is.
        number: of the call, from 1.
        written: what was committed then stands all the same.
    """

    def __init__(self, lab: Lab, number: int, *, written: bool) -> None:
        self._commit, self._snapshot = lab.store.commit, lab.store.snapshot
        self._number, self._written = number, written
        self.calls = 0
        lab.store.commit, lab.store.snapshot = self.commit, self.snapshot

    def _away(self) -> bool:
        task = asyncio.current_task()
        if task is None or not task.get_name().startswith("execution "):
            return False
        self.calls += 1
        return self._number <= self.calls < self._number + 3

    async def commit(self, *changes: Change) -> bool:
        away = self._away()
        won = await self._commit(*changes) if self._written or not away else False
        if away:
            raise AWAY
        return won

    async def snapshot(self, execution_id: ExecutionId) -> ExecutionSnapshot | None:
        if self._away():
            raise AWAY
        return await self._snapshot(execution_id)


@pytest.mark.parametrize("written", [True, False])
@pytest.mark.parametrize("number", range(1, 13))
async def test_a_storage_that_goes_away_at_any_call_loses_nothing_and_repeats_nothing(
    tmp_path: Path, number: int, written: bool
) -> None:
    tool = Publish()
    steps = plan(step("a"), step("p", "Publisher", left="a"), step("z", left="p"))
    async with open_lab(tmp_path, World(plan=lambda _: steps, tools=(tool,))) as lab:
        store = Fickle(lab, number, written=written)
        execution = await lab.orchestrator.start("x", "owner")
        await lab.answer(await lab.asked(execution.id), DecisionVerb.APPROVE)
        done = await lab.done(execution.id)
    assert (done.outcome, len(tool.ledger)) == (ExecutionOutcome.SUCCEEDED, 1)
    assert all(run.crashes == 0 for run in done.step_runs.values())
    assert done.artifacts[StepId("z")]["text"] == "p+z"
    assert store.calls >= 8
