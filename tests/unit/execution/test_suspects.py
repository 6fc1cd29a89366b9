"""What brings the process down takes nobody with it: what was under way beside it at every death goes on once it has been found."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.domain.artifact import Artifact
from engine.domain.execution import ExecutionOutcome, ExecutionStatus, StepOutcome, StepRun, StepStatus
from engine.domain.ids import ExecutionId, StepId
from engine.domain.plan import Plan
from engine.domain.snapshot import ExecutionSnapshot
from engine.errors import UnavailableError
from engine.execution.error_recovery import MAX_CRASHES, QUARANTINED, SUSPECT_CRASHES
from engine.execution.suspects import Suspects, apart
from engine.ports.agents import StepContext
from engine.ports.changes import ForgetDeaths
from engine.ports.planning import Brief, PlanningDesk
from storage.database import DATABASE_FILE
from tests.lab import Lab, NoteInputs, World, note, open_lab, plan, step
from tests.unit.execution.dying import killed
from tests.waiting import until

POISON = "poison"
A_WHILE = 20
"""Looks at the database: time enough for whatever else is begun at the same start."""


class Office:
    """One piece of work brings the process down as soon as it is begun; what works beside it does not come to its end."""

    def __init__(self) -> None:
        self.lab: Lab | None = None
        self.together = True
        """Nothing else ends in this process, so that it is under way when the process dies."""
        self.dies = asyncio.Event()

    async def works(self, what: str) -> None:
        """Work on something; returns when it is done."""
        if what == POISON:
            self.dies.set()
            await asyncio.Event().wait()
        for _ in range(A_WHILE):
            assert self.lab is not None
            await self.lab.store.moving()
        if self.together or self.dies.is_set():
            await asyncio.Event().wait()

    async def agent(self, inputs: NoteInputs, context: StepContext) -> Artifact:
        await self.works(inputs.text)
        return note(inputs.text)


def dies_in_a_step(office: Office) -> World:
    async def planner(brief: Brief, desk: PlanningDesk) -> Plan:
        return plan(step("s", "Worker", text=brief.request.text))

    return World(plan=lambda _: plan(), planner=planner, behaviours={"Worker": office.agent})


def dies_while_planning(office: Office) -> World:
    async def planner(brief: Brief, desk: PlanningDesk) -> Plan:
        await office.works(brief.request.text)
        return plan(step("s"))

    return World(plan=lambda _: plan(), planner=planner)


def is_planned(snapshot: ExecutionSnapshot) -> bool:
    return snapshot.execution.status is ExecutionStatus.PLANNING


def running(snapshot: ExecutionSnapshot) -> list[str]:
    return [name for name, run in snapshot.step_runs.items() if run.status is StepStatus.RUNNING]


@pytest.mark.parametrize(("make", "under_way"), [(dies_in_a_step, running), (dies_while_planning, is_planned)])
@pytest.mark.parametrize("texts", [(POISON, "a", "b"), ("a", "b", POISON)], ids=["first", "last"])
async def test_other_executions_are_not_put_aside_with_it(
    tmp_path: Path, texts: tuple[str, ...], make: Any, under_way: Any
) -> None:
    office, home, ids, deaths = Office(), tmp_path / "home", list[ExecutionId](), 0
    world: World = make(office)
    while True:
        office.together, office.dies = deaths <= SUSPECT_CRASHES, asyncio.Event()
        async with open_lab(home, world) as lab:
            office.lab = lab
            ids = ids or [(await lab.orchestrator.start(text, "owner")).id for text in texts]
            bad = ids[texts.index(POISON)]
            if not await died(lab, office, bad):
                ended = {text: await lab.done(one) for text, one in zip(texts, ids, strict=True)}
                break
            for one in ids if office.together else ():
                await lab.until(one, under_way)
            deaths += 1
            home = killed(home)
    assert deaths == MAX_CRASHES
    assert ended[POISON].outcome is ExecutionOutcome.FAILED
    assert [ended[text].outcome for text in ("a", "b")] == [ExecutionOutcome.SUCCEEDED] * 2


async def test_other_steps_of_its_plan_are_not_put_aside_with_it(tmp_path: Path) -> None:
    office, home, execution_id, deaths = Office(), tmp_path / "home", ExecutionId(""), 0
    steps = plan(*(step(name, "Worker", text=name) for name in ("a", POISON, "b")))
    world = World(plan=lambda _: steps, behaviours={"Worker": office.agent})
    while True:
        office.together, office.dies = deaths < SUSPECT_CRASHES, asyncio.Event()
        async with open_lab(home, world) as lab:
            office.lab = lab
            execution_id = execution_id or (await lab.orchestrator.start("x", "owner")).id
            if not await died(lab, office, execution_id):
                ended = await lab.done(execution_id)
                break
            if office.together:
                await lab.until(execution_id, lambda s: len(running(s)) == len(steps.steps))
            else:
                assert running(await lab.orchestrator.get_execution(execution_id)) == [POISON]
            deaths += 1
            home = killed(home)
    runs = ended.step_runs
    assert (deaths, ended.outcome) == (MAX_CRASHES, ExecutionOutcome.PARTIAL)
    assert {name: run.outcome for name, run in runs.items()} == {
        "a": StepOutcome.SUCCEEDED,
        POISON: StepOutcome.FAILED,
        "b": StepOutcome.SUCCEEDED,
    }
    assert (error := runs[StepId(POISON)].error) is not None
    assert (error.code, runs[StepId("b")].crashes) == (QUARANTINED, 0)


async def died(lab: Lab, office: Office, bad: ExecutionId) -> bool:
    """Wait until the poison is at work; False: it has been put aside instead."""
    await lab.until(bad, lambda s: office.dies.is_set() or s.execution.status is ExecutionStatus.DONE)
    return office.dies.is_set()


# Which steps start.


def run(name: str, died: int) -> StepRun:
    """The process died so often in it; a negative number is of one that is under way."""
    status = StepStatus.RUNNING if died < 0 else StepStatus.READY
    return StepRun(step_id=StepId(name), status=status, crashes=abs(died))


MANY, FEW = SUSPECT_CRASHES, SUSPECT_CRASHES - 1


@pytest.mark.parametrize(
    ("crashes", "start"),
    [
        ({"a": 0, "b": FEW}, ["a", "b"]),
        ({"a": 0, "b": MANY, "c": 0}, ["a", "c"]),
        ({"a": MANY, "b": MANY + 1}, ["a"]),
        ({"a": MANY, "at_work": -1}, []),
        ({"a": 0, "b": MANY, "at_work": -1}, ["a"]),
        ({"a": 0, "at_work": -MANY}, []),
    ],
)
def test_a_suspect_starts_alone_and_after_the_others(crashes: dict[str, int], start: list[str]) -> None:
    may = [StepId(name) for name, died in crashes.items() if died >= 0]
    assert list(apart(may, {StepId(name): run(name, died) for name, died in crashes.items()})) == start


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


class Moving:
    """Executions that move until they are told to rest."""

    def __init__(self, suspects: Suspects, group: asyncio.TaskGroup) -> None:
        self.inside: list[str] = []
        self.harmless: set[str] = set()
        self._suspects = suspects
        self._group = group
        self._rest: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def begin(self, *names: str) -> list[str]:
        for name in names:
            self._rest[name] = asyncio.Event()
            self._tasks[name] = self._group.create_task(self._move(name))
        await settle()
        return self.inside

    def stop(self, name: str) -> None:
        self._tasks[name].cancel()

    async def _move(self, name: str) -> None:
        async def harmless() -> bool:
            return name in self.harmless

        async with self._suspects.turn(ExecutionId(name), harmless):
            self.inside.append(name)
            await self._rest[name].wait()
        self.inside.remove(name)

    async def rest(self, *names: str) -> list[str]:
        for name in names:
            self._rest[name].set()
        await settle()
        return self.inside

    async def rest_all(self) -> None:
        for _ in self._rest:
            await self.rest(*self._rest)


@asynccontextmanager
async def moving(*suspected: str, longest: timedelta = timedelta(hours=1)) -> AsyncGenerator[tuple[Suspects, Moving]]:
    suspects = Suspects(longest)
    suspects.are(ExecutionId(name) for name in suspected)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        move = Moving(suspects, group)
        yield suspects, move
        await move.rest_all()


async def test_suspects_take_turns_and_nobody_else_waits() -> None:
    async with moving("a", "b", "c") as (_, move):
        assert await move.begin("a", "b", "c", "free") == ["a", "free"]
        assert await move.rest("a") == ["free", "b"]
        assert await move.rest("b") == ["free", "c"]


async def test_one_that_came_to_rest_is_no_suspect_any_more() -> None:
    async with moving("a", "b") as (_, move):
        await move.begin("a", "b")
        assert await move.rest("a") == ["b"]
        assert await move.begin("a") == ["b", "a"]


async def test_once_it_is_found_the_others_go_on_at_once_together() -> None:
    async with moving("a", "b", "c") as (suspects, move):
        await move.begin("a", "b", "c")
        suspects.clear()
        await settle()
        assert move.inside == ["a", "b", "c"]


async def test_one_that_will_start_nothing_may_pass_when_it_is_knocked_at() -> None:
    async with moving("a", "b", "c") as (suspects, move):
        await move.begin("a", "b", "c")
        suspects.knock(ExecutionId("b"))
        await settle()
        assert move.inside == ["a"]
        move.harmless |= {"b", "c"}
        suspects.knock(ExecutionId("b"))
        await settle()
        assert move.inside == ["a", "b"]


async def test_one_that_takes_too_long_lets_the_next_in() -> None:
    async with moving("a", "b", longest=timedelta(0)) as (_, move):
        assert await move.begin("a", "b") == ["a", "b"]


async def test_one_that_is_stopped_while_it_waits_leaves_no_trace() -> None:
    async with moving("a", "b", "c") as (_, move):
        await move.begin("a", "b", "c")
        move.stop("b")
        assert await move.rest("a") == ["c"]


async def test_a_suspect_that_is_cancelled_ends_though_it_is_not_its_turn(tmp_path: Path) -> None:
    office, home = Office(), tmp_path / "home"
    async with open_lab(home, dies_in_a_step(office)) as lab:
        office.lab = lab
        ids = [(await lab.orchestrator.start(text, "owner")).id for text in ("a", "b")]
        for one in ids:
            await lab.until(one, running)
        home = killed(home)
    with closing(sqlite3.connect(home / DATABASE_FILE)) as connection:
        connection.execute("UPDATE execution_steps SET crashes = ?, row_sum = NULL", (SUSPECT_CRASHES,))
        connection.commit()
    async with open_lab(home, dies_in_a_step(office)) as lab:
        office.lab = lab
        first = await until(lambda: first_claimed(lab, ids), lambda name: name is not None)
        other = next(one for one in ids if one != first)
        await lab.orchestrator.cancel(other)
        assert (await lab.done(other)).outcome is ExecutionOutcome.CANCELLED


async def first_claimed(lab: Lab, ids: list[ExecutionId]) -> ExecutionId | None:
    """The one whose step runs in this process: attempts begun before do not count."""
    for one in ids:
        snapshot = await lab.orchestrator.get_execution(one)
        if any(run.status is StepStatus.RUNNING and run.attempts > 1 for run in snapshot.step_runs.values()):
            return one
    return None


async def test_who_is_forgiven_may_fail_as_often_as_anybody(tmp_path: Path) -> None:
    """Deaths are no failures."""

    async def away(inputs: NoteInputs, context: StepContext) -> Artifact:
        raise UnavailableError("service_away", "Not now.")

    office, home, the_step = Office(), tmp_path / "home", StepId("s")
    async with open_lab(home, dies_in_a_step(office)) as lab:
        office.lab = lab
        name = (await lab.orchestrator.start("a", "owner")).id
        await lab.until(name, running)
        home = killed(home)
    with closing(sqlite3.connect(home / DATABASE_FILE)) as connection:
        connection.execute("UPDATE execution_steps SET crashes = 2, attempts = 3, row_sum = NULL")
        connection.commit()
    async with open_lab(home, replace(dies_in_a_step(office), behaviours={"Worker": away})) as lab:
        failed = await lab.until(name, lambda s: s.step_runs[the_step].retry_at is not None)
        await lab.state.commit(ForgetDeaths())
        forgiven = await lab.orchestrator.get_execution(name)
    assert (failed.step_runs[the_step].crashes, failed.step_runs[the_step].attempts) == (3, 4)
    assert (forgiven.step_runs[the_step].crashes, forgiven.step_runs[the_step].attempts) == (0, 1)
