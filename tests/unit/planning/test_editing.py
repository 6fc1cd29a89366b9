"""Random plans, edited at random while they run: nothing that is done is done again, and no id ever stands for other work."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.approval import Approval, ApprovalKind, ApprovalStatus
from engine.domain.effect import Effect
from engine.domain.execution import Execution, ExecutionStatus, StepOutcome, StepRun, StepStatus
from engine.domain.ids import ApprovalId, ExecutionId, PrincipalId, StepId
from engine.domain.plan import Binding, Plan, PlanOrigin, Step
from engine.domain.request import Request
from engine.domain.snapshot import ExecutionSnapshot
from engine.errors import RequestError
from engine.planning.difference import difference
from engine.planning.edit_check import check_edit
from engine.planning.editing import ChangeInputs, Drop, GoBack, Grounds, PlanEdit, Retry, kept, revised, waiting_edits
from tests.unit.planning.office import OFFICE

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
ME = PrincipalId("me")


def step(name: str, *, after: tuple[str, ...] = (), writes: bool = False, **bound: str) -> Step:
    return Step(
        id=StepId(name),
        agent="Writer",
        title=name,
        effect=Effect.KEYED if writes else Effect.READ,
        inputs={"text": name},
        bindings={field: Binding(step_id=StepId(of)) for field, of in bound.items()},
        after=tuple(map(StepId, after)),
    )


@dataclass(slots=True)
class Running:
    """An execution as far as edits are concerned: what is stored of it, and what has been done."""

    plan: Plan
    versions: dict[int, Plan] = field(default_factory=dict[int, Plan])
    runs: dict[StepId, StepRun] = field(default_factory=dict[StepId, StepRun])
    """Of every version: a step that comes back has the one it had."""
    works: dict[StepId, object] = field(default_factory=dict[StepId, object])
    approvals: list[Approval] = field(default_factory=list[Approval])
    begun: set[StepId] = field(default_factory=set[StepId])
    succeeded: list[object] = field(default_factory=list[object])
    """The contents of what was done, all the way back to its sources."""
    edited: int = 0

    def __post_init__(self) -> None:
        self.save(self.plan)

    @property
    def snapshot(self) -> ExecutionSnapshot:
        done = [one for one, run in self.runs.items() if run.outcome is StepOutcome.SUCCEEDED]
        execution = Execution(
            id=ExecutionId("e"),
            request=Request(text="go", user_id=ME),
            status=ExecutionStatus.RUNNING,
            created_at=NOW,
            updated_at=NOW,
            plan_version=self.plan.version,
        )
        return ExecutionSnapshot(
            execution=execution,
            plan=self.plan,
            step_runs={one.id: self.runs[one.id] for one in self.plan.steps},
            approvals=tuple(self.approvals),
            artifacts={one: {"kind": "agenda"} for one in done},
            seq=1,
        )

    @property
    def grounds(self) -> Grounds:
        return Grounds(versions=self.versions, touched=frozenset(self.begun))

    def save(self, plan: Plan) -> None:
        """As the store does: an id with other work under it would make this lose."""
        for place, one in enumerate(plan.steps):
            work = (one.agent, one.inputs, one.bindings)
            assert self.works.setdefault(one.id, work) == work, f"{one.id} stands for other work"
            before = {earlier.id for earlier in plan.steps[:place]}
            assert before.issuperset(one.depends_on), f"{one.id} refers to what is not there"
            self.runs.setdefault(one.id, StepRun(step_id=one.id))
        assert len({one.id for one in plan.steps}) == len(plan.steps)
        self.plan, self.versions[plan.version] = plan, plan

    def content(self, step_id: StepId) -> object:
        one = self.plan.step(step_id)
        sources = sorted((name, self.content(b.step_id)) for name, b in one.bindings.items())
        return (str(one.inputs), tuple(sources))

    def ready(self) -> list[Step]:
        def fits(one: Step) -> bool:
            done = (self.runs[need].outcome is StepOutcome.SUCCEEDED for need in one.depends_on)
            return self.runs[one.id].status is not StepStatus.DONE and all(done)

        return [one for one in self.plan.steps if fits(one)]

    def end(self, one: Step, outcome: StepOutcome) -> None:
        """Do a step, and skip what can now never run."""
        if outcome is StepOutcome.SUCCEEDED:
            assert self.content(one.id) not in self.succeeded, f"{one.id} had been done"
            self.succeeded.append(self.content(one.id))
        if one.effect is not Effect.READ:
            self.begun.add(one.id)
        self.runs[one.id] = StepRun(step_id=one.id, status=StepStatus.DONE, outcome=outcome)
        for other in self.plan.steps:
            run = self.runs[other.id]
            lost = any(self.runs[need].outcome not in {None, StepOutcome.SUCCEEDED} for need in other.depends_on)
            if run.status is not StepStatus.DONE and lost:
                self.runs[other.id] = replace(run, status=StepStatus.DONE, outcome=StepOutcome.SKIPPED)

    def take(self, edit: PlanEdit) -> bool:
        """Keep an edit, where it is possible."""
        snapshot = self.snapshot
        try:
            check_edit(snapshot, edit, self.grounds, OFFICE)
        except RequestError as error:
            if error.code != "inputs_invalid":  # the office has no writers; nothing else stands against it then
                return False
        self.edited += 1
        made = kept(snapshot, self.approval_id(), edit, ME, NOW)
        self.approvals.append(made)
        return True

    def approval_id(self) -> ApprovalId:
        return ApprovalId(f"edit{self.edited}")

    def carry_out(self) -> Plan:
        before = self.plan
        edits = waiting_edits(self.snapshot)
        made = revised(self.snapshot, edits, self.grounds).plan
        assert made.version == before.version + 1
        assert made.took_up == {one.id for one in edits}
        self.save(made)
        if not made.sure:
            self.approvals.append(
                Approval(
                    id=self.approval_id(),
                    execution_id=ExecutionId("e"),
                    kind=ApprovalKind.PLAN,
                    plan_version=made.version,
                    created_at=NOW,
                    status=ApprovalStatus.APPROVED,
                )
            )
        return made


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    names = [f"s{n}" for n in range(1, draw(st.integers(2, 6)) + 1)]
    steps: list[Step] = []
    for place, name in enumerate(names):
        before = names[:place]
        bound = draw(st.lists(st.sampled_from(before), max_size=2, unique=True)) if before else []
        after = draw(st.lists(st.sampled_from(before), max_size=1)) if before else []
        fields = dict(zip(("left", "right"), bound, strict=False))
        steps.append(step(name, after=tuple(set(after) - set(bound)), writes=draw(st.booleans()), **fields))
    return Plan(version=1, steps=tuple(steps))


def some_edit(data: st.DataObject, world: Running) -> PlanEdit:
    draw = data.draw
    one = draw(st.sampled_from([step.id for step in world.plan.steps]))
    match draw(st.sampled_from(["drop", "retry", "change", "back"])):
        case "drop":
            return Drop(steps=(one,))
        case "retry":
            return Retry(step=one)
        case "change":
            return ChangeInputs(step=one, inputs={"text": f"edit {world.edited}"})
        case _:
            return GoBack(version=draw(st.sampled_from(sorted(world.versions))))


def accounted_for(before: Plan, after: Plan) -> None:
    """Every step of either version is in exactly one place of the difference."""
    found = difference(before, after)
    later = [*found.added, *found.again, *found.kept, *(one.after for one in found.changed)]
    assert sorted(one.id for one in later) == sorted(one.id for one in after.steps)
    known = len(found.again) + len(found.kept) + len(found.changed)
    assert known + len(found.dropped) == len(before.steps)
    assert {one.id for one in found.kept} <= {one.id for one in before.steps}


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_whatever_is_edited_while_it_runs(data: st.DataObject) -> None:
    draw = data.draw
    world = Running(plan=draw(plans()))
    for _ in range(draw(st.integers(1, 5))):
        for one in world.ready():
            if draw(st.booleans()):
                world.end(one, draw(st.sampled_from([StepOutcome.SUCCEEDED, StepOutcome.FAILED, StepOutcome.REJECTED])))
        done = {one for one, run in world.runs.items() if run.outcome is StepOutcome.SUCCEEDED}
        before = world.plan
        taken = [edit for _ in range(draw(st.integers(1, 3))) if world.take(edit := some_edit(data, world))]
        if not taken:
            continue
        after = world.carry_out()
        for one in after.steps:
            run = world.runs[one.id]
            if one.id not in {step.id for step in before.steps}:
                assert run.status is StepStatus.PENDING or one.id in done, "what comes back fresh, or done"
        repeats = {one.id for one in after.steps if one.id in after.repeats}
        assert not (repeats and after.sure)
        accounted_for(before, after)
    for one in world.ready():
        world.end(one, StepOutcome.SUCCEEDED)


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_dropped_step_and_what_needs_it_are_gone(data: st.DataObject) -> None:
    world = Running(plan=data.draw(plans()))
    gone = data.draw(st.sampled_from([one.id for one in world.plan.steps]))
    if not world.take(Drop(steps=(gone,))):
        assert all(one.id == gone or gone in _sources(world.plan, one.id) for one in world.plan.steps)
        return
    left = {one.id for one in world.carry_out().steps}
    assert left == {
        one.id for one in world.versions[1].steps if one.id != gone and gone not in _sources(world.versions[1], one.id)
    }


def _sources(plan: Plan, step_id: StepId) -> set[StepId]:
    own = {b.step_id for b in plan.step(step_id).bindings.values()}
    return own.union(*(_sources(plan, one) for one in own))


def test_a_retry_renews_the_failed_what_failed_before_it_and_what_waits_for_it() -> None:
    world = Running(
        plan=Plan(
            version=1,
            steps=(step("a"), step("b", left="a"), step("c", after=("b",)), step("d"), step("e", left="c", right="d")),
        )
    )
    world.end(world.plan.step(StepId("a")), StepOutcome.SUCCEEDED)
    world.end(world.plan.step(StepId("b")), StepOutcome.FAILED)
    assert world.take(Retry(step=StepId("e")))
    made = world.carry_out()
    assert [one.id for one in made.steps] == ["a", "v2b", "v2c", "d", "v2e"]
    assert made.step(StepId("v2c")).after == ("v2b",)
    assert made.sure
    found = difference(world.versions[1], made, {StepId("a")})
    assert [one.id for one in found.again] == ["v2b", "v2c", "v2e"]
    assert (found.changed, found.added, found.dropped, found.done) == ((), (), (), {"a"})


def test_dropping_what_failed_lets_what_only_came_after_it_run() -> None:
    world = Running(plan=Plan(version=1, steps=(step("a"), step("b", after=("a",)), step("c"))))
    world.end(world.plan.step(StepId("a")), StepOutcome.FAILED)
    assert world.take(Drop(steps=(StepId("a"),)))
    assert [one.id for one in world.carry_out().steps] == ["v2b", "c"]


def test_an_effect_that_may_have_happened_is_marked_wherever_it_is_to_be_done_again() -> None:
    world = Running(plan=Plan(version=1, steps=(step("a", writes=True), step("b"))))
    world.end(world.plan.step(StepId("a")), StepOutcome.FAILED)
    assert world.take(Retry(step=StepId("a")))
    second = world.carry_out()
    assert (second.repeats, second.sure) == ({"v2a"}, False)
    assert world.take(ChangeInputs(step=StepId("v2a"), inputs={"text": "other"}))
    third = world.carry_out()
    assert [one.id for one in third.steps] == ["v3a", "b"]
    assert (third.repeats, third.sure) == (set(), True), "it was agreed to, and has not begun since"


def test_edits_of_one_version_follow_each_other_by_the_names_their_author_saw() -> None:
    world = Running(plan=Plan(version=1, steps=(step("a"), step("b", left="a"))))
    assert world.take(ChangeInputs(step=StepId("a"), inputs={"text": "one"}))
    assert world.take(ChangeInputs(step=StepId("b"), inputs={"text": "two"}))
    assert world.take(ChangeInputs(step=StepId("a"), inputs={"text": "three"}))
    made = world.carry_out()
    assert [(one.id, one.inputs["text"]) for one in made.steps] == [("v2a", "three"), ("v2b", "two")]
    assert made.origin is PlanOrigin.EDIT
    assert [(c.after.id, c.what) for c in difference(world.versions[1], made).changed] == [
        ("v2a", ("text",)),
        ("v2b", ("text",)),
    ]


@pytest.mark.parametrize("again", [False, True])
def test_going_back_brings_what_was_done_as_it_was(again: bool) -> None:
    world = Running(plan=Plan(version=1, steps=(step("a"), step("b", left="a"), step("c"))))
    world.end(world.plan.step(StepId("a")), StepOutcome.SUCCEEDED)
    assert world.take(Drop(steps=(StepId("b"), StepId("c"))))
    world.carry_out()
    assert world.take(GoBack(version=1))
    made = world.carry_out()
    assert [one.id for one in made.steps] == ["a", "v3b", "v3c"]
    assert (made.origin, made.sure) == (PlanOrigin.RETURN, True)
    if again:
        assert not world.take(GoBack(version=3))
