"""Looking for what came of an effect: bounded, stopped at once, and never begun again and again."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from engine.domain.artifact import Artifact
from engine.domain.effect import Effect
from engine.domain.execution import ExecutionOutcome, ExecutionStatus, StepOutcome, StepStatus
from engine.domain.ids import ExecutionId, StepId
from engine.domain.json import JsonObject
from engine.errors import UnavailableError
from engine.planning.editing import Drop
from engine.ports.tools import ToolCall
from engine.toolkit import recorded
from tests.lab import OWNER, Lab, Publish, World, open_lab, plan, step
from tests.unit.execution.dying import killed

P = StepId("p")


class Lost(Publish):
    """Its answers get lost, and its service does not say what happened until it may."""

    def __init__(self) -> None:
        super().__init__(Effect.LOOKUP, gated=False)
        self.looks = 0
        self.looked, self.may_answer = asyncio.Event(), asyncio.Event()

    async def run(self, call: ToolCall, arguments: JsonObject) -> Artifact:
        await super().run(call, arguments)
        raise UnavailableError("away", "The answer was lost.")

    async def find(self, call: ToolCall) -> Artifact | None:
        self.looks += 1
        self.looked.set()
        await self.may_answer.wait()
        return await super().find(call)


async def looking(lab: Lab, tool: Lost) -> str:
    """An execution whose effect is being looked for."""
    execution = await lab.orchestrator.start("save", "owner")
    await lab.until(execution.id, lambda s: P in s.step_runs and s.step_runs[P].retry_at is not None)
    lab.clock.advance(timedelta(seconds=30))
    await lab.alarms.ring(lab.timer)
    async with asyncio.timeout(10):
        await tool.looked.wait()
    return execution.id


def world(tool: Lost) -> World:
    return World(plan=lambda _: plan(step("p", "Saver"), step("w")), tools=(tool,))


async def test_a_look_that_hangs_is_cut_off_and_made_again_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorded, "EFFECT_SECONDS", 0.02)
    tool = Lost()
    async with open_lab(tmp_path, world(tool)) as lab:
        execution_id = await looking(lab, tool)
        cut = await lab.until(execution_id, lambda s: s.step_runs[P].retry_at is not None)
        error = cut.step_runs[P].error
        assert error is not None
        assert error.code == "effect_cut_off"
        tool.may_answer.set()
        lab.clock.advance(timedelta(seconds=30))
        await lab.alarms.ring(lab.timer)
        assert (await lab.done(execution_id)).outcome is ExecutionOutcome.SUCCEEDED
        assert (len(tool.ledger), tool.looks) == (1, 2)


async def test_whoever_stops_it_does_not_wait_for_the_look(tmp_path: Path) -> None:
    tool = Lost()
    async with open_lab(tmp_path, world(tool)) as lab:
        execution_id = await looking(lab, tool)
        await lab.orchestrator.cancel(execution_id)
        done = await lab.done(execution_id)
        assert done.outcome is ExecutionOutcome.CANCELLED
        assert done.step_runs[P].outcome is StepOutcome.UNKNOWN, "it may have happened"


async def test_a_pause_stops_the_look_and_going_on_looks_again(tmp_path: Path) -> None:
    tool = Lost()
    async with open_lab(tmp_path, world(tool)) as lab:
        execution_id = await looking(lab, tool)
        await lab.orchestrator.pause(execution_id)
        paused = await lab.until(execution_id, lambda s: s.step_runs[P].status is StepStatus.READY)
        assert paused.status is ExecutionStatus.PAUSED
        tool.may_answer.set()
        await lab.orchestrator.resume(execution_id)
        assert (await lab.done(execution_id)).outcome is ExecutionOutcome.SUCCEEDED
        assert (len(tool.ledger), tool.looks) == (1, 2)


@pytest.mark.parametrize("stopped", [False, True])
async def test_a_plan_that_drops_the_step_waits_for_one_look_and_not_for_ever_new_ones(
    tmp_path: Path, stopped: bool
) -> None:
    tool, home = Lost(), tmp_path / "home"
    tool.may_end.clear()
    async with open_lab(home, world(tool)) as lab:
        execution = await lab.orchestrator.start("save", "owner")
        await tool.began.wait()
        left = killed(home)
        tool.may_end.set()
    tool.looked.clear()
    tool.looks = 0
    async with open_lab(left, world(tool)) as lab:
        await tool.looked.wait()
        await lab.editor.edit(ExecutionId(execution.id), Drop(steps=(P,)), OWNER.id, "k1")
        async with asyncio.timeout(10):
            while tool.looks < 2:
                await lab.orchestrator.get_execution(execution.id)
        for _ in range(30):
            await lab.orchestrator.get_execution(execution.id)
        assert tool.looks == 2
        if stopped:
            await lab.orchestrator.cancel(execution.id)
            assert (await lab.done(execution.id)).outcome is ExecutionOutcome.CANCELLED
            return
        tool.may_answer.set()
        done = await lab.done(execution.id)
        assert done.plan is not None
        assert [one.id for one in done.plan.steps] == ["w"]
        assert (done.outcome, len(tool.ledger)) == (ExecutionOutcome.SUCCEEDED, 1)
