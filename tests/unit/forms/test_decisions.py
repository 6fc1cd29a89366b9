"""What each form comes to, on whichever chat."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.door import Question
from bot.forms.decisions import WORDS, Filled, Read, block_of, read_form, refused_by_field, words_of
from engine.domain.approval import Approval, ApprovalKind, ApprovalStatus, DecisionVerb
from engine.domain.execution import ExecutionOutcome, ExecutionStatus
from engine.domain.json import JsonObject
from engine.errors import RequestError
from tests.unit.forms.made import EN, HE, LIMITS, MEETING, block, fields, gate
from tests.unit.render.story import ask, snapshot

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
KEYS = {one.field.name: one.key for one in fields(MEETING)}


def question(approval: Approval) -> Question:
    return Question(approval=approval, snapshot=snapshot("en", "+++ww", approvals=(approval,)), schema=None)


def come_to(action: str, approval: Approval, filled: Filled) -> Read:
    return read_form(action, question(approval), filled, EN, NOW, LIMITS)


def test_an_edit_comes_to_the_whole_call_with_what_was_changed() -> None:
    read = come_to("edit", gate(MEETING), Filled(values={KEYS["title"]: "Other"}))
    assert read.decision is not None
    assert (read.decision.verb, read.decision.arguments) == (DecisionVerb.MODIFY, {**MEETING, "title": "Other"})
    assert come_to("edit", gate(MEETING), Filled()).decision is not None
    read = come_to("edit", gate(MEETING), Filled(values={KEYS["duration_minutes"]: "long"}))
    assert (read.decision, read.errors) == (None, {KEYS["duration_minutes"]: "This must be a number."})


def test_a_plan_is_changed_by_steps_or_words_and_not_by_nothing() -> None:
    plan = ask("en", ApprovalKind.PLAN)
    read = come_to("change", plan, Filled(dropped=(1, 4), words="only two weeks"))
    assert read.decision is not None
    assert read.decision.arguments == {"drop": ["s2", "s5"], "text": "only two weeks"}
    assert come_to("change", plan, Filled()).errors == {WORDS: "Say what should change, or take out a step."}
    assert come_to("change", plan, Filled(dropped=(99,))).decision is None


@pytest.mark.parametrize(("words", "comment"), [("no room", "no room"), ("", None)])
@pytest.mark.parametrize("action", ["reject", "drop"])
def test_a_reason_may_be_left_out(action: str, words: str, comment: str | None) -> None:
    decision = come_to(action, gate(MEETING), Filled(words=words)).decision
    assert decision is not None
    assert (decision.verb, decision.comment) == (DecisionVerb.REJECT, comment)


def test_an_answer_is_what_was_written() -> None:
    decision = come_to("answer", ask("en", ApprovalKind.QUESTION), Filled(words=words_of(" the\r\nsecond "))).decision
    assert decision is not None
    assert (decision.verb, decision.answer) == (DecisionVerb.ANSWER, "the\nsecond")


def test_a_form_that_only_shows_comes_to_nothing() -> None:
    assert come_to("details", gate(MEETING), Filled()) == Read()


def test_a_moment_is_not_moved_into_the_past_but_one_that_is_there_may_stay() -> None:
    past = str(int(datetime(2026, 11, 24, 7, 59, tzinfo=UTC).timestamp()))
    read = come_to("edit", gate(MEETING), Filled(values={KEYS["starts"]: past}))
    assert read.errors == {KEYS["starts"]: "That time has already passed."}
    over = gate({**MEETING, "starts": "2020-01-05T10:00:00+02:00"})
    assert come_to("edit", over, Filled(values={KEYS["title"]: "Other"})).decision is not None


def test_a_text_that_happens_to_be_a_moment_may_become_another_text() -> None:
    approval = gate({"when": "2026-12-03T10:00:00+02:00"})
    schema: JsonObject = {"properties": {"when": {"type": "string"}}}
    asked = replace(question(approval), schema=schema)
    read = read_form("edit", asked, Filled(values={"field-0": "soon"}), EN, NOW, LIMITS)
    assert read.decision is not None
    assert read.decision.arguments == {"when": "soon"}


def test_of_a_question_that_is_not_open_nothing_is_read() -> None:
    closed = replace(gate(MEETING), status=ApprovalStatus.SUPERSEDED)
    decision = come_to("edit", closed, Filled(values={KEYS["title"]: "Other"})).decision
    assert decision is not None
    assert decision.verb is DecisionVerb.REJECT
    assert block_of(question(closed), EN) is None
    ended = snapshot(
        "en", "+++ww", status=ExecutionStatus.DONE, outcome=ExecutionOutcome.CANCELLED, approvals=(gate(MEETING),)
    )
    assert block_of(Question(approval=gate(MEETING), snapshot=ended, schema=None), EN) is None


def test_what_the_tool_refuses_is_told_at_its_field_and_nowhere_else() -> None:
    unfit = RequestError("arguments_invalid", "No.", {"field": "attendees.0.email"})
    assert refused_by_field(block(MEETING), unfit, HE) == {KEYS["attendees"]: "זו אינה כתובת דואר."}
    assert refused_by_field(None, unfit, EN) == {}
    assert refused_by_field(block(MEETING), RequestError("comment_too_long", "No."), EN) == {}
