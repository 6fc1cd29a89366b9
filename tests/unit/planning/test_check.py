"""Every fault of a draft is found by its name, and a sound draft becomes the plan it describes."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from engine.domain.effect import Effect
from engine.domain.ids import ExecutionId, StepId
from engine.domain.plan import Binding, Import
from engine.errors import PlanError
from engine.planning.check import check_draft, findings
from engine.planning.draft import DraftBinding, DraftStep, PlanDraft
from engine.ports.planning import EarlierArtifact
from tests.unit.planning.model_plans import EARLIER
from tests.unit.planning.office import OFFICE, WITH_MODEL


def step(step_id: str, agent: str = "ContactSearchAgent", **more: object) -> DraftStep:
    """A step that is sound unless told otherwise."""
    given: dict[str, object] = {"inputs": {"name": "Dana"}, **more} if agent == "ContactSearchAgent" else more
    return DraftStep.model_validate({"id": step_id, "agent": agent, **given})


def codes(*steps: DraftStep) -> set[str]:
    return {one.code for one in findings(PlanDraft(steps=steps), OFFICE)}


def drive(**inputs: JsonValue) -> DraftStep:
    return step("a", "DriveSearchAgent", inputs={"terms": ["budget"], **inputs})


def calendar(**bindings: DraftBinding) -> DraftStep:
    return step("z", "CalendarAgent", inputs={"title": "Meeting"}, bindings=bindings)


FAULTS: list[tuple[str, tuple[DraftStep, ...]]] = [
    ("empty_plan", ()),
    ("cycle", (step("a", after=["b"]), step("b", after=["a"]))),
    ("cycle", (step("a", after=["c"]), step("b", after=["a"]), step("c", after=["b"]), step("d", after=["c"]))),
    ("dangling_reference", (step("a", after=["nobody"]),)),
    ("dangling_reference", (calendar(person=DraftBinding(step="nobody", one=True)),)),
    ("self_reference", (step("a", after=["a"]),)),
    ("duplicate_id", (step("a"), step("a"))),
    ("bad_id", (step("A"),)),
    ("bad_id", (step("a-b"),)),
    ("bad_id", (step("a" * 33),)),
    ("bad_id", (step("a\n"),)),
    ("bad_id", (step(""),)),
    ("unknown_agent", (step("a", "RocketAgent"),)),
    ("wrong_argument", (drive(terms="budget"),)),
    ("wrong_argument", (drive(limit="eight"),)),
    ("wrong_argument", (drive(limit=True),)),
    ("wrong_argument", (drive(limit=0),)),
    ("wrong_argument", (drive(since="2025-13-01"),)),
    ("wrong_argument", (drive(limit=float("nan")),)),
    ("wrong_argument", (step("a", "ContactSearchAgent", inputs={"name": "\ud800"}),)),
    ("wrong_argument", (step("a", "CalendarAgent", inputs={"title": "Meeting", "at": 10}),)),
    ("wrong_argument", (step("a", "EditorAgent", inputs={"title": "A", "summary": {"topic": "t", "text": "x"}}),)),
    ("unknown_argument", (drive(colour="red"),)),
    ("unknown_argument", (step("a"), calendar(colour=DraftBinding(step="a")))),
    ("missing_argument", (step("a", "DriveSearchAgent"),)),
    ("missing_argument", (step("a", "WeeklyStatusAgent", inputs={"topic": "t"}),)),
    (
        "argument_twice",
        (
            drive(),
            step("s", "WeeklyStatusAgent", inputs={"topic": "t"}, bindings={"documents": {"step": "a"}}),
            step("e", "EditorAgent", inputs={"title": "A", "summary": None}, bindings={"summary": {"step": "s"}}),
        ),
    ),
    ("wrong_binding", (step("a"), calendar(person=DraftBinding(step="a")))),
    ("wrong_binding", (step("a"), calendar(summary=DraftBinding(step="a")))),
    ("wrong_binding", (step("a"), step("b", inputs={}, bindings={"name": {"step": "a"}}))),
    ("wrong_binding", (drive(), calendar(person=DraftBinding(step="a", one=True)))),
    ("too_many_steps", tuple(step(f"s{number}") for number in range(201))),
    ("too_deep", tuple(step(f"s{n}", after=[f"s{n - 1}"] if n else []) for n in range(21))),
    ("title_too_long", (step("a", title="x" * 201),)),
]


@pytest.mark.parametrize(("code", "steps"), FAULTS, ids=[f"{n}-{code}" for n, (code, _) in enumerate(FAULTS)])
def test_fault_is_found_by_name_and_alone(code: str, steps: tuple[DraftStep, ...]) -> None:
    assert codes(*steps) == {code}
    with pytest.raises(PlanError, match=code) as caught:
        check_draft(PlanDraft(steps=steps), OFFICE, version=1, planner="model")
    assert caught.value.code == "draft_invalid"


def test_all_findings_are_listed() -> None:
    steps = (step("a", after=["a", "x"]), step("b", "RocketAgent", title="t" * 300))
    with pytest.raises(PlanError) as caught:
        check_draft(PlanDraft(steps=steps), OFFICE, version=1, planner="model")
    for code in ("self_reference", "dangling_reference", "unknown_agent", "title_too_long"):
        assert code in caught.value.detail


def test_cycle_names_only_those_on_it() -> None:
    steps = (step("a", after=["b"]), step("b", after=["a"]), step("behind", after=["b"]), step("free"))
    (finding,) = findings(PlanDraft(steps=steps), OFFICE)
    assert "'a'" in finding.detail
    assert "'b'" in finding.detail
    assert "behind" not in finding.detail


def test_limits_themselves_are_allowed() -> None:
    chain = tuple(step(f"s{n}", after=[f"s{n - 1}"] if n else []) for n in range(20))
    many = tuple(step(f"s{n}") for n in range(200))
    assert not codes(*chain)
    assert not codes(*many)


@pytest.mark.parametrize("count", [200, 1000, 20_000])
def test_large_draft_is_decided(count: int) -> None:
    chain = tuple(
        DraftStep(id=f"s{n}", agent="ContactSearchAgent", inputs={"name": "x"}, after=(f"s{n + 1}",))
        for n in range(count)
    )
    assert findings(PlanDraft(steps=chain), OFFICE)


def test_plan_is_ordered_stably_keeps_ids_and_takes_effects_from_the_registry() -> None:
    steps = (
        step("meet", "CalendarAgent", inputs={"title": "M"}, bindings={"person": {"step": "who", "one": True}}),
        step("later"),
        step("who", after=["first", "first"]),
        step("first"),
    )
    plan = check_draft(PlanDraft(steps=steps, understood="u", sure=False), OFFICE, version=3, planner="model")
    assert [one.id for one in plan.steps] == ["later", "first", "who", "meet"]
    assert (plan.version, plan.planner, plan.understood, plan.sure) == (3, "model", "u", False)
    meet = plan.steps[-1]
    assert meet.effect is Effect.KEYED
    assert meet.bindings == {"person": Binding(step_id=plan.steps[2].id, one=True)}
    assert plan.steps[2].after == ("first",)
    assert meet.title == "CalendarAgent"


BEFORE: dict[str, EarlierArtifact] = {one.name: one for execution in EARLIER for one in execution.artifacts}
"""``earlier_1`` is a person, ``earlier_2`` a meeting, ``earlier_3`` contacts nobody has picked from."""


def change(after: tuple[str, ...] = (), **bindings: DraftBinding) -> DraftStep:
    return step("c", "MeetingChangeAgent", inputs={"cancel": True}, bindings=bindings, after=after)


def bound(source: str, *, one: bool = False) -> DraftBinding:
    return DraftBinding(step=source, one=one)


@pytest.mark.parametrize(
    ("code", "steps"),
    [
        ("unknown_earlier", (change(meeting=bound("earlier_9")),)),
        ("wrong_binding", (change(meeting=bound("earlier_1")),)),
        ("wrong_binding", (change(meeting=bound("earlier_2", one=True)),)),
        ("wrong_binding", (change(meeting=bound("earlier_2"), add=bound("earlier_3")),)),
        ("wrong_binding", (calendar(summary=bound("earlier_2")),)),
        ("dangling_reference", (step("a", after=["earlier_2"]),)),
        ("dangling_reference", (change(("earlier_2",), meeting=bound("earlier_2")),)),
        ("dangling_reference", (change(meeting=bound("later_2")),)),
        ("bad_id", (step("earlier_2"),)),
        ("bad_id", (step("earlier_77"),)),
    ],
)
def test_fault_in_what_is_taken_from_earlier_is_found_by_name(code: str, steps: tuple[DraftStep, ...]) -> None:
    assert {one.code for one in findings(PlanDraft(steps=steps), WITH_MODEL, BEFORE)} == {code}


def test_what_is_taken_from_earlier_becomes_an_import_and_is_not_waited_for() -> None:
    taken = change(meeting=bound("earlier_2"), add=bound("earlier_3", one=True), remove=bound("earlier_1", one=True))
    again = step("d", "MeetingChangeAgent", bindings={"meeting": {"step": "earlier_2"}}, after=["c"])
    plan = check_draft(PlanDraft(steps=(again, taken)), WITH_MODEL, version=1, planner="model", earlier=BEFORE)
    assert [one.id for one in plan.steps] == ["c", "d"]
    first = plan.steps[0]
    assert first.depends_on == ()
    assert first.bindings == {
        "meeting": Binding(step_id=StepId("earlier_2"), earlier=True),
        "add": Binding(step_id=StepId("earlier_3"), one=True, earlier=True),
        "remove": Binding(step_id=StepId("earlier_1"), earlier=True),
    }
    assert plan.imports == (
        Import(name=StepId("earlier_2"), execution_id=ExecutionId("e1"), step_id=StepId("s2")),
        Import(name=StepId("earlier_3"), execution_id=ExecutionId("e2"), step_id=StepId("s1")),
        Import(name=StepId("earlier_1"), execution_id=ExecutionId("e1"), step_id=StepId("s1")),
    )


def test_plan_that_takes_nothing_from_earlier_imports_nothing() -> None:
    plan = check_draft(PlanDraft(steps=(step("a"),)), WITH_MODEL, version=1, planner="model", earlier=BEFORE)
    assert plan.imports == ()
