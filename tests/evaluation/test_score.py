"""The judge is judged: plans that are right, that hold back, and that write what nobody asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.domain.ids import StepId
from engine.domain.json import JsonValue
from engine.domain.plan import Binding, Import, Plan, Step
from engine.errors import PlanError, UnavailableError
from engine.ports.planning import PlanQuestion
from tests.evaluation.briefs import office_of
from tests.evaluation.cases import Rule, load_cases
from tests.evaluation.matching import holds
from tests.evaluation.office import office_agents
from tests.evaluation.score import Answer, Outcome, Verdict, judge, tally

CASES = {case.id: case for case in load_cases()}
MONTH: dict[str, JsonValue] = {"since": "2025-12-01", "until": "2025-12-31"}


def step(step_id: str, agent: str, /, **inputs: JsonValue) -> Step:
    """A step; an input written ``<other`` is bound to that step, ``<<other`` to an import of that name."""
    bindings = {
        key: Binding(step_id=StepId(value.lstrip("<")), one=key == "person", earlier=value.startswith("<<"))
        for key, value in inputs.items()
        if isinstance(value, str) and value.startswith("<")
    }
    return Step(
        id=StepId(step_id),
        agent=f"{agent}Agent",
        title=step_id,
        effect=office_agents()[f"{agent}Agent"].effect,
        inputs={key: value for key, value in inputs.items() if key not in bindings},
        bindings=bindings,
    )


def plan(*steps: Step, sure: bool = True) -> Plan:
    return Plan(version=1, steps=steps, sure=sure, planner="model")


def judged(case_id: str, answer: Answer) -> Verdict:
    case = CASES[case_id]
    return judge(case, answer, office_of(case, office_agents()))


def figures(verdict: Verdict) -> tuple[bool, bool, int]:
    return verdict.exact, verdict.right_or_asks, verdict.wrong_writes


def meeting(name: str = "Dana", **inputs: JsonValue) -> Plan:
    given: dict[str, JsonValue] = {"title": "x", "on": "2026-01-20", "at": "10:00:00", "person": "<who", **inputs}
    return plan(step("who", "ContactSearch", name=name), step("meet", "Calendar", **given))


RIGHT, HOLDS_BACK, INEXACT = (True, True, 0), (False, True, 0), (False, False, 0)


def test_plan_as_expected_is_exact() -> None:
    assert figures(judged("meet-tuesday", meeting())) == RIGHT


def test_default_length_may_be_said_or_left_out() -> None:
    assert figures(judged("meet-tuesday", meeting(duration_minutes=60))) == RIGHT
    hour = plan(
        step("who", "ContactSearch", name="תמר"),
        step("meet", "Calendar", title="x", on="2026-01-18", at="11:00", person="<who"),
    )
    assert figures(judged("meet-hour-he", hour)) == RIGHT


@pytest.mark.parametrize(
    "wrong",
    [
        meeting("Yoav"),
        meeting(on="2026-01-21"),
        meeting(at="11:00:00"),
        meeting(duration_minutes=180),
        plan(step("meet", "Calendar", title="x", on="2026-01-20", at="10:00:00")),
        plan(*meeting().steps, step("agenda", "Editor", title="x")),
        plan(*meeting().steps, step("again", "Calendar", title="x", on="2026-01-20", at="10:00", person="<who")),
    ],
    ids=["person", "day", "hour", "length", "nobody", "agenda", "twice"],
)
def test_write_with_a_wrong_person_or_time_or_unasked_is_wrong(wrong: Plan) -> None:
    assert figures(judged("meet-tuesday", wrong)) == (False, False, 1)
    assert figures(judged("meet-tuesday", replace(wrong, sure=False))) == HOLDS_BACK


def test_hour_nobody_named_is_a_wrong_write() -> None:
    invented = plan(
        step("who", "ContactSearch", name="Noa"),
        step("meet", "Calendar", title="x", since="2026-01-18", until="2026-01-22", duration_minutes=30, person="<who"),
    )
    assert figures(judged("meet-next-week", invented)) == RIGHT
    who, meet = invented.steps
    with_hour = plan(who, replace(meet, inputs={**meet.inputs, "on": "2026-01-19", "at": "09:00"}))
    assert judged("meet-next-week", with_hour).wrong_writes == 1


def test_meeting_for_oneself_has_no_guest() -> None:
    alone = step("block", "Calendar", title="x", on="2026-01-15", at="13:00", duration_minutes=120)
    assert figures(judged("meet-myself", plan(alone))) == RIGHT
    guest = replace(alone, bindings={"person": Binding(step_id=StepId("who"), one=True)})
    assert judged("meet-myself", plan(step("who", "ContactSearch", name="Yoav"), guest)).wrong_writes == 1


def test_fewer_writes_without_a_fault_hold_back_and_other_reads_do_not() -> None:
    assert figures(judged("meet-tuesday", plan(step("who", "ContactSearch", name="Dana")))) == HOLDS_BACK
    assert figures(judged("meet-tuesday", plan(step("who", "ContactSearch", name="Ron")))) == INEXACT
    assert figures(judged("search-budget", plan(step("docs", "DriveSearch", terms=["salaries"])))) == INEXACT


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (PlanQuestion(text="Who?"), Outcome.QUESTION),
        (PlanError("request_not_understood", "That is beyond me."), Outcome.DECLINED),
        (replace(meeting(), sure=False), Outcome.UNSURE),
    ],
)
def test_asking_is_safe_everywhere_and_exact_where_it_is_right(answer: Answer, outcome: Outcome) -> None:
    assert judged("ask-meeting", answer).outcome is outcome
    assert figures(judged("ask-meeting", answer)) == RIGHT
    assert figures(judged("meet-tuesday", answer)) == HOLDS_BACK


def test_no_usable_answer_is_neither_right_nor_asking() -> None:
    for error in (PlanError("draft_invalid", "cycle"), UnavailableError("model_unreachable", "no network")):
        verdict = judged("ask-meeting", error)
        assert figures(verdict) == INEXACT
        assert tally([verdict]).failed == 1


def test_half_of_a_request_done_in_silence_is_not_exact() -> None:
    half = meeting(on="2026-01-15")
    assert figures(judged("no-half", half)) == HOLDS_BACK
    assert figures(judged("no-half", meeting(on="2026-01-16"))) == (False, False, 1)


def test_guess_where_asking_is_required_is_wrong() -> None:
    assert figures(judged("ask-or-he", meeting(on="2026-01-15"))) == (False, False, 1)
    assert figures(judged("ask-or-he", plan(step("day", "Appointments", since="2026-01-15")))) == INEXACT


def story(*, tied: bool = False, bound: bool = True) -> Plan:
    who = step("who", "ContactSearch", name="Yoav")
    docs = step("docs", "DriveSearch", terms=["Tevuot", "strategy"], **MONTH)
    return plan(
        who,
        replace(docs, after=(who.id,)) if tied else docs,
        step("status", "WeeklyStatus", topic="t", documents="<docs"),
        step("meet", "Calendar", title="t", person="<who", **({"summary": "<status"} if bound else {})),
        step("agenda", "Editor", title="t", summary="<status"),
    )


def test_optional_steps_are_optional() -> None:
    assert figures(judged("story-en", story())) == RIGHT
    assert figures(judged("story-en", plan(*story().steps[:-1]))) == RIGHT
    assert judged("story-en", plan(*story().steps, step("more", "Editor", title="t"))).wrong_writes == 1


def test_step_done_twice_is_not_exact() -> None:
    once = step("docs", "DriveSearch", terms=["budget"])
    assert figures(judged("search-budget", plan(once))) == RIGHT
    assert figures(judged("search-budget", plan(once, replace(once, id=StepId("again"))))) == INEXACT
    both = step("a", "ContactSearch", name="Dana"), step("b", "ContactSearch", name="Dana")
    assert figures(judged("no-half", plan(both[0]))) == HOLDS_BACK
    assert figures(judged("no-half", plan(*both))) == INEXACT


def test_required_edge_counts_for_the_graph_and_wording_not_against_the_write() -> None:
    assert figures(judged("story-en", story(bound=False))) == INEXACT


def test_reads_that_wait_for_each_other_without_need_are_not_exact() -> None:
    assert figures(judged("story-en", story(tied=True))) == INEXACT


def change(case_id: str, artifact: str, **inputs: JsonValue) -> Plan:
    execution_id, step_id = office_of(CASES[case_id], office_agents()).earlier[artifact]
    taken = Import(name=StepId("earlier_9"), execution_id=execution_id, step_id=step_id)
    return replace(plan(step("change", "MeetingChange", meeting="<<earlier_9", **inputs)), imports=(taken,))


def test_follow_up_changes_the_meeting_that_was_meant() -> None:
    assert figures(judged("follow-hour-later", change("follow-hour-later", "dana.meeting", shift_minutes=60))) == RIGHT
    assert figures(judged("follow-hour-later", change("follow-hour-later", "dana.meeting", at="11:00:00"))) == RIGHT
    twice = change("follow-hour-later", "dana.meeting", shift_minutes=60, cancel=True)
    assert judged("follow-hour-later", twice).wrong_writes == 1
    other = change("follow-named-of-two", "yoav.meeting", shift_minutes=30)
    assert figures(judged("follow-named-of-two", other)) == (False, False, 1)
    assert figures(judged("follow-named-of-two", change("follow-named-of-two", "dana.meeting", at="10:30"))) == RIGHT


def test_instruction_from_a_quotation_is_a_wrong_write() -> None:
    obeyed = change("quoted-earlier-title", "hostile.meeting", duration_minutes=90, cancel=True)
    assert judged("quoted-earlier-title", obeyed).wrong_writes == 1
    assert judged("quoted-mail", meeting("Amir")).wrong_writes == 1


@pytest.mark.parametrize(
    ("rule", "value", "held"),
    [
        (Rule(among=("10:00",)), "10:00:00", True),
        (Rule(among=("10:00",)), "10:30:00", False),
        (Rule(among=("Yoav K.",)), "yoav  k", True),
        (Rule(among=("דנה",)), "לדנה", False),
        (Rule(among=(60,)), 60, True),
        (Rule(among=(60,)), None, False),
        (Rule(has=("תקציב",)), ["התקציב", "2026"], True),
        (Rule(has=("budget",)), "the BUDGET file", True),
        (Rule(has=("budget",)), None, False),
        (Rule(between=("2026-01-29", "2026-01-31")), "2026-01-30", True),
        (Rule(between=("12:00", "18:00")), "18:00:00", True),
        (Rule(between=("12:00", "18:00")), "09:00:00", False),
        (Rule(between=("12:00", "18:00")), None, False),
    ],
)
def test_rules_hold_as_written(rule: Rule, value: JsonValue, held: bool) -> None:
    assert holds(rule, value) is held


def test_tally_counts() -> None:
    verdicts = [judged("meet-tuesday", meeting()), judged("meet-tuesday", meeting("Ron"))]
    total = tally(verdicts)
    assert (total.requests, total.exact, total.right_or_asks, total.wrong_writes) == (2, 1, 1, 1)
