"""Whatever an agent, a tool or a planner breaks with, it breaks once, and nothing else with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from engine.domain.artifact import Artifact
from engine.domain.execution import ExecutionOutcome, StepOutcome
from engine.domain.ids import StepId
from engine.domain.json import JsonObject
from engine.domain.plan import Plan
from engine.domain.snapshot import ExecutionSnapshot
from engine.errors import InternalError
from engine.execution.fault import fault_in
from engine.ports.agents import StepContext
from engine.ports.planning import Brief, PlanningDesk, PlanQuestion
from engine.ports.tools import ToolCall
from tests.lab import NoteInputs, Publish, World, note, open_lab, plan, step

A, W = StepId("a"), StepId("w")
Breaks = Callable[[], Awaitable[None]]


class Abrupt(BaseException):
    """What a library leaves everything with that only catches errors."""


async def waits_for_what_it_cancelled() -> None:
    own = asyncio.get_running_loop().create_future()
    own.cancel()
    await own


async def is_abrupt() -> None:
    raise Abrupt


def failed(snapshot: ExecutionSnapshot) -> str:
    """The error of the step that broke."""
    run = snapshot.step_runs[A]
    assert (run.outcome, run.attempts) == (StepOutcome.FAILED, 1)
    assert run.error is not None
    return run.error.code


@pytest.mark.parametrize("breaks", [waits_for_what_it_cancelled, is_abrupt])
async def test_an_agent_that_breaks_otherwise_than_with_an_error_has_failed_once(
    tmp_path: Path, breaks: Breaks
) -> None:
    tried: list[int] = []

    async def work(inputs: NoteInputs, context: StepContext) -> Artifact:
        tried.append(1)
        await breaks()
        return note("never")

    world = World(plan=lambda _: plan(step("a", "Odd"), step("w")), behaviours={"Odd": work})
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        done = await lab.done(execution.id)
        assert (failed(done), len(tried)) == ("internal_error", 1)
        assert (done.outcome, done.artifacts[W]["text"]) == (ExecutionOutcome.PARTIAL, "w")
        assert isinstance(lab.telemetry.failures[0].__cause__, asyncio.CancelledError | Abrupt)


@pytest.mark.parametrize("breaks", [waits_for_what_it_cancelled, is_abrupt])
async def test_an_effect_that_breaks_so_is_made_once_and_may_have_happened(tmp_path: Path, breaks: Breaks) -> None:
    class Odd(Publish):
        async def run(self, call: ToolCall, arguments: JsonObject) -> Artifact:
            await super().run(call, arguments)
            await breaks()
            return note("never")

    tool = Odd(gated=False)
    async with open_lab(tmp_path, World(plan=lambda _: plan(step("a", "Saver")), tools=(tool,))) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        done = await lab.done(execution.id)
        assert (failed(done), len(tool.ledger)) == ("internal_error", 1)
        result: Any = done.result
        assert [entry["step"] for entry in result["unknown"]] == ["a"]


@pytest.mark.parametrize("breaks", [waits_for_what_it_cancelled, is_abrupt])
async def test_a_planner_that_breaks_so_is_asked_once(tmp_path: Path, breaks: Breaks) -> None:
    asked: list[int] = []

    async def planner(brief: Brief, desk: PlanningDesk) -> Plan | PlanQuestion:
        asked.append(brief.version)
        await breaks()
        return plan(step("a"))

    async with open_lab(tmp_path, World(plan=lambda _: plan(), planner=planner)) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        done = await lab.done(execution.id)
        assert (done.outcome, asked) == (ExecutionOutcome.FAILED, [1])
        assert done.execution.error is not None
        assert done.execution.error.code == "internal_error"


@pytest.mark.parametrize("end", [KeyboardInterrupt(), SystemExit(1), GeneratorExit()])
def test_the_end_of_the_program_is_not_held_up(end: BaseException) -> None:
    with pytest.raises(type(end)):
        fault_in(end)


async def test_only_a_stop_from_outside_gives_way() -> None:
    found: list[Exception | None] = []
    may_go = asyncio.Event()

    async def stopped() -> None:
        try:
            may_go.set()
            await asyncio.Event().wait()
        except asyncio.CancelledError as error:
            found.append(fault_in(error))
            raise

    async with asyncio.TaskGroup() as group:
        task = group.create_task(stopped())
        await may_go.wait()
        task.cancel()
    assert found == [None]
    assert isinstance(fault_in(asyncio.CancelledError()), InternalError)
    error = ValueError("ours")
    assert fault_in(error) is error
