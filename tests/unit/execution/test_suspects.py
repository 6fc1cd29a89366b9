"""What brings the process down takes nobody with it: what was under way beside it at every death goes on once it has been found."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from engine.domain.artifact import Artifact
from engine.domain.execution import ExecutionOutcome, ExecutionStatus, StepOutcome, StepRun, StepStatus
from engine.domain.ids import ExecutionId, StepId
from engine.domain.plan import Plan
from engine.domain.snapshot import ExecutionSnapshot
from engine.execution.error_recovery import MAX_CRASHES, QUARANTINED, SUSPECT_CRASHES
from engine.execution.suspects import Suspects, apart
from engine.ports.agents import StepContext
from engine.ports.planning import Brief, PlanningDesk
from tests.lab import Lab, NoteInputs, World, note, open_lab, plan, step
from tests.unit.execution.dying import killed

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


def under_way(snapshot: ExecutionSnapshot) -> bool:
    planning = snapshot.execution.status is ExecutionStatus.PLANNING
    return planning or any(run.status is StepStatus.RUNNING for run in snapshot.step_runs.values())


@pytest.mark.parametrize("make", [dies_in_a_step, dies_while_planning])
@pytest.mark.parametrize("texts", [(POISON, "a", "b"), ("a", "b", POISON)], ids=["first", "last"])
async def test_other_executions_are_not_put_aside_with_it(tmp_path: Path, texts: tuple[str, ...], make: Any) -> None:
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


def running(snapshot: ExecutionSnapshot) -> list[str]:
    return [name for name, run in snapshot.step_runs.items() if run.status is StepStatus.RUNNING]


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


async def test_suspects_take_turns_until_it_is_found_and_nobody_else_waits() -> None:
    suspects, inside = Suspects(), list[str]()
    suspects.are([ExecutionId("a"), ExecutionId("b"), ExecutionId("c")])

    async def move(name: str, until: asyncio.Event) -> None:
        async with suspects.turn(ExecutionId(name)):
            inside.append(name)
            await until.wait()
        inside.remove(name)

    async def settle() -> None:
        for _ in range(10):
            await asyncio.sleep(0)

    first, rest = asyncio.Event(), asyncio.Event()
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        for name in ("a", "b", "c", "free"):
            group.create_task(move(name, first if name == "a" else rest))
        await settle()
        assert inside == ["a", "free"]
        first.set()
        await settle()
        assert inside == ["free", "b"]
        suspects.clear()
        group.create_task(move("b", rest))
        rest.set()
    assert inside == []
