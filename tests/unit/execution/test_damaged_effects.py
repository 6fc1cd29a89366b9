"""A damaged record of an effect, whoever comes upon it: its execution ends as failed and is told of, and the others run."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from engine.domain.approval import DecisionVerb
from engine.domain.artifact import Artifact
from engine.domain.event import Event, EventType
from engine.domain.execution import ExecutionOutcome
from engine.domain.ids import StepId
from engine.errors import RefusedError, UnavailableError
from engine.execution.error_recovery import MAX_CRASHES
from engine.ports.agents import StepContext
from tests.lab import Lab, NoteInputs, Publish, World, open_lab, plan, publish, step
from tests.unit.execution.following import Blocked
from tests.unit.storage.test_damage import change

P = StepId("p")
DAMAGE = "UPDATE intents SET title = 'something else' WHERE execution_id = ?"


@asynccontextmanager
async def listening(home: Path, world: World) -> AsyncGenerator[tuple[Lab, list[Event]]]:
    heard: list[Event] = []
    async with open_lab(home, world) as lab:
        lab.state.watch(heard.append)
        yield lab, heard


async def is_put_aside(lab: Lab, execution_id: str, heard: list[Event]) -> None:
    done = await lab.done(execution_id)
    assert done.outcome is ExecutionOutcome.FAILED
    assert done.execution.error is not None
    assert done.execution.error.code == "row_corrupt"
    ended = [e for e in heard if e.execution_id == execution_id and e.type is EventType.EXECUTION_FINISHED]
    assert len(ended) == 1, "told once"
    assert lab.telemetry.failures != []
    lab.world.plan = lambda _: plan(step("w"))
    other = await lab.orchestrator.start("another", "owner")
    assert (await lab.done(other.id)).outcome is ExecutionOutcome.SUCCEEDED


async def published(lab: Lab) -> str:
    """An execution that has made its first effect and asks about the second."""
    execution = await lab.orchestrator.start("x", "owner")
    await lab.answer(await lab.asked(execution.id), DecisionVerb.APPROVE)
    await lab.asked(execution.id, 2)
    return execution.id


TWICE = plan(step("p", "Publisher"), step("q", "Publisher", left="p"))


async def test_it_can_be_stopped(tmp_path: Path) -> None:
    async with listening(tmp_path, World(plan=lambda _: TWICE, tools=(Publish(),))) as (lab, heard):
        execution_id = await published(lab)
        change(tmp_path, DAMAGE, execution_id)
        await lab.orchestrator.cancel(execution_id)
        await is_put_aside(lab, execution_id, heard)


@pytest.mark.parametrize("calls", [True, False])
async def test_an_attempt_that_comes_upon_it_ends_everything_of_it(tmp_path: Path, calls: bool) -> None:
    """It reads its own record, or fails and asks whether it had begun anything."""
    read, tool, first = Blocked(), Publish(), [True]

    async def publishes(inputs: NoteInputs, context: StepContext) -> Artifact:
        if not first and not calls:
            raise RefusedError("no", "Refused.")
        artifact = await publish(inputs, context)
        if first:
            first.clear()
            raise UnavailableError("away", "Lost after the effect.")
        return artifact

    steps = plan(step("p", "Publisher"), step("q", "Slow"))
    world = World(plan=lambda _: steps, tools=(tool,), behaviours={"Publisher": publishes, "Slow": read})
    async with listening(tmp_path, world) as (lab, heard):
        execution = await lab.orchestrator.start("x", "owner")
        asked = await lab.until(execution.id, lambda s: len(s.approvals) == 1)
        await lab.answer(asked.approvals[0], DecisionVerb.APPROVE)
        await lab.until(execution.id, lambda s: s.step_runs[P].retry_at is not None)
        change(tmp_path, DAMAGE, execution.id)
        lab.clock.advance(timedelta(minutes=5))
        await lab.alarms.ring(lab.timer)
        await is_put_aside(lab, execution.id, heard)
        assert read.stopped == 1


async def test_a_process_that_finds_it_at_the_start_ends_it_all_the_same(tmp_path: Path) -> None:
    world = World(plan=lambda _: TWICE, tools=(Publish(),))
    async with open_lab(tmp_path, world) as lab:
        execution_id = await published(lab)
    change(tmp_path, DAMAGE, execution_id)
    change(
        tmp_path,
        "UPDATE executions SET status = 'running', crashes = ?, row_sum = NULL WHERE id = ?",
        MAX_CRASHES,
        execution_id,
    )
    async with listening(tmp_path, world) as (lab, heard):
        await is_put_aside(lab, execution_id, heard)
