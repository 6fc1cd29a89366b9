"""An agent that is given up is replaced once; never where what it did to the world may stand."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from engine.domain.approval import ApprovalStatus, DecisionVerb
from engine.domain.artifact import Artifact
from engine.domain.event import EventType
from engine.domain.execution import ExecutionOutcome, StepOutcome, StepRun, StepStatus
from engine.domain.ids import StepId
from engine.domain.spend import Caps, Money
from engine.errors import AuthExpiredError, InternalError, RefusedError, RequestError, UnavailableError
from engine.execution.error_recovery import MAX_ATTEMPTS
from engine.ports.agents import StepContext
from engine.ports.changes import Change, ParkStep
from tests.lab import Behaviour, FakeClock, Lab, NoteInputs, Publish, World, note, open_lab, plan, step
from tests.unit.execution.dying import killed
from tests.unit.execution.model import ScriptedModel, asking, said

STEP = StepId("s")
AWAY = UnavailableError("away", "The service is away.")


class Worker:
    """Raises what it is told to, in order; then it works."""

    def __init__(self, name: str, *errors: Exception) -> None:
        self.name = name
        self.errors = list(errors)
        self.ran = 0

    async def __call__(self, inputs: NoteInputs, context: StepContext) -> Artifact:
        self.ran += 1
        if self.errors:
            raise self.errors.pop(0)
        return note(self.name)


def office(planned: Behaviour, other: Behaviour) -> World:
    behaviours = {"Planned": planned, "Other": other}
    return World(
        plan=lambda _: plan(step("s", "Planned"), step("w")), behaviours=behaviours, stand_ins={"Planned": "Other"}
    )


async def ended(lab: Lab, execution_id: str) -> StepRun:
    """The step once it is done, with every alarm on the way rung at its time."""
    for _ in range(2 * MAX_ATTEMPTS):
        snapshot = await lab.until(
            execution_id,
            lambda s: (
                (run := s.step_runs.get(STEP)) is not None
                and (run.status is StepStatus.DONE or (run.retry_at is not None and run.retry_at > lab.clock.now()))
            ),
        )
        if snapshot.step_runs[STEP].status is StepStatus.DONE:
            break
        lab.clock.advance(timedelta(minutes=10))
        await lab.alarms.ring(lab.timer)
    return (await lab.done(execution_id)).step_runs[STEP]


async def test_a_service_that_stays_away_is_tried_five_times_and_then_somebody_else_does_the_step(
    tmp_path: Path,
) -> None:
    planned, other = Worker("planned", *[AWAY] * 9), Worker("other")
    async with open_lab(tmp_path, office(planned, other)) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        run = await ended(lab, execution.id)
        done = await lab.orchestrator.get_execution(execution.id)
        assert (run.outcome, run.stand_in) == (StepOutcome.SUCCEEDED, "Other")
        assert (planned.ran, other.ran, run.attempts) == (MAX_ATTEMPTS, 1, MAX_ATTEMPTS + 1)
        assert done.artifacts[STEP]["text"] == "other"
        assert done.outcome is ExecutionOutcome.SUCCEEDED
        told = [
            e.payload["stand_in"]
            async for e in lab.orchestrator.events(execution.id)
            if e.type is EventType.STEP_WAITING and "stand_in" in e.payload
        ]
        assert told == ["Other"]


@pytest.mark.parametrize("error", [AuthExpiredError("key", "Expired."), RefusedError("no", "Refused.")])
async def test_what_time_does_not_mend_is_handed_over_at_once(tmp_path: Path, error: Exception) -> None:
    planned, other = Worker("planned", error), Worker("other")
    async with open_lab(tmp_path, office(planned, other)) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        run = (await lab.done(execution.id)).step_runs[STEP]
        assert (run.outcome, run.stand_in, planned.ran, other.ran) == (StepOutcome.SUCCEEDED, "Other", 1, 1)


@pytest.mark.parametrize("error", [RequestError("name", "Nobody."), InternalError("bug", "Ours."), ValueError("ours")])
async def test_what_another_agent_would_run_into_as_well_is_not_handed_over(tmp_path: Path, error: Exception) -> None:
    planned, other = Worker("planned", error), Worker("other")
    async with open_lab(tmp_path, office(planned, other)) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        done = await lab.done(execution.id)
        assert (done.step_runs[STEP].outcome, done.step_runs[STEP].stand_in) == (StepOutcome.FAILED, "")
        assert (done.outcome, other.ran) == (ExecutionOutcome.PARTIAL, 0)


async def test_a_stand_in_has_one_try(tmp_path: Path) -> None:
    planned, other = Worker("planned", AuthExpiredError("key", "Expired.")), Worker("other", *[AWAY] * 9)
    async with open_lab(tmp_path, office(planned, other)) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        run = await ended(lab, execution.id)
        assert (run.outcome, run.stand_in, other.ran) == (StepOutcome.FAILED, "Other", 1)
        assert run.error is not None
        assert (run.error.code, run.error.mendable) == ("away", True)


async def test_who_took_over_is_known_after_a_death(tmp_path: Path) -> None:
    began, may_end = asyncio.Event(), asyncio.Event()

    async def slow(inputs: NoteInputs, context: StepContext) -> Artifact:
        began.set()
        await may_end.wait()
        return note("other")

    planned, home = Worker("planned", AuthExpiredError("key", "Expired.")), tmp_path / "home"
    world = office(planned, slow)
    async with open_lab(home, world) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        await began.wait()
        left = killed(home)
    may_end.set()
    async with open_lab(left, world) as lab:
        done = await lab.done(execution.id)
    assert done.artifacts[STEP]["text"] == "other"
    assert (planned.ran, done.step_runs[STEP].crashes) == (1, 1)


async def test_who_takes_over_does_so_though_the_process_died_before_and_the_clock_was_put_back(tmp_path: Path) -> None:
    planned, other, home = Worker("planned", AuthExpiredError("key", "Expired.")), Worker("other"), tmp_path / "home"
    world, handed_over = office(planned, other), asyncio.Event()
    async with open_lab(home, world) as lab:
        commit = lab.store.commit

        async def dies_afterwards(*changes: Change) -> bool:
            won = await commit(*changes)
            if any(isinstance(change, ParkStep) for change in changes):
                handed_over.set()
                await asyncio.Event().wait()
            return won

        lab.store.commit = dies_afterwards
        execution = await lab.orchestrator.start("x", "owner")
        await handed_over.wait()
        left = killed(home)
        lab.store.commit = commit
    planned.ran = other.ran = 0
    clock = FakeClock()
    clock.advance(-timedelta(seconds=5))
    async with open_lab(left, world, clock) as lab:
        done = await lab.done(execution.id)
    assert (done.step_runs[STEP].stand_in, planned.ran, other.ran) == ("Other", 0, 1)
    assert done.outcome is ExecutionOutcome.SUCCEEDED


async def test_who_takes_over_does_not_wait_for_an_answer_about_money(tmp_path: Path) -> None:
    may_fail = asyncio.Event()

    async def fails_late(inputs: NoteInputs, context: StepContext) -> Artifact:
        await may_fail.wait()
        raise AuthExpiredError("key", "Expired.")

    world = office(fails_late, Worker("other"))
    world.behaviours = {**world.behaviours, "Thinker": asking()}
    world.model, world.caps = ScriptedModel(said("yes", tokens_in=5_000)), Caps(per_execution=Money.usd(0.006))
    world.plan = lambda _: plan(step("s", "Planned"), step("a", "Thinker"), step("b", "Thinker", left="a"))
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        await lab.until(execution.id, lambda s: [a.topic for a in s.approvals] == ["budget"])
        may_fail.set()
        waits = await lab.until(execution.id, lambda s: s.step_runs[STEP].status is StepStatus.DONE)
        assert waits.artifacts[STEP]["text"] == "other"
        assert [a.status for a in waits.approvals] == [ApprovalStatus.PENDING]


async def test_deaths_do_not_use_up_the_tries(tmp_path: Path) -> None:
    began, died = asyncio.Event(), [False]

    async def dies_then_is_away(inputs: NoteInputs, context: StepContext) -> Artifact:
        began.set()
        if not died[0]:
            await asyncio.Event().wait()
        raise AWAY

    other, home = Worker("other"), tmp_path / "home"
    world = office(dies_then_is_away, other)
    execution_id = ""
    for _ in range(3):
        async with open_lab(home, world) as lab:
            execution_id = execution_id or (await lab.orchestrator.start("x", "owner")).id
            await began.wait()
            home = killed(home)
        began.clear()
    died[0] = True
    async with open_lab(home, world) as lab:
        run = await ended(lab, execution_id)
    assert (run.crashes, run.attempts, run.stand_in) == (3, 3 + MAX_ATTEMPTS + 1, "Other")


@pytest.mark.parametrize("begun", [True, False])
async def test_an_effect_that_may_have_happened_is_not_made_by_another_agent(tmp_path: Path, begun: bool) -> None:
    tool, other = Publish(), Worker("other")

    async def publish(inputs: NoteInputs, context: StepContext) -> Artifact:
        if begun:
            await context.call("publish", {"text": "once"})
        raise RefusedError("no", "Refused afterwards.")

    world = World(
        plan=lambda _: plan(step("s", "Publisher")),
        behaviours={"Publisher": publish, "Other": other},
        tools=(tool,),
        stand_ins={"Publisher": "Other"},
    )
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        if begun:
            await lab.answer(await lab.asked(execution.id), DecisionVerb.APPROVE)
        run = (await lab.done(execution.id)).step_runs[STEP]
    assert other.ran == (0 if begun else 1)
    assert run.outcome is (StepOutcome.FAILED if begun else StepOutcome.SUCCEEDED)
    if run.error is not None:
        assert not run.error.mendable
