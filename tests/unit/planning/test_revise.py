"""A step id never stands for other work than it stood for before."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.ids import ExecutionId, StepId
from engine.domain.plan import Binding, Import, Plan, Step
from engine.planning.revise import reconciled


def step(step_id: str, text: str = "", *, after: tuple[str, ...] = (), **bound: str) -> Step:
    bindings = {field: Binding(step_id=StepId(of)) for field, of in bound.items()}
    return Step(
        id=StepId(step_id),
        agent="Writer",
        title=text,
        inputs={"text": text},
        bindings=bindings,
        after=tuple(StepId(a) for a in after),
    )


def plan(*steps: Step, version: int = 1, **more: Any) -> Plan:
    return Plan(version=version, steps=steps, **more)


CURRENT = plan(step("s1", "a"), step("s2", "b", source="s1"), step("s3", "c", source="s2"))


def ids(made: Plan) -> list[str]:
    return [one.id for one in made.steps]


def test_same_plan_keeps_every_id() -> None:
    made = reconciled(CURRENT, CURRENT, 2)
    assert made == replace(CURRENT, version=2)


def test_changed_step_gets_a_new_id_and_so_does_whatever_takes_from_it() -> None:
    changed = plan(step("s1", "a"), step("s2", "B", source="s1"), step("s3", "c", source="s2"))
    made = reconciled(changed, CURRENT, 2)
    assert ids(made) == ["s1", "v2s2", "v2s3"]
    assert made.steps[2].bindings["source"].step_id == "v2s2"


def test_waiting_and_titles_are_not_work() -> None:
    one = replace(CURRENT.steps[2], title="another", after=(StepId("s1"),))
    assert ids(reconciled(plan(*CURRENT.steps[:2], one), CURRENT, 2)) == ["s1", "s2", "s3"]


def test_what_is_waited_for_is_renamed_too() -> None:
    made = reconciled(plan(step("s1", "A"), step("s9", "z", after=("s1",))), CURRENT, 2)
    assert made.steps[1].after == ("v2s1",)


def test_new_step_gets_an_id_no_version_before_can_have_had() -> None:
    second = reconciled(plan(step("s1", "a")), CURRENT, 2)
    third = reconciled(plan(step("s1", "a"), step("s2", "other")), second, 3)
    assert ids(third) == ["s1", "v3s2"]


def test_numbers_of_versions_do_not_pile_up() -> None:
    second = reconciled(plan(step("s1", "A")), CURRENT, 2)
    third = reconciled(plan(step("v2s1", "AA")), second, 3)
    assert ids(third) == ["v3s1"]


def test_first_version_renames_only_what_the_draft_had_otherwise() -> None:
    draft = plan(step("s1", "a"), step("s2", "b"), version=0)
    assert ids(reconciled(plan(step("s1", "a"), step("s2", "B"), step("s3", "c")), draft, 1)) == ["s1", "v1s2", "s3"]


def test_new_id_that_is_taken_is_counted_on_and_stays_short() -> None:
    long = "s" + "x" * 31
    current = plan(step(long, "a"), step(f"v2{long}"[:32], "b"))
    made = reconciled(plan(step(long, "A"), step(f"v2{long}"[:32], "b")), current, 2)
    assert ids(made) == [f"v2{long}"[:30] + "_2", f"v2{long}"[:32]]


def test_work_counted_anew_keeps_its_id_so_that_it_is_not_done_again() -> None:
    shifted = plan(step("s1", "new"), step("s2", "a"), step("s3", "b", source="s2"), step("s4", "c", source="s3"))
    made = reconciled(shifted, CURRENT, 2)
    assert ids(made) == ["v2s1", "s1", "s2", "s3"]
    assert made.steps[3].bindings["source"].step_id == "s2"


def test_the_same_work_twice_is_two_steps() -> None:
    twice = plan(step("s1", "a"), step("s5", "a"), step("s6", "a"))
    assert ids(reconciled(twice, plan(step("s1", "a"), step("s2", "a")), 2)) == ["s1", "s2", "v2s6"]


def test_same_name_of_another_earlier_result_is_other_work() -> None:
    took = replace(step("s1", "a"), bindings={"person": Binding(step_id=StepId("earlier_1"), earlier=True)})
    of = [Import(name=StepId("earlier_1"), execution_id=ExecutionId(e), step_id=StepId("s2")) for e in ("e1", "e2")]
    current, other = plan(took, imports=(of[0],)), plan(took, imports=(of[1],))
    assert ids(reconciled(current, current, 2)) == ["s1"]
    made = reconciled(other, current, 2)
    assert ids(made) == ["v2s1"]
    assert made.steps[0].bindings["person"].step_id == "earlier_1"


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    names = draw(st.lists(st.sampled_from(["s1", "s2", "s3", "s4", "v2s1", "v2s2", "v3s1"]), unique=True, min_size=1))
    steps: list[Step] = []
    for number, name in enumerate(names):
        before = st.sampled_from(names[:number]) if number else st.nothing()
        bound = draw(st.none() | before)
        after = draw(st.none() | before)
        of = {"source": bound} if bound else {}
        steps.append(step(name, draw(st.sampled_from("ab")), after=(after,) if after else (), **of))
    return plan(*steps)


def work(made: Plan, step_id: StepId) -> tuple[object, ...]:
    """What a step does, down to where its inputs come from."""
    one = made.step(step_id)
    return one.inputs, {field: work(made, b.step_id) for field, b in one.bindings.items()}


@settings(max_examples=400, deadline=None)
@given(plans(), plans(), plans())
def test_no_id_ever_means_two_things(first: Plan, second: Plan, third: Plan) -> None:
    versions = [first, reconciled(second, first, 2)]
    versions.append(reconciled(third, versions[1], 3))
    for wanted, made in zip((first, second, third), versions, strict=True):
        assert len(set(ids(made))) == len(made.steps)
        assert all(re.fullmatch(r"[a-z][a-z0-9_]{0,31}", one) for one in ids(made))
        assert [work(wanted, one.id) for one in wanted.steps] == [work(made, one.id) for one in made.steps]
        assert all(made.step(a).id == a for one in made.steps for a in one.depends_on)
    for number, made in enumerate(versions[1:], start=1):
        before = versions[number - 1]
        for step_id in set(ids(made)) & set(ids(before)):
            assert work(made, StepId(step_id)) == work(before, StepId(step_id))
        assert reconciled(made, before, number + 1) == made
