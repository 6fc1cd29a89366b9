"""A follow-up and everything else that may happen in the same moment: planning, other questions, the end, a restart."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from engine.domain.approval import Approval, ApprovalKind, ApprovalStatus, DecisionVerb
from engine.domain.effect import Intent
from engine.domain.event import EventType
from engine.domain.execution import ExecutionOutcome, ExecutionStatus
from engine.domain.ids import ExecutionId, StepId
from engine.domain.plan import Plan
from engine.domain.request import Request
from engine.errors import ConflictError, PlanError
from engine.planning.deliberation import Deliberation, deliberate
from engine.ports.changes import Change, MoveExecution, OpenApproval
from engine.ports.planning import Brief, PlanningDesk, PlanQuestion
from engine.ports.telemetry import Span
from tests.lab import OWNER, FakeClock, Lab, Publish, World, open_lab, plan, step
from tests.unit.execution.following import Blocked, changing, click, kinds, last, offer, plan_asked, run_of, running

BEFORE = plan(step("a"), step("b", "Slow", left="a"))
AFTER = plan(step("a"), step("c", left="a"))


class Thinking:
    """A planner that plans what it is told to, when it is let."""

    def __init__(self, **plans: Plan | PlanQuestion | PlanError) -> None:
        self.plans = plans
        self.briefs: list[Brief] = []
        self.began = asyncio.Event()
        self.may_end = asyncio.Event()

    async def __call__(self, brief: Brief, desk: PlanningDesk) -> Plan | PlanQuestion:
        self.briefs.append(brief)
        self.began.set()
        await self.may_end.wait()
        made = self.plans[(brief.change or "first").replace("\n", "_")]
        if isinstance(made, PlanError):
            raise made
        if isinstance(made, PlanQuestion):
            return plan(step("w", text=brief.answers[0].answer)) if brief.answers else made
        return replace(made, version=brief.version)


def thinking(**plans: Plan | PlanQuestion | PlanError) -> tuple[Thinking, World]:
    planner = Thinking(**plans)
    return planner, World(plan=lambda _: plan(), planner=planner)


def before(lab: Lab, wanted: Callable[[Change], bool], happens: Callable[[], Awaitable[object]]) -> None:
    """Let something happen in the moment before the first commit with such a change, and only then."""
    commit = lab.store.commit

    async def overtaken(*changes: Change) -> bool:
        if any(wanted(change) for change in changes):
            lab.store.commit = commit
            await happens()
        return await commit(*changes)

    lab.store.commit = overtaken


def is_end(change: Change) -> bool:
    return isinstance(change, MoveExecution) and change.status is ExecutionStatus.DONE


async def ran(lab: Lab, execution_id: str, planner: Thinking, text: str) -> None:
    """While the first plan is being made: offer and agree to a change."""
    await planner.began.wait()
    await click(lab, await offer(lab, execution_id, text))


async def test_a_change_agreed_to_while_planning_begins_the_planning_anew_with_it(tmp_path: Path) -> None:
    planner, world = thinking(first=BEFORE, more=AFTER)
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await ran(lab, execution.id, planner, "more")
        await lab.until(execution.id, lambda _: len(planner.briefs) == 2)
        planner.may_end.set()
        question = await plan_asked(lab, execution.id, 1)
        assert [brief.change for brief in planner.briefs] == [None, "more"]
        assert not (await lab.orchestrator.get_execution(execution.id)).artifacts
        await lab.answer(question, DecisionVerb.APPROVE)
        done = await lab.done(execution.id)
        assert (done.outcome, done.execution.plan_version) == (ExecutionOutcome.SUCCEEDED, 1)
        assert len(planner.briefs) == 2


async def test_no_read_of_a_draft_starts_once_a_change_has_been_agreed_to(tmp_path: Path) -> None:
    find = step("f", "Finder")
    drafted: list[str | None] = []
    may_end = asyncio.Event()

    async def planner(brief: Brief, desk: PlanningDesk) -> Plan:
        desk.drafted(find if brief.change else step("w"))
        drafted.append(brief.change)
        await may_end.wait()
        return replace(plan(find), version=brief.version)

    async with open_lab(tmp_path, World(plan=lambda _: plan(), planner=planner)) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await lab.until(execution.id, lambda s: s.plan is not None)
        await click(lab, await offer(lab, execution.id, "find"))
        shown = await lab.until(execution.id, lambda s: s.plan is not None and s.plan.steps == (find,))
        assert drafted == [None, "find"]
        may_end.set()
        await lab.answer(await plan_asked(lab, execution.id, 1), DecisionVerb.APPROVE)
        done = await lab.done(execution.id)
        assert run_of(shown, "f")[2] == 0
        assert run_of(done, "f") == ("done", "succeeded", 1)


@pytest.mark.parametrize("verb", [DecisionVerb.REJECT, DecisionVerb.CHOOSE])
async def test_an_offer_left_alone_is_no_answer_to_the_planner(tmp_path: Path, verb: DecisionVerb) -> None:
    planner, world = thinking(first=AFTER)
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await planner.began.wait()
        asked = await offer(lab, execution.id, "more")
        await lab.answer(asked, verb, **({"choice": "leave"} if verb is DecisionVerb.CHOOSE else {}))
        snapshot = await lab.orchestrator.get_execution(execution.id)
        assert deliberate(snapshot, 1) == deliberate(snapshot, 0) == Deliberation()
        planner.may_end.set()
        assert (await lab.done(execution.id)).outcome is ExecutionOutcome.SUCCEEDED
        assert len(planner.briefs) == 1


async def test_a_change_closes_the_planners_question_and_the_next_one_is_answered_in_peace(tmp_path: Path) -> None:
    planner, world = thinking(first=PlanQuestion(text="Which day?"), more=PlanQuestion(text="With whom?"))
    planner.may_end.set()
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        day = await lab.asked(execution.id)
        follow_up = await offer(lab, execution.id, "more")
        open_ones = (await lab.orchestrator.get_execution(execution.id)).approvals
        assert [a.status for a in open_ones] == [ApprovalStatus.PENDING] * 2
        await click(lab, follow_up)
        whom = (
            await lab.until(execution.id, lambda s: len(s.approvals) == 3 and s.status is ExecutionStatus.WAITING)
        ).approvals[2]
        assert whom.title == "With whom?"
        with pytest.raises(ConflictError):
            await lab.answer(day, DecisionVerb.ANSWER, answer="Monday")
        await lab.answer(whom, DecisionVerb.ANSWER, answer="Dana")
        await lab.answer(await plan_asked(lab, execution.id, 1), DecisionVerb.APPROVE)
        assert (await lab.done(execution.id)).artifacts[StepId("w")]["text"] == "Dana"
        assert len(planner.briefs) == 3


async def test_a_question_of_the_planner_opens_beside_an_offer(tmp_path: Path) -> None:
    planner, world = thinking(first=PlanQuestion(text="Which day?"))
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await planner.began.wait()
        asked = await offer(lab, execution.id, "more")
        planner.may_end.set()
        both = await lab.until(execution.id, lambda s: len(s.approvals) == 2 and s.status is ExecutionStatus.WAITING)
        day = next(a for a in both.approvals if a.title == "Which day?")
        await lab.answer(day, DecisionVerb.ANSWER, answer="Monday")
        done = await lab.done(execution.id)
        assert (done.outcome, len(planner.briefs)) == (ExecutionOutcome.SUCCEEDED, 2)
        assert next(a for a in done.approvals if a.id == asked.id).status is ApprovalStatus.SUPERSEDED


async def test_a_plan_that_waits_to_be_looked_at_gives_way_to_the_changed_one(tmp_path: Path) -> None:
    plans = {None: replace(BEFORE, sure=False), "no b": AFTER}
    async with open_lab(tmp_path, World(plan=changing(plans), behaviours={"Slow": Blocked()})) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        first = await lab.asked(execution.id)
        await click(lab, await offer(lab, execution.id, "no b"))
        question = await plan_asked(lab, execution.id, 2)
        with pytest.raises(ConflictError):
            await lab.answer(first, DecisionVerb.APPROVE)
        await lab.answer(question, DecisionVerb.APPROVE)
        assert (await lab.done(execution.id)).outcome is ExecutionOutcome.SUCCEEDED


async def test_what_is_agreed_to_while_a_change_is_being_planned_is_planned_with_it(tmp_path: Path) -> None:
    planner, world = thinking(first=BEFORE, one=BEFORE, one_two=AFTER)
    slow = Blocked()
    world.behaviours = {"Slow": slow}
    planner.may_end.set()
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await running(lab, execution.id, "b")
        planner.may_end.clear()
        await click(lab, await offer(lab, execution.id, "one", "m1"))
        await lab.until(execution.id, lambda _: len(planner.briefs) == 2)
        await click(lab, await offer(lab, execution.id, "two", "m2"))
        await lab.until(execution.id, lambda _: len(planner.briefs) == 3)
        planner.may_end.set()
        await lab.answer(await plan_asked(lab, execution.id, 2), DecisionVerb.APPROVE)
        done = await lab.done(execution.id)
        assert [brief.change for brief in planner.briefs] == [None, "one", "one\ntwo"]
        assert (done.outcome, len(planner.briefs)) == (ExecutionOutcome.SUCCEEDED, 3)


async def test_words_at_the_plan_and_a_follow_up_are_planned_together(tmp_path: Path) -> None:
    planner, world = thinking(first=replace(BEFORE, sure=False), words=BEFORE, words_more=AFTER)
    planner.may_end.set()
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        question = await lab.asked(execution.id)
        planner.may_end.clear()
        await lab.answer(question, DecisionVerb.MODIFY, arguments={"text": "words"})
        await lab.until(execution.id, lambda _: len(planner.briefs) == 2)
        await click(lab, await offer(lab, execution.id, "more"))
        await lab.until(execution.id, lambda _: len(planner.briefs) == 3)
        planner.may_end.set()
        await lab.answer(await plan_asked(lab, execution.id, 2), DecisionVerb.APPROVE)
        assert (await lab.done(execution.id)).outcome is ExecutionOutcome.SUCCEEDED


async def test_a_change_nobody_can_plan_leaves_the_plan_as_it_was_to_be_looked_at(tmp_path: Path) -> None:
    slow = Blocked()
    planner, world = thinking(first=BEFORE, gibberish=PlanError("request_not_understood", "no"))
    world.behaviours = {"Slow": slow}
    planner.may_end.set()
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await running(lab, execution.id, "b")
        await click(lab, await offer(lab, execution.id, "gibberish"))
        question = await plan_asked(lab, execution.id, 2)
        slow.may_end.set()
        await lab.answer(question, DecisionVerb.APPROVE)
        done = await lab.done(execution.id)
        assert (done.outcome, slow.runs, len(planner.briefs)) == (ExecutionOutcome.SUCCEEDED, 1, 2)


async def test_a_dry_run_is_planned_anew_and_still_runs_nothing(tmp_path: Path) -> None:
    planner, world = thinking(first=BEFORE, more=AFTER)
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start(Request(text="go", user_id=OWNER.id, dry_run=True), "owner")
        await ran(lab, execution.id, planner, "more")
        await lab.until(execution.id, lambda _: len(planner.briefs) == 2)
        planner.may_end.set()
        done = await lab.done(execution.id)
        assert done.outcome is ExecutionOutcome.SUCCEEDED
        assert done.plan is not None
        assert [s.id for s in done.plan.steps] == ["a", "c"]
        assert not done.artifacts


async def test_a_change_agreed_to_just_before_the_end_is_not_overlooked(tmp_path: Path) -> None:
    slow = Blocked()
    world = World(plan=changing({None: BEFORE, "more": plan(*BEFORE.steps, step("c"))}), behaviours={"Slow": slow})
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await running(lab, execution.id, "b")
        asked = await offer(lab, execution.id, "more")
        before(lab, is_end, lambda: click(lab, asked))
        slow.may_end.set()
        await lab.answer(await plan_asked(lab, execution.id, 2), DecisionVerb.APPROVE)
        done = await lab.done(execution.id)
        assert StepId("v2c") in done.artifacts
        assert run_of(done, "b") == ("done", "succeeded", 1)
        assert (await kinds(lab, execution.id)).count(EventType.EXECUTION_FINISHED) == 1


async def test_a_change_agreed_to_just_before_planning_fails_is_planned(tmp_path: Path) -> None:
    planner, world = thinking(first=PlanError("request_not_understood", "no"), more=AFTER)
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await planner.began.wait()
        asked = await offer(lab, execution.id, "more")
        before(lab, is_end, lambda: click(lab, asked))
        planner.may_end.set()
        await lab.answer(await plan_asked(lab, execution.id, 1), DecisionVerb.APPROVE)
        assert (await lab.done(execution.id)).outcome is ExecutionOutcome.SUCCEEDED


async def test_an_offer_made_just_before_the_end_is_closed_by_it(tmp_path: Path) -> None:
    slow = Blocked()
    async with open_lab(tmp_path, World(plan=changing({None: BEFORE}), behaviours={"Slow": slow})) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await running(lab, execution.id, "b")
        before(lab, is_end, lambda: offer(lab, execution.id, "more"))
        slow.may_end.set()
        done = await lab.done(execution.id)
        assert last(done).status is ApprovalStatus.SUPERSEDED
        with pytest.raises(ConflictError):
            await click(lab, last(done))


async def test_an_offer_overtaken_by_the_end_is_none(tmp_path: Path) -> None:
    slow = Blocked()
    async with open_lab(tmp_path, World(plan=changing({None: BEFORE}), behaviours={"Slow": slow})) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await running(lab, execution.id, "b")

        async def end() -> None:
            slow.may_end.set()
            await lab.done(execution.id)

        before(lab, lambda change: isinstance(change, OpenApproval), end)
        with pytest.raises(ConflictError) as refused:
            await offer(lab, execution.id, "more")
        assert refused.value.code == "execution_ended"
        assert (await lab.orchestrator.get_execution(execution.id)).approvals == ()


async def test_a_double_click_and_two_deliveries_at_once_change_the_plan_once(tmp_path: Path) -> None:
    slow = Blocked()
    world = World(plan=changing({None: BEFORE, "no b": AFTER}), behaviours={"Slow": slow})
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await running(lab, execution.id, "b")
        async with asyncio.TaskGroup() as group:
            made = [group.create_task(offer(lab, execution.id, "no b")) for _ in range(5)]
        assert len({one.result().id for one in made}) == 1
        async with asyncio.TaskGroup() as group:
            clicks = [group.create_task(click(lab, made[0].result())) for _ in range(5)]
        assert {one.result().status for one in clicks} == {ApprovalStatus.CHOSEN}
        await lab.answer(await plan_asked(lab, execution.id, 2), DecisionVerb.APPROVE)
        done = await lab.done(execution.id)
        assert done.execution.plan_version == 2
        assert (await kinds(lab, execution.id)).count(EventType.PLAN_MADE) == 2


async def test_two_messages_at_once_end_up_in_one_offer(tmp_path: Path) -> None:
    slow = Blocked()
    async with open_lab(tmp_path, World(plan=changing({None: BEFORE}), behaviours={"Slow": slow})) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await running(lab, execution.id, "b")
        async with asyncio.TaskGroup() as group:
            for key in ("one", "two", "three"):
                group.create_task(offer(lab, execution.id, key, key))
        asked = (await lab.orchestrator.get_execution(execution.id)).approvals
        still_open = [a for a in asked if a.status is ApprovalStatus.PENDING]
        assert len(still_open) == 1
        assert sorted(still_open[0].title.split("\n")) == ["one", "three", "two"]
        slow.may_end.set()
        await lab.done(execution.id)


@pytest.mark.parametrize("planned", [True, False])
async def test_a_change_agreed_to_survives_the_process(tmp_path: Path, planned: bool) -> None:
    planner, world = thinking(first=BEFORE, no_b=AFTER)
    world.behaviours = {"Slow": Blocked()}
    clock = FakeClock()
    if planned:
        planner.may_end.set()
    async with open_lab(tmp_path, world, clock) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        if planned:
            await running(lab, execution.id, "b")
            planner.may_end.clear()
        else:
            await planner.began.wait()
        await click(lab, await offer(lab, execution.id, "no_b"))
        await lab.until(execution.id, lambda _: len(planner.briefs) == 2)
    planner.may_end.set()
    async with open_lab(tmp_path, world, clock) as lab:
        question: Approval = await plan_asked(lab, execution.id, 2 if planned else 1)
        assert question.kind is ApprovalKind.PLAN
        assert (await offer(lab, execution.id, "no_b")).status is ApprovalStatus.CHOSEN
    async with open_lab(tmp_path, world, clock) as lab:
        await lab.answer(question, DecisionVerb.APPROVE)
        done = await lab.done(execution.id)
        assert done.outcome is ExecutionOutcome.SUCCEEDED
        assert len(planner.briefs) == 3


def ending_while_asked_for(lab: Lab, tool: Publish) -> None:
    """Let the effect under way end, its record not yet taken, in the moment the run asks whether another one was begun."""
    intents, tell = lab.store.intents, lab.telemetry.span
    ended = asyncio.Event()

    def traced(span: Span) -> None:
        tell(span)
        if span.name == "Publisher" and span.status == "ok":
            ended.set()

    async def asked_for(execution_id: ExecutionId) -> Sequence[Intent]:
        tool.may_end.set()
        await ended.wait()
        return await intents(execution_id)

    lab.telemetry.span = traced
    lab.store.intents = asked_for


async def test_an_effect_that_ends_while_the_end_is_being_decided_is_recorded_before_it(tmp_path: Path) -> None:
    tool, steps = Publish(), plan(step("p", "Publisher", "one"), step("s", "Slow"))
    world = World(plan=lambda _: steps, tools=(tool,), behaviours={"Slow": Blocked()})
    async with open_lab(tmp_path, world) as lab:
        tool.may_end.clear()
        execution = await lab.orchestrator.start("go", "owner")
        gated = await lab.until(execution.id, lambda s: bool(s.approvals))
        await lab.answer(gated.approvals[0], DecisionVerb.APPROVE)
        await tool.began.wait()
        await click(lab, await offer(lab, execution.id, "the same"))
        question = await plan_asked(lab, execution.id, 2)
        ending_while_asked_for(lab, tool)
        await lab.answer(question, DecisionVerb.REJECT)
        done = await lab.done(execution.id)
        assert (done.outcome, len(tool.ledger)) == (ExecutionOutcome.REJECTED, 1)
        assert run_of(done, "p") == ("done", "succeeded", 1)
