"""One message says where it is, what was asked, what comes next and who is waited for, short enough for a phone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.presses import Press
from bot.render.card import Progress
from bot.render.texts import LOCALES
from bot.telegram.markup.card import card_body
from bot.telegram.presses import read_data
from engine.domain.json import JsonObject
from tests.unit.parts.made import ICONS, card, step
from tests.unit.parts.states import all_states, view_of
from tests.unit.telegram.markup.judge import findings, styled, visible
from tests.unit.telegram.markup.made import buttons, labels

STATES = sorted(all_states("en"))


def of(locale: str, state: str) -> JsonObject:
    return card_body(view_of(all_states(locale)[state]).card)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("state", STATES)
def test_every_card_of_the_story_is_one_telegram_takes_and_a_phone_shows(state: str, locale: str) -> None:
    body = of(locale, state)
    assert findings(body) == []
    assert len(visible(body).split("\n")) <= 24
    assert (body["locale"], body["execution"]) == (locale, f"x-{locale}")


def test_the_card_of_an_open_gate_says_everything_in_english() -> None:
    assert visible(of("en", "gate")) == (
        "✋ Needs your answer\n"
        "Read what we did in December at Tevuot, understand the strategy and set up a meeting with Yoav\n"
        "Understood as: find documents about Tevuot from December, sum up the strategy, set up a meeting with Yoav\n\n"
        "▰▰▰▱▱ 3/5\n"
        "✅ 1. Search documents: Tevuot, December\n8 documents · 1 could not be read · 2 s\n"
        "✅ 2. Look up people: Yoav\n2 people · Picked: Yoav Levi · yoav.levi@tevuot.example · 2 s\n"
        "✅ 3. Sum up what was found\nRead 7 documents · 2 s\n"
        "✋ 4. Set up the meeting\nWaiting for your answer\n"
        "⏸️ 5. Write the agenda\nWaits for a decision · ✏️ Writes to your files\n\n"
        "👇 Please answer below:\n✋ Set up the meeting\n"
        "Limited: planned on this computer, without a language model. It knows documents, people, the calendar and agendas,"
        " and nothing else."
    )


def test_the_card_says_the_same_in_hebrew() -> None:
    assert visible(of("he", "choice")) == (
        "✋ נדרשת תשובה\nתקרא מה עשינו בדצמבר בתבואות, תבין את האסטרטגיה ותקבע פגישה עם יואב\n"
        "כך הובנה הבקשה: לחפש מסמכים על תבואות מדצמבר, לסכם את האסטרטגיה ולקבוע פגישה עם יואב\n\n"
        "▰▰▱▱▱ 2/5\n"
        "✅ 1. חיפוש מסמכים: תבואות, דצמבר\n8 מסמכים · קובץ אחד לא נקרא · 2 שנ׳\n"
        "✅ 2. חיפוש אנשי קשר: יואב\nשני אנשי קשר · 2 שנ׳\n"
        "⏳ 3. סיכום מה שנמצא\nבעבודה · ✨ נעזר במודל\n"
        "▫️ 4. קביעת פגישה\nאחרי 2, 3 · ✏️ יבוקש אישור לפני הביצוע\n"
        "▫️ 5. כתיבת סדר יום\nאחרי 3 · ✏️ כותב לקבצים שלך\n\n"
        "👇 נא לענות למטה:\n🔀 חיפוש אנשי קשר: יואב\n"
        "מצב מוגבל: התכנון נעשה במחשב הזה, בלי מודל שפה, ומכיר רק מסמכים, אנשים, יומן וסדרי יום."
    )


def test_what_was_asked_and_the_titles_of_steps_are_bold() -> None:
    bold = styled(of("en", "gate"), "bold")
    assert bold[0].startswith("Read what we did in December")
    assert bold[1:6] == [
        "Search documents: Tevuot, December",
        "Look up people: Yoav",
        "Sum up what was found",
        "Set up the meeting",
        "Write the agenda",
    ]
    assert bold[6:] == ["Please answer below:"]


def test_a_short_plan_that_runs_is_open_and_one_that_is_over_is_folded_away() -> None:
    (quote,) = styled(of("en", "gate"), "blockquote")
    assert quote.startswith("✅ 1. Search documents")
    assert quote.endswith("✏️ Writes to your files")
    (folded,) = styled(of("en", "done"), "expandable_blockquote")
    assert "5. Write the agenda" in folded


def test_of_a_long_plan_what_matters_now_stands_before_what_is_folded_away() -> None:
    steps = tuple(
        step(n, "succeeded" if n < 5 else "failed" if n == 5 else "running" if n == 6 else "pending")
        for n in range(1, 13)
    )
    made = replace(card("en", steps=1), steps=steps, progress=Progress(done=5, total=12, label="5 of 12"))
    body = card_body(made)
    assert findings(body) == []
    shown = visible(body)
    (folded,) = styled(body, "expandable_blockquote")
    assert "▰▰▰▰▱▱▱▱▱▱ 5/12\n❌ 5. t\n" in shown
    assert shown.index("⏳ 6. t") < shown.index("✅ 1. t")
    assert "❌ 5. t" not in folded
    assert all(f" {n}. t" in folded for n in (1, 2, 3, 4, 7, 12))


@pytest.mark.parametrize(
    ("done", "total", "bar"),
    [
        (0, 1, "▱ 0/1"),
        (1, 2, "▰▱ 1/2"),
        (1, 35, "▰▱▱▱▱▱▱▱▱▱ 1/35"),
        (34, 35, "▰▰▰▰▰▰▰▰▰▱ 34/35"),
        (35, 35, "▰▰▰▰▰▰▰▰▰▰ 35/35"),
    ],
)
def test_the_bar_is_empty_before_anything_is_done_and_full_only_when_all_is(done: int, total: int, bar: str) -> None:
    made = replace(card("en", steps=1), progress=Progress(done=done, total=total, label=""))
    assert f"\n{bar}\n" in visible(card_body(made))


@pytest.mark.parametrize(
    ("state", "actions"),
    [("running", ["pause", "cancel", "plan"]), ("paused", ["resume", "cancel", "plan"]), ("done", []), ("failed", [])],
)
def test_the_buttons_steer_the_execution_and_the_result_is_rated_where_it_stands(
    state: str, actions: list[str]
) -> None:
    pressed = [read_data(key["data"]) for key in buttons(of("en", state))]
    assert pressed == [Press(action=action, execution="x-en") for action in actions]


def test_the_way_to_the_plan_stands_below_the_other_buttons_in_the_language_of_the_request() -> None:
    assert labels(of("he", "running")) == [["השהיה", "עצירה"], ["עריכת התוכנית"]]


def test_a_paused_card_says_why_it_stands() -> None:
    assert "This task has reached its spending limit." in visible(of("en", "stopped"))


def test_a_card_without_a_plan_says_why_not() -> None:
    shown = visible(of("en", "failed"))
    assert "No task was recognised in this request." in shown
    assert "No clause of the request names a task." in shown
    assert "▰" not in shown


def test_two_open_questions_are_both_named() -> None:
    shown = visible(of("en", "two-questions"))
    assert (
        "👇 2 questions wait for you below:\n💰 84% of the spending limit of this task is used: $0.34 of $0.41.\n✋ Set up the meeting\n"
        in shown
    )


def test_a_finished_card_leaves_the_result_to_the_reply() -> None:
    shown = visible(of("en", "done"))
    assert shown.startswith("✅ Done\n")
    assert "👇 The result is below." in shown
    assert "We decided to focus" not in shown


@pytest.mark.parametrize(("state", "told"), [("rejected", "3 of 5"), ("cancelled", "2 of 5")])
def test_what_ended_without_success_counts_what_succeeded_and_promises_no_result(state: str, told: str) -> None:
    shown = visible(of("en", state))
    assert f"\nSteps that succeeded: {told}\n" in shown
    assert "▰" not in shown
    assert "👇" not in shown


def test_a_card_with_everything_on_it_loses_nothing() -> None:
    made = replace(card("en", steps=3), paused="held up", banner="scripted", notice="found late", limited="limited")
    shown = visible(card_body(made))
    for words in ("scripted", "found late", "limited", "held up", "\nu\n", "c · p", "\nm\n", "\nt\nd\n"):
        assert words in shown


@pytest.mark.parametrize("icon", ICONS)
def test_every_state_of_a_step_has_a_sign_of_its_own(icon: str) -> None:
    made = replace(card("en", steps=1), steps=(step(1, icon),))
    shown = visible(card_body(made))
    assert ("▫️ 1. t" in shown) is (icon in {"pending", "ready"})


def test_steps_that_are_left_out_are_counted() -> None:
    assert "3 more steps are finished · 17 more steps to come" in visible(of("en", "long-plan"))


def test_every_line_of_a_hebrew_card_stands_on_the_right() -> None:
    steps = (
        replace(step(1), title="Tevuot board", note="3 docs", status="Working"),
        replace(step(2), title="(1) סיכום"),
    )
    made = replace(card("he", steps=1), title="Read the board", steps=steps)
    lines = str(card_body(made)["text"]).split("\n")
    for line in filter(None, lines):
        first = next((letter for letter in line if letter.isalpha() or letter in "\u200e\u200f"), "\u200f")
        assert first == "\u200f" or "א" <= first <= "ת", line


def test_a_longer_line_of_another_language_runs_its_own_way() -> None:
    body = card_body(replace(card("he", steps=1), title="Read the board. " * 12))
    line = str(body["text"]).split("\n")[1]
    assert line.startswith("Read the board.")


def test_equal_cards_have_equal_bodies() -> None:
    made: list[Any] = [of("he", "gate"), of("he", "gate")]
    assert made[0] == made[1]
