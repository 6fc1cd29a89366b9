"""A person's exact edits of a plan that runs: durable, carried out once, and nothing that is done is done again."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from engine.domain.approval import ApprovalKind, ApprovalStatus, DecisionVerb
from engine.domain.artifact import Artifact
from engine.domain.effect import Effect
from engine.domain.execution import ExecutionOutcome, ExecutionStatus
from engine.domain.ids import ExecutionId, StepId
from engine.domain.plan import PlanOrigin, Step
from engine.domain.snapshot import ExecutionSnapshot
from engine.errors import ConflictError, NotFoundError, RequestError
from engine.planning.editing import ChangeInputs, Drop, GoBack, PlanEdit, Retry
from engine.ports.agents import StepContext
from engine.ports.changes import SavePlan
from tests.lab import OWNER, Lab, NoteInputs, Publish, World, note, open_lab, plan, step
from tests.unit.execution.following import Blocked, changing, plan_asked, running


def S(step_id: str) -> StepId:  # noqa: N802 - a step's name, said shortly
    return StepId(step_id)


class Failing:
    """A read that fails until it is mended."""

    def __init__(self) -> None:
        self.broken = True
        self.texts: list[str] = []

    async def __call__(self, inputs: NoteInputs, context: StepContext) -> Artifact:
        self.texts.append(inputs.text)
        if self.broken:
            raise RequestError("not_found", "It is not there.")
        return note(inputs.text)


class Noting:
    """A read that counts."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def __call__(self, inputs: NoteInputs, context: StepContext) -> Artifact:
        self.texts.append(inputs.text)
        return note(inputs.text)


def writes(one: Step) -> Step:
    return replace(one, effect=Effect.KEYED)


async def edit(lab: Lab, execution_id: str, wanted: PlanEdit, key: str = "k1") -> None:
    await lab.editor.edit(ExecutionId(execution_id), wanted, OWNER.id, key)


async def version(lab: Lab, execution_id: str, number: int) -> ExecutionSnapshot:
    return await lab.until(execution_id, lambda s: s.execution.plan_version == number)


def ids(snapshot: ExecutionSnapshot) -> list[str]:
    assert snapshot.plan is not None
    return [one.id for one in snapshot.plan.steps]


async def failed(lab: Lab, execution_id: str, step_id: str) -> ExecutionSnapshot:
    return await lab.until(
        execution_id, lambda s: (run := s.step_runs.get(S(step_id))) is not None and run.outcome is not None
    )


async def test_a_dropped_step_stops_and_never_starts_and_what_is_done_stays(tmp_path: Path) -> None:
    slow, noting = Blocked(), Noting()
    before = plan(step("a", "Noting"), step("b", "Slow", left="a"), step("c", left="b"), step("d", "Noting", left="a"))
    world = World(plan=lambda _: before, behaviours={"Slow": slow, "Noting": noting})
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await running(lab, execution.id, "b")
        await edit(lab, execution.id, Drop(steps=(S("b"),)))
        done = await lab.done(execution.id)
        assert (done.outcome, ids(done)) == (ExecutionOutcome.SUCCEEDED, ["a", "d"])
        assert done.plan is not None
        assert (done.plan.version, done.plan.origin, done.plan.sure) == (2, PlanOrigin.EDIT, True)
        assert (slow.stopped, sorted(noting.texts)) == (1, ["a", "d"])
        assert all(a.kind is not ApprovalKind.PLAN for a in done.approvals)
        assert done.plan.took_up == {a.id for a in done.approvals}
        assert done.approvals[0].decided_by == "owner"


async def test_an_effect_under_way_ends_and_is_recorded_before_its_step_is_dropped(tmp_path: Path) -> None:
    press, slow = Publish(gated=False), Blocked()
    press.may_end.clear()
    before = plan(writes(step("w", "Saver")), step("b", "Slow"))
    world = World(plan=lambda _: before, tools=(press,), behaviours={"Slow": slow})
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await running(lab, execution.id, "b")
        await press.began.wait()
        await edit(lab, execution.id, Drop(steps=(S("w"),)))
        assert (await lab.orchestrator.get_execution(execution.id)).execution.plan_version == 1
        press.may_end.set()
        after = await version(lab, execution.id, 2)
        assert ids(after) == ["b"]
        assert S("w") in after.artifacts
        slow.may_end.set()
        await lab.done(execution.id)
        assert (len(press.ledger), slow.runs) == (1, 1)


async def test_a_retry_does_the_failed_step_and_what_waits_for_it_under_new_ids(tmp_path: Path) -> None:
    failing, slow, noting = Failing(), Blocked(), Noting()
    before = plan(step("a", "Noting"), step("f", "Failing", left="a"), step("g", "Noting", left="f"), step("b", "Slow"))
    world = World(plan=lambda _: before, behaviours={"Failing": failing, "Slow": slow, "Noting": noting})
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await running(lab, execution.id, "b")
        await failed(lab, execution.id, "g")
        failing.broken = False
        await edit(lab, execution.id, Retry(step=S("g")))
        slow.may_end.set()
        done = await lab.done(execution.id)
        assert (done.outcome, ids(done)) == (ExecutionOutcome.SUCCEEDED, ["a", "v2f", "v2g", "b"])
        assert (noting.texts, failing.texts, slow.runs) == (["a", "g"], ["f", "f"], 1)


async def test_a_retry_of_an_effect_that_may_have_happened_is_asked_about(tmp_path: Path) -> None:
    press, slow = Publish(gated=False), Blocked()

    async def breaking(inputs: NoteInputs, context: StepContext) -> Artifact:
        await context.call("save", {"text": inputs.text})
        raise RequestError("not_found", "After it.")

    before = plan(writes(step("w", "Saver")), step("b", "Slow"))
    world = World(plan=lambda _: before, tools=(press,), behaviours={"Slow": slow, "Saver": breaking})
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await running(lab, execution.id, "b")
        await failed(lab, execution.id, "w")
        await edit(lab, execution.id, Retry(step=S("w")))
        asked = await plan_asked(lab, execution.id, 2)
        assert (await version(lab, execution.id, 2)).plan.repeats == {"v2w"}  # type: ignore[union-attr]
        assert len(press.ledger) == 1
        await lab.answer(asked, DecisionVerb.REJECT)
        slow.may_end.set()
        await lab.done(execution.id)
        assert len(press.ledger) == 1


async def test_a_step_is_done_with_other_arguments(tmp_path: Path) -> None:
    slow, noting = Blocked(), Noting()
    before = plan(step("a", "Slow"), step("b", "Noting", "old", left="a"), step("c", "Noting", left="b"))
    world = World(plan=lambda _: before, behaviours={"Slow": slow, "Noting": noting})
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await running(lab, execution.id, "a")
        await edit(lab, execution.id, ChangeInputs(step=S("b"), inputs={"text": "new"}))
        slow.may_end.set()
        done = await lab.done(execution.id)
        assert (ids(done), noting.texts, slow.runs) == (["a", "v2b", "v2c"], ["new", "c"], 1)


async def test_going_back_keeps_what_was_done_then_and_does_what_was_left_out(tmp_path: Path) -> None:
    slow, noting = Blocked(), Noting()
    before = plan(step("a", "Noting"), step("b", "Slow", left="a"), step("c", "Noting", left="b"))
    world = World(plan=lambda _: before, behaviours={"Slow": slow, "Noting": noting})
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await running(lab, execution.id, "b")
        await lab.orchestrator.pause(execution.id)
        await edit(lab, execution.id, Drop(steps=(S("c"),)))
        await edit(lab, execution.id, ChangeInputs(step=S("b"), inputs={"text": "other"}), "k2")
        await lab.orchestrator.resume(execution.id)
        second = await version(lab, execution.id, 2)
        assert (ids(second), second.before) == (["a", "v2b"], (await lab.store.versions(execution.id))[0].plan)
        await edit(lab, execution.id, GoBack(version=1), "k3")
        third = await version(lab, execution.id, 3)
        assert third.plan is not None
        assert (ids(third), third.plan.origin) == (["a", "v3b", "v3c"], PlanOrigin.RETURN)
        slow.may_end.set()
        done = await lab.done(execution.id)
        assert (done.outcome, noting.texts) == (ExecutionOutcome.SUCCEEDED, ["a", "c"])
        versions = await lab.store.versions(execution.id)
        assert [v.plan.version for v in versions] == [1, 2, 3]
        assert all(v.made_at == lab.clock.now() for v in versions)


async def test_edits_are_carried_out_in_order_and_once_over_a_restart(tmp_path: Path) -> None:
    slow = Blocked()
    world = World(plan=lambda _: plan(step("a", "Slow"), step("b"), step("c")), behaviours={"Slow": slow})
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await running(lab, execution.id, "a")
        await lab.until(execution.id, lambda s: len(s.artifacts) == 2)
        await lab.orchestrator.pause(execution.id)
        await edit(lab, execution.id, ChangeInputs(step=S("a"), inputs={"text": "x"}))
        await edit(lab, execution.id, ChangeInputs(step=S("a"), inputs={"text": "y"}), "k2")
        await edit(lab, execution.id, ChangeInputs(step=S("a"), inputs={"text": "y"}), "k2")
        assert (await lab.orchestrator.get_execution(execution.id)).execution.plan_version == 1
    async with open_lab(tmp_path, world) as lab:
        await lab.orchestrator.resume(execution.id)
        slow.may_end.set()
        done = await lab.done(execution.id)
        assert done.plan is not None
        assert (done.execution.plan_version, ids(done)) == (2, ["v2a", "b", "c"])
        assert len(done.plan.took_up) == 2
        assert done.artifacts[S("v2a")]["text"] == "y"


async def test_edits_at_the_same_moment_are_all_carried_out_or_refused(tmp_path: Path) -> None:
    slow = Blocked()
    steps = [step("a", "Slow"), *(step(f"s{n}", left="a") for n in range(8))]
    world = World(plan=lambda _: plan(*steps), behaviours={"Slow": slow})
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await running(lab, execution.id, "a")
        refused: list[str] = []

        async def drop(number: int) -> None:
            try:
                await edit(lab, execution.id, Drop(steps=(S(f"s{number % 6}"),)), f"k{number}")
            except NotFoundError as error:
                refused.append(error.code)

        async with asyncio.TaskGroup() as people:
            for number in range(12):
                people.create_task(drop(number))
        assert refused == ["step_unknown"] * 6
        slow.may_end.set()
        done = await lab.done(execution.id)
        assert (ids(done), slow.runs) == (["a", "s6", "s7"], 1)


async def test_an_edit_of_a_plan_that_is_asked_about_is_asked_about_again(tmp_path: Path) -> None:
    world = World(plan=lambda _: plan(step("a"), step("b"), sure=False))
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        first = await plan_asked(lab, execution.id, 1)
        await lab.orchestrator.pause(execution.id)
        await edit(lab, execution.id, Drop(steps=(S("b"),)))
        assert (await lab.store.approval(first.id) or first).status is ApprovalStatus.SUPERSEDED
        await lab.orchestrator.resume(execution.id)
        second = await plan_asked(lab, execution.id, 2)
        with pytest.raises(ConflictError, match="already_decided"):
            await lab.answer(first, DecisionVerb.APPROVE)
        await edit(lab, execution.id, GoBack(version=1), "k2")
        third = await plan_asked(lab, execution.id, 3)
        assert (await lab.store.approval(second.id) or second).status is ApprovalStatus.SUPERSEDED
        await lab.answer(third, DecisionVerb.APPROVE)
        assert ids(await lab.done(execution.id)) == ["a", "v3b"]


async def test_going_back_to_what_was_agreed_to_needs_no_question(tmp_path: Path) -> None:
    slow = Blocked()
    before, after = plan(step("a", "Slow"), step("b", left="a")), plan(step("a", "Slow"), step("c", left="a"))
    world = World(plan=changing({None: before, "other": after}), behaviours={"Slow": slow})
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await running(lab, execution.id, "a")
        await lab.editor.change(execution.id, "other", OWNER.id, "w1")
        await lab.editor.change(execution.id, "other", OWNER.id, "w1")
        await plan_asked(lab, execution.id, 2)
        await edit(lab, execution.id, GoBack(version=1), "k2")
        slow.may_end.set()
        done = await lab.done(execution.id)
        assert (done.execution.plan_version, ids(done), slow.runs) == (3, ["a", "v3b"], 1)
        assert [v.plan.origin for v in await lab.store.versions(execution.id)] == [
            PlanOrigin.REQUEST,
            PlanOrigin.CHANGE,
            PlanOrigin.RETURN,
        ]


async def test_what_was_dropped_comes_back_with_a_question_where_it_writes(tmp_path: Path) -> None:
    press, slow = Publish(gated=False), Blocked()
    before = plan(step("a", "Slow"), writes(step("w", "Saver", left="a")))
    world = World(plan=lambda _: before, tools=(press,), behaviours={"Slow": slow})
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await running(lab, execution.id, "a")
        await edit(lab, execution.id, Drop(steps=(S("w"),)))
        await version(lab, execution.id, 2)
        await edit(lab, execution.id, GoBack(version=1), "k2")
        asked = await plan_asked(lab, execution.id, 3)
        assert press.ledger == []
        await lab.answer(asked, DecisionVerb.APPROVE)
        slow.may_end.set()
        await lab.done(execution.id)
        assert len(press.ledger) == 1


async def test_an_edit_comes_before_a_change_in_words_that_is_being_made(tmp_path: Path) -> None:
    slow, planning, may_plan = Blocked(), asyncio.Event(), asyncio.Event()
    before, after = plan(step("a", "Slow"), step("b")), plan(step("a", "Slow"), step("c"))
    seen: list[list[str]] = []

    async def planner(brief: object, desk: object) -> object:
        change, current = getattr(brief, "change", None), getattr(brief, "current", None)
        if change is None:
            return before
        seen.append([one.id for one in current.steps] if current else [])
        planning.set()
        await may_plan.wait()
        return replace(after, version=getattr(brief, "version", 0))

    world = World(plan=lambda _: before, planner=planner, behaviours={"Slow": slow})  # type: ignore[arg-type]
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await running(lab, execution.id, "a")
        await lab.until(execution.id, lambda s: len(s.artifacts) == 1)
        await lab.editor.change(execution.id, "other", OWNER.id, "w1")
        await planning.wait()
        await edit(lab, execution.id, ChangeInputs(step=S("a"), inputs={"text": "x"}))
        await version(lab, execution.id, 2)
        may_plan.set()
        asked = await plan_asked(lab, execution.id, 3)
        assert seen == [["a", "b"], ["v2a", "b"]]
        await lab.answer(asked, DecisionVerb.REJECT)
        await lab.done(execution.id)


async def test_refusals_name_what_stands_against_it(tmp_path: Path) -> None:
    slow = Blocked()
    world = World(plan=lambda _: plan(step("a"), step("b", "Slow", left="a")), behaviours={"Slow": slow})
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await running(lab, execution.id, "b")
        refused: dict[str, PlanEdit] = {
            "step_finished": Drop(steps=(S("a"),)),
            "step_unknown": Drop(steps=(S("zz"),)),
            "step_not_failed": Retry(step=S("b")),
            "version_unknown": GoBack(version=7),
            "nothing_changes": GoBack(version=1),
            "inputs_invalid": ChangeInputs(step=S("b"), inputs={"wrong": 1}),
        }
        for code, wanted in refused.items():
            with pytest.raises(RequestError) as error:
                await edit(lab, execution.id, wanted, code)
            assert error.value.code == code
        slow.may_end.set()
        done = await lab.done(execution.id)
        assert (done.execution.plan_version, done.approvals) == (1, ())
        with pytest.raises(ConflictError, match="execution_ended"):
            await edit(lab, execution.id, GoBack(version=1))
        with pytest.raises(ConflictError, match="execution_ended"):
            await lab.editor.change(execution.id, "other", OWNER.id, "w")


async def test_no_version_is_saved_over_an_edit_it_does_not_know(tmp_path: Path) -> None:
    slow = Blocked()
    first = plan(step("a", "Slow"), step("b", left="a"))
    world = World(plan=lambda _: first, behaviours={"Slow": slow})
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        snapshot = await running(lab, execution.id, "a")
        await lab.orchestrator.pause(execution.id)
        await edit(lab, execution.id, Drop(steps=(S("b"),)))
        blind = replace(first, version=2)
        save = SavePlan(execution_id=execution.id, fence=snapshot.execution.fence, plan=blind)
        assert not await lab.store.commit(save)
        now = await lab.orchestrator.get_execution(execution.id)
        assert await lab.store.commit(replace(save, plan=replace(blind, took_up=frozenset({now.approvals[0].id}))))


async def test_a_fork_brings_in_what_is_done_and_does_the_rest(tmp_path: Path) -> None:
    failing, noting = Failing(), Noting()
    before = plan(
        step("p", "Finder"),
        step("a", "Noting"),
        step("f", "Failing", left="a", person="p!"),
        step("g", "Noting", left="f", right="a"),
    )
    world = World(plan=lambda _: before, behaviours={"Failing": failing, "Noting": noting})
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        choice = await lab.asked(execution.id)
        await lab.answer(choice, DecisionVerb.CHOOSE, choice=choice.choices[1].id)
        ended = await lab.done(execution.id)
        assert ended.outcome is ExecutionOutcome.PARTIAL
        failing.broken = False
        again = await lab.forker.begin(ended, None, key="tap")
        assert (await lab.forker.begin(ended, None, key="tap")).id == again.id
        done = await lab.done(again.id)
        assert (done.outcome, ids(done)) == (ExecutionOutcome.SUCCEEDED, ["f", "g"])
        assert (noting.texts, failing.texts) == (["a", "g"], ["f", "f"])
        assert done.artifacts[S("earlier_2")]["kind"] == "person"
        assert done.execution.request.conversation_id == ended.execution.request.conversation_id
        with pytest.raises(NotFoundError, match="step_unknown"):
            await lab.forker.begin(done, "zz")
        with pytest.raises(ConflictError, match="fork_impossible"):
            await lab.forker.begin(done, None)
        from_a = await lab.done((await lab.forker.begin(ended, "a")).id)
        assert ids(from_a) == ["a", "f", "g"]


async def test_a_fork_with_words_runs_nothing_before_it_is_changed(tmp_path: Path) -> None:
    noting = Noting()
    before, after = plan(step("a", "Noting"), step("b", "Noting")), plan(step("c", "Noting"))
    world = World(plan=changing({None: before, "only c": after}), behaviours={"Noting": noting})
    async with open_lab(tmp_path, world) as lab:
        ended = await lab.done((await lab.orchestrator.start("go", "owner")).id)
        fork = await lab.forker.begin(ended, "b", "only c")
        asked = await plan_asked(lab, fork.id, 2)
        assert noting.texts == ["a", "b"]
        assert len((await lab.orchestrator.get_execution(fork.id)).approvals) == 2
        await lab.answer(asked, DecisionVerb.APPROVE)
        done = await lab.done(fork.id)
        assert (ids(done), noting.texts) == (["v2c"], ["a", "b", "c"])


async def test_a_fork_that_would_write_again_is_asked_about(tmp_path: Path) -> None:
    press = Publish(gated=False)
    world = World(plan=lambda _: plan(writes(step("w", "Saver"))), tools=(press,))
    async with open_lab(tmp_path, world) as lab:
        ended = await lab.done((await lab.orchestrator.start("go", "owner")).id)
        fork = await lab.forker.begin(ended, "w")
        asked = await plan_asked(lab, fork.id, 1)
        made = (await lab.store.versions(fork.id))[0].plan
        assert (len(press.ledger), made.repeats) == (1, {"w"})
        await lab.answer(asked, DecisionVerb.APPROVE)
        await lab.done(fork.id)
        assert len(press.ledger) == 2


async def test_what_still_runs_is_not_forked(tmp_path: Path) -> None:
    world = World(plan=lambda _: plan(step("a", "Slow")), behaviours={"Slow": Blocked()})
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        snapshot = await running(lab, execution.id, "a")
        with pytest.raises(ConflictError, match="execution_running"):
            await lab.forker.begin(snapshot, "a")
        assert snapshot.execution.status is not ExecutionStatus.DONE
