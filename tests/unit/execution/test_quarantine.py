"""What brings the process down again and again is put aside; whatever only waits, is paused or is stopped never is."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.domain.approval import DecisionVerb
from engine.domain.artifact import Artifact
from engine.domain.execution import ExecutionOutcome, ExecutionStatus, StepOutcome, StepStatus
from engine.domain.ids import StepId
from engine.domain.plan import Plan
from engine.domain.snapshot import ExecutionSnapshot
from engine.errors import RequestError
from engine.execution.error_recovery import MAX_CRASHES, QUARANTINED
from engine.ports.agents import StepContext
from engine.ports.changes import Change, ClaimStep
from engine.ports.planning import Brief, PlanningDesk, PlanQuestion
from tests.lab import NoteInputs, Publish, ScriptedAgent, World, note, open_lab, plan, step
from tests.unit.execution.dying import killed
from tests.unit.execution.model import ScriptedModel

POISON = StepId("p")


async def never(inputs: NoteInputs, context: StepContext) -> Artifact:
    await asyncio.Event().wait()
    return note("never")


def runs(snapshot: ExecutionSnapshot, step_id: StepId = POISON) -> bool:
    run = snapshot.step_runs.get(step_id)
    return run is not None and run.status is StepStatus.RUNNING


async def test_a_step_that_killed_the_process_five_times_is_given_up_and_the_rest_goes_on(tmp_path: Path) -> None:
    steps = plan(step("p", "Poison"), step("w"), step("after", left="p"))
    world = World(plan=lambda _: steps, behaviours={"Poison": never})
    home, execution_id = tmp_path / "home", ""
    for deaths in range(MAX_CRASHES):
        async with open_lab(home, world) as lab:
            execution_id = execution_id or (await lab.orchestrator.start("x", "owner")).id
            running = await lab.until(
                execution_id,
                lambda s: runs(s) and s.step_runs[POISON].attempts == deaths + 1 and StepId("w") in s.artifacts,
            )
            assert running.step_runs[POISON].crashes == deaths
            home = killed(home)
    async with open_lab(home, world) as lab:
        done = await lab.done(execution_id)
    run = done.step_runs[POISON]
    assert done.outcome is ExecutionOutcome.PARTIAL
    assert (run.outcome, run.crashes, run.attempts) == (StepOutcome.FAILED, MAX_CRASHES, MAX_CRASHES)
    assert run.error is not None
    assert (run.error.code, run.error.mendable) == (QUARANTINED, False)
    assert done.step_runs[StepId("after")].outcome is StepOutcome.SKIPPED
    assert done.artifacts[StepId("w")]["text"] == "w"


async def test_nobody_says_that_an_effect_did_not_happen_that_may_have(tmp_path: Path) -> None:
    tool = Publish()
    tool.may_end.clear()
    world = World(plan=lambda _: plan(step("p", "Publisher"), step("w")), tools=(tool,))
    home, execution_id = tmp_path / "home", ""
    for _ in range(MAX_CRASHES):
        async with open_lab(home, world) as lab:
            if not execution_id:
                execution_id = (await lab.orchestrator.start("x", "owner")).id
                await lab.answer(await lab.asked(execution_id), DecisionVerb.APPROVE)
            await tool.began.wait()
            home = killed(home)
            tool.began.clear()
            tool.may_end.set()
        tool.may_end.clear()
        tool.ledger.clear()
    async with open_lab(home, world) as lab:
        done = await lab.done(execution_id)
    assert done.step_runs[POISON].outcome is StepOutcome.UNKNOWN
    assert (done.outcome, tool.ledger) == (ExecutionOutcome.PARTIAL, [])


class Ending(World):
    """A world in which publishing is the last thing that its agent does."""

    def agents(self) -> dict[str, ScriptedAgent]:
        found = World.agents(self)
        found["Publisher"].spec = replace(found["Publisher"].spec, ends_with_effect=True)
        return found


@pytest.mark.parametrize(
    ("world_type", "outcome", "begun", "given"),
    [(World, StepOutcome.FAILED, ["p"], []), (Ending, StepOutcome.SUCCEEDED, [], ["p"])],
)
async def test_nobody_says_of_an_effect_that_is_recorded_that_it_may_have_happened(
    tmp_path: Path, world_type: type[World], outcome: StepOutcome, begun: list[str], given: list[str]
) -> None:
    tool, made = Publish(), asyncio.Event()

    async def publish_and_stay(inputs: NoteInputs, context: StepContext) -> Artifact:
        await context.call("publish", {"text": "once"})
        made.set()
        await asyncio.Event().wait()
        return note("never")

    world = world_type(
        plan=lambda _: plan(step("p", "Publisher")), tools=(tool,), behaviours={"Publisher": publish_and_stay}
    )
    home, execution_id = tmp_path / "home", ""
    for _ in range(MAX_CRASHES):
        async with open_lab(home, world) as lab:
            if not execution_id:
                execution_id = (await lab.orchestrator.start("x", "owner")).id
                await lab.answer(await lab.asked(execution_id), DecisionVerb.APPROVE)
            await made.wait()
            home = killed(home)
        made.clear()
    async with open_lab(home, world) as lab:
        done = await lab.done(execution_id)
    result: Any = done.result
    assert (done.step_runs[POISON].outcome, len(tool.ledger)) == (outcome, 1)
    assert [entry["step"] for entry in result.get("done", []) if entry["reason"] == "begun"] == begun
    assert (result.get("unknown", []), list(done.artifacts)) == ([], given)


async def test_a_step_that_is_stopped_in_good_order_may_be_stopped_for_ever(tmp_path: Path) -> None:
    world = World(plan=lambda _: plan(step("p", "Poison")), behaviours={"Poison": never})
    execution_id = ""
    for number in range(1, MAX_CRASHES + 3):
        async with open_lab(tmp_path, world) as lab:
            execution_id = execution_id or (await lab.orchestrator.start("x", "owner")).id
            running = await lab.until(execution_id, lambda s: runs(s) and s.execution.fence == number)
            assert (running.step_runs[POISON].crashes, running.step_runs[POISON].attempts) == (0, 1)


async def test_a_step_that_was_claimed_and_never_begun_is_given_back_when_the_process_ends(tmp_path: Path) -> None:
    world = World(plan=lambda _: plan(step("p", "Poison")), behaviours={"Poison": never})
    async with open_lab(tmp_path, world) as lab:
        commit, claimed = lab.store.commit, asyncio.Event()

        async def slow(*changes: Change) -> bool:
            won = await commit(*changes)
            if any(isinstance(change, ClaimStep) for change in changes):
                claimed.set()
                await asyncio.Event().wait()  # the process ends before the run hears of it
            return won

        lab.store.commit = slow
        execution = await lab.orchestrator.start("x", "owner")
        await claimed.wait()
    lab.store.commit = commit
    async with open_lab(tmp_path, world) as lab:
        running = await lab.until(execution.id, lambda s: runs(s) and s.execution.fence == 2)
        assert (running.step_runs[POISON].crashes, running.step_runs[POISON].attempts) == (0, 1)


async def test_a_step_that_waits_for_a_person_survives_any_number_of_deaths(tmp_path: Path) -> None:
    tool = Publish()
    world = World(plan=lambda _: plan(step("p", "Publisher")), tools=(tool,))
    home, execution_id = tmp_path / "home", ""
    for _ in range(MAX_CRASHES + 2):
        async with open_lab(home, world) as lab:
            execution_id = execution_id or (await lab.orchestrator.start("x", "owner")).id
            await lab.asked(execution_id)
            home = killed(home)
    async with open_lab(home, world) as lab:
        await lab.answer(await lab.asked(execution_id), DecisionVerb.APPROVE)
        done = await lab.done(execution_id)
    assert (done.outcome, len(tool.ledger)) == (ExecutionOutcome.SUCCEEDED, 1)
    assert done.step_runs[POISON].crashes == 0


class Endless:
    """A planner that does not come to an end; ``began`` each time it is asked."""

    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.asked = 0

    async def __call__(self, brief: Brief, desk: PlanningDesk) -> Plan | PlanQuestion:
        self.asked += 1
        self.began.set()
        await asyncio.Event().wait()
        return plan(step("w"))


async def test_a_request_whose_planning_killed_the_process_five_times_ends(tmp_path: Path) -> None:
    planner = Endless()
    world = World(plan=lambda _: plan(), planner=planner)
    home, execution_id = tmp_path / "home", ""
    for _ in range(MAX_CRASHES):
        async with open_lab(home, world) as lab:
            execution_id = execution_id or (await lab.orchestrator.start("x", "owner")).id
            await planner.began.wait()
            home = killed(home)
        planner.began.clear()
    async with open_lab(home, world) as lab:
        done = await lab.done(execution_id)
    assert (done.outcome, planner.asked) == (ExecutionOutcome.FAILED, MAX_CRASHES)
    assert done.execution.error is not None
    assert done.execution.error.code == "execution_quarantined"


async def test_planning_that_is_stopped_in_good_order_is_begun_again_each_time(tmp_path: Path) -> None:
    planner = Endless()
    world = World(plan=lambda _: plan(), planner=planner)
    for number in range(1, MAX_CRASHES + 3):
        async with open_lab(tmp_path, world) as lab:
            if number == 1:
                await lab.orchestrator.start("x", "owner")
            await planner.began.wait()
            assert planner.asked == number
        planner.began.clear()


async def test_an_execution_that_is_paused_survives_any_number_of_deaths(tmp_path: Path) -> None:
    planner = Endless()
    world = World(plan=lambda _: plan(), planner=planner)
    home, execution_id = tmp_path / "home", ""
    for number in range(1, MAX_CRASHES + 3):
        async with open_lab(home, world) as lab:
            if not execution_id:
                execution_id = (await lab.orchestrator.start("x", "owner")).id
                await planner.began.wait()
                await lab.orchestrator.pause(execution_id)
            paused = await lab.until(execution_id, lambda s: s.execution.paused and s.execution.fence == number)
            assert (paused.execution.status, paused.execution.crashes) == (ExecutionStatus.PLANNING, 0)
            home = killed(home)
    planner.began.clear()
    async with open_lab(home, world) as lab:
        await lab.orchestrator.resume(execution_id)
        await planner.began.wait()


async def test_getting_somewhere_forgets_earlier_deaths(tmp_path: Path) -> None:
    planner = Endless()
    world = World(plan=lambda _: plan(step("p", "Poison")), planner=planner, behaviours={"Poison": never})
    home, execution_id = tmp_path / "home", ""
    for _ in range(MAX_CRASHES - 1):
        async with open_lab(home, world) as lab:
            execution_id = execution_id or (await lab.orchestrator.start("x", "owner")).id
            await planner.began.wait()
            home = killed(home)
        planner.began.clear()
    world.planner = None
    async with open_lab(home, world) as lab:
        running = await lab.until(execution_id, runs)
    assert (running.execution.crashes, running.step_runs[POISON].crashes) == (0, 0)


async def test_another_plan_forgets_the_deaths_on_the_way_to_it(tmp_path: Path) -> None:
    looking = Endless()

    async def missing(inputs: NoteInputs, context: StepContext) -> Artifact:
        raise RequestError("contact_not_found", "Nobody fits.")

    async def planner(brief: Brief, desk: PlanningDesk) -> Plan | PlanQuestion:
        return await looking(brief, desk) if brief.failed else plan(step("s", "Missing"))

    behaviours = {"Missing": missing, "Poison": never}
    world = World(plan=lambda _: plan(), planner=planner, model=ScriptedModel(), behaviours=behaviours)
    home, execution_id = tmp_path / "home", ""
    for deaths in range(MAX_CRASHES - 1):
        async with open_lab(home, world) as lab:
            execution_id = execution_id or (await lab.orchestrator.start("x", "owner")).id
            await looking.began.wait()
            assert (await lab.orchestrator.get_execution(execution_id)).execution.crashes == deaths
            home = killed(home)
        looking.began.clear()

    async def found(brief: Brief, desk: PlanningDesk) -> Plan | PlanQuestion:
        return replace(plan(step("p", "Poison")), version=brief.version)

    world.planner = found
    async with open_lab(home, world) as lab:
        running = await lab.until(execution_id, lambda s: runs(s, StepId("v2p")))
    assert (running.execution.crashes, running.execution.plan_version) == (0, 2)
