"""What the terminal shows and takes, over the JSON the API really gives."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from rich.console import Console, RenderableType

from bot.render.texts import Texts
from bot.terminal import decision
from bot.terminal_view import costs, progress, question, result
from bot.web.views import approval_view, cost_line_view, execution_view
from engine.domain.approval import Approval
from engine.domain.ids import PrincipalId
from engine.domain.snapshot import ExecutionSnapshot
from engine.domain.spend import CostLine, Money, Spend, Usage
from tests.unit.parts.states import all_states
from tests.unit.render.model_story import MODEL, model_states, over_budget, topic
from tests.unit.render.model_story import question as planners_question
from tests.unit.render.story import states
from tests.unit.render.unsuccessful import unsuccessful

_MARKS = re.compile("[\u2068\u2069]")


def shown(view: RenderableType) -> list[str]:
    """Its lines, as a pipe would get them."""
    console = Console(file=io.StringIO(), width=200, highlight=False)
    console.print(view)
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in _MARKS.sub("", console.file.getvalue()).splitlines()]


def json_of(snapshot: ExecutionSnapshot) -> dict[str, Any]:
    """An execution as a client reads it."""
    return json.loads(json.dumps(execution_view(snapshot)))


def json_question(approval: Approval) -> dict[str, Any]:
    """A question as a client reads it."""
    return json.loads(json.dumps(approval_view(approval)))


def test_a_draft_shows_its_steps_that_more_may_come_and_what_it_may_cost() -> None:
    lines = shown(progress(json_of(model_states("en")["draft"]), Texts("en")))
    assert lines[0].split() == ["✓", "s1", "Search", "documents:", "Tevuot,", "December"]
    assert lines[-2:] == ["Still planning: more steps may follow.", "Cost so far: $0.176 at most"]


def test_a_plan_shows_what_each_step_and_all_of_it_cost() -> None:
    lines = shown(progress(json_of(model_states("en")["paid"]), Texts("en")))
    assert lines[2].endswith("$0.0023")
    assert lines[-1] == "$0.0125 · 15.8k tokens in, 1.3k out · 60% from the cache"
    assert not any("more steps" in line for line in lines)


def test_without_a_model_nothing_is_said_of_cost_before_the_end() -> None:
    assert len(shown(progress(json_of(states("en")["running"]), Texts("en")))) == 5
    assert shown(result(json_of(states("he")["done"]), Texts("he")))[-1] == "ללא עלות: לא נעשה שימוש במודל."


@pytest.mark.parametrize(
    ("locale", "first", "last"),
    [
        ("en", "Paused.", "$0.0124 · 14.9k tokens in, 1.1k out · 64% from the cache"),
        ("he", "מושהה.", "$0.0124 · 14.9 אלף טוקנים בקלט, 1.1 אלף בפלט · 64% מהמטמון"),
    ],
)
def test_a_pause_for_money_says_why(locale: str, first: str, last: str) -> None:
    lines = shown(result(json_of(model_states(locale)["stopped"]), Texts(locale)))
    assert (lines[0], lines[-1]) == (first, last)
    assert "TIZMOR_BUDGET_USD_PER_EXECUTION" in lines[1]


def test_a_budget_question_has_words_and_is_answered_by_number_or_name() -> None:
    asked = json_question(over_budget())
    assert shown(question(asked, Texts("en"))) == [
        "Go on spending?",
        "84% of the spending limit of this task is used: $0.34 of $0.41.",
        "If it goes on, it pauses by itself at the limit. If it stops, what is done stays done.",
        "  1. Go on",
        "  2. Stop here",
        "Type a number.",
    ]
    assert decision(asked, "2") == {"decision": "choose", "choice": "stop"}
    assert decision(asked, "go_on") == {"decision": "choose", "choice": "go_on"}
    assert [decision(asked, line) for line in ("yes", "3", "", "r")] == [None] * 4


def test_an_absent_model_has_words_in_hebrew() -> None:
    asked = json_question(topic("model_unavailable", "model_overloaded"))
    assert shown(question(asked, Texts("he"))) == [
        "אי אפשר להשתמש במודל השפה",
        "מודל השפה עמוס מדי כרגע.",
        "אפשר לנסות שוב, או להמשיך בלעדיו. בלי המודל התכנון מוגבל למסמכים, אנשים, יומן וסדרי יום.",
        "  1. לנסות שוב",
        "  2. להמשיך בלי המודל",
        "  3. לעצור",
        "יש להקליד מספר.",
    ]


def test_the_planners_question_takes_a_number_or_any_words() -> None:
    asked = json_question(planners_question("en"))
    lines = shown(question(asked, Texts("en")))
    assert lines[0] == "Which December is meant, and which company?"
    assert lines[1] == "  1. December 2025, Tevuot Ltd"
    assert lines[-1] == "Type a number or your own answer, or r to drop the question."
    assert decision(asked, "1") == {"decision": "choose", "choice": "c1"}
    assert decision(asked, "r") == {"decision": "reject"}
    for words in ("yes", "no", "לא", "a", "4", "December 2023"):
        assert decision(asked, words) == {"decision": "answer", "answer": words}
    assert decision(asked, "") is None
    plain = json_question(replace(planners_question("en"), choices=()))
    assert decision(plain, "1") == {"decision": "answer", "answer": "1"}
    assert shown(question(plain, Texts("en")))[-1] == "Type an answer, or r to drop the question."


def test_a_gate_is_still_answered_as_before() -> None:
    asked = json_question(states("en")["gate"].approvals[-1])
    assert decision(asked, "yes") == {"decision": "approve"}
    assert decision(asked, "לא") == {"decision": "reject"}
    edited = decision(asked, "title=Coffee")
    assert edited is not None
    assert edited["arguments"]["title"] == "Coffee"


def test_what_may_have_happened_is_asked_with_when_and_what_exactly() -> None:
    asked = json_question(all_states("en")["unknown-outcome"].approvals[-1])
    lines = shown(question(asked, Texts("en", "Asia/Jerusalem")))
    assert lines[:3] == [
        "I may already have done this at 09:58",
        "Set up the meeting",
        "It was cut off just as it was being done. Look first, then say what to do; it is not repeated without you.",
    ]
    assert "  title: Meeting with Yoav Levi: the Tevuot strategy" in lines
    assert lines[-4:] == ["  1. It happened", "  2. Do it again", "  3. Leave it", "Type a number."]
    assert [choice["label"] for choice in asked["choices"]] == ["It happened", "Do it again", "Leave it"]
    assert decision(asked, "2") == {"decision": "choose", "choice": "again"}


@pytest.mark.parametrize(
    ("locale", "lines"),
    [
        (
            "en",
            [
                "Stopped.",
                "Done",
                "  ✓ Search documents: Tevuot, December",
                "  ✓ Look up people: Yoav",
                "  ✓ Sum up what was found",
                "Not done",
                "  – Write the agenda",
                "May have happened",
                "  ? Set up the meeting · at 09:57",
            ],
        ),
        (
            "he",
            [
                "נעצר.",
                "בוצע",
                "  ✓ חיפוש מסמכים: תבואות, דצמבר",
                "  ✓ חיפוש אנשי קשר: יואב",
                "  ✓ סיכום מה שנמצא",
                "לא בוצע",
                "  – כתיבת סדר יום",
                "ייתכן שבוצע",
                "  ? קביעת פגישה · בשעה 09:57",
            ],
        ),
    ],
)
def test_what_was_done_and_what_not_is_listed_at_the_end(locale: str, lines: list[str]) -> None:
    ended = json_of(unsuccessful(locale)["cancelled-unknown"])
    assert shown(result(ended, Texts(locale, "Asia/Jerusalem")))[: len(lines)] == lines


def test_costs_are_listed_by_day_person_and_model() -> None:
    line = CostLine(
        day=date(2026, 11, 24),
        user_id=PrincipalId("owner"),
        model=MODEL,
        spend=Spend(calls=2, usage=Usage(input_tokens=1_500, output_tokens=20), cost=Money.usd(0.05)),
    )
    found = {"items": [json.loads(json.dumps(cost_line_view(line)))]}
    (shown_line,) = shown(costs(found, Texts("en")))
    assert shown_line.split("  ") == ["2026-11-24", "owner", MODEL, "$0.05 · 1.5k tokens in, 20 out"]
    assert shown(costs({"items": []}, Texts("he"))) == ["ללא עלות: לא נעשה שימוש במודל."]


def test_an_unpriced_model_is_named() -> None:
    snapshot = model_states("en")["paid"]
    unpriced = {step: replace(spend, unpriced=spend.calls) for step, spend in snapshot.spends.items()}
    lines = shown(result(json_of(replace(snapshot, spends=unpriced)), Texts("en")))
    assert lines[-1].startswith(f"Cost unknown: no price for {MODEL}")
