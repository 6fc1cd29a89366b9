"""Short replies: one for each question and the end, edited to the outcome."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bot.render.replies import render_replies
from engine.domain.approval import ApprovalKind, ApprovalStatus
from engine.domain.artifact import Meeting, dump
from engine.domain.execution import ExecutionOutcome, ExecutionStatus
from engine.domain.ids import ChoiceId, StepId
from engine.domain.snapshot import ExecutionSnapshot
from tests.unit.render.model_story import over_budget, question, topic
from tests.unit.render.story import OWNER, artifact, ask, snapshot, states


def _said(shot: ExecutionSnapshot) -> list[tuple[str, str]]:
    return [(r.purpose, re.sub("[\u2068\u2069]", "", r.text)) for r in render_replies(shot, names={OWNER: "דנה בר"})]


def test_nothing_is_said_while_nothing_is_asked() -> None:
    assert _said(states("he")["running"]) == []


def test_a_choice_names_the_candidates_and_then_the_pick() -> None:
    assert _said(states("en")["choice"]) == [
        (
            "approval:ap-choice",
            "Look up people: Yoav – which one? Yoav Levi · yoav.levi@tevuot.example or Yoav Cohen · yoav@else.example",
        )
    ]
    assert _said(states("he")["gate"]) == [
        ("approval:ap-choice", "הבחירה: יואב לוי · yoav.levi@tevuot.example"),
        ("approval:ap-gate", "נדרש אישור: קביעת פגישה · יום שני, 5 בינואר 2026, 10:00 · יואב לוי"),
    ]


def test_the_end_is_told_once_with_the_meeting() -> None:
    assert _said(states("he")["done"])[1:] == [
        ("approval:ap-gate", "✓ אושר על ידי דנה בר · קביעת פגישה"),
        ("final", "הושלם. הפגישה נקבעה: פגישה עם יואב לוי: האסטרטגיה של תבואות, יום שני, 5 בינואר 2026, 10:00–11:00"),
    ]
    assert _said(states("en")["done"])[2] == (
        "final",
        "Done. The meeting is set: Meeting with Yoav Levi: the Tevuot strategy, Monday, January 5, 2026, 10:00 – 11:00",
    )


def test_without_a_name_the_outcome_is_told_without_who() -> None:
    assert render_replies(states("en")["done"])[1].text == "✓ Approved · \u2068Set up the meeting\u2069"


@pytest.mark.parametrize(
    ("kind", "status", "english", "hebrew"),
    [
        (ApprovalKind.GATE, ApprovalStatus.REJECTED, "✗ Rejected", "✗ נדחה"),
        (ApprovalKind.GATE, ApprovalStatus.MODIFIED, "✓ Approved with changes", "✓ אושר עם שינויים"),
        (ApprovalKind.GATE, ApprovalStatus.EXPIRED, "Nobody answered in time: x", "לא התקבלה תשובה בזמן: x"),
        (ApprovalKind.GATE, ApprovalStatus.SUPERSEDED, "No longer needed: x", "כבר אין צורך: x"),
        (ApprovalKind.PLAN, ApprovalStatus.PENDING, "A plan is ready; please check", "התוכנית מוכנה; נא לבדוק"),
        (ApprovalKind.PLAN, ApprovalStatus.APPROVED, "✓ The plan runs", "✓ התוכנית הופעלה"),
        (ApprovalKind.PLAN, ApprovalStatus.MODIFIED, "The plan is being changed", "התוכנית בשינוי"),
        (ApprovalKind.PLAN, ApprovalStatus.REJECTED, "✗ The plan was dropped", "✗ התוכנית בוטלה"),
        (ApprovalKind.QUESTION, ApprovalStatus.PENDING, "A question: x", "שאלה: x"),
        (
            ApprovalKind.UNKNOWN_OUTCOME,
            ApprovalStatus.PENDING,
            "I may already have done this at 10:00: x",
            "ייתכן שכבר ביצעתי את זה בשעה 10:00: x",
        ),
    ],
)
def test_each_answer_has_its_words(kind: ApprovalKind, status: ApprovalStatus, english: str, hebrew: str) -> None:
    for locale, start in (("en", english), ("he", hebrew)):
        asked = replace(ask(locale, kind, status), title="x", decided_by=None)
        assert _said(snapshot(locale, "+++w.", approvals=(asked,)))[0][1].startswith(start)


def test_an_answered_question_repeats_the_answer() -> None:
    asked = replace(ask("he", ApprovalKind.QUESTION, ApprovalStatus.APPROVED), answer="דצמבר 2025")
    assert _said(snapshot("he", "+++w.", approvals=(asked,)))[0][1] == "התשובה: דצמבר 2025"


def test_a_budget_question_is_told_in_one_line_and_then_what_was_picked() -> None:
    for locale, pending, picked in (
        (
            "en",
            "84% of the spending limit of this task is used ($0.34 of $0.41). Go on?",
            "Picked: Go on",
        ),
        ("he", "נוצלו 84% מתקרת ההוצאה של המשימה ($0.34 מתוך $0.41). להמשיך?", "הבחירה: להמשיך"),
    ):
        asked = over_budget()
        assert _said(snapshot(locale, "+r...", approvals=(asked,))) == [("approval:ap-budget", pending)]
        chosen = replace(asked, status=ApprovalStatus.CHOSEN, chosen=asked.choices[0].id)
        assert _said(snapshot(locale, "+r...", approvals=(chosen,))) == [("approval:ap-budget", picked)]


def test_a_model_that_does_not_answer_is_told_with_the_reason() -> None:
    asked = topic("model_unavailable", "model_unreachable")
    assert _said(snapshot("en", approvals=(asked,)))[0][1] == (
        "The language model cannot be used. The language model cannot be reached. Check the network, and"
        " ANTHROPIC_BASE_URL if it is set. What should be done?"
    )
    assert _said(snapshot("he", approvals=(asked,)))[0][1] == (
        "אי אפשר להשתמש במודל השפה. אין קשר עם מודל השפה. כדאי לבדוק את הרשת, ואת ANTHROPIC_BASE_URL אם הוגדר. מה לעשות?"
    )
    offline = replace(asked, status=ApprovalStatus.CHOSEN, chosen=ChoiceId("offline"))
    assert _said(snapshot("en", approvals=(offline,)))[0][1] == "Picked: Go on without the model"
    gone = replace(asked, status=ApprovalStatus.EXPIRED)
    assert _said(snapshot("en", approvals=(gone,)))[0][1].startswith("Nobody answered in time: The language model")


def test_the_planners_question_is_told_and_then_its_answer() -> None:
    assert _said(snapshot("en", approvals=(question("en"),)))[0][1] == (
        "A question: Which December is meant, and which company?"
    )
    picked = replace(question("he", ApprovalStatus.CHOSEN), chosen=ChoiceId("c2"))
    assert _said(snapshot("he", approvals=(picked,)))[0][1] == "הבחירה: דצמבר 2024, תבואות בע״מ"
    own = replace(question("he", ApprovalStatus.APPROVED), answer="דצמבר 2023")
    assert _said(snapshot("he", approvals=(own,)))[0][1] == "התשובה: דצמבר 2023"


def test_a_meeting_called_off_is_told_as_called_off() -> None:
    done = states("en")["done"]
    meeting = artifact("en", "s4")
    assert isinstance(meeting, Meeting)
    off = {**done.artifacts, StepId("s4"): dump(replace(meeting, cancelled=True))}
    assert _said(replace(done, artifacts=off))[-1] == (
        "final",
        "Done. The meeting is called off: Meeting with Yoav Levi: the Tevuot strategy",
    )


@pytest.mark.parametrize(
    ("outcome", "start"),
    [
        (ExecutionOutcome.SUCCEEDED, "הושלם: תקרא"),
        (ExecutionOutcome.PARTIAL, "הושלם חלקית: תקרא"),
        (ExecutionOutcome.FAILED, "לא הצליח: תקרא"),
        (ExecutionOutcome.CANCELLED, "נעצר: תקרא"),
        (ExecutionOutcome.REJECTED, "נדחה, ודבר לא נכתב: תקרא"),
    ],
)
def test_every_end_is_told(outcome: ExecutionOutcome, start: str) -> None:
    said = _said(snapshot("he", ".....", status=ExecutionStatus.DONE, outcome=outcome))
    assert said[0][0] == "final"
    assert said[0][1].startswith(start)


def test_pending_and_decided_replies_keep_their_purpose() -> None:
    before = render_replies(states("en")["gate"])[1]
    after = render_replies(states("en")["done"])[1]
    assert before.purpose == after.purpose
    assert (before.pending, before.tone, after.pending, after.tone) == (True, "attention", False, "good")
    assert before.to_json()["purpose"] == "approval:ap-gate"
