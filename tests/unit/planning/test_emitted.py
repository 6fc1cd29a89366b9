"""What a model hands over is read exactly or refused by name; what people will see of it is cleaned."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.planning.check import MAX_TITLE_CHARACTERS, findings
from engine.planning.draft import DraftBinding, PlanDraft
from engine.planning.emitted import MAX_UNDERSTOOD_CHARACTERS, read_plan, tidy
from engine.ports.planning import PlanQuestion
from tests.unit.planning.model_plans import STORY, asks, contact, emitted, step
from tests.unit.planning.office import OFFICE


def draft(*steps: object, **more: Any) -> PlanDraft:
    read = read_plan(emitted(*steps, **more))
    assert isinstance(read, PlanDraft), read
    return read


def faults(told: dict[str, Any]) -> set[tuple[str, str]]:
    read = read_plan(told)
    assert isinstance(read, tuple)
    assert all(len(fault.detail) < 400 for fault in read)
    return {(fault.code, fault.step) for fault in read}


def test_references_become_bindings_and_the_rest_stays_literal() -> None:
    meet = read_plan(STORY)
    assert isinstance(meet, PlanDraft)
    calendar = meet.steps[3]
    assert calendar.inputs == {"title": "פגישה עם יואב"}
    assert calendar.bindings == {"person": DraftBinding(step="s2", one=True), "summary": DraftBinding(step="s3")}
    assert not findings(meet, OFFICE)


def test_input_that_is_null_counts_as_left_out() -> None:
    one = draft(step("CalendarAgent", "s1", {"title": "Meeting", "on": None, "person": None, "duration_minutes": None}))
    assert one.steps[0].inputs == {"title": "Meeting"}
    assert not findings(one, OFFICE)


def test_missing_list_of_steps_to_wait_for_is_an_empty_one() -> None:
    bare = contact("s1")
    del bare["after"]
    assert draft(bare).steps[0].after == ()


FAULTS: list[tuple[str, dict[str, Any], tuple[str, str]]] = [
    ("nothing", {}, ("missing_field", "")),
    ("no sure", {key: value for key, value in emitted().items() if key != "sure"}, ("missing_field", "")),
    ("sure in words", emitted(sure="yes"), ("wrong_type", "")),
    ("sure as number", emitted(sure=1), ("wrong_type", "")),
    ("a key of its own", emitted(confidence=1), ("unknown_field", "")),
    ("steps as text", emitted() | {"steps": "first search"}, ("wrong_type", "")),
    ("steps as object", emitted() | {"steps": {"s1": contact("s1")}}, ("wrong_type", "")),
    ("a step in prose", emitted("search first"), ("wrong_type", "")),
    ("null step", emitted(None), ("wrong_type", "")),
    ("step without agent", emitted({"id": "s1", "title": "", "inputs": {}}), ("missing_field", "s1")),
    ("step without id", emitted({"agent": "A", "title": "", "inputs": {}}), ("missing_field", "step 1")),
    ("step with effect", emitted(contact("s1", effect="read")), ("unknown_field", "s1")),
    ("id as number", emitted(contact("s1"), contact("s2", id=2)), ("wrong_type", "step 2")),
    ("after as text", emitted(contact("s1", after="s0")), ("wrong_type", "s1")),
    ("after of numbers", emitted(contact("s1", after=[0])), ("wrong_type", "s1")),
    ("inputs as list", emitted(contact("s1", inputs=["Dana"])), ("wrong_type", "s1")),
    ("from a number", emitted(contact("s1", inputs={"name": {"from": 1}})), ("wrong_type", "s1")),
    ("one in words", emitted(contact("s1", inputs={"name": {"from": "s0", "one": "yes"}})), ("wrong_type", "s1")),
    ("reference with more", emitted(contact("s1", inputs={"name": {"from": "s0", "path": "x"}})), ("unknown_field", "s1")),
    ("question in words", emitted(question="Who?"), ("wrong_type", "")),
    ("question of nothing", asks("\u200b"), ("empty_question", "")),
    ("question with more", emitted(question={"text": "Who?", "choices": [], "why": ""}), ("unknown_field", "")),
    ("201 steps", emitted(*["x"] * 201), ("too_many_steps", "")),
]  # fmt: skip


@pytest.mark.parametrize(("told", "fault"), [case[1:] for case in FAULTS], ids=[case[0] for case in FAULTS])
def test_fault_of_shape_is_named(told: dict[str, Any], fault: tuple[str, str]) -> None:
    assert fault in faults(told)


def test_every_faulty_step_is_named_at_once() -> None:
    assert faults(emitted(contact("s1", x=1), contact("s2"), contact("s3", y=1))) == {
        ("unknown_field", "s1"),
        ("unknown_field", "s3"),
    }


def test_titles_and_understanding_lose_marks_that_steer_and_break() -> None:
    one = draft(contact("s1", title="Find\u202e \n Dana\u200b"), understood="\u2066As\u0000 asked." + "x" * 2_000)
    assert one.steps[0].title == "Find Dana"
    assert one.understood.startswith("As asked.x")
    assert len(one.understood) == MAX_UNDERSTOOD_CHARACTERS
    assert tidy("\ud800", 10) == ""
    assert tidy("x" * 1_000_000, 4) == "xxx…"


def test_long_title_is_a_fault_and_not_cut() -> None:
    long = draft(contact("s1", title="x" * (MAX_TITLE_CHARACTERS + 1)))
    assert [fault.code for fault in findings(long, OFFICE)] == ["title_too_long"]


def test_question_is_read_with_its_choices() -> None:
    assert read_plan(asks("עם מי?", "יואב", "דנה")) == PlanQuestion(text="עם מי?", choices=("יואב", "דנה"))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["from", "one", "id", "agent", "after", "inputs", "title", "name", "x"]) | st.text(), inner, max_size=6),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(["understood", "question", "steps", "sure", "x"]), _JSON), _JSON)
def test_no_answer_breaks_the_reader(told: dict[str, Any], inner: Any) -> None:
    for one in (told, emitted(inner), emitted(contact("s1", inputs={"name": inner}))):
        read = read_plan(one)
        if isinstance(read, PlanDraft):
            findings(read, OFFICE)


def test_deep_answer_is_refused() -> None:
    deep: Any = "x"
    for _ in range(500):
        deep = [deep]
    read = read_plan(emitted(contact("s1", inputs={"name": deep})))
    assert not isinstance(read, PlanDraft) or findings(read, OFFICE)
