"""What must not be lost or taken twice when two things happen in the same moment."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from engine.domain.approval import DecisionVerb
from engine.domain.artifact import Artifact
from engine.domain.execution import ExecutionOutcome, ExecutionStatus, StepStatus
from engine.domain.ids import StepId
from engine.domain.plan import Plan
from engine.errors import PlanError, UnavailableError
from engine.ports.agents import StepContext
from engine.ports.changes import Change, ParkStep
from engine.ports.planning import Brief, PlanningDesk, PlanQuestion
from tests.lab import NoteInputs, Publish, World, note, open_lab, plan, step
from tests.unit.execution.model import ScriptedModel, question


async def test_a_draft_read_that_ends_with_the_plan_is_not_the_corrected_steps_result(tmp_path: Path) -> None:
    both = asyncio.Event()

    async def early(inputs: NoteInputs, context: StepContext) -> Artifact:
        if inputs.text == "old":
            await both.wait()
        return note(f"from {inputs.text}")

    async def planner(brief: Brief, desk: PlanningDesk) -> Plan | PlanQuestion:
        desk.drafted(step("f", "Early", "old"))
        await both.wait()
        return plan(step("f", "Early", "new"), step("w", left="f"))

    world = World(plan=lambda _: plan(), planner=planner, behaviours={"Early": early}, early=frozenset({"Early"}))
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        await lab.until(execution.id, lambda s: StepId("f") in s.step_runs and s.step_runs[StepId("f")].attempts == 1)
        both.set()
        done = await lab.done(execution.id)
        assert done.artifacts[StepId("w")]["text"] == "from new+w"


async def test_what_runs_on_a_corrected_step_of_the_draft_counts_for_nothing(tmp_path: Path) -> None:
    began, may_end = asyncio.Event(), asyncio.Event()

    async def early(inputs: NoteInputs, context: StepContext) -> Artifact:
        if inputs.left is None:
            return note(inputs.text)
        if inputs.left.text == "old":
            began.set()
            await may_end.wait()
        return note(f"{inputs.left.text}+b")

    async def planner(brief: Brief, desk: PlanningDesk) -> Plan | PlanQuestion:
        desk.drafted(step("a", "Early", "old"))
        desk.drafted(step("b", "Early", left="a"))
        await began.wait()
        return plan(step("a", "Early", "new"), step("b", "Early", left="a"))

    world = World(plan=lambda _: plan(), planner=planner, behaviours={"Early": early}, early=frozenset({"Early"}))
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        await began.wait()
        may_end.set()
        assert (await lab.done(execution.id)).artifacts[StepId("b")]["text"] == "new+b"


async def test_a_storage_that_was_away_for_a_moment_leaves_no_step_behind(tmp_path: Path) -> None:
    world = World(plan=lambda _: plan(step("a"), step("p", "Publisher")), tools=(Publish(),))
    async with open_lab(tmp_path, world) as lab:
        commit, failing = lab.store.commit, [True]

        async def flaky(*changes: Change) -> bool:
            if failing and any(isinstance(change, ParkStep) for change in changes):
                failing.clear()
                raise UnavailableError("storage_unavailable", "the disk was full for a moment")
            return await commit(*changes)

        lab.store.commit = flaky
        execution = await lab.orchestrator.start("x", "owner")
        await lab.answer(await lab.asked(execution.id), DecisionVerb.APPROVE)
        assert (await lab.done(execution.id)).outcome is ExecutionOutcome.SUCCEEDED
        assert len(world.tools[0].ledger) == 1


async def test_a_gate_behind_a_held_write_does_not_wait_for_itself(tmp_path: Path) -> None:
    steps = plan(step("s", "Saver"), replace(step("p", "Publisher"), after=(StepId("s"),)))
    async with open_lab(
        tmp_path, World(plan=lambda _: steps, tools=(Publish(), Publish(gated=False, held=True)))
    ) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        await lab.answer(await lab.asked(execution.id), DecisionVerb.APPROVE)
        assert (await lab.done(execution.id)).outcome is ExecutionOutcome.SUCCEEDED


async def test_planning_that_came_to_nothing_is_not_begun_again(tmp_path: Path) -> None:
    begun: list[int] = []

    async def planner(brief: Brief, desk: PlanningDesk) -> Plan | PlanQuestion:
        begun.append(1)
        await desk.ask(question("plan"))
        raise PlanError("request_not_understood", "no")

    model = ScriptedModel()
    async with open_lab(tmp_path, World(plan=lambda _: plan(), planner=planner, model=model)) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        assert (await lab.done(execution.id)).outcome is ExecutionOutcome.FAILED
        await lab.orchestrator.start("y", "owner")
    assert len(begun) == len(model.requests)
    assert len(begun) <= 2


async def test_pauses_do_not_use_up_attempts(tmp_path: Path) -> None:
    began = asyncio.Event()

    async def slow(inputs: NoteInputs, context: StepContext) -> Artifact:
        began.set()
        await asyncio.Event().wait()
        return note("never")

    async with open_lab(tmp_path, World(plan=lambda _: plan(step("a", "Slow")), behaviours={"Slow": slow})) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        for _ in range(4):
            await began.wait()
            began.clear()
            await lab.orchestrator.pause(execution.id)
            await lab.until(execution.id, lambda s: s.step_runs[StepId("a")].status is StepStatus.READY)
            await lab.orchestrator.resume(execution.id)
        await began.wait()
        running = await lab.until(execution.id, lambda s: s.step_runs[StepId("a")].status is StepStatus.RUNNING)
        assert running.step_runs[StepId("a")].attempts == 1


async def test_a_planned_execution_that_was_stopped_while_it_waited_its_turn_is_never_planned(tmp_path: Path) -> None:
    planned: list[str] = []
    release = asyncio.Event()

    async def planner(brief: Brief, desk: PlanningDesk) -> Plan | PlanQuestion:
        planned.append(brief.request.text)
        await release.wait()
        return plan(step("a"))

    async with open_lab(tmp_path, World(plan=lambda _: plan(), planner=planner)) as lab:
        first = [await lab.orchestrator.start(f"first {n}", "owner") for n in range(200)]
        last = await lab.orchestrator.start("last", "owner")
        await lab.orchestrator.cancel(last.id)
        release.set()
        assert (await lab.done(last.id)).outcome is ExecutionOutcome.CANCELLED
        await lab.until(first[0].id, lambda s: s.execution.status is ExecutionStatus.DONE)
        assert "last" not in planned
