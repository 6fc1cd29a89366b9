"""The plan sheet as Telegram takes it: every step, those that can be changed first where there is no room for all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.render.card import Card
from bot.render.texts import Texts
from bot.step_questions import step_question_id
from bot.telegram.markup.plan_sheet import can_be_changed, sheet_body, taken_body
from bot.telegram.presses import data_of, read_data
from engine.domain.ids import ExecutionId, StepId
from tests.unit.parts.made import card, filled, view
from tests.unit.telegram.markup.judge import findings, visible
from tests.unit.telegram.markup.made import buttons, labels

HOSTILE = (
    "👍" * 300,
    "x" * 700,
    "א" * 700,
    "👨\u200d👩\u200d👧" * 60,
    "<a@b> " * 90,
    "@name " * 90,
    "a\nb\n" * 90,
    "",
    "\u202e/x a.co",
)
NOTE = {
    "en": "What is done stays. For anything else, just write in the conversation what should be different.",
    "he": "מה שכבר נעשה נשאר. לכל שינוי אחר אפשר פשוט לכתוב בשיחה מה צריך להיות אחרת.",
}
MORE = {
    "en": "Not every step fits here; about the others, write in the conversation.",
    "he": "לא כל השלבים נכנסו לכאן; על האחרים אפשר לכתוב בשיחה.",
}


def plan(locale: str, steps: int, ways: Callable[[int], tuple[str, ...]], text: str = "Title") -> Card:
    """A card whose steps can be changed in these ways, by number, with this in every place."""
    shown = filled(view(card(locale, steps=steps)), lambda: text).card
    made = (
        replace(step, id=StepId(f"s{n}"), number=n, icon="pending", ways=ways(n))
        for n, step in enumerate(shown.steps, 1)
    )
    return replace(shown, id=ExecutionId("e" * 32), locale=locale, steps=tuple(made))


def test_beside_each_step_that_can_be_changed_stands_what_can_be_done_to_it() -> None:
    ways = {3: ("edit", "retry"), 4: ("edit", "drop"), 5: ("drop",)}
    body = sheet_body(plan("en", 5, lambda n: ways.get(n, ())))
    assert labels(body) == [
        ["✏️ 3 · Edit", "🔁 3 · Try again"],
        ["✏️ 4 · Edit", "✖️ 4 · Leave out"],
        ["✖️ 5 · Leave out"],
    ]
    pressed = [read_data(key["data"]) for key in buttons(body)]
    assert [read.action for read in pressed if read] == [
        "edit_step",
        "retry_step",
        "edit_step",
        "drop_step",
        "drop_step",
    ]
    assert pressed[-1] is not None
    assert pressed[-1].approval == step_question_id(ExecutionId("e" * 32), StepId("s5"))
    text = visible(body)
    assert [f"▫️ {n}. Title" in text for n in range(1, 7)] == [True] * 5 + [False]
    assert text.startswith("✏️ Edit the plan\nTitle\n")
    assert text.endswith(NOTE["en"])
    assert findings(body) == []


@pytest.mark.parametrize("locale", ["en", "he"])
@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("steps", [1, 5, 12, 40, 49, 90])
def test_telegram_takes_a_sheet_of_every_size(steps: int, text: str, locale: str) -> None:
    body = sheet_body(plan(locale, steps, lambda n: ("edit", "drop") if n % 2 else (), text))
    assert findings(body) == []
    shown = [n for n in range(1, steps + 1) if f"▫️ {n}. " in visible(body)]
    changeable = [n for n in range(1, steps + 1) if n % 2]
    assert set(changeable) <= set(shown)
    assert (MORE[locale] in visible(body)) is (len(shown) < steps)
    assert NOTE[locale] in visible(body)
    assert steps > 40 or len(shown) == steps


def test_steps_whose_buttons_find_no_room_are_left_out_and_said_to_be() -> None:
    body = sheet_body(plan("en", 70, lambda n: () if n < 10 else ("edit", "drop")))
    assert findings(body) == []
    assert len(buttons(body)) == 100
    text = visible(body)
    assert ("▫️ 10. " in text, "▫️ 59. " in text, "▫️ 60. " in text) == (True, True, False)
    assert MORE["en"] in text


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("en", "Taken. A new version follows.\nTo go back, write: Back to version 3"),
        ("he", "התקבל. גרסה חדשה בדרך.\nכדי לחזור, אפשר לכתוב: חזרה לגרסה 3"),
    ],
)
def test_once_something_was_done_it_has_no_buttons_and_says_how_to_go_back(locale: str, words: str) -> None:
    body = taken_body(Texts(locale), 3)
    assert (visible(body), body["keyboard"], findings(body)) == (words, [], [])


def test_a_plan_nothing_can_be_done_to_has_no_sheet() -> None:
    assert not can_be_changed(plan("en", 3, lambda _: ()))
    assert can_be_changed(plan("en", 3, lambda n: ("drop",) if n == 3 else ()))


def test_what_the_buttons_carry_is_read_back() -> None:
    for data in ("l:" + "a" * 32, *(f"{code}:p{'-_aZ09' * 5}" for code in "ijh")):
        read = read_data(data)
        assert read is not None
        assert data_of(read) == data
