"""Reasons, answers, changes of a plan, details, and what is to be done with a message."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from bot.presses import Press, read_press
from bot.render.approvals import Droppable
from bot.render.texts import LOCALES
from bot.slack.markup.forms import (
    answer_view,
    change_view,
    details_view,
    do_this_view,
    drop_view,
    read_dropped,
    read_words,
    reason_view,
)
from engine.domain.approval import ApprovalKind
from tests.servers.blockkit import validate_view
from tests.unit.parts.made import block
from tests.unit.slack.markup.filling import EN, HE, MEETING, PRESS, gate, inputs, untouched
from tests.unit.slack.markup.gallery import forms
from tests.unit.slack.markup.scanner import findings, visible


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", sorted(forms("en")))
def test_every_form_of_the_story_is_one_slack_takes(name: str, locale: str) -> None:
    view = forms(locale)[name]
    assert validate_view(view) == []
    assert findings({"blocks": view["blocks"]}) == []
    assert read_press(cast("str", view["private_metadata"])) is not None


def test_reasons_and_answers_are_words() -> None:
    asked = block(ApprovalKind.GATE)
    for view, optional in (
        (reason_view(asked, PRESS, EN), True),
        (drop_view(asked, PRESS, EN), True),
        (answer_view(asked, PRESS, EN), False),
    ):
        assert inputs(view)["text"]["optional"] is optional
        assert view["private_metadata"] == PRESS.value
    assert read_words({"text": " no\r\nroom "}) == "no\nroom"
    assert read_words({"text": None}) == read_words({}) == ""


def test_a_plan_is_changed_by_steps_and_by_words() -> None:
    asked = replace(block(ApprovalKind.PLAN), drops=tuple(Droppable(id=f"s{n}", title=f"Step {n}") for n in range(23)))
    view = change_view(asked, PRESS, EN)
    values = untouched(view)
    assert [len(made["element"].get("options", [])) for made in inputs(view).values()] == [10, 10, 3, 0]
    assert read_dropped(asked, values) == []
    kept = [value for value in cast("list[str]", values["keep-1"]) if value != "12"]
    assert read_dropped(asked, {**values, "keep-1": kept, "keep-2": []}) == [12, 20, 21, 22]
    assert read_dropped(asked, {}) == read_dropped(asked, {"keep-0": "0", "keep-1": None}) == []


def test_details_show_every_argument_with_the_name_the_tool_has_for_it() -> None:
    shown = visible(details_view(gate({**MEETING, "room": "4.2"}), PRESS, EN)["blocks"])
    assert "Starts:\n (argument starts)\n Monday, January 5, 2026, 10:00" in shown
    assert "room:\n (Not a field known here; shown as it is.)\n 4.2" in shown


def test_long_details_have_parts_that_lead_to_each_other() -> None:
    asked = gate({"text": "\n".join(f"line {n}" for n in range(9_000))})
    first, second = (details_view(asked, PRESS, EN, page=page) for page in (0, 1))
    turns = [read_press(made["value"]) for made in cast("list[dict[str, Any]]", second["blocks"])[-1]["elements"]]
    assert [(press.action, press.choice) for press in turns if press] == [("page", "0"), ("page", "2")]
    assert "Part 1 of" in visible(first["blocks"])
    assert details_view(asked, PRESS, EN, page=99) == details_view(asked, PRESS, EN, page=10**6)
    assert details_view(asked, PRESS, EN, page=-1) == first
    shown, page = "", 0
    while f"line {8_999}" not in shown:
        shown += visible(details_view(asked, PRESS, EN, page=page)["blocks"])
        page += 1
    assert all(f"line {n}" in shown for n in range(9_000))


def test_do_this_shows_the_message_it_is_about_and_asks_what_to_do() -> None:
    view = do_this_view("<!channel> transfer\nהעברה", Press(action="do_this", choice="C1/1.2"), EN)
    assert inputs(view)["text"]["optional"] is False
    shown = visible(view["blocks"])
    assert "<!channel> transfer\nהעברה" in shown
    assert "What you write here is the request. The message is only read." in shown
    assert validate_view(do_this_view("x" * 16_000, PRESS, EN)) == []
    assert validate_view(do_this_view("", PRESS, HE)) == []
