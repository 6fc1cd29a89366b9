"""One message says what was asked, where it is, what comes next and who is waited for, in the language of the request."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from bot.parts.steps import MOST_SHOWN, shown_steps
from bot.presses import Press, read_press
from bot.render.steps import StepLine
from bot.render.texts import LOCALES
from bot.slack.markup.card import card_body
from tests.servers.blockkit import validate_message
from tests.unit.parts.made import ICONS, card, step
from tests.unit.parts.states import all_states, view_of
from tests.unit.slack.markup.scanner import findings, visible

STATES = sorted(all_states("en"))


def blocks_of(locale: str, state: str, *, rich: bool = True) -> list[dict[str, Any]]:
    body = card_body(view_of(all_states(locale)[state]).card, rich=rich)
    return cast("list[dict[str, Any]]", body["blocks"])


def plan_of(blocks: list[dict[str, Any]]) -> dict[str, Any]:
    return next(block for block in blocks if block["type"] == "plan")


@pytest.mark.parametrize("rich", [True, False], ids=["rich", "plain"])
@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("state", STATES)
def test_every_card_of_the_story_is_one_slack_takes_and_a_phone_shows(state: str, locale: str, rich: bool) -> None:
    body = card_body(view_of(all_states(locale)[state]).card, rich=rich)
    assert validate_message(dict(body)) == []
    assert findings(body) == []
    assert len(cast("list[Any]", body["blocks"])) <= 12


def test_the_card_of_an_open_gate_says_everything_in_english() -> None:
    assert visible(blocks_of("en", "gate")) == (
        "Read what we did in December at Tevuot, understand the strategy and set up a meeting with Yoav\n\n\n"
        "✋ \nNeeds your answer\n"
        "Understood as: find documents about Tevuot from December, sum up the strategy, set up a meeting with Yoav\n"
        "Limited: planned on this computer, without a language model. It knows documents, people, the calendar and agendas,"
        " and nothing else.\n"
        "Steps: 3 of 5\n"
        "1. Search documents: Tevuot, December\n8 documents · 1 could not be read · 2 s\n"
        "2. Look up people: Yoav\n2 people · Picked: Yoav Levi · yoav.levi@tevuot.example · 2 s\n"
        "3. Sum up what was found\nRead 7 documents · 2 s\n"
        "4. Set up the meeting\nWaiting for your answer\n"
        "5. Write the agenda\nWaits for a decision · ✏️ Writes to your files\n"
        "👇 \nPlease answer below, in this thread.\n"
        "Pause\nEdit the plan\nStop\nStop this task?\nWhat is already done stays done. Everything else is not done.\nStop\nLet it go on"
    )


def test_the_card_says_the_same_in_hebrew_without_slacks_plan() -> None:
    assert visible(blocks_of("he", "choice", rich=False)) == (
        "*תקרא מה עשינו בדצמבר בתבואות, תבין את האסטרטגיה ותקבע פגישה עם יואב*\n✋ *נדרשת תשובה* · שלבים: 2 מתוך 5\n"
        "כך הובנה הבקשה: לחפש מסמכים על תבואות מדצמבר, לסכם את האסטרטגיה ולקבוע פגישה עם יואב\n"
        "מצב מוגבל: התכנון נעשה במחשב הזה, בלי מודל שפה, ומכיר רק מסמכים, אנשים, יומן וסדרי יום.\n"
        "✅ *1. חיפוש מסמכים: תבואות, דצמבר*\n      8 מסמכים · קובץ אחד לא נקרא · 2 שנ׳\n"
        "✅ *2. חיפוש אנשי קשר: יואב*\n      שני אנשי קשר · 2 שנ׳\n"
        "⏳ *3. סיכום מה שנמצא*\n      בעבודה · ✨ נעזר במודל\n"
        "▫️ *4. קביעת פגישה*\n      אחרי 2, 3 · ✏️ יבוקש אישור לפני הביצוע\n"
        "▫️ *5. כתיבת סדר יום*\n      אחרי 3 · ✏️ כותב לקבצים שלך\n"
        "👇 *נא לענות למטה, בשרשור הזה.*\n"
        "השהיה\nעריכת התוכנית\nעצירה\nלעצור את המשימה?\nמה שכבר נעשה נשאר. כל השאר לא ייעשה.\nלעצור\nלהמשיך"
    )


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        (
            "en",
            "Needs your answer: \u2068Read what we did in December at Tevuot, understand the strategy and set up a meeting with Yoav\u2069",
        ),
        ("he", "נדרשת תשובה: \u2068תקרא מה עשינו בדצמבר בתבואות, תבין את האסטרטגיה ותקבע פגישה עם יואב\u2069"),
    ],
)
def test_a_phone_shows_the_state_and_the_request(locale: str, text: str) -> None:
    assert card_body(view_of(all_states(locale)["gate"]).card, rich=True)["text"] == text


def test_stopping_is_asked_about_first_and_its_button_carries_ids_only() -> None:
    actions = blocks_of("en", "running")[-1]
    pause, plan, stop = actions["elements"]
    assert read_press(pause["value"]) == Press(action="pause", execution="x-en")
    assert read_press(plan["value"]) == Press(action="plan", execution="x-en")
    assert read_press(stop["value"]) == Press(action="cancel", execution="x-en")
    assert "confirm" not in pause
    assert stop["confirm"]["deny"]["text"] == "Let it go on"


def test_a_paused_card_offers_to_go_on_and_says_why_it_stands() -> None:
    blocks = blocks_of("en", "stopped")
    assert [element["text"]["text"] for element in blocks[-1]["elements"]] == ["Resume", "Edit the plan", "Stop"]
    assert "This task has reached its spending limit." in visible(blocks)


def test_a_finished_card_leaves_result_and_rating_to_the_reply() -> None:
    shown = visible(blocks_of("en", "done"))
    assert "✅ \nDone" in shown
    assert "The result is below, in this thread." in shown
    assert "This helped" not in shown
    assert "We decided to focus" not in shown
    assert [block for block in blocks_of("en", "done") if block["type"] in {"actions", "context_actions"}] == []


def test_a_card_without_a_plan_says_why_not() -> None:
    shown = visible(blocks_of("en", "failed"))
    assert "No task was recognised in this request." in shown
    assert "No clause of the request names a task." in shown
    assert "plan" not in {block["type"] for block in blocks_of("en", "failed")}


def test_a_card_with_everything_on_it_loses_nothing() -> None:
    made = replace(card("en", steps=3), paused="held up", banner="scripted", notice="found late", limited="limited")
    shown = visible(card_body(made, rich=True)["blocks"])
    for words in ("scripted", "found late", "limited", "held up", "\nu\n", "c · p", "\nm\n"):
        assert words in shown


@pytest.mark.parametrize(
    ("icon", "status"),
    [
        ("pending", "pending"), ("ready", "pending"), ("running", "in_progress"), ("asking", "pending"), ("held", "pending"),
        ("timer", "pending"), ("paused", "pending"), ("succeeded", "complete"), ("failed", "error"), ("skipped", "pending"),
        ("cancelled", "pending"), ("rejected", "pending"), ("unknown", "error"),
    ],
)  # fmt: skip
def test_every_state_of_a_step_has_one_of_slacks_and_a_sign_of_its_own(icon: str, status: str) -> None:
    made = replace(card("en", steps=1), steps=(step(1, icon),))
    rich, plain = (cast("list[dict[str, Any]]", card_body(made, rich=rich)["blocks"]) for rich in (True, False))
    assert plan_of(rich)["tasks"][0]["status"] == status
    assert "▫️ *1. t*" not in visible(plain) or icon in {"pending", "ready"}


def test_a_step_that_waits_says_what_for_and_one_that_ended_what_came_of_it() -> None:
    made = replace(
        card("en", steps=1), steps=(step(1, "pending"), replace(step(2, "succeeded"), error="", error_detail=""))
    )
    first, second = plan_of(cast("list[dict[str, Any]]", card_body(made, rich=True)["blocks"]))["tasks"]
    assert visible([first["details"]]) == "after 1 · ✏️ a · ✨ m"
    assert visible([second["output"]]) == "n · 2 s · c"


def test_a_long_plan_shows_what_matters_now_and_counts_the_rest() -> None:
    icons = ["succeeded"] * 40 + ["failed"] + ["succeeded"] * 5 + ["running", "asking"] + ["pending"] * 30
    steps = tuple(step(n, icon) for n, icon in enumerate(icons, 1))
    shown = shown_steps(steps)
    assert len(shown) == MOST_SHOWN
    assert [made.number for made in shown] == [41, 47, 48, *range(49, 61)]
    blocks = cast("list[dict[str, Any]]", card_body(replace(card("en", steps=1), steps=steps), rich=True)["blocks"])
    assert "45 more steps are finished · 18 more steps to come" in visible(blocks)


def test_a_long_plan_names_every_step_in_one_of_its_counts() -> None:
    steps: tuple[StepLine, ...] = tuple(step(n, ICONS[n % len(ICONS)]) for n in range(1, 201))
    blocks = cast("list[dict[str, Any]]", card_body(replace(card("en", steps=1), steps=steps), rich=True)["blocks"])
    counts = next(line for line in visible(blocks).split("\n") if "more steps" in line)
    assert sum(int(word) for word in counts.split() if word.isdecimal()) == 200 - MOST_SHOWN
