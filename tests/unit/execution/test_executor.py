"""An execution through the engine's own doors, over a real SQLite file."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from engine.domain.approval import ApprovalKind, ApprovalStatus, DecisionVerb
from engine.domain.artifact import Artifact
from engine.domain.effect import Effect
from engine.domain.event import EventType
from engine.domain.execution import ExecutionOutcome, ExecutionStatus, StepOutcome, StepStatus
from engine.domain.ids import StepId
from engine.errors import ConflictError, RequestError, UnavailableError
from engine.ports.agents import StepContext
from tests.lab import FakeClock, NoteInputs, Publish, World, note, open_lab, plan, step, write_note

DIAMOND = plan(step("a"), step("b", left="a"), step("c", left="a"), step("d", left="b", right="c"))


async def test_a_diamond_runs_to_its_end_and_gives_every_artifact(tmp_path: Path) -> None:
    async with open_lab(tmp_path, World(plan=lambda _: DIAMOND)) as lab:
        execution = await lab.orchestrator.start("do it", "owner")
        snapshot = await lab.done(execution.id)
        assert snapshot.execution.outcome is ExecutionOutcome.SUCCEEDED
        assert snapshot.artifacts[StepId("d")]["text"] == "a+b+a+c+d"
        events = [e async for e in lab.orchestrator.events(execution.id)]
        assert [e.seq for e in events] == list(range(1, len(events) + 1))
        assert events[0].type is EventType.EXECUTION_STARTED
        assert events[-1].type is EventType.EXECUTION_FINISHED
        assert not lab.telemetry.failures


async def test_a_step_starts_when_its_own_inputs_exist_not_when_a_layer_ends(tmp_path: Path) -> None:
    slow = asyncio.Event()

    async def wait(inputs: NoteInputs, context: StepContext) -> Artifact:
        await slow.wait()
        return note("slow")

    skewed = plan(
        step("a"), step("s", "Slow"), step("b", left="a"), step("c", left="b"), step("d", left="c", right="s")
    )
    async with open_lab(tmp_path, World(plan=lambda _: skewed, behaviours={"Slow": wait})) as lab:
        execution = await lab.orchestrator.start("do it", "owner")
        snapshot = await lab.until(
            execution.id,
            lambda s: s.step_runs.get(StepId("c"), None) is not None and s.step_runs[StepId("c")].outcome is not None,
        )
        assert snapshot.step_runs[StepId("s")].status is StepStatus.RUNNING
        slow.set()
        assert (await lab.done(execution.id)).execution.outcome is ExecutionOutcome.SUCCEEDED


async def test_nothing_is_written_before_the_gate_opens_and_once_after(tmp_path: Path) -> None:
    tool = Publish()
    async with open_lab(tmp_path, World(plan=lambda _: plan(step("p", "Publisher", "hello")), tools=(tool,))) as lab:
        execution = await lab.orchestrator.start("publish", "owner")
        approval = await lab.asked(execution.id)
        assert approval.kind is ApprovalKind.GATE
        assert approval.call is not None
        assert approval.call.arguments == {"text": "hello", "copies": 1}
        assert tool.ledger == []
        await lab.answer(approval, DecisionVerb.APPROVE)
        snapshot = await lab.done(execution.id)
        assert snapshot.execution.outcome is ExecutionOutcome.SUCCEEDED
        assert [arguments for _, arguments in tool.ledger] == [{"text": "hello", "copies": 1}]
        assert snapshot.step_runs[StepId("p")].attempts == 1


async def test_an_edited_call_runs_as_edited_and_both_calls_are_kept(tmp_path: Path) -> None:
    tool = Publish()
    async with open_lab(tmp_path, World(plan=lambda _: plan(step("p", "Publisher", "hello")), tools=(tool,))) as lab:
        execution = await lab.orchestrator.start("publish", "owner")
        approval = await lab.asked(execution.id)
        with pytest.raises(RequestError, match="copies"):
            await lab.answer(approval, DecisionVerb.MODIFY, arguments={"text": "x", "copies": "many"})
        await lab.answer(approval, DecisionVerb.MODIFY, arguments={"text": "shalom", "copies": 2})
        snapshot = await lab.done(execution.id)
        assert tool.ledger[0][1] == {"text": "shalom", "copies": 2}
        kept = snapshot.approvals[0]
        assert kept.status is ApprovalStatus.MODIFIED
        assert kept.original_call is not None
        assert kept.original_call.arguments["text"] == "hello"


async def test_a_rejected_gate_writes_nothing_and_skips_what_follows(tmp_path: Path) -> None:
    tool = Publish()
    steps = plan(step("p", "Publisher"), step("after", left="p"))
    async with open_lab(tmp_path, World(plan=lambda _: steps, tools=(tool,))) as lab:
        execution = await lab.orchestrator.start("publish", "owner")
        await lab.answer(await lab.asked(execution.id), DecisionVerb.REJECT)
        snapshot = await lab.done(execution.id)
        assert snapshot.execution.outcome is ExecutionOutcome.REJECTED
        assert snapshot.step_runs[StepId("after")].outcome is StepOutcome.SKIPPED
        assert tool.ledger == []


async def test_an_ungated_write_beside_a_gate_waits_for_it(tmp_path: Path) -> None:
    gated, held = Publish(), Publish(gated=False, held=True)
    steps = plan(step("p", "Publisher"), step("s", "Saver"))
    async with open_lab(tmp_path, World(plan=lambda _: steps, tools=(gated, held))) as lab:
        execution = await lab.orchestrator.start("both", "owner")
        approval = await lab.asked(execution.id)
        assert held.ledger == []
        await lab.answer(approval, DecisionVerb.APPROVE)
        snapshot = await lab.done(execution.id)
        assert snapshot.execution.outcome is ExecutionOutcome.SUCCEEDED
        assert len(gated.ledger) == len(held.ledger) == 1


async def test_one_of_many_is_asked_while_the_rest_goes_on(tmp_path: Path) -> None:
    tool = Publish()
    steps = plan(step("f", "Finder"), step("w", left="x"), step("p", "Publisher", "to ", person="f!"))
    steps = plan(step("x"), *steps.steps)
    async with open_lab(tmp_path, World(plan=lambda _: steps, tools=(tool,))) as lab:
        execution = await lab.orchestrator.start("find", "owner")
        choice = await lab.asked(execution.id)
        assert choice.kind is ApprovalKind.CHOICE
        with pytest.raises(RequestError, match="not one of"):
            await lab.answer(choice, DecisionVerb.CHOOSE, choice="nobody")
        await lab.answer(choice, DecisionVerb.CHOOSE, choice=choice.choices[1].id)
        gate = await lab.asked(execution.id, 2)
        assert gate.call is not None
        assert gate.call.arguments["text"] == "to Yoav Cohen"
        await lab.answer(gate, DecisionVerb.APPROVE)
        assert (await lab.done(execution.id)).execution.outcome is ExecutionOutcome.SUCCEEDED


async def test_the_second_click_learns_who_decided(tmp_path: Path) -> None:
    async with open_lab(tmp_path, World(plan=lambda _: plan(step("p", "Publisher")), tools=(Publish(),))) as lab:
        execution = await lab.orchestrator.start("publish", "owner")
        approval = await lab.asked(execution.id)
        await lab.answer(approval, DecisionVerb.APPROVE)
        again = await lab.answer(approval, DecisionVerb.APPROVE)
        assert again.status is ApprovalStatus.APPROVED
        with pytest.raises(ConflictError) as caught:
            await lab.answer(approval, DecisionVerb.REJECT)
        assert caught.value.parameters["who"] == "owner"


async def test_cancel_lets_an_effect_end_and_starts_nothing_new(tmp_path: Path) -> None:
    tool = Publish()
    tool.may_end.clear()
    steps = plan(step("p", "Publisher"), step("after", left="p"))
    async with open_lab(tmp_path, World(plan=lambda _: steps, tools=(tool,))) as lab:
        execution = await lab.orchestrator.start("publish", "owner")
        await lab.answer(await lab.asked(execution.id), DecisionVerb.APPROVE)
        await tool.began.wait()
        await lab.orchestrator.cancel(execution.id)
        tool.may_end.set()
        snapshot = await lab.done(execution.id)
        assert snapshot.execution.outcome is ExecutionOutcome.CANCELLED
        assert snapshot.step_runs[StepId("p")].outcome is StepOutcome.SUCCEEDED
        assert snapshot.step_runs[StepId("after")].outcome is StepOutcome.CANCELLED
        with pytest.raises(ConflictError):
            await lab.orchestrator.resume(execution.id)
        await lab.orchestrator.cancel(execution.id)


async def test_cancel_supersedes_what_was_asked(tmp_path: Path) -> None:
    async with open_lab(tmp_path, World(plan=lambda _: plan(step("p", "Publisher")), tools=(Publish(),))) as lab:
        execution = await lab.orchestrator.start("publish", "owner")
        approval = await lab.asked(execution.id)
        await lab.orchestrator.cancel(execution.id)
        snapshot = await lab.done(execution.id)
        assert snapshot.approvals[0].status is ApprovalStatus.SUPERSEDED
        with pytest.raises(ConflictError):
            await lab.answer(approval, DecisionVerb.APPROVE)


async def test_pause_stops_reads_and_resume_redoes_them(tmp_path: Path) -> None:
    began, runs = asyncio.Event(), list[int]()

    async def slow(inputs: NoteInputs, context: StepContext) -> Artifact:
        runs.append(1)
        began.set()
        if len(runs) == 1:
            await asyncio.Event().wait()
        return note("done")

    async with open_lab(tmp_path, World(plan=lambda _: plan(step("s", "Slow")), behaviours={"Slow": slow})) as lab:
        execution = await lab.orchestrator.start("slow", "owner")
        await began.wait()
        paused = await lab.orchestrator.pause(execution.id)
        assert paused.execution.shown_status is ExecutionStatus.PAUSED
        await lab.until(execution.id, lambda s: s.step_runs[StepId("s")].status is StepStatus.READY)
        await lab.orchestrator.resume(execution.id)
        assert (await lab.done(execution.id)).execution.outcome is ExecutionOutcome.SUCCEEDED
        assert len(runs) == 2


async def test_a_restart_goes_on_and_repeats_nothing_finished(tmp_path: Path) -> None:
    ran: list[str] = []

    async def count(inputs: NoteInputs, context: StepContext) -> Artifact:
        ran.append(inputs.text)
        return await write_note(inputs, context)

    tool, clock = Publish(), FakeClock()
    steps = plan(step("a", "Count"), step("p", "Publisher", left="a"))
    world = World(plan=lambda _: steps, tools=(tool,), behaviours={"Count": count})
    async with open_lab(tmp_path, world, clock) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await lab.asked(execution.id)
    async with open_lab(tmp_path, world, clock) as lab:
        await lab.answer(await lab.asked(execution.id), DecisionVerb.APPROVE)
        assert (await lab.done(execution.id)).execution.outcome is ExecutionOutcome.SUCCEEDED
    assert ran == ["a"]
    assert len(tool.ledger) == 1


async def test_a_service_that_is_away_is_tried_again_when_the_alarm_rings(tmp_path: Path) -> None:
    tries: list[int] = []

    async def flaky(inputs: NoteInputs, context: StepContext) -> Artifact:
        tries.append(1)
        if len(tries) < 3:
            raise UnavailableError("away", "The service is away.")
        return note("there")

    async with open_lab(tmp_path, World(plan=lambda _: plan(step("f", "Flaky")), behaviours={"Flaky": flaky})) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        for expected in (1, 2):
            await lab.until(
                execution.id,
                lambda s: (
                    s.execution.status is ExecutionStatus.WAITING and s.step_runs[StepId("f")].attempts == expected
                ),
            )
            await lab.alarms.ring(lab.timer)
            assert len(tries) == expected
            lab.clock.advance(timedelta(minutes=5))
            await lab.alarms.ring(lab.timer)
        snapshot = await lab.done(execution.id)
        assert snapshot.execution.outcome is ExecutionOutcome.SUCCEEDED
        assert snapshot.step_runs[StepId("f")].attempts == 3


async def test_a_step_that_breaks_fails_alone(tmp_path: Path) -> None:
    async def broken(inputs: NoteInputs, context: StepContext) -> Artifact:
        raise ZeroDivisionError

    steps = plan(step("a"), step("x", "Broken"), step("y", left="x"))
    async with open_lab(tmp_path, World(plan=lambda _: steps, behaviours={"Broken": broken})) as lab:
        snapshot = await lab.done((await lab.orchestrator.start("go", "owner")).id)
        assert snapshot.execution.outcome is ExecutionOutcome.PARTIAL
        assert snapshot.step_runs[StepId("x")].error is not None
        assert snapshot.step_runs[StepId("y")].outcome is StepOutcome.SKIPPED


async def test_an_unsure_plan_waits_and_can_be_changed_or_dropped(tmp_path: Path) -> None:
    unsure = plan(step("a"), step("b"), sure=False)
    async with open_lab(tmp_path, World(plan=lambda _: unsure)) as lab:
        execution = await lab.orchestrator.start("hm", "owner")
        question = await lab.asked(execution.id)
        assert question.kind is ApprovalKind.PLAN
        await lab.answer(question, DecisionVerb.MODIFY, arguments={"drop": ["b"]})
        again = await lab.asked(execution.id, 2)
        assert again.plan_version == 2
        await lab.answer(again, DecisionVerb.APPROVE)
        snapshot = await lab.done(execution.id)
        assert snapshot.execution.outcome is ExecutionOutcome.SUCCEEDED
        assert list(snapshot.artifacts) == ["a"]
        second = await lab.orchestrator.start("hm", "owner")
        await lab.answer(await lab.asked(second.id), DecisionVerb.REJECT)
        assert (await lab.done(second.id)).execution.outcome is ExecutionOutcome.REJECTED


async def test_nobody_answers_and_the_gate_expires(tmp_path: Path) -> None:
    tool = Publish()
    async with open_lab(tmp_path, World(plan=lambda _: plan(step("p", "Publisher")), tools=(tool,))) as lab:
        execution = await lab.orchestrator.start("publish", "owner")
        await lab.asked(execution.id)
        lab.clock.advance(timedelta(hours=13))
        await lab.alarms.ring(lab.timer)
        reminded = await lab.asked(execution.id)
        assert reminded.reminded_at == lab.clock.now()
        lab.clock.advance(timedelta(days=7))
        await lab.alarms.ring(lab.timer)
        snapshot = await lab.done(execution.id)
        assert snapshot.approvals[0].status is ApprovalStatus.EXPIRED
        assert tool.ledger == []
        events = [e.type async for e in lab.orchestrator.events(execution.id)]
        assert events.count(EventType.APPROVAL_REMINDED) == 1


async def test_the_world_changed_after_approval_so_the_person_is_asked_again(tmp_path: Path) -> None:
    tool = Publish()
    texts = ["first", "second", "second"]

    async def propose(inputs: NoteInputs, context: StepContext) -> Artifact:
        return await context.call("publish", {"text": texts.pop(0)})

    world = World(plan=lambda _: plan(step("p", "Publisher")), tools=(tool,), behaviours={"Publisher": propose})
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("publish", "owner")
        first = await lab.asked(execution.id)
        tool.finding = "slot_taken"
        await lab.answer(first, DecisionVerb.APPROVE)
        second = await lab.asked(execution.id, 2)
        tool.finding = None
        await lab.answer(second, DecisionVerb.APPROVE)
        await lab.done(execution.id)
        assert [arguments["text"] for _, arguments in tool.ledger] == ["second"]


async def test_the_same_request_key_starts_one_execution(tmp_path: Path) -> None:
    from engine.domain.ids import PrincipalId
    from engine.domain.request import Request

    request = Request(text="go", user_id=PrincipalId("owner"), request_key="k")
    async with open_lab(tmp_path, World(plan=lambda _: DIAMOND)) as lab:
        first = await lab.orchestrator.start(request, "owner")
        second = await lab.orchestrator.start(request, "owner")
        assert first.id == second.id
        await lab.done(first.id)


@pytest.mark.parametrize("effect", [Effect.KEYED, Effect.LOOKUP])
async def test_an_effect_whose_result_was_lost_leaves_one_entry(tmp_path: Path, effect: Effect) -> None:
    tool, clock = Publish(effect), FakeClock()
    tool.may_end.clear()
    world = World(plan=lambda _: plan(step("p", "Publisher", "once")), tools=(tool,))
    async with open_lab(tmp_path, world, clock) as lab:
        execution = await lab.orchestrator.start("publish", "owner")
        await lab.answer(await lab.asked(execution.id), DecisionVerb.APPROVE)
        await tool.began.wait()
        tool.may_end.set()
        await lab.done(execution.id)
    keys = {key for key, _ in tool.ledger}
    assert len(keys) == 1


async def test_an_effect_whose_result_is_recorded_is_not_made_again(tmp_path: Path) -> None:
    tool, rest = Publish(), asyncio.Event()

    async def publish_then_die(inputs: NoteInputs, context: StepContext) -> Artifact:
        artifact = await context.call("publish", {"text": "once"})
        if not rest.is_set():
            rest.set()
            raise UnavailableError("away", "Lost after the effect, before the step was settled.")
        return artifact

    world = World(
        plan=lambda _: plan(step("p", "Publisher")), tools=(tool,), behaviours={"Publisher": publish_then_die}
    )
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("publish", "owner")
        await lab.answer(await lab.asked(execution.id), DecisionVerb.APPROVE)
        await rest.wait()
        await lab.until(execution.id, lambda s: s.step_runs[StepId("p")].retry_at is not None)
        lab.clock.advance(timedelta(minutes=5))
        await lab.alarms.ring(lab.timer)
        assert (await lab.done(execution.id)).execution.outcome is ExecutionOutcome.SUCCEEDED
        assert len(tool.ledger) == 1
