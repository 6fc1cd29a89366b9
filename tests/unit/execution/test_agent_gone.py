"""A process that starts without an agent that a plan names goes on with everything else, and says what is missing."""

from __future__ import annotations

import asyncio
from pathlib import Path

from engine.domain.approval import DecisionVerb
from engine.domain.artifact import Artifact
from engine.domain.execution import ExecutionOutcome, StepOutcome, StepRun
from engine.domain.ids import StepId
from engine.errors import RefusedError
from engine.ports.agents import StepContext
from tests.lab import NoteInputs, Publish, World, note, open_lab, plan, step, write_note
from tests.unit.execution.dying import killed

A, B, P = StepId("a"), StepId("b"), StepId("p")


def missed(run: StepRun) -> tuple[str, bool]:
    """Why the step failed, and whether another plan may do without."""
    assert run.outcome is StepOutcome.FAILED
    assert run.error is not None
    return run.error.code, run.error.mendable


async def test_what_was_agreed_to_is_done_and_only_the_steps_of_the_missing_agent_fail(tmp_path: Path) -> None:
    tool = Publish()
    steps = plan(step("p", "Publisher"), step("a", "Extra", left="p"), step("b", left="p"))
    world = World(plan=lambda _: steps, tools=(tool,), behaviours={"Extra": write_note})
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        await lab.asked(execution.id)
    world.behaviours = {}
    async with open_lab(tmp_path, world) as lab:
        await lab.answer(await lab.asked(execution.id), DecisionVerb.APPROVE)
        done = await lab.done(execution.id)
        spans = {span.step_id: span.name for span in lab.telemetry.spans}
    assert (done.outcome, len(tool.ledger)) == (ExecutionOutcome.PARTIAL, 1)
    assert (done.step_runs[P].outcome, done.step_runs[P].crashes) == (StepOutcome.SUCCEEDED, 0)
    assert missed(done.step_runs[A]) == ("agent_not_found", True)
    assert done.artifacts[B]["text"] == "p+b"
    assert spans[A] == "Extra"


async def test_a_stand_in_that_is_missing_fails_its_step_alone(tmp_path: Path) -> None:
    began = asyncio.Event()

    async def refused(inputs: NoteInputs, context: StepContext) -> Artifact:
        raise RefusedError("no", "Refused.")

    async def slow(inputs: NoteInputs, context: StepContext) -> Artifact:
        began.set()
        await asyncio.Event().wait()
        return note("never")

    steps, home = plan(step("a", "Planned"), step("b")), tmp_path / "home"
    world = World(plan=lambda _: steps, behaviours={"Planned": refused, "Other": slow}, stand_ins={"Planned": "Other"})
    async with open_lab(home, world) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        await began.wait()
        left = killed(home)
    world.behaviours = {"Planned": refused}
    async with open_lab(left, world) as lab:
        done = await lab.done(execution.id)
    assert missed(done.step_runs[A]) == ("agent_not_found", True)
    assert done.step_runs[B].outcome is StepOutcome.SUCCEEDED
