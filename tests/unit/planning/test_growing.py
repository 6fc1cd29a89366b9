"""A step is given out once it is complete and sound by itself, and never before."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.plan import Step
from engine.planning.check import Known, check_draft
from engine.planning.draft import PlanDraft
from engine.planning.emitted import read_plan
from engine.planning.growing import GrowingPlan
from tests.unit.planning.model_plans import STORY, asks, contact, emitted, step
from tests.unit.planning.office import OFFICE
from tests.unit.planning.scripted_desk import snapshots

KNOWN = Known(agents=OFFICE)


def grown(told: dict[str, Any], *, pieces: int = 400) -> list[Step]:
    """What is given out while the answer arrives."""
    growing, found = GrowingPlan(KNOWN), list[Step]()
    for snapshot, _ in snapshots(json.dumps(told, ensure_ascii=False), pieces):
        found.extend(growing.take(snapshot))
    assert found == growing.steps
    return found


def ids(told: dict[str, Any]) -> list[str]:
    return [one.id for one in grown(told)]


@pytest.mark.parametrize("pieces", [1, 7, 100, 10_000])
def test_every_step_of_a_sound_plan_comes_as_it_will_stand_in_the_plan(pieces: int) -> None:
    draft = read_plan(STORY)
    assert isinstance(draft, PlanDraft)
    assert tuple(grown(STORY, pieces=pieces)) == check_draft(draft, OFFICE, version=1, planner="model").steps


def test_last_step_waits_until_the_list_is_over() -> None:
    growing = GrowingPlan(KNOWN)
    assert growing.take({"steps": [contact("s1")]}) == ()
    assert [one.id for one in growing.take({"steps": [contact("s1"), {}]})] == ["s1"]
    assert growing.take({"steps": [contact("s1"), contact("s2")]}) == ()
    assert [one.id for one in growing.take({"steps": [contact("s1"), contact("s2")], "sure": True})] == ["s2"]


def test_half_a_step_is_not_taken_for_a_whole_one_where_sure_stands_first() -> None:
    growing = GrowingPlan(KNOWN)
    half = contact("s1", inputs={"name": "Yo"})
    assert growing.take({"sure": True, "steps": [half]}) == ()
    assert growing.take({"sure": True, "steps": [contact("s1", inputs={"name": "Yoav"})]}) == ()


@pytest.mark.parametrize(
    "second",
    [
        contact("s2", agent="RocketAgent"),
        contact("s2", inputs={}),
        contact("s2", inputs={"name": "D", "x": 1}),
        contact("s2", after=["s3"]),
        contact("s2", after=["s2"]),
        contact("s1"),
        contact("S2"),
        contact("s2", colour="red"),
        step("WeeklyStatusAgent", "s2", {"topic": "t", "documents": {"from": "s1"}}),
        step("EditorAgent", "s2", {"title": "t", "summary": {"from": "earlier_1"}}),
        "search",
    ],
    ids=str,
)
def test_nothing_comes_after_a_step_that_is_not_sound_by_itself(second: object) -> None:
    assert ids(emitted(contact("s1"), second, contact("s3"), contact("s4"))) == ["s1"]


def test_nothing_comes_once_there_is_a_question() -> None:
    assert ids(asks("Who?") | {"steps": [contact("s1"), contact("s2")]}) == []


def test_second_list_ends_it() -> None:
    growing = GrowingPlan(KNOWN)
    growing.take({"steps": [contact("s1"), contact("s2"), {}]})
    assert growing.take({"steps": [contact("s9")]}) == ()
    assert growing.take({"steps": [contact(f"t{n}") for n in range(9)], "sure": True}) == ()


def test_no_more_than_the_limit_comes() -> None:
    assert len(grown(emitted(*(contact(f"s{n}") for n in range(1000))), pieces=50)) == 200


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["steps", "sure", "question", "x"]),
            st.none()
            | st.booleans()
            | st.text()
            | st.lists(
                st.none() | st.just(contact("s1")) | st.just(contact("s2")) | st.builds(contact, st.just("s3")),
                max_size=4,
            ),
        )
    )
)
def test_no_snapshot_breaks_it(told: list[dict[str, Any]]) -> None:
    growing = GrowingPlan(KNOWN)
    for snapshot in told:
        growing.take(snapshot)
    assert len({one.id for one in growing.steps}) == len(growing.steps)
