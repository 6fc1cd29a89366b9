"""What is written beside a gate waits for it, and for the gates of its own plan only."""

from __future__ import annotations

from pathlib import Path

from engine.domain.approval import ApprovalKind, DecisionVerb
from engine.domain.execution import ExecutionOutcome, StepOutcome
from engine.domain.ids import StepId
from tests.lab import Publish, World, open_lab, plan, step
from tests.unit.execution.following import Blocked, changing, click, offer, plan_asked, running


async def test_a_no_to_a_step_that_the_plan_has_dropped_withholds_nothing(tmp_path: Path) -> None:
    slow, gated, held = Blocked(), Publish(), Publish(gated=False, held=True)
    with_both = plan(step("p", "Publisher"), step("w", "Slow"), step("s", "Saver", left="w"))
    without_gate = plan(step("w", "Slow"), step("s", "Saver", left="w"))
    plans = changing({None: with_both, "no publishing": without_gate})
    world = World(plan=plans, tools=(gated, held), behaviours={"Slow": slow})
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("both", "owner")
        await running(lab, execution.id, "w")
        waits = await lab.until(execution.id, lambda s: any(a.kind is ApprovalKind.GATE for a in s.approvals))
        await lab.answer(waits.approvals[0], DecisionVerb.REJECT)
        await click(lab, await offer(lab, execution.id, "no publishing"))
        await lab.answer(await plan_asked(lab, execution.id, 2), DecisionVerb.APPROVE)
        slow.may_end.set()
        done = await lab.done(execution.id)
        assert done.step_runs[StepId("s")].outcome is StepOutcome.SUCCEEDED, done.step_runs
        assert done.outcome is ExecutionOutcome.SUCCEEDED
        assert [arguments["text"] for _, arguments in held.ledger] == ["s"]
        assert gated.ledger == []


async def test_a_no_to_a_step_of_the_plan_withholds_what_is_beside_it(tmp_path: Path) -> None:
    gated, held = Publish(), Publish(gated=False, held=True)
    both = plan(step("p", "Publisher"), step("s", "Saver"))
    async with open_lab(tmp_path, World(plan=lambda _: both, tools=(gated, held))) as lab:
        execution = await lab.orchestrator.start("both", "owner")
        await lab.answer(await lab.asked(execution.id), DecisionVerb.REJECT)
        done = await lab.done(execution.id)
        error = done.step_runs[StepId("s")].error
        assert error is not None
        assert (error.code, held.ledger) == ("withheld", [])
