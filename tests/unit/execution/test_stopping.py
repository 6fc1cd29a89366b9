"""Pause, resume and cancel: once the word is committed nothing new begins, what is in flight ends, and all of it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.domain.approval import ApprovalStatus, DecisionVerb
from engine.domain.artifact import Artifact
from engine.domain.event import EventType
from engine.domain.execution import ExecutionOutcome, ExecutionStatus, StepOutcome, StepStatus
from engine.domain.ids import ExecutionId, PrincipalId, StepId
from engine.domain.json import JsonObject
from engine.domain.plan import Plan
from engine.domain.snapshot import ExecutionSnapshot
from engine.errors import ConflictError, UnavailableError
from engine.planning.editing import Drop
from engine.ports.agents import StepContext
from engine.ports.changes import Change, ClaimStep, CompleteIntent, MoveExecution, RecordIntent
from engine.ports.planning import Brief, PlanningDesk, PlanQuestion
from engine.ports.tools import ToolCall
from tests.lab import Lab, NoteInputs, Publish, World, open_lab, plan, step
from tests.unit.execution.following import Blocked, kinds, run_of, running

A, B, P = StepId("a"), StepId("b"), StepId("p")


class Just:
    """Holds the first commit that fits, until it is let go: what else happens in that moment comes first."""

    def __init__(self, lab: Lab, fits: Callable[[Change], bool]) -> None:
        self.reached, self.may_go = asyncio.Event(), asyncio.Event()
        commit = lab.store.commit

        async def held(*changes: Change) -> bool:
            if not self.reached.is_set() and any(fits(change) for change in changes):
                self.reached.set()
                await self.may_go.wait()
            return await commit(*changes)

        lab.store.commit = held

    async def before(self) -> None:
        """Until the commit is about to be made."""
        async with asyncio.timeout(10):
            await self.reached.wait()


def of(kind: type[Any], **having: object) -> Callable[[Change], bool]:
    return lambda change: isinstance(change, kind) and all(getattr(change, n) == v for n, v in having.items())


def told(snapshot: ExecutionSnapshot) -> dict[str, list[tuple[str, str]]]:
    """Steps by list, each with its reason."""
    result: Any = snapshot.result
    return {key: [(e["step"], e.get("reason", "")) for e in result[key]] for key in ("done", "not_done", "unknown")}


async def started_after(lab: Lab, execution_id: str, word: EventType) -> list[str]:
    """Steps that started once this had been said, until the other word was or the end."""
    found: list[str] = []
    said = False
    async for event in lab.orchestrator.events(execution_id):
        said = (said or event.type is word) and event.type is not EventType.EXECUTION_RESUMED
        if said and event.type is EventType.STEP_STARTED:
            found.append(str(event.payload["step"]))
    return found


def saving(*texts: str) -> Callable[[NoteInputs, StepContext], Any]:
    """One effect after the other."""

    async def run(inputs: NoteInputs, context: StepContext) -> Artifact:
        for text in texts[:-1]:
            await context.call("save", {"text": text})
        return await context.call("save", {"text": texts[-1]})

    return run


async def test_an_effect_in_flight_ends_and_is_told_and_nothing_else_starts(tmp_path: Path) -> None:
    tool, read = Publish(gated=False), Blocked()
    tool.may_end.clear()
    steps = plan(step("p", "Saver"), step("a", "Slow"), step("b", left="p"))
    async with open_lab(tmp_path, World(plan=lambda _: steps, tools=(tool,), behaviours={"Slow": read})) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await tool.began.wait()
        await read.began.wait()
        await lab.orchestrator.cancel(execution.id)
        tool.may_end.set()
        done = await lab.done(execution.id)
        assert done.outcome is ExecutionOutcome.CANCELLED
        assert run_of(done, "p")[1] == "succeeded"
        assert told(done) == {"done": [("p", "")], "not_done": [("a", "cancelled"), ("b", "cancelled")], "unknown": []}
        assert (len(tool.ledger), read.stopped) == (1, 1)
        assert await started_after(lab, execution.id, EventType.CANCEL_REQUESTED) == []


@pytest.mark.parametrize("stop", ["cancel", "pause"])
async def test_a_stop_that_comes_before_an_effect_is_begun_keeps_it_from_happening(tmp_path: Path, stop: str) -> None:
    tool = Publish(gated=False)
    async with open_lab(tmp_path, World(plan=lambda _: plan(step("p", "Saver")), tools=(tool,))) as lab:
        just = Just(lab, of(RecordIntent))
        execution = await lab.orchestrator.start("go", "owner")
        await just.before()
        await getattr(lab.orchestrator, stop)(execution.id)
        just.may_go.set()
        if stop == "cancel":
            done = await lab.done(execution.id)
            assert (done.outcome, tool.ledger) == (ExecutionOutcome.CANCELLED, [])
            assert told(done)["not_done"] == [("p", "cancelled")]
            return
        parked = await lab.until(execution.id, lambda s: s.step_runs[P].status is StepStatus.READY)
        assert (parked.status, tool.ledger) == (ExecutionStatus.PAUSED, [])
        await lab.orchestrator.resume(execution.id)
        assert (await lab.done(execution.id)).outcome is ExecutionOutcome.SUCCEEDED
        assert len(tool.ledger) == 1


async def test_of_several_effects_the_one_in_flight_is_the_last(tmp_path: Path) -> None:
    tool = Publish(gated=False)
    tool.may_end.clear()
    world = World(plan=lambda _: plan(step("p", "Saver")), tools=(tool,), behaviours={"Saver": saving("x", "y")})
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await tool.began.wait()
        await lab.orchestrator.cancel(execution.id)
        tool.may_end.set()
        done = await lab.done(execution.id)
        assert [arguments["text"] for _, arguments in tool.ledger] == ["x"]
        assert told(done)["done"] == [("p", "begun")]
        assert run_of(done, "p")[1] == "cancelled"


async def test_paused_between_two_effects_each_happens_once(tmp_path: Path) -> None:
    tool = Publish(gated=False)
    world = World(plan=lambda _: plan(step("p", "Saver")), tools=(tool,), behaviours={"Saver": saving("x", "y")})
    async with open_lab(tmp_path, world) as lab:
        just = Just(lab, of(CompleteIntent))
        execution = await lab.orchestrator.start("go", "owner")
        await just.before()
        await lab.orchestrator.pause(execution.id)
        just.may_go.set()
        await lab.until(execution.id, lambda s: s.step_runs[P].status is StepStatus.READY)
        assert [arguments["text"] for _, arguments in tool.ledger] == ["x"]
        await lab.orchestrator.resume(execution.id)
        assert (await lab.done(execution.id)).outcome is ExecutionOutcome.SUCCEEDED
        assert [arguments["text"] for _, arguments in tool.ledger] == ["x", "y"]


async def test_what_only_waits_for_a_lock_is_stopped_at_once(tmp_path: Path) -> None:
    tool = Publish(gated=False)
    tool.may_end.clear()
    async with open_lab(tmp_path, World(plan=lambda _: plan(step("p", "Saver")), tools=(tool,))) as lab:
        first = await lab.orchestrator.start("go", "owner")
        await tool.began.wait()
        second = await lab.orchestrator.start("go", "owner")
        await running(lab, second.id, "p")
        await lab.orchestrator.cancel(second.id)
        assert (await lab.done(second.id)).outcome is ExecutionOutcome.CANCELLED
        assert tool.ledger == []
        tool.may_end.set()
        assert (await lab.done(first.id)).outcome is ExecutionOutcome.SUCCEEDED


@pytest.mark.parametrize("stop", ["cancel", "pause"])
async def test_a_stop_that_overtakes_a_claim_wins(tmp_path: Path, stop: str) -> None:
    world = World(plan=lambda _: plan(step("a"), step("b", left="a")))
    async with open_lab(tmp_path, world) as lab:
        just = Just(lab, of(ClaimStep, step_id=B))
        execution = await lab.orchestrator.start("go", "owner")
        await just.before()
        await getattr(lab.orchestrator, stop)(execution.id)
        just.may_go.set()
        if stop == "cancel":
            done = await lab.done(execution.id)
            assert told(done) == {"done": [("a", "")], "not_done": [("b", "cancelled")], "unknown": []}
            assert await started_after(lab, execution.id, EventType.CANCEL_REQUESTED) == []
            return
        rests = await lab.until(execution.id, lambda s: s.step_runs[A].outcome is StepOutcome.SUCCEEDED)
        assert run_of(rests, "b")[2] == 0
        await lab.orchestrator.resume(execution.id)
        assert (await lab.done(execution.id)).outcome is ExecutionOutcome.SUCCEEDED
        assert await started_after(lab, execution.id, EventType.EXECUTION_PAUSED) == []


async def test_a_stop_that_overtakes_the_end_is_how_it_ends(tmp_path: Path) -> None:
    async with open_lab(tmp_path, World(plan=lambda _: plan(step("a")))) as lab:
        just = Just(lab, of(MoveExecution, outcome=ExecutionOutcome.SUCCEEDED))
        execution = await lab.orchestrator.start("go", "owner")
        await just.before()
        await lab.orchestrator.cancel(execution.id)
        just.may_go.set()
        done = await lab.done(execution.id)
        assert done.outcome is ExecutionOutcome.CANCELLED
        assert told(done) == {"done": [("a", "")], "not_done": [], "unknown": []}
        assert (await kinds(lab, execution.id)).count(EventType.EXECUTION_FINISHED) == 1


async def test_a_pause_that_overtakes_the_end_leaves_only_the_end_to_come(tmp_path: Path) -> None:
    async with open_lab(tmp_path, World(plan=lambda _: plan(step("a")))) as lab:
        just = Just(lab, of(MoveExecution, outcome=ExecutionOutcome.SUCCEEDED))
        execution = await lab.orchestrator.start("go", "owner")
        await just.before()
        await lab.orchestrator.pause(execution.id)
        just.may_go.set()
        await lab.until(execution.id, lambda s: s.step_runs[A].outcome is StepOutcome.SUCCEEDED)
        await lab.orchestrator.resume(execution.id)
        done = await lab.done(execution.id)
        assert (done.outcome, run_of(done, "a")) == (ExecutionOutcome.SUCCEEDED, ("done", "succeeded", 1))


async def test_a_stop_after_the_end_changes_nothing(tmp_path: Path) -> None:
    async with open_lab(tmp_path, World(plan=lambda _: plan(step("a")))) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        ended = await lab.done(execution.id)
        for word in (lab.orchestrator.cancel, lab.orchestrator.pause, lab.orchestrator.resume):
            with pytest.raises(ConflictError, match="execution_ended"):
                await word(execution.id)
        assert await lab.orchestrator.get_execution(execution.id) == ended


async def test_a_stop_that_overtakes_a_yes_keeps_the_call_from_being_made(tmp_path: Path) -> None:
    tool = Publish()
    async with open_lab(tmp_path, World(plan=lambda _: plan(step("p", "Publisher")), tools=(tool,))) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        asked = await lab.asked(execution.id)
        just = Just(lab, of(ClaimStep, step_id=P))
        await lab.answer(asked, DecisionVerb.APPROVE)
        await just.before()
        await lab.orchestrator.cancel(execution.id)
        just.may_go.set()
        done = await lab.done(execution.id)
        assert (done.outcome, tool.ledger) == (ExecutionOutcome.CANCELLED, [])
        assert told(done)["not_done"] == [("p", "cancelled")]


async def test_a_yes_to_what_is_being_stopped_makes_nothing_happen(tmp_path: Path) -> None:
    tool = Publish()
    async with open_lab(tmp_path, World(plan=lambda _: plan(step("p", "Publisher")), tools=(tool,))) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        asked = await lab.asked(execution.id)
        just = Just(lab, of(MoveExecution, outcome=ExecutionOutcome.CANCELLED))
        await lab.orchestrator.cancel(execution.id)
        await just.before()
        await lab.answer(asked, DecisionVerb.APPROVE)
        just.may_go.set()
        done = await lab.done(execution.id)
        assert (done.outcome, tool.ledger) == (ExecutionOutcome.CANCELLED, [])
        with pytest.raises(ConflictError):
            await lab.answer(asked, DecisionVerb.REJECT)


async def test_a_stop_closes_what_is_asked(tmp_path: Path) -> None:
    async with open_lab(tmp_path, World(plan=lambda _: plan(step("p", "Publisher")), tools=(Publish(),))) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        asked = await lab.asked(execution.id)
        await lab.orchestrator.cancel(execution.id)
        done = await lab.done(execution.id)
        assert [a.status for a in done.approvals] == [ApprovalStatus.SUPERSEDED]
        with pytest.raises(ConflictError):
            await lab.answer(asked, DecisionVerb.APPROVE)


@pytest.mark.parametrize("stop", ["cancel", "pause"])
async def test_a_stop_while_it_is_planned(tmp_path: Path, stop: str) -> None:
    planning, may_plan = asyncio.Event(), asyncio.Event()
    tries: list[int] = []

    async def planner(brief: Brief, desk: PlanningDesk) -> Plan | PlanQuestion:
        tries.append(brief.version)
        planning.set()
        await may_plan.wait()
        return plan(step("a"))

    async with open_lab(tmp_path, World(plan=lambda _: plan(), planner=planner)) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await planning.wait()
        await getattr(lab.orchestrator, stop)(execution.id)
        if stop == "cancel":
            done = await lab.done(execution.id)
            assert (done.outcome, done.plan, told(done)["not_done"]) == (ExecutionOutcome.CANCELLED, None, [])
            return
        may_plan.set()
        assert (await lab.orchestrator.get_execution(execution.id)).status is ExecutionStatus.PAUSED
        await lab.orchestrator.resume(execution.id)
        assert (await lab.done(execution.id)).outcome is ExecutionOutcome.SUCCEEDED


async def test_stopped_with_an_effect_that_nobody_answered_for_it_says_that_it_may_have_happened(
    tmp_path: Path,
) -> None:
    tool = Publish(gated=False)
    failing = [True]

    async def cut(inputs: NoteInputs, context: StepContext) -> Artifact:
        return await context.call("save", {"text": "x"})

    async def run(call: object, arguments: object) -> Artifact:
        if failing:
            failing.clear()
            raise UnavailableError("cut", "no answer came")
        raise AssertionError("made again after the stop")

    tool.run = run  # pyright: ignore[reportAttributeAccessIssue] - breaks on purpose
    world = World(
        plan=lambda _: plan(step("p", "Saver"), step("b", left="p")), tools=(tool,), behaviours={"Saver": cut}
    )
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await lab.until(execution.id, lambda s: P in s.step_runs and s.step_runs[P].retry_at is not None)
        await lab.orchestrator.cancel(execution.id)
        done = await lab.done(execution.id)
        assert run_of(done, "p")[1] == "unknown"
        assert told(done) == {"done": [], "not_done": [("b", "cancelled")], "unknown": [("p", "")]}


async def test_an_effect_of_unknown_outcome_is_told_though_a_change_left_its_step_out_and_the_rest_succeeded(
    tmp_path: Path,
) -> None:
    class Lossy(Publish):
        async def run(self, call: ToolCall, arguments: JsonObject) -> Artifact:
            await super().run(call, arguments)
            raise UnavailableError("press_unavailable", "It was printed, and the answer was lost.")

    steps = plan(step("a"), step("p", "Publisher"))
    async with open_lab(tmp_path, World(plan=lambda _: steps, tools=(Lossy(),))) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        await lab.answer(await lab.asked(execution.id), DecisionVerb.APPROVE)
        await lab.until(execution.id, lambda s: s.step_runs[P].retry_at is not None)
        await lab.editor.edit(ExecutionId(execution.id), Drop(steps=(P,)), PrincipalId("owner"), "k1")
        done = await lab.done(execution.id)
        assert done.outcome is ExecutionOutcome.SUCCEEDED
        assert told(done) == {"done": [("a", "")], "not_done": [], "unknown": [("p", "")]}
