"""The plan sheet: every step, its buttons, and as much of a long plan as Slack takes, with what can be changed first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import pytest

from bot.presses import read_press
from bot.render.steps import StepLine
from bot.render.texts import LOCALES, Texts
from bot.slack.markup.forms import edit_step_view
from bot.slack.markup.limits import VIEW_BYTES
from bot.slack.markup.plan_sheet import plan_sheet_view, told_view
from bot.slack.markup.view import json_bytes
from bot.step_questions import step_question_id
from engine.domain.ids import ExecutionId, StepId
from engine.domain.json import JsonObject
from tests.servers.blockkit import validate_view
from tests.unit.hostile import hostile_strings
from tests.unit.parts.made import ICONS, step
from tests.unit.slack.markup.filling import EN, MEETING, PRESS, SCHEDULE, gate, inputs, untouched
from tests.unit.slack.markup.scanner import findings, visible

EXECUTION = ExecutionId("0f" * 16)
EVERY = ("edit", "retry", "drop")


def line(number: int, *ways: str, **more: Any) -> StepLine:
    return replace(step(number, ICONS[number % len(ICONS)]), title=f"Step {number}", ways=ways, **more)


def sheet(steps: Sequence[StepLine], told: str = "", locale: str = "en") -> JsonObject:
    view = plan_sheet_view(EXECUTION, steps, Texts(locale), told)
    assert validate_view(view) == []
    assert findings({"blocks": view["blocks"]}) == []
    return view


def blocks(view: JsonObject) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", view["blocks"])


def shown(view: JsonObject) -> list[int]:
    return [int(found) for found in re.findall(r"(\d+)\. Step", visible(blocks(view)))]


def test_each_step_has_the_buttons_of_what_can_be_done_to_it() -> None:
    view = sheet([line(1), line(2, "edit", "drop"), line(3, *EVERY)])
    rows = [made["elements"] for made in blocks(view) if made["type"] == "actions"]
    assert [[made["text"]["text"] for made in row] for row in rows] == [
        ["Edit", "Leave out"],
        ["Edit", "Try again", "Leave out"],
    ]
    presses = [read_press(made["value"]) for row in rows for made in row]
    assert [press.action for press in presses if press][2:] == ["edit_step", "retry_step", "drop_step"]
    assert {press.execution for press in presses if press} == {EXECUTION}
    assert {press.approval for press in presses if press} == {
        step_question_id(EXECUTION, StepId(step_id)) for step_id in ("s2", "s3")
    }
    assert rows[0][1]["accessibility_label"] == "Leave out: 2. Step 2"
    assert shown(view) == [1, 2, 3]
    assert "What is done stays." in visible(blocks(view))
    assert "Not every step fits" not in visible(blocks(view))
    assert "submit" not in view


@pytest.mark.parametrize("locale", LOCALES)
def test_of_a_long_plan_what_can_be_changed_is_there_first_and_it_says_so(locale: str) -> None:
    steps = [line(n, *(EVERY if n > 160 else ())) for n in range(1, 201)]
    view = sheet(steps, "no", locale)
    found = shown(view)
    assert found[-40:] == list(range(161, 201))
    assert found == sorted(found)
    assert 10 < len(found) < 60
    assert Texts(locale).say("chat.form.plan_more") in visible(blocks(view))
    assert len(blocks(view)) <= 100


def test_more_changeable_steps_than_fit_are_the_first_of_the_plan() -> None:
    found = shown(sheet([line(n, *EVERY) for n in range(1, 201)]))
    assert found == list(range(1, 49))


@pytest.mark.parametrize("unit", ["א", "👍", "<", "word "])
def test_titles_and_errors_of_any_length_fit(unit: str) -> None:
    steps = [line(n, *EVERY, status="s", error=unit * 3_000) for n in range(1, 101)]
    view = sheet([replace(made, title=unit * 3_000) for made in steps], unit * 3_000)
    assert json_bytes(view) < VIEW_BYTES + 20_000


def test_other_peoples_words_stay_words() -> None:
    strings = hostile_strings()
    for start in range(0, len(strings), 40):
        steps = [
            replace(line(n, *EVERY), title=text, error=text) for n, text in enumerate(strings[start : start + 40], 1)
        ]
        sheet(steps, strings[start])


@pytest.mark.parametrize("locale", LOCALES)
def test_once_something_was_done_there_is_nothing_left_to_press(locale: str) -> None:
    texts = Texts(locale)
    view = told_view(PRESS, texts.say("plan_version.taken"), texts)
    assert validate_view(view) == []
    assert visible(blocks(view)).strip() == texts.say("plan_version.taken")
    assert {made["type"] for made in blocks(view)} == {"rich_text"}


def test_the_form_of_a_step_is_that_of_a_call_under_its_own_name() -> None:
    asked = replace(gate(MEETING), topic="step_edit", subject="Set up the meeting", lead="As written here.")
    view = edit_step_view(asked, SCHEDULE, PRESS, EN)
    assert validate_view(view) == []
    assert (view["callback_id"], cast("dict[str, str]", view["submit"])["text"]) == ("edit_step", "Save")
    assert "Set up the meeting" in visible(blocks(view)[:1])
    assert len(inputs(view)) == len(untouched(view)) == len(MEETING)
