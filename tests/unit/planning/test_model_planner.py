"""A model's plan is shown while it grows, believed only when it is checked, and repaired at most twice."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from engine.domain.ids import StepId
from engine.domain.json import content_hash
from engine.domain.plan import Binding, Plan
from engine.domain.spend import Usage
from engine.errors import AuthExpiredError, IntegrationError, PlanError, RefusedError, UnavailableError
from engine.planning.catalogue import EMIT_PLAN
from engine.planning.model_planner import MAX_ANSWER_TOKENS, ModelPlanner
from engine.ports.language_model import (
    AnswerLostError,
    Growing,
    ModelAnswer,
    ModelRequest,
    ModelRole,
    Opaque,
    StopReason,
    Text,
    ToolResult,
    ToolUse,
)
from engine.ports.planning import Brief, FailedStep, PlanningDesk, PlanQuestion
from tests.unit.planning.model_plans import EARLIER, HEBREW, STORY, asks, brief, contact, emitted, step
from tests.unit.planning.office import WITH_MODEL
from tests.unit.planning.scripted_desk import MODEL, ScriptedDesk, Turn, desk, says

GOOD = says(emitted(contact("s1")))
CYCLE = emitted(contact("s1"), contact("s2", after=["s3"]), contact("s3", after=["s2"]))


async def made(told: Brief, at: PlanningDesk) -> Plan | PlanQuestion:
    return await ModelPlanner(lambda: WITH_MODEL).create_plan(told, at)


async def plan_at(at: ScriptedDesk, told: Brief | None = None) -> Plan:
    plan = await made(told or brief(), at)
    assert isinstance(plan, Plan)
    return plan


def words(request: ModelRequest) -> dict[str, Any]:
    """The briefing in a request."""
    (first, *_) = request.messages[0].parts
    assert isinstance(first, Text)
    return json.loads(first.text)


def told_back(request: ModelRequest) -> str:
    """What the last turn says of the answer before it."""
    last = request.messages[-1].parts[-1]
    assert isinstance(last, Text | ToolResult)
    return last.text


async def test_story_in_hebrew_becomes_its_plan() -> None:
    plan = await plan_at(desk(says(STORY)))
    assert [(one.id, one.agent, one.depends_on) for one in plan.steps] == [
        ("s1", "DriveSearchAgent", ()),
        ("s2", "ContactSearchAgent", ()),
        ("s3", "WeeklyStatusAgent", ("s1", "s2")),
        ("s4", "CalendarAgent", ("s2", "s3")),
        ("s5", "EditorAgent", ("s3",)),
    ]
    assert (plan.version, plan.planner, plan.prompt, plan.model, plan.sure) == (1, "model", "planner@2", MODEL, True)
    assert plan.understood == "אקרא, אבין ואקבע פגישה עם יואב."
    assert plan.steps[3].bindings["person"] == Binding(step_id=plan.steps[1].id, one=True)


async def test_each_step_shows_as_soon_as_the_next_one_begins() -> None:
    at = desk(says(STORY))
    plan = await plan_at(at)
    assert tuple(at.standing) == plan.steps
    assert at.withdrawals == 0
    shares = list(at.seen_at.values())
    assert shares == sorted(shares)
    assert shares[0] < 1 / 3
    assert shares[3] < 0.9


async def test_requests_begin_with_the_same_bytes() -> None:
    at = desk(says(STORY), GOOD)
    planner = ModelPlanner(lambda: dict(reversed(list(WITH_MODEL.items()))))
    await planner.create_plan(brief(), at)
    await ModelPlanner(lambda: WITH_MODEL).create_plan(brief("find Dana", earlier=EARLIER), at)
    one, other = at.requests
    assert (one.role, one.prompt, one.catalogue, one.must_use) == (other.role, other.prompt, other.catalogue, EMIT_PLAN)
    assert one.role is ModelRole.PLANNER
    assert [(tool.name, json.dumps(tool.schema), tool.strict) for tool in one.tools] == [
        (tool.name, json.dumps(tool.schema), tool.strict) for tool in other.tools
    ]
    assert one.max_tokens == MAX_ANSWER_TOKENS
    assert HEBREW not in one.prompt.text + one.catalogue + json.dumps(one.tools[0].schema)
    assert "2026" not in one.catalogue


async def test_model_is_told_what_failed_by_its_code_and_by_nothing_that_was_read() -> None:
    current = await plan_at(desk(says(STORY)))
    failed = FailedStep(step_id=StepId("s2"), agent="ContactSearchAgent", title="Yoav", code="contact_not_found")
    at = desk(GOOD)
    await made(replace(brief(current=current), failed=(failed,)), at)
    told = words(at.requests[0])
    assert told["failed_steps"] == [
        {"id": "s2", "agent": "ContactSearchAgent", "title": "Yoav", "error": "contact_not_found"}
    ]
    assert [step["id"] for step in told["current_plan"]["steps"]] == [step.id for step in current.steps]
    assert "change" not in told


async def test_model_is_told_the_request_as_written_and_the_day_in_the_askers_zone() -> None:
    at = desk(GOOD)
    await made(brief(), at)
    told = words(at.requests[0])
    assert told["request"] == HEBREW
    assert told["language"] == "he"
    assert told["calendar"]["today"] == "Wednesday 2026-01-14"
    assert told["calendar"]["time"] == "10:00"
    assert told["calendar"]["week_starts"] == "Sunday"
    assert told["calendar"]["workdays"] == ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday"]
    assert told["calendar"]["coming_days"][0] == "Thursday 2026-01-15"
    assert set(told) == {"calendar", "language", "request"}


FAULTS: dict[str, tuple[Turn, str]] = {
    "prose": (says(text="I would first search, then ask Yoav.", stop=StopReason.FINISHED), "no_plan"),
    "nothing": (says(stop=StopReason.FINISHED), "no_plan"),
    "blank": (says(text=" \n", stop=StopReason.FINISHED), "no_plan"),
    "unknown agent": (says(emitted(contact("s1"), contact("s2", agent="RocketAgent"), contact("s3"))), "unknown_agent"),
    "cycle": (says(CYCLE), "cycle"),
    "thousand steps": (says(emitted(*(contact(f"s{n}") for n in range(1000)))), "too_many_steps"),
    "no steps": (says(emitted()), "empty_plan"),
    "wrong type": (says(emitted(contact("s1"), contact("s2", after="s1"))), "wrong_type"),
    "wrong argument": (says(emitted(contact("s1"), contact("s2", inputs={"name": 7}), contact("s3"))), "wrong_argument"),
    "unknown key": (says(emitted(contact("s1"), contact("s2"), confidence=0.9)), "unknown_field"),
    "no sure": (says({"understood": "x", "question": None, "steps": [contact("s1"), contact("s2")]}), "missing_field"),
    "two plans": (says(emitted(contact("s1")), emitted(contact("s2"))), "several_plans"),
    "other tool": (says(emitted(contact("s1")), tool="send_mail"), "unknown_tool"),
    "unknown earlier": (says(emitted(contact("s0"), step("MeetingChangeAgent", "s1", {"meeting": {"from": "earlier_9"}}))), "unknown_earlier"),
    "cut": (says(emitted(contact("s1"), contact("s2")), stop=StopReason.MAX_TOKENS), "cut"),
    "empty question": (says(asks(" ")), "empty_question"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
async def test_fault_is_named_to_the_model_and_nothing_of_the_answer_stays(name: str) -> None:
    bad, code = FAULTS[name]
    standing: list[int] = []
    at = desk(bad, GOOD)
    at.on_ask = lambda _: standing.append(len(at.standing))
    plan = await plan_at(at)
    assert [one.id for one in plan.steps] == ["s1"]
    assert standing == [0, 0]
    assert at.withdrawals == 1
    assert f"- {code}" in told_back(at.requests[1])


async def test_what_stood_before_a_repair_stays_as_it_was() -> None:
    at = desk(FAULTS["cycle"][0], FAULTS["prose"][0], GOOD)
    await plan_at(at)
    first, second, third = (request.messages for request in at.requests)
    assert second[:1] == first
    assert third[:3] == second
    assert len({content_hash({"t": request.tools[0].schema}) for request in at.requests}) == 1


async def test_cut_answer_is_not_given_back_and_a_shorter_one_is_asked_for() -> None:
    at = desk(FAULTS["cut"][0], GOOD)
    await plan_at(at)
    (only,) = at.requests[1].messages
    assert only.parts[0] == at.requests[0].messages[0].parts[0]
    assert "shorter" in told_back(at.requests[1])


async def test_plan_of_a_thousand_steps_is_not_paid_for_twice() -> None:
    at = desk(FAULTS["thousand steps"][0], GOOD)
    await plan_at(at)
    assert len(at.requests[1].messages) == 1
    assert len(at.ever) == 201


@pytest.mark.parametrize("value", [float("nan"), "\ud800", float("inf")])
async def test_answer_that_is_no_plain_json_is_not_given_back(value: object) -> None:
    call = ToolUse(id="c", name=EMIT_PLAN, input=emitted(contact("s1", inputs={"name": value})))
    answer = ModelAnswer(model=MODEL, parts=(call,), stop=StopReason.TOOL_USE, usage=Usage())
    at = desk(Turn(answer=answer), GOOD)
    await plan_at(at)
    assert len(at.requests[1].messages) == 1
    told_back(at.requests[1]).encode()


async def test_thinking_is_given_back_with_the_answer_it_belongs_to() -> None:
    bad = FAULTS["cycle"][0].answer
    assert bad is not None
    thought = Opaque(value={"type": "thinking", "signature": "abc"})
    answer = ModelAnswer(model=MODEL, parts=(thought, *bad.parts), stop=bad.stop, usage=Usage())
    at = desk(Turn(answer=answer), GOOD)
    await plan_at(at)
    assert at.requests[1].messages[1].parts[0] == thought


async def test_third_faulty_answer_is_the_last() -> None:
    at = desk(FAULTS["cycle"][0], FAULTS["prose"][0], FAULTS["unknown agent"][0], GOOD)
    with pytest.raises(PlanError, match="unknown_agent") as caught:
        await made(brief(), at)
    assert caught.value.code == "draft_invalid"
    assert len(at.requests) == 3
    assert at.standing == []


async def test_refused_answer_is_dropped_and_not_asked_again() -> None:
    at = desk(says(STORY, stop=StopReason.REFUSED), GOOD)
    with pytest.raises(PlanError) as caught:
        await made(brief(), at)
    assert caught.value.code == "model_refused"
    assert len(at.ever) == 5
    assert at.standing == []
    assert len(at.requests) == 1


class GivesWay(BaseException):
    """As the engine's own suspension: nobody's ``except Exception`` may eat it."""


@pytest.mark.parametrize(
    "error",
    [
        AnswerLostError("model_cut", "broke off", Usage(output_tokens=9)),
        UnavailableError("model_overloaded", "too many"),
        AuthExpiredError("model_key_wrong", "no"),
        RefusedError("model_unknown", "no such model"),
        GivesWay(),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_error_passes_once_what_was_drafted_is_withdrawn(error: BaseException) -> None:
    half = json.dumps(STORY, ensure_ascii=False)
    at = desk(Turn(written=half[: len(half) // 2], error=error), GOOD)
    with pytest.raises(type(error)):
        await made(brief(), at)
    assert len(at.ever) == 2
    assert at.standing == []
    assert len(at.requests) == 1


async def test_cancelled_planning_leaves_nothing_drafted() -> None:
    class Stuck(ScriptedDesk):
        async def ask(self, request: ModelRequest, growing: Growing | None = None) -> ModelAnswer:
            assert growing is not None
            growing(EMIT_PLAN, {"steps": [contact("s1"), {}]})
            reached.set()
            await asyncio.Event().wait()
            raise AssertionError

    reached, at = asyncio.Event(), Stuck()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(made(brief(), at))
        await reached.wait()
        assert [one.id for one in at.standing] == ["s1"]
        task.cancel()
    assert at.standing == []


async def test_question_comes_instead_of_a_plan_cleaned_and_bounded() -> None:
    choices = ("מחר\u202e", "מחר", "", *(f"יום {n}" for n in range(9)))
    at = desk(says(asks("מתי\u2066 לקבוע?" + "?" * 900, *choices)))
    question = await made(brief(), at)
    assert isinstance(question, PlanQuestion)
    assert question.text.startswith("מתי לקבוע?")
    assert len(question.text) == 500
    assert question.choices == ("מחר", "יום 0", "יום 1", "יום 2", "יום 3")
    assert at.ever == []


async def test_question_outranks_steps() -> None:
    late = emitted(contact("s1"), contact("s2"))
    late.pop("question")
    late["question"] = {"text": "Who?", "choices": []}
    at = desk(says(late))
    assert isinstance(await made(brief(), at), PlanQuestion)
    assert at.ever
    assert at.standing == []


async def test_answers_go_with_the_request() -> None:
    at = desk(GOOD)
    plan = await plan_at(at, brief(answers=2))
    told = words(at.requests[0])
    assert told["clarifications"][1] == {"question": "Question 1?", "answer": "answer 1"}
    assert "must_plan" not in told
    assert plan.sure


async def test_after_three_answers_there_is_a_plan_a_person_looks_at() -> None:
    at = desk(says(asks("Who?")), GOOD)
    plan = await plan_at(at, brief(answers=3))
    assert words(at.requests[0])["must_plan"] is True
    assert "question_too_late" in told_back(at.requests[1])
    assert not plan.sure


async def test_after_three_answers_and_still_nothing_to_do_the_request_is_not_understood() -> None:
    with pytest.raises(PlanError) as caught:
        await made(brief(answers=3), desk(says(emitted(understood="No flights."))))
    assert caught.value.code == "request_not_understood"


async def test_follow_up_takes_from_what_was_before_by_name() -> None:
    inputs = {"meeting": {"from": "earlier_2"}, "shift_minutes": 60, "add": {"from": "s1", "one": True}}
    change = step("MeetingChangeAgent", "s2", inputs)
    at = desk(says(emitted(contact("s1"), change)))
    plan = await plan_at(at, brief("make it an hour later and invite Dana", earlier=EARLIER))
    assert plan.steps[1].bindings["meeting"] == Binding(step_id=plan.imports[0].name, earlier=True)
    assert plan.steps[1].depends_on == ("s1",)
    assert [(one.name, one.execution_id, one.step_id) for one in plan.imports] == [("earlier_2", "e1", "s2")]
    told = words(at.requests[0])["earlier"]
    assert told[0]["request"] == "set up a meeting with Yoav tomorrow at 10"
    assert told[0]["asked"] == "2026-01-14 09:00"
    assert told[0]["results"][0] == {
        "name": "earlier_1",
        "kind": "person",
        "step": "Find Yoav",
        "approved": {"picked": "Yoav Levi"},
    }
    assert len(told[0]["results"][1]["approved"]["description"]) == 200
    assert told[1]["outcome"] == "not finished"


async def test_change_is_told_with_the_plan_it_is_about() -> None:
    current = await plan_at(desk(says(STORY)))
    at = desk(says(STORY))
    plan = await plan_at(at, brief(change="בלי סדר יום", current=current))
    told = words(at.requests[0])
    assert told["change"] == "בלי סדר יום"
    assert told["current_plan"]["steps"] == STORY["steps"]
    assert plan.version == 2


async def test_what_is_added_before_there_is_a_plan_is_more_of_the_request() -> None:
    at = desk(GOOD)
    await plan_at(at, brief("read the file", change="and an agenda"))
    told = words(at.requests[0])
    assert told["request"] == "read the file\nand an agenda"
    assert not {"change", "current_plan"} & set(told)


async def test_earlier_names_that_moved_are_told_as_they_are_called_now() -> None:
    change = step("MeetingChangeAgent", "s1", {"meeting": {"from": "earlier_2"}})
    current = await plan_at(desk(says(emitted(change))), brief(earlier=EARLIER))
    gone = await told_steps(brief(change="x", current=current))
    assert gone[0]["inputs"] == {}
    still = await told_steps(brief(change="x", current=current, earlier=EARLIER))
    assert still[0]["inputs"] == {"meeting": {"from": "earlier_2"}}


async def told_steps(told: Brief) -> list[dict[str, Any]]:
    at = desk(GOOD)
    await made(told, at)
    return words(at.requests[0])["current_plan"]["steps"]


async def test_answer_that_became_another_plan_than_it_showed_is_withdrawn() -> None:
    turn = Turn(answer=says(STORY).answer, written=json.dumps(emitted(contact("s1"), contact("s2"))))
    at = desk(turn)
    plan = await plan_at(at)
    assert len(plan.steps) == 5
    assert at.standing == []


async def test_schema_the_provider_finds_too_complex_is_offered_loosely_from_then_on() -> None:
    planner = ModelPlanner(lambda: WITH_MODEL)
    refused = Turn(error=RefusedError("model_request_invalid", "Schema is too complex for compilation."))
    at = desk(refused, GOOD, GOOD)
    await planner.create_plan(brief(), at)
    await planner.create_plan(brief(), at)
    assert [request.tools[0].strict for request in at.requests] == [True, False, False]


async def test_request_that_is_invalid_for_another_reason_is_refused() -> None:
    planner = ModelPlanner(lambda: WITH_MODEL)
    refused = Turn(error=RefusedError("model_request_invalid", "No credit."))
    at = desk(refused, refused, GOOD)
    with pytest.raises(IntegrationError):
        await planner.create_plan(brief(), at)
    await planner.create_plan(brief(), at)
    assert at.requests[-1].tools[0].strict
