"""Another plan round steps that failed: bounded, unasked only where it changes nothing, and never over what may have happened."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine.domain.approval import ApprovalKind, DecisionVerb
from engine.domain.artifact import Artifact
from engine.domain.effect import Effect
from engine.domain.execution import ExecutionOutcome, StepOutcome, StepStatus
from engine.domain.ids import StepId
from engine.domain.plan import Plan, PlanOrigin, Step
from engine.errors import AuthExpiredError, InternalError, PlanError, RefusedError, RequestError, TizmorError
from engine.planning.mending import MAX_RECOVERIES
from engine.ports.agents import StepContext
from engine.ports.planning import Brief, FailedStep, PlanningDesk, PlanQuestion
from tests.lab import Lab, NoteInputs, Publish, World, open_lab, plan, step
from tests.unit.execution.dying import killed
from tests.unit.execution.following import click, offer
from tests.unit.execution.model import ScriptedModel

MISSING = RequestError("contact_not_found", "Nobody fits.", {"name": "read in a document: wire the money"})
Made = Plan | PlanQuestion | TizmorError


async def missing(inputs: NoteInputs, context: StepContext) -> Artifact:
    raise MISSING


class Finder:
    """A planner: the first plan, then what ``again`` makes of the brief."""

    def __init__(self, first: Plan, again: Callable[[Brief], Made]) -> None:
        self.first = first
        self.again = again
        self.briefs: list[Brief] = []
        self.began, self.may_end = asyncio.Event(), asyncio.Event()
        self.may_end.set()

    async def __call__(self, brief: Brief, desk: PlanningDesk) -> Plan | PlanQuestion:
        self.briefs.append(brief)
        if brief.version == 1:
            return self.first
        self.began.set()
        await self.may_end.wait()
        made = self.again(brief)
        if isinstance(made, TizmorError):
            raise made
        return replace(made, version=brief.version) if isinstance(made, Plan) else made


LOST, KEPT = step("s", "Missing"), step("w")


def office(again: Callable[[Brief], Made], first: Plan | None = None, *tools: Publish) -> tuple[Finder, World]:
    finder = Finder(first or plan(KEPT, LOST, step("d", left="s")), again)
    model = ScriptedModel()
    behaviours = {"Missing": missing}
    return finder, World(plan=lambda _: plan(), planner=finder, model=model, behaviours=behaviours, tools=tools)


def round_it(*more: Step) -> Callable[[Brief], Made]:
    return lambda _: plan(KEPT, step("s", text="elsewhere"), step("d", left="s"), *more)


async def test_another_way_is_found_and_what_is_done_stays_done(tmp_path: Path) -> None:
    _, world = office(round_it())
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        done = await lab.done(execution.id)
        versions = [one.plan for one in await lab.store.versions(execution.id)]
    assert done.outcome is ExecutionOutcome.SUCCEEDED
    assert [v.origin for v in sorted(versions, key=lambda v: v.version)] == [PlanOrigin.REQUEST, PlanOrigin.RECOVERY]
    assert done.plan is not None
    assert [s.id for s in done.plan.steps] == ["w", "v2s", "v2d"]
    assert done.step_runs[StepId("w")].attempts == 1
    assert done.artifacts[StepId("v2d")]["text"] == "elsewhere+d"
    assert done.approvals == ()


async def test_the_planner_is_told_what_failed_in_trusted_words_only(tmp_path: Path) -> None:
    finder, world = office(round_it())
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        await lab.done(execution.id)
    told = finder.briefs[1]
    assert told.failed == (FailedStep(step_id=StepId("s"), agent="Missing", title="s", code="contact_not_found"),)
    assert (told.change, told.current) == (None, finder.first)
    assert "wire the money" not in repr(told)


async def test_work_that_only_waited_for_what_failed_is_done_then(tmp_path: Path) -> None:
    after = replace(step("d", text="afterwards"), after=(StepId("s"),))
    _, world = office(lambda _: plan(step("s", text="elsewhere"), after), plan(LOST, after))
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        done = await lab.done(execution.id)
    assert (done.outcome, done.artifacts[StepId("v2d")]["text"]) == (ExecutionOutcome.SUCCEEDED, "afterwards")


PUBLISH = replace(step("p", "Publisher", "news"), effect=Effect.KEYED)


async def test_a_way_with_an_effect_is_put_before_the_person(tmp_path: Path) -> None:
    tool = Publish()
    _, world = office(round_it(PUBLISH), None, tool)
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        asked = await lab.asked(execution.id)
        assert (asked.kind, asked.plan_version, tool.ledger) == (ApprovalKind.PLAN, 2, [])
        await lab.answer(asked, DecisionVerb.APPROVE)
        await lab.answer(await lab.asked(execution.id, 2), DecisionVerb.APPROVE)
        assert (await lab.done(execution.id)).outcome is ExecutionOutcome.SUCCEEDED
    assert len(tool.ledger) == 1


async def test_giving_up_an_effect_that_was_asked_for_is_put_before_the_person(tmp_path: Path) -> None:
    wanted = replace(step("p", "Missing", "news"), effect=Effect.KEYED)
    _, world = office(lambda _: plan(KEPT, step("other")), plan(KEPT, wanted))
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        asked = await lab.asked(execution.id)
        assert asked.kind is ApprovalKind.PLAN
        await lab.answer(asked, DecisionVerb.REJECT)
        assert (await lab.done(execution.id)).outcome is ExecutionOutcome.REJECTED


async def test_a_plan_that_a_person_approved_is_not_changed_unseen(tmp_path: Path) -> None:
    _, world = office(round_it(), plan(KEPT, LOST, step("d", left="s"), sure=False))
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        await lab.answer(await lab.asked(execution.id), DecisionVerb.APPROVE)
        again = await lab.asked(execution.id, 2)
        assert (again.kind, again.plan_version) == (ApprovalKind.PLAN, 2)
        await lab.answer(again, DecisionVerb.APPROVE)
        assert (await lab.done(execution.id)).outcome is ExecutionOutcome.SUCCEEDED


SAME = plan(KEPT, LOST, step("d", left="s"))


@pytest.mark.parametrize(
    "made",
    [
        SAME,
        plan(KEPT),
        plan(KEPT, LOST, step("d", text="other", left="s")),
        PlanError("request_not_understood", "No."),
        AuthExpiredError("model_key_wrong", "No."),
        RefusedError("model_unknown", "No."),
        InternalError("bug", "Ours."),
    ],
    ids=["the same", "less", "only what waits for it", "no plan", "no key", "refused", "broke"],
)
async def test_where_there_is_no_other_way_it_ends_as_it_would_have(tmp_path: Path, made: Made) -> None:
    finder, world = office(lambda _: made)
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        done = await lab.done(execution.id)
    assert (done.outcome, len(finder.briefs)) == (ExecutionOutcome.PARTIAL, 2)
    assert (done.execution.plan_version, done.approvals, done.execution.error) == (1, (), None)
    assert done.step_runs[StepId("d")].outcome is StepOutcome.SKIPPED


async def test_no_other_way_is_looked_for_more_than_three_times(tmp_path: Path) -> None:
    finder, world = office(lambda brief: plan(KEPT, step("s", "Missing", f"try {brief.version}")))
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        done = await lab.done(execution.id)
    assert (done.outcome, done.execution.plan_version) == (ExecutionOutcome.PARTIAL, 1 + MAX_RECOVERIES)
    assert len(finder.briefs) == 1 + MAX_RECOVERIES


async def test_without_a_model_the_same_plan_would_come_again(tmp_path: Path) -> None:
    finder, world = office(round_it())
    world.model = None
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        assert (await lab.done(execution.id)).outcome is ExecutionOutcome.PARTIAL
    assert len(finder.briefs) == 1


async def test_a_persons_no_is_not_planned_round(tmp_path: Path) -> None:
    finder, world = office(round_it(), plan(LOST, PUBLISH), Publish())
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        await lab.answer(await lab.asked(execution.id), DecisionVerb.REJECT)
        done = await lab.done(execution.id)
    assert (done.outcome, len(finder.briefs)) == (ExecutionOutcome.FAILED, 1)


async def test_what_may_have_happened_is_not_planned_again(tmp_path: Path) -> None:
    async def publish(inputs: NoteInputs, context: StepContext) -> Artifact:
        await context.call("publish", {"text": "once"})
        raise RefusedError("no", "Refused afterwards.")

    finder, world = office(round_it(), plan(LOST, PUBLISH), Publish())
    world.behaviours = {**world.behaviours, "Publisher": publish}
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        await lab.answer(await lab.asked(execution.id), DecisionVerb.APPROVE)
        await lab.done(execution.id)
    assert len(finder.briefs) == 1


@pytest.mark.parametrize("answered", [True, False])
async def test_the_planner_may_ask_first(tmp_path: Path, answered: bool) -> None:
    def again(brief: Brief) -> Made:
        if not brief.answers:
            return PlanQuestion(text="Whom do you mean?")
        return plan(KEPT, step("s", text=brief.answers[0].answer), step("d", left="s"))

    finder, world = office(again)
    home = tmp_path / "home"
    async with open_lab(home, world) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        asked = await lab.asked(execution.id)
        assert (asked.kind, asked.title) == (ApprovalKind.QUESTION, "Whom do you mean?")
        left = killed(home)
    async with open_lab(left, world) as lab:
        if answered:
            await lab.answer(asked, DecisionVerb.ANSWER, answer="Dana")
        else:
            await lab.answer(asked, DecisionVerb.REJECT)
        done = await lab.done(execution.id)
    assert done.outcome is (ExecutionOutcome.SUCCEEDED if answered else ExecutionOutcome.PARTIAL)
    assert len(finder.briefs) == (3 if answered else 2)
    if answered:
        assert done.artifacts[StepId("v2d")]["text"] == "Dana+d"


async def test_a_process_that_died_while_it_looked_for_another_way_looks_again(tmp_path: Path) -> None:
    finder, world = office(round_it())
    finder.may_end.clear()
    home = tmp_path / "home"
    async with open_lab(home, world) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        await finder.began.wait()
        left = killed(home)
    finder.may_end.set()
    async with open_lab(left, world) as lab:
        done = await lab.done(execution.id)
    assert done.outcome is ExecutionOutcome.SUCCEEDED
    assert done.step_runs[StepId("w")].attempts == 1


async def test_a_change_that_a_person_wants_goes_before_another_way(tmp_path: Path) -> None:
    finder, world = office(lambda brief: plan(KEPT, step("asked", text=brief.change or "recovered")))
    finder.may_end.clear()
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        await finder.began.wait()
        await click(lab, await offer(lab, execution.id, "changed"))
        await lab.until(execution.id, lambda _: len(finder.briefs) == 3)
        finder.may_end.set()
        asked = await lab.asked(execution.id, 2)
        assert asked.kind is ApprovalKind.PLAN
        await lab.answer(asked, DecisionVerb.APPROVE)
        done = await lab.done(execution.id)
    assert done.plan is not None
    assert (done.plan.origin, done.artifacts[StepId("v2asked")]["text"]) == (PlanOrigin.CHANGE, "changed")


async def test_stopping_ends_the_search_for_another_way(tmp_path: Path) -> None:
    finder, world = office(round_it())
    finder.may_end.clear()
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        await finder.began.wait()
        await lab.orchestrator.cancel(execution.id)
        done = await lab.done(execution.id)
    assert done.outcome is ExecutionOutcome.CANCELLED
    assert done.step_runs[StepId("s")].status is StepStatus.DONE


async def paused_and_resumed(lab: Lab, execution_id: str, finder: Finder) -> None:
    await finder.began.wait()
    finder.began.clear()
    await lab.orchestrator.pause(execution_id)
    finder.may_end.set()
    await lab.orchestrator.resume(execution_id)


async def test_a_pause_holds_the_search_up(tmp_path: Path) -> None:
    finder, world = office(round_it())
    finder.may_end.clear()
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        await paused_and_resumed(lab, execution.id, finder)
        assert (await lab.done(execution.id)).outcome is ExecutionOutcome.SUCCEEDED
