"""Making a plan: drafts that run early, questions, a model that is away, follow-ups."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from engine.domain.approval import ApprovalKind, DecisionVerb
from engine.domain.artifact import Artifact
from engine.domain.event import EventType
from engine.domain.execution import ExecutionOutcome, ExecutionStatus, StepOutcome
from engine.domain.ids import StepId
from engine.domain.plan import Binding, Import, Plan, Step
from engine.domain.request import Request
from engine.errors import AuthExpiredError, ConflictError, RequestError, UnavailableError
from engine.ports.agents import StepContext
from engine.ports.planning import Brief, PlanningDesk, PlanQuestion
from tests.lab import OWNER, FakeClock, Lab, NoteInputs, World, note, open_lab, plan, step
from tests.unit.execution.model import ScriptedModel

FIND = step("f", "Finder", "yoav")
REST = step("w", text="rest")


class Draftsman:
    """A planner that drafts, waits to be told, and gives a plan."""

    def __init__(self, final: Plan, *drafts: Step) -> None:
        self.final = final
        self.drafts = drafts
        self.drafted = asyncio.Event()
        self.may_end = asyncio.Event()
        self.withdraws = False
        self.briefs: list[Brief] = []

    async def __call__(self, brief: Brief, desk: PlanningDesk) -> Plan:
        self.briefs.append(brief)
        for draft in self.drafts:
            desk.drafted(draft)
        self.drafted.set()
        await self.may_end.wait()
        if self.withdraws:
            desk.withdrawn()
        return replace(self.final, version=brief.version)


def drafting(final: Plan, *drafts: Step) -> tuple[Draftsman, World]:
    draftsman = Draftsman(final, *drafts)
    return draftsman, World(plan=lambda _: final, planner=draftsman)


async def ended(lab: Lab, execution_id: str, step_id: str) -> None:
    await lab.until(
        execution_id, lambda s: (run := s.step_runs.get(StepId(step_id))) is not None and run.outcome is not None
    )


async def test_a_read_runs_while_the_plan_is_drafted_and_its_result_is_the_plans(tmp_path: Path) -> None:
    draftsman, world = drafting(plan(FIND, REST), FIND, REST)
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("find", "owner")
        await ended(lab, execution.id, "f")
        early = await lab.orchestrator.get_execution(execution.id)
        assert early.execution.status is ExecutionStatus.PLANNING
        assert early.plan is not None
        assert (early.plan.version, [s.id for s in early.plan.steps]) == (0, ["f", "w"])
        assert StepId("w") not in early.step_runs or early.step_runs[StepId("w")].attempts == 0
        draftsman.may_end.set()
        done = await lab.done(execution.id)
        assert done.outcome is ExecutionOutcome.SUCCEEDED
        assert done.step_runs[StepId("f")].attempts == 1
        kinds = [e.type async for e in lab.orchestrator.events(execution.id)]
        started = [n for n, kind in enumerate(kinds) if kind is EventType.STEP_STARTED]
        assert started[0] < kinds.index(EventType.PLAN_MADE) < started[1]


async def test_a_withdrawn_draft_leaves_nothing_behind(tmp_path: Path) -> None:
    corrected = step("f", "Finder", "dana")
    draftsman, world = drafting(plan(corrected, REST), FIND)
    draftsman.withdraws = True
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("find", "owner")
        await ended(lab, execution.id, "f")
        draftsman.may_end.set()
        done = await lab.done(execution.id)
        assert done.artifacts[StepId("f")]["query"] == "dana"
        assert done.step_runs[StepId("f")].attempts == 1
        assert done.outcome is ExecutionOutcome.SUCCEEDED


async def test_a_read_of_a_withdrawn_draft_is_stopped_and_counts_for_nothing(tmp_path: Path) -> None:
    stopped = asyncio.Event()

    async def slow(inputs: NoteInputs, context: StepContext) -> Artifact:
        if inputs.text == "dana":
            return note("right")
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()
        return note("wrong")

    draftsman, world = drafting(plan(step("f", "Slow", "dana")), step("f", "Slow", "yoav"))
    draftsman.withdraws = True
    world.behaviours = {"Slow": slow}
    world.early = frozenset({"Slow"})
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("find", "owner")
        await lab.until(execution.id, lambda s: StepId("f") in s.step_runs and s.step_runs[StepId("f")].attempts == 1)
        draftsman.may_end.set()
        done = await lab.done(execution.id)
        await stopped.wait()
        assert done.artifacts[StepId("f")]["text"] == "right"


async def test_what_depends_on_a_corrected_step_is_not_taken_from_the_draft(tmp_path: Path) -> None:
    a, b = step("a", "Early", "old"), step("b", "Early", "b", left="a")
    draftsman, world = drafting(plan(step("a", "Early", "new"), b), a, b)

    async def early(inputs: NoteInputs, context: StepContext) -> Artifact:
        return note(f"{inputs.left.text}+{inputs.text}" if inputs.left else inputs.text)

    world.behaviours = {"Early": early}
    world.early = frozenset({"Early"})
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("do", "owner")
        await ended(lab, execution.id, "b")
        draftsman.may_end.set()
        assert (await lab.done(execution.id)).artifacts[StepId("b")]["text"] == "new+b"


async def test_a_dry_run_runs_nothing_however_early(tmp_path: Path) -> None:
    draftsman, world = drafting(plan(FIND), FIND)
    async with open_lab(tmp_path, world) as lab:
        request = Request(text="find", user_id=OWNER.id, dry_run=True)
        execution = await lab.orchestrator.start(request, "owner")
        await draftsman.drafted.wait()
        draftsman.may_end.set()
        done = await lab.done(execution.id)
        assert done.outcome is ExecutionOutcome.SUCCEEDED
        assert done.plan is not None
        assert not done.artifacts
        assert all(run.attempts == 0 for run in done.step_runs.values())


async def test_a_process_that_died_while_planning_plans_again_and_keeps_what_was_read(tmp_path: Path) -> None:
    _, world = drafting(plan(FIND), FIND)
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("find", "owner")
        await ended(lab, execution.id, "f")
    again, world = drafting(plan(FIND, REST))
    again.may_end.set()
    async with open_lab(tmp_path, world) as lab:
        done = await lab.done(execution.id)
        assert done.outcome is ExecutionOutcome.SUCCEEDED
        assert done.step_runs[StepId("f")].attempts == 1


async def test_stopping_while_planning_ends_the_execution(tmp_path: Path) -> None:
    draftsman, world = drafting(plan(FIND), FIND)
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("find", "owner")
        await draftsman.drafted.wait()
        await lab.orchestrator.cancel(execution.id)
        assert (await lab.done(execution.id)).outcome is ExecutionOutcome.CANCELLED


async def test_pausing_while_planning_and_going_on_plans_again(tmp_path: Path) -> None:
    draftsman, world = drafting(plan(FIND), FIND)
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("find", "owner")
        await draftsman.drafted.wait()
        await lab.orchestrator.pause(execution.id)
        draftsman.may_end.set()
        await lab.orchestrator.resume(execution.id)
        assert (await lab.done(execution.id)).outcome is ExecutionOutcome.SUCCEEDED


async def test_a_draft_that_came_to_a_question_is_not_shown_beside_it(tmp_path: Path) -> None:
    drafted, may_ask = asyncio.Event(), asyncio.Event()

    async def planner(brief: Brief, desk: PlanningDesk) -> Plan | PlanQuestion:
        if brief.answers:
            return plan(REST)
        desk.drafted(FIND)
        drafted.set()
        await may_ask.wait()
        desk.withdrawn()
        return PlanQuestion(text="Which day?")

    async with open_lab(tmp_path, World(plan=lambda _: plan(), planner=planner)) as lab:
        execution = await lab.orchestrator.start("a meeting", "owner")
        await ended(lab, execution.id, "f")
        may_ask.set()
        asked = await lab.asked(execution.id)
        shown = await lab.orchestrator.get_execution(execution.id)
        assert shown.plan is None or shown.plan.steps == ()
        assert not shown.artifacts
        await lab.answer(asked, DecisionVerb.ANSWER, answer="Monday")
        assert (await lab.done(execution.id)).outcome is ExecutionOutcome.SUCCEEDED


@pytest.mark.parametrize("verb", [DecisionVerb.ANSWER, DecisionVerb.CHOOSE])
async def test_the_planner_asks_and_plans_with_the_answer(tmp_path: Path, verb: DecisionVerb) -> None:
    async def planner(brief: Brief, desk: PlanningDesk) -> Plan | PlanQuestion:
        if not brief.answers:
            return PlanQuestion(text="Which day?", choices=("Monday", "Tuesday"))
        return plan(step("w", text=brief.answers[0].answer))

    async with open_lab(tmp_path, World(plan=lambda _: plan(), planner=planner)) as lab:
        execution = await lab.orchestrator.start("a meeting", "owner")
        asked = await lab.asked(execution.id)
        assert (asked.kind, asked.title, [c.label for c in asked.choices]) == (
            ApprovalKind.QUESTION,
            "Which day?",
            ["Monday", "Tuesday"],
        )
        answer = {"answer": "Tuesday"} if verb is DecisionVerb.ANSWER else {"choice": asked.choices[1].id}
        await lab.answer(asked, verb, **answer)
        assert (await lab.done(execution.id)).artifacts[StepId("w")]["text"] == "Tuesday"


async def test_a_question_that_is_dropped_ends_the_execution_and_nothing_ran(tmp_path: Path) -> None:
    async def planner(brief: Brief, desk: PlanningDesk) -> Plan | PlanQuestion:
        return PlanQuestion(text="Which day?")

    async with open_lab(tmp_path, World(plan=lambda _: plan(), planner=planner)) as lab:
        execution = await lab.orchestrator.start("a meeting", "owner")
        await lab.answer(await lab.asked(execution.id), DecisionVerb.REJECT)
        assert (await lab.done(execution.id)).outcome is ExecutionOutcome.REJECTED


class Patient(FakeClock):
    """Notes how long it was asked to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[timedelta] = []

    async def sleep(self, duration: timedelta) -> None:
        self.waits.append(duration)


async def test_a_busy_model_is_tried_again_and_not_before_it_said(tmp_path: Path) -> None:
    tries = 0

    async def planner(brief: Brief, desk: PlanningDesk) -> Plan:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise UnavailableError("model_overloaded", "busy", retry_after=timedelta(seconds=7))
        return plan(REST)

    clock = Patient()
    async with open_lab(tmp_path, World(plan=lambda _: plan(), planner=planner), clock) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        assert (await lab.done(execution.id)).outcome is ExecutionOutcome.SUCCEEDED
    assert tries == 3
    assert clock.waits == [timedelta(seconds=7)] * 2


@pytest.mark.parametrize(
    ("choice", "outcome", "asked"),
    [
        ("again", ExecutionOutcome.SUCCEEDED, 2),
        ("offline", ExecutionOutcome.SUCCEEDED, 1),
        ("stop", ExecutionOutcome.REJECTED, 1),
    ],
)
async def test_when_the_model_is_away_the_person_decides(
    tmp_path: Path, choice: str, outcome: ExecutionOutcome, asked: int
) -> None:
    tries = 0

    async def planner(brief: Brief, desk: PlanningDesk) -> Plan:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise AuthExpiredError("model_key_wrong", "no")
        return plan(REST)

    world = World(plan=lambda _: plan(step("o", text="offline")), planner=planner, model=ScriptedModel())
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        question = await lab.asked(execution.id)
        assert (question.topic, question.title) == ("model_unavailable", "model_key_wrong")
        with pytest.raises(RequestError, match="one of its choices"):
            await lab.answer(question, DecisionVerb.ANSWER, answer="whatever")
        await lab.answer(question, DecisionVerb.CHOOSE, choice=choice)
        done = await lab.done(execution.id)
        assert done.outcome is outcome
        assert tries == asked
        if choice == "offline":
            assert done.artifacts[StepId("o")]["text"] == "offline"


async def test_a_follow_up_takes_what_an_earlier_execution_gave_by_reference(tmp_path: Path) -> None:
    briefs: list[Brief] = []

    async def planner(brief: Brief, desk: PlanningDesk) -> Plan:
        briefs.append(brief)
        if not brief.earlier:
            return plan(step("w", text="first"))
        known = brief.earlier[-1].artifacts[0]
        binding = Binding(step_id=StepId(known.name), earlier=True)
        follow = Step(id=StepId("n"), agent="Writer", title="n", inputs={"text": "next"}, bindings={"left": binding})
        imported = Import(name=StepId(known.name), execution_id=known.execution_id, step_id=known.step_id)
        return replace(plan(follow), imports=(imported,))

    world = World(plan=lambda _: plan(), planner=planner, model=ScriptedModel())
    async with open_lab(tmp_path, world) as lab:
        first = await lab.orchestrator.start("write", "owner")
        await lab.done(first.id)
        lab.clock.advance(timedelta(seconds=1))
        second = await lab.orchestrator.start("go on", "owner")
        done = await lab.done(second.id)
        assert done.artifacts[StepId("n")]["text"] == "first+next"
        told = briefs[1].earlier[0]
        assert (told.request, told.artifacts[0].kind, told.artifacts[0].title) == ("write", "agenda", "w")
        lab.clock.advance(timedelta(seconds=1))
        stranger = await lab.orchestrator.start("go on", "somebody else")
        await lab.done(stranger.id)
        assert briefs[2].earlier == ()


async def test_another_persons_artifact_cannot_be_imported(tmp_path: Path) -> None:
    async with open_lab(tmp_path, World(plan=lambda _: plan(step("w", text="secret")))) as lab:
        theirs = await lab.orchestrator.start("write", "somebody else")
        await lab.done(theirs.id)

        async def planner(brief: Brief, desk: PlanningDesk) -> Plan:
            binding = Binding(step_id=StepId("earlier_1"), earlier=True)
            thief = Step(id=StepId("n"), agent="Writer", title="n", bindings={"left": binding})
            stolen = Import(name=StepId("earlier_1"), execution_id=theirs.id, step_id=StepId("w"))
            return replace(plan(thief), imports=(stolen,))

        lab.world.planner = planner
        execution = await lab.orchestrator.start("steal", "owner")
        done = await lab.done(execution.id)
        assert done.step_runs[StepId("n")].outcome is StepOutcome.FAILED
        assert "secret" not in str(done.artifacts)


async def test_a_question_of_the_planner_takes_no_choice_that_was_not_offered(tmp_path: Path) -> None:
    async def planner(brief: Brief, desk: PlanningDesk) -> Plan | PlanQuestion:
        return plan(REST) if brief.answers else PlanQuestion(text="Which day?")

    async with open_lab(tmp_path, World(plan=lambda _: plan(), planner=planner)) as lab:
        execution = await lab.orchestrator.start("a meeting", "owner")
        asked = await lab.asked(execution.id)
        with pytest.raises(RequestError, match="not one of"):
            await lab.answer(asked, DecisionVerb.CHOOSE, choice="c9")
        await lab.answer(asked, DecisionVerb.ANSWER, answer="Monday")
        with pytest.raises(ConflictError):
            await lab.answer(asked, DecisionVerb.ANSWER, answer="Tuesday")
        await lab.done(execution.id)
