"""A plan changed by pressing what stands beside its steps, through the product's own door."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.app import Tizmor, open_tizmor
from bot.forms.decisions import block_of
from bot.render.card import render_card
from bot.render.texts import Texts
from bot.settings import Settings
from bot.step_questions import read_step_question_id, step_question_id
from engine.domain.approval import ApprovalKind, ApprovalStatus, Decision, DecisionVerb
from engine.domain.ids import DEFAULT_TENANT, ApprovalId, ExecutionId, PrincipalId, StepId
from engine.domain.plan import PlanOrigin
from engine.domain.snapshot import ExecutionSnapshot
from engine.domain.tenant import Principal, Role
from engine.errors import ConflictError, NotFoundError, RequestError
from engine.planning.editing import GoBack
from tests.scenarios.lab import NOTHING, SENTENCES, STORY, mail, make_home, written
from tests.waiting import until

OWNER = Principal(id=PrincipalId("owner"), tenant_id=DEFAULT_TENANT, role=Role.OWNER)
OTHER = Principal(id=PrincipalId("other"), tenant_id=DEFAULT_TENANT, role=Role.MEMBER)
APPROVE = Decision(verb=DecisionVerb.APPROVE)
SAY_NO = Decision(verb=DecisionVerb.REJECT)


def waits(snapshot: ExecutionSnapshot, kind: ApprovalKind) -> ApprovalId | None:
    """The newest question of this kind, where it is open."""
    found = [a for a in snapshot.approvals if a.kind is kind]
    return found[-1].id if found and found[-1].status is ApprovalStatus.PENDING else None


@asynccontextmanager
async def gated(home: Path) -> AsyncGenerator[tuple[Tizmor, ExecutionId]]:
    """The story, as far as its gate."""
    make_home(home)
    async with open_tizmor(Settings(tizmor_home=home)) as tizmor:
        execution = await tizmor.orchestrator.start(SENTENCES["en"], "owner")
        choice = await asked(tizmor, execution.id, ApprovalKind.CHOICE)
        approval = next(a for a in (await tizmor.orchestrator.get_execution(execution.id)).approvals if a.id == choice)
        pick = Decision(verb=DecisionVerb.CHOOSE, choice=approval.choices[0].id)
        await tizmor.door.decide(OWNER, choice, pick)
        await asked(tizmor, execution.id, ApprovalKind.GATE)
        yield tizmor, execution.id


async def asked(
    tizmor: Tizmor, execution_id: ExecutionId, kind: ApprovalKind, version: int = 1, *, but: str | None = ""
) -> ApprovalId:
    """Wait for a question, under this version of the plan; another one than ``but``, which is closed a moment after it."""
    snapshot = await until(
        lambda: tizmor.orchestrator.get_execution(execution_id),
        lambda s: s.execution.plan_version == version and waits(s, kind) not in {None, but},
    )
    return waits(snapshot, kind) or ApprovalId("")


async def gate_of(tizmor: Tizmor, execution_id: ExecutionId) -> ApprovalId | None:
    return waits(await tizmor.orchestrator.get_execution(execution_id), ApprovalKind.GATE)


async def done(tizmor: Tizmor, execution_id: ExecutionId) -> ExecutionSnapshot:
    return await until(lambda: tizmor.orchestrator.get_execution(execution_id), lambda s: s.outcome is not None)


def agents(snapshot: ExecutionSnapshot) -> list[str]:
    return [step.agent for step in snapshot.plan.steps] if snapshot.plan else []


async def test_the_card_says_what_can_be_done_to_each_step_and_nothing_once_it_is_over(tmp_path: Path) -> None:
    async with gated(tmp_path) as (tizmor, execution_id):
        snapshot = await tizmor.orchestrator.get_execution(execution_id)
        card = render_card(snapshot, now=snapshot.execution.created_at)
        assert {line.id: line.ways for line in card.steps} == {
            "s1": (),
            "s2": (),
            "s3": (),
            "s4": ("edit", "drop"),
            "s5": ("edit", "drop"),
        }
        assert [button.action for button in card.actions] == ["pause", "plan", "cancel"]
        await tizmor.door.decide(OWNER, await asked(tizmor, execution_id, ApprovalKind.GATE), APPROVE)
        card = render_card(await done(tizmor, execution_id), now=snapshot.execution.created_at)
        assert all(not line.ways for line in card.steps)
        assert "plan" not in {button.action for button in card.actions}


async def test_a_step_left_out_is_left_out_once_whoever_delivers_it_twice(tmp_path: Path) -> None:
    async with gated(tmp_path) as (tizmor, execution_id):
        agenda = step_question_id(execution_id, StepId("s5"))
        for _ in range(2):
            await tizmor.door.edit_step(OWNER, agenda, "drop_step", "press-1")
        gate = await asked(tizmor, execution_id, ApprovalKind.GATE, version=2)
        await tizmor.door.edit_step(OWNER, agenda, "drop_step", "press-1")
        with pytest.raises(ConflictError) as refused:
            await tizmor.door.edit_step(OWNER, agenda, "drop_step", "press-2")
        assert refused.value.code == "step_replaced"
        await tizmor.door.decide(OWNER, gate, APPROVE)
        over = await done(tizmor, execution_id)
        assert "EditorAgent" not in agents(over)
        assert written(tmp_path) == {**STORY, "agendas": 0}
        with pytest.raises(ConflictError) as refused:
            await tizmor.door.edit_step(OWNER, agenda, "drop_step", "press-3")
        assert refused.value.code == "execution_ended"


async def test_a_step_is_edited_in_the_form_of_its_arguments(tmp_path: Path) -> None:
    async with gated(tmp_path) as (tizmor, execution_id):
        meeting = step_question_id(execution_id, StepId("s4"))
        question = await tizmor.door.question(OWNER, meeting)
        block = block_of(question, Texts("en"))
        assert block is not None
        assert block.title == "Edit a step"
        assert "title" in {field.name for field in block.fields}
        first = await gate_of(tizmor, execution_id)
        before = {field.name: field.raw for field in block.fields}
        wanted = Decision(verb=DecisionVerb.MODIFY, arguments={**before, "title": "Budget of Tevuot"})
        await tizmor.door.check(OWNER, meeting, wanted)
        for _ in range(2):
            await tizmor.door.decide(OWNER, meeting, wanted)
        gate = await asked(tizmor, execution_id, ApprovalKind.GATE, version=2, but=first)
        edited = await tizmor.orchestrator.get_execution(execution_id)
        assert edited.plan is not None
        assert edited.plan.origin is PlanOrigin.EDIT
        with pytest.raises(ConflictError) as refused:
            await tizmor.door.question(OWNER, meeting)
        assert refused.value.code == "step_replaced"
        assert written(tmp_path) == NOTHING
        await tizmor.door.decide(OWNER, gate, APPROVE)
        await done(tizmor, execution_id)
        assert "SUMMARY:Budget of Tevuot" in mail(tmp_path)


async def test_after_going_back_the_same_edit_can_be_made_again(tmp_path: Path) -> None:
    async with gated(tmp_path) as (tizmor, execution_id):
        for version in (2, 4):
            question = await tizmor.door.question(OWNER, await meeting_of(tizmor, execution_id))
            assert question.approval.call is not None
            assert question.approval.call.arguments["title"] != "Budget"
            arguments = {**question.approval.call.arguments, "title": "Budget"}
            wanted = Decision(verb=DecisionVerb.MODIFY, arguments=arguments)
            await tizmor.door.decide(OWNER, question.approval.id, wanted)
            await asked(tizmor, execution_id, ApprovalKind.GATE, version)
            await tizmor.door.edit_plan(OWNER, execution_id, GoBack(version=1), f"back from {version}")
            back = await asked(tizmor, execution_id, ApprovalKind.PLAN, version + 1)
            gate = await gate_of(tizmor, execution_id)
            await tizmor.door.decide(OWNER, back, APPROVE)
            await asked(tizmor, execution_id, ApprovalKind.GATE, version + 1, but=gate)


async def meeting_of(tizmor: Tizmor, execution_id: ExecutionId) -> ApprovalId:
    """The question about the step that sets up the meeting, in the plan as it is now."""
    plan = (await tizmor.orchestrator.get_execution(execution_id)).plan
    assert plan is not None
    return step_question_id(execution_id, next(step.id for step in plan.steps if step.agent == "CalendarAgent"))


@pytest.mark.parametrize(
    ("arguments", "code"),
    [({}, "nothing_changes"), ({"title": 7}, "inputs_invalid"), ({"no_such": "x"}, "inputs_invalid")],
)
async def test_what_does_not_fit_a_step_is_refused_and_changes_nothing(
    tmp_path: Path, arguments: dict[str, str | int], code: str
) -> None:
    async with gated(tmp_path) as (tizmor, execution_id):
        meeting = step_question_id(execution_id, StepId("s4"))
        call = (await tizmor.door.question(OWNER, meeting)).approval.call
        assert call is not None
        wanted = Decision(verb=DecisionVerb.MODIFY, arguments={**call.arguments, **arguments})
        for act in (tizmor.door.check, tizmor.door.decide):
            with pytest.raises(RequestError) as refused:
                await act(OWNER, meeting, wanted)
            assert refused.value.code == code
        assert (await tizmor.orchestrator.get_execution(execution_id)).execution.plan_version == 1


async def test_nobody_else_and_nothing_forged_gets_at_a_step(tmp_path: Path) -> None:
    async with gated(tmp_path) as (tizmor, execution_id):
        meeting = step_question_id(execution_id, StepId("s4"))
        for act in (
            tizmor.door.question(OTHER, meeting),
            tizmor.door.edit_step(OTHER, meeting, "drop_step", "k"),
            tizmor.door.decide(OTHER, meeting, SAY_NO),
            tizmor.door.question(OWNER, step_question_id(ExecutionId("0" * 32), StepId("s4"))),
            tizmor.door.question(OWNER, step_question_id(execution_id, StepId("s9"))),
        ):
            with pytest.raises(NotFoundError):
                await act
        with pytest.raises(ConflictError) as finished:
            await tizmor.door.question(OWNER, step_question_id(execution_id, StepId("s1")))
        assert finished.value.code == "step_finished"
        for act in (
            tizmor.door.edit_step(OWNER, meeting, "burn_step", "k"),
            tizmor.door.edit_step(OWNER, ApprovalId("a" * 24), "drop_step", "k"),
            tizmor.door.decide(OWNER, meeting, SAY_NO),
        ):
            with pytest.raises(RequestError):
                await act
        assert (await tizmor.orchestrator.get_execution(execution_id)).execution.plan_version == 1


@pytest.mark.parametrize("text", ["", "p", "p" * 31, "a" * 31, "p" + "!" * 30, "0f" * 12])
def test_what_is_no_id_of_ours_is_read_as_none_or_as_nobodys(text: str) -> None:
    found = read_step_question_id(text)
    assert found is None or len(found.execution_id) == 32
