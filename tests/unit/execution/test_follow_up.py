"""What is written while an execution runs is offered as a change of its plan."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from engine.domain.approval import ApprovalKind, ApprovalStatus, DecisionVerb
from engine.domain.event import EventType
from engine.domain.execution import ExecutionOutcome, ExecutionStatus, StepStatus
from engine.domain.ids import StepId
from engine.errors import ConflictError, NotFoundError, RequestError
from tests.lab import Lab, Publish, World, open_lab, plan, step
from tests.unit.execution.following import (
    CHANGE,
    LEAVE,
    Blocked,
    changing,
    click,
    kinds,
    last,
    offer,
    plan_asked,
    run_of,
    running,
)

BEFORE = plan(step("a"), step("b", "Slow", left="a"))
AFTER = plan(step("a"), step("c", left="a"))


async def test_an_offer_asks_what_to_do_with_what_was_written_and_the_plan_goes_on(tmp_path: Path) -> None:
    slow = Blocked()
    async with open_lab(tmp_path, World(plan=lambda _: BEFORE, behaviours={"Slow": slow})) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await running(lab, execution.id, "b")
        asked = await offer(lab, execution.id, "and a drawing")
        assert (asked.kind, asked.topic, asked.title) == (ApprovalKind.QUESTION, "follow_up", "and a drawing")
        assert [choice.id for choice in asked.choices] == ["change", "leave"]
        assert asked.expires_at == lab.clock.now() + timedelta(days=7)
        assert asked.parameters == {"by": "owner"}
        assert (await lab.store.due(10))[0].approval_id == asked.id
        slow.may_end.set()
        done = await lab.done(execution.id)
        assert (done.outcome, done.execution.plan_version) == (ExecutionOutcome.SUCCEEDED, 1)
        assert last(done).status is ApprovalStatus.SUPERSEDED
        assert slow.stopped == 0


async def test_a_change_agreed_to_keeps_what_is_done_stops_what_is_left_out_and_is_asked_about(tmp_path: Path) -> None:
    slow = Blocked()
    world = World(plan=changing({None: BEFORE, "no b": AFTER}), behaviours={"Slow": slow})
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        epoch = (await running(lab, execution.id, "b")).execution.epoch
        await click(lab, await offer(lab, execution.id, "no b"))
        question = await plan_asked(lab, execution.id, 2)
        asked = await lab.until(execution.id, lambda s: s.execution.status is ExecutionStatus.WAITING)
        assert asked.plan is not None
        assert [s.id for s in asked.plan.steps] == ["a", "v2c"]
        assert run_of(asked, "a") == ("done", "succeeded", 1)
        assert run_of(asked, "v2c") == ("pending", None, 0)
        assert slow.stopped == 1
        assert asked.execution.epoch >= epoch + 2
        await lab.answer(question, DecisionVerb.APPROVE)
        done = await lab.done(execution.id)
        assert done.outcome is ExecutionOutcome.SUCCEEDED
        assert {str(name) for name in done.artifacts} == {"a", "v2c"}
        assert run_of(done, "a") == ("done", "succeeded", 1)


@pytest.mark.parametrize("how", ["leave", "reject", "expire"])
async def test_an_offer_not_taken_changes_nothing(tmp_path: Path, how: str) -> None:
    slow = Blocked()
    async with open_lab(tmp_path, World(plan=changing({None: BEFORE}), behaviours={"Slow": slow})) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await running(lab, execution.id, "b")
        asked = await offer(lab, execution.id, "no b")
        if how == "leave":
            await click(lab, asked, LEAVE)
        elif how == "reject":
            await lab.answer(asked, DecisionVerb.REJECT)
        else:
            lab.clock.advance(timedelta(days=7))
            await lab.alarms.ring(lab.timer)
            assert last(await lab.orchestrator.get_execution(execution.id)).status is ApprovalStatus.EXPIRED
        slow.may_end.set()
        done = await lab.done(execution.id)
        assert (done.outcome, done.execution.plan_version, slow.runs) == (ExecutionOutcome.SUCCEEDED, 1, 1)


async def test_the_same_message_makes_one_offer_however_often_it_is_delivered(tmp_path: Path) -> None:
    slow = Blocked()
    async with open_lab(tmp_path, World(plan=lambda _: BEFORE, behaviours={"Slow": slow})) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await running(lab, execution.id, "b")
        first = await offer(lab, execution.id, "no b")
        assert await offer(lab, execution.id, "no b") == first
        await click(lab, first, LEAVE)
        assert (await offer(lab, execution.id, "no b")).status is ApprovalStatus.CHOSEN
        slow.may_end.set()
        await lab.done(execution.id)
        assert (await kinds(lab, execution.id)).count(EventType.APPROVAL_REQUESTED) == 1
        assert (await offer(lab, execution.id, "no b")).id == first.id


async def test_a_second_follow_up_is_asked_about_together_with_the_first(tmp_path: Path) -> None:
    slow = Blocked()
    world = World(plan=changing({None: BEFORE, "no b\nbut c": AFTER}), behaviours={"Slow": slow})
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await running(lab, execution.id, "b")
        first = await offer(lab, execution.id, "no b", "m1")
        second = await offer(lab, execution.id, "but c", "m2")
        assert second.title == "no b\nbut c"
        with pytest.raises(ConflictError) as refused:
            await click(lab, first)
        assert refused.value.parameters["status"] == "superseded"
        await click(lab, second)
        await lab.answer(await plan_asked(lab, execution.id, 2), DecisionVerb.APPROVE)
        assert StepId("v2c") in (await lab.done(execution.id)).artifacts


async def test_offers_that_add_up_to_too_much_are_refused_by_name(tmp_path: Path) -> None:
    slow = Blocked()
    async with open_lab(tmp_path, World(plan=lambda _: BEFORE, behaviours={"Slow": slow})) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await offer(lab, execution.id, "a" * 15_000, "m1")
        with pytest.raises(RequestError, match="16000"):
            await offer(lab, execution.id, "b" * 1_500, "m2")
        with pytest.raises(RequestError, match="empty"):
            await offer(lab, execution.id, " \u200b ", "m3")
        assert last(await lab.orchestrator.get_execution(execution.id)).status is ApprovalStatus.PENDING
        slow.may_end.set()
        await lab.done(execution.id)


async def test_what_has_ended_is_being_stopped_or_is_not_there_is_offered_no_change(tmp_path: Path) -> None:
    tool = Publish()
    tool.may_end.clear()
    async with open_lab(tmp_path, World(plan=lambda _: plan(step("p", "Publisher")), tools=(tool,))) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await lab.answer(await lab.asked(execution.id), DecisionVerb.APPROVE)
        await tool.began.wait()
        await lab.orchestrator.cancel(execution.id)
        with pytest.raises(ConflictError) as stopping:
            await offer(lab, execution.id, "no b")
        tool.may_end.set()
        await lab.done(execution.id)
        with pytest.raises(ConflictError) as ended:
            await offer(lab, execution.id, "no b")
        assert stopping.value.code == ended.value.code == "execution_ended"
        with pytest.raises(NotFoundError):
            await offer(lab, "nothing", "no b")


async def test_what_waits_for_a_person_waits_again_once_a_change_has_been_offered(tmp_path: Path) -> None:
    async with open_lab(tmp_path, World(plan=lambda _: plan(step("p", "Publisher")), tools=(Publish(),))) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        gate = await lab.asked(execution.id)
        await offer(lab, execution.id, "more")
        resting = await lab.until(execution.id, lambda s: s.execution.status is ExecutionStatus.WAITING)
        assert {a.status for a in resting.approvals} == {ApprovalStatus.PENDING}
        await lab.answer(gate, DecisionVerb.APPROVE)
        assert (await lab.done(execution.id)).outcome is ExecutionOutcome.SUCCEEDED


async def test_a_gate_of_a_step_that_is_left_out_is_closed_and_one_that_stays_stays_open(tmp_path: Path) -> None:
    plans = {
        None: plan(step("p", "Publisher", "one"), step("q", "Publisher", "two")),
        "only q": plan(step("q", "Publisher", "two"), step("c")),
    }
    tool = Publish()
    async with open_lab(tmp_path, World(plan=changing(plans), tools=(tool,))) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await lab.asked(execution.id, 2)
        await click(lab, await offer(lab, execution.id, "only q"))
        question = await plan_asked(lab, execution.id, 2)
        asked = await lab.until(execution.id, lambda s: s.execution.status is ExecutionStatus.WAITING)
        gates = {a.step_id: a for a in asked.approvals if a.kind is ApprovalKind.GATE}
        assert gates[StepId("p")].status is ApprovalStatus.SUPERSEDED
        assert gates[StepId("q")].status is ApprovalStatus.PENDING
        await lab.answer(gates[StepId("q")], DecisionVerb.APPROVE)
        waiting = await lab.until(execution.id, lambda s: s.execution.status is ExecutionStatus.WAITING)
        assert tool.ledger == []
        assert run_of(waiting, "q")[0] == "waiting"
        await lab.answer(question, DecisionVerb.APPROVE)
        assert (await lab.done(execution.id)).outcome is ExecutionOutcome.SUCCEEDED
        assert [arguments["text"] for _, arguments in tool.ledger] == ["two"]


async def test_a_choice_that_no_step_needs_any_more_is_closed(tmp_path: Path) -> None:
    plans = {
        None: plan(step("f", "Finder"), step("p", "Publisher", person="f!")),
        "nobody": plan(step("f", "Finder"), step("c")),
    }
    async with open_lab(tmp_path, World(plan=changing(plans), tools=(Publish(),))) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        choice = await lab.asked(execution.id)
        await click(lab, await offer(lab, execution.id, "nobody"))
        await lab.answer(await plan_asked(lab, execution.id, 2), DecisionVerb.APPROVE)
        done = await lab.done(execution.id)
        assert done.outcome is ExecutionOutcome.SUCCEEDED
        assert next(a for a in done.approvals if a.id == choice.id).status is ApprovalStatus.SUPERSEDED
        assert run_of(done, "f") == ("done", "succeeded", 1)


async def publishing(lab: Lab, tool: Publish) -> str:
    """An execution whose approved effect is under way."""
    tool.may_end.clear()
    execution = await lab.orchestrator.start("go", "owner")
    await lab.answer(await lab.asked(execution.id), DecisionVerb.APPROVE)
    await tool.began.wait()
    return execution.id


async def test_an_effect_under_way_ends_and_is_recorded_before_the_plan_changes(tmp_path: Path) -> None:
    tool = Publish()
    plans = {None: plan(step("p", "Publisher", "one"), step("b", left="p")), "no": plan(step("c"))}
    async with open_lab(tmp_path, World(plan=changing(plans), tools=(tool,))) as lab:
        execution_id = await publishing(lab, tool)
        await click(lab, await offer(lab, execution_id, "no"))
        await lab.until(execution_id, lambda s: last(s).status is ApprovalStatus.CHOSEN)
        assert (await lab.orchestrator.get_execution(execution_id)).execution.plan_version == 1
        tool.may_end.set()
        question = await plan_asked(lab, execution_id, 2)
        asked = await lab.orchestrator.get_execution(execution_id)
        assert len(tool.ledger) == 1
        assert asked.artifacts[StepId("p")]["text"] == "one"
        await lab.answer(question, DecisionVerb.APPROVE)
        done = await lab.done(execution_id)
        assert (done.outcome, len(tool.ledger)) == (ExecutionOutcome.SUCCEEDED, 1)
        finished = [e.payload async for e in lab.orchestrator.events(execution_id) if e.type.value == "step_finished"]
        assert {"step": "p", "outcome": "succeeded", "error": None} in finished
        assert "b" not in {str(payload["step"]) for payload in finished}


async def test_dropping_the_changed_plan_ends_it_when_the_effect_under_way_has_ended(tmp_path: Path) -> None:
    tool, slow = Publish(), Blocked()
    steps = plan(step("p", "Publisher", "one"), step("s", "Slow"))
    world = World(plan=lambda _: steps, tools=(tool,), behaviours={"Slow": slow})
    async with open_lab(tmp_path, world) as lab:
        tool.may_end.clear()
        execution = await lab.orchestrator.start("go", "owner")
        gated = await lab.until(execution.id, lambda s: bool(s.approvals))
        await lab.answer(gated.approvals[0], DecisionVerb.APPROVE)
        await tool.began.wait()
        await click(lab, await offer(lab, execution.id, "the same"))
        question = await plan_asked(lab, execution.id, 2)
        await lab.answer(question, DecisionVerb.REJECT)
        stopped = await lab.until(execution.id, lambda s: s.step_runs[StepId("s")].status is StepStatus.READY)
        assert stopped.outcome is None
        tool.may_end.set()
        done = await lab.done(execution.id)
        assert done.outcome is ExecutionOutcome.REJECTED
        assert run_of(done, "p") == ("done", "succeeded", 1)
        assert run_of(done, "s")[1] == "cancelled"


async def test_a_changed_plan_can_be_changed_again_while_something_still_runs(tmp_path: Path) -> None:
    slow = Blocked()
    plans = {None: BEFORE, "more": plan(*BEFORE.steps, step("c"))}
    async with open_lab(tmp_path, World(plan=changing(plans), behaviours={"Slow": slow})) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await running(lab, execution.id, "b")
        await click(lab, await offer(lab, execution.id, "more"), CHANGE)
        await lab.answer(await plan_asked(lab, execution.id, 2), DecisionVerb.MODIFY, arguments={"drop": ["b"]})
        question = await plan_asked(lab, execution.id, 3)
        assert (slow.runs, slow.stopped) == (1, 1)
        await lab.answer(question, DecisionVerb.APPROVE)
        done = await lab.done(execution.id)
        assert {str(name) for name in done.artifacts} == {"a", "v2c"}


async def test_a_read_that_stays_in_the_plan_is_not_disturbed(tmp_path: Path) -> None:
    slow = Blocked()
    plans = {None: BEFORE, "more": plan(*BEFORE.steps, step("c"))}
    async with open_lab(tmp_path, World(plan=changing(plans), behaviours={"Slow": slow})) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await running(lab, execution.id, "b")
        await click(lab, await offer(lab, execution.id, "more"))
        question = await plan_asked(lab, execution.id, 2)
        slow.may_end.set()
        await lab.until(execution.id, lambda s: run_of(s, "b") == ("done", "succeeded", 1))
        await lab.answer(question, DecisionVerb.APPROVE)
        assert (await lab.done(execution.id)).outcome is ExecutionOutcome.SUCCEEDED
        assert (slow.runs, slow.stopped) == (1, 0)


async def test_a_paused_execution_takes_the_answer_and_acts_on_it_when_it_goes_on(tmp_path: Path) -> None:
    slow = Blocked()
    world = World(plan=changing({None: BEFORE, "no b": AFTER}), behaviours={"Slow": slow})
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await running(lab, execution.id, "b")
        await lab.orchestrator.pause(execution.id)
        await lab.until(execution.id, lambda s: s.step_runs[StepId("b")].status is StepStatus.READY)
        await click(lab, await offer(lab, execution.id, "no b"))
        paused = await lab.orchestrator.get_execution(execution.id)
        assert (paused.status, paused.execution.plan_version) == (ExecutionStatus.PAUSED, 1)
        await lab.orchestrator.resume(execution.id)
        await lab.answer(await plan_asked(lab, execution.id, 2), DecisionVerb.APPROVE)
        assert StepId("v2c") in (await lab.done(execution.id)).artifacts
        assert slow.runs == 1
