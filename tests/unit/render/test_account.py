"""What is told of an execution that did not simply succeed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.render.replies import render_replies
from bot.render.texts import bare
from engine.domain.execution import ExecutionOutcome, StepOutcome
from engine.domain.snapshot import ExecutionSnapshot
from tests.unit.parts.states import view_of
from tests.unit.render.story import snapshot, states
from tests.unit.render.unsuccessful import S4, ended, intent, unsuccessful


def final(shot: ExecutionSnapshot) -> str:
    return bare(render_replies(shot)[-1].text)


def rows(shot: ExecutionSnapshot) -> dict[str, list[tuple[str, str]]]:
    account = view_of(shot).card.account
    return {one.kind: [(bare(row.title), bare(row.note)) for row in one.rows] for one in account}


@pytest.mark.parametrize(
    ("name", "english", "hebrew"),
    [
        (
            "cancelled",
            "Stopped. Done: Search documents: Tevuot, December; Look up people: Yoav."
            " Not done: Sum up what was found; Set up the meeting; Write the agenda.",
            "נעצר. בוצע: חיפוש מסמכים: תבואות, דצמבר; חיפוש אנשי קשר: יואב."
            " לא בוצע: סיכום מה שנמצא; קביעת פגישה; כתיבת סדר יום.",
        ),
        ("cancelled-nothing", "Stopped. Nothing was done.", "נעצר. דבר לא בוצע."),
        (
            "cancelled-unknown",
            "Stopped. Done: Search documents: Tevuot, December; Look up people: Yoav; Sum up what was found."
            " Not done: Write the agenda. May have happened: Set up the meeting.",
            "נעצר. בוצע: חיפוש מסמכים: תבואות, דצמבר; חיפוש אנשי קשר: יואב; סיכום מה שנמצא."
            " לא בוצע: כתיבת סדר יום. ייתכן שבוצע: קביעת פגישה.",
        ),
        (
            "left-open",
            "Not finished: Read what we did in December at Tevuot, understand the strategy and set up a meeting with Yoav"
            " · Not done: Search documents: Tevuot, December; Look up people: Yoav; Sum up what was found; and one more."
            " May have happened: Set up the meeting.",
            "לא הסתיים: תקרא מה עשינו בדצמבר בתבואות, תבין את האסטרטגיה ותקבע פגישה עם יואב"
            " · לא בוצע: חיפוש מסמכים: תבואות, דצמבר; חיפוש אנשי קשר: יואב; סיכום מה שנמצא; ועוד אחד."
            " ייתכן שבוצע: קביעת פגישה.",
        ),
    ],
)
def test_the_end_says_what_was_done_what_not_and_what_may_have_been(name: str, english: str, hebrew: str) -> None:
    assert (final(unsuccessful("en")[name]), final(unsuccessful("he")[name])) == (english, hebrew)


def test_what_partly_worked_names_what_did_not() -> None:
    assert final(unsuccessful("en")["partial-told"]).endswith(" · Not done: Set up the meeting.")


def test_nothing_was_written_is_said_only_where_that_is_so() -> None:
    early = snapshot("en", ".....")
    assert final(ended(early, ExecutionOutcome.REJECTED)).startswith("Rejected; nothing was written")
    may_be = ended(early, ExecutionOutcome.REJECTED, intent(early, S4), s4=StepOutcome.UNKNOWN)
    assert final(may_be).startswith("Rejected: Read")
    assert final(may_be).endswith("May have happened: Set up the meeting.")


def test_each_step_says_why() -> None:
    assert rows(unsuccessful("en")["partial-told"])["not_done"] == [
        ("Set up the meeting", "The calendar cannot be read, and was left untouched.")
    ]
    assert rows(unsuccessful("en")["cancelled-unknown"])["unknown"] == [("Set up the meeting", "at 09:57")]
    assert rows(unsuccessful("en")["cancelled-begun"])["done"][-1] == ("Write the agenda", "in part, at least")
    refused = rows(unsuccessful("he")["rejected-told"])["not_done"]
    assert refused == [("קביעת פגישה", "נדחה"), ("כתיבת סדר יום", "תלוי במשהו שלא בוצע")]


def test_a_step_that_the_plan_has_no_more_is_told_by_the_name_it_had() -> None:
    half = snapshot("en", "+++++")
    assert half.plan is not None
    cut = replace(half, plan=replace(half.plan, version=2, steps=half.plan.steps[:3]))
    gone = replace(intent(half, S4), started_at=half.execution.updated_at - timedelta(days=1))
    told = rows(ended(cut, ExecutionOutcome.CANCELLED, gone))["unknown"]
    assert told == [("Send the letter", "on Saturday, January 3, 2026, 10:00")]


def test_what_simply_succeeded_needs_no_account() -> None:
    assert rows(states("en")["done"]) == {}
