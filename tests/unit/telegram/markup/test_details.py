"""The details show every argument whole, on as many pages as it takes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.presses import Press
from bot.render.texts import LOCALES, Texts
from bot.telegram.markup.details import details_body
from bot.telegram.presses import read_data
from engine.domain.approval import ApprovalKind
from tests.unit.parts.made import block, field
from tests.unit.parts.states import block_of
from tests.unit.telegram.markup.judge import findings, visible
from tests.unit.telegram.markup.made import buttons, details_pages, labels


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("state", ["gate", "long-gate", "moving", "calling-off", "unknown-outcome"])
def test_every_page_of_the_story_is_one_telegram_takes(state: str, locale: str) -> None:
    for body in details_pages(block_of(locale, state), Texts(locale, "Asia/Jerusalem")):
        assert findings(body) == []


def test_every_argument_is_named_as_the_tool_names_it() -> None:
    shown = visible(details_body(block_of("en", "gate"), Texts("en", "Asia/Jerusalem")))
    assert shown.startswith(
        "Set up the meeting\n\nTitle: (argument title) Meeting with Yoav Levi: the Tevuot strategy\n"
    )
    assert "Tool: schedule_meeting 1\nOpen until Sunday" in shown


def test_a_short_call_has_one_page_and_no_buttons() -> None:
    assert labels(details_body(block_of("en", "gate"), Texts("en"))) == []


def test_a_long_call_has_pages_that_buttons_turn() -> None:
    asked = replace(block(ApprovalKind.GATE), fields=(field(0, "ж" * 9_000), field(1, "end")))
    first, middle, last = details_pages(asked, Texts("en"))
    assert [labels(page) for page in (first, middle, last)] == [
        [["Next part"]],
        [["Previous part", "Next part"]],
        [["Previous part"]],
    ]
    assert [read_data(key["data"]) for key in buttons(middle)] == [
        Press(action="page", approval=asked.id, choice=page) for page in ("0", "2")
    ]
    assert "Part 2 of 3" in visible(middle)
    assert sum(visible(page).count("ж") for page in (first, middle, last)) == 9_000
    assert "Label: (argument field_1) end" in visible(last)


@pytest.mark.parametrize(("page", "nearest"), [(-1, 0), (99, 2)])
def test_a_page_that_is_not_there_is_the_nearest(page: int, nearest: int) -> None:
    asked = replace(block(ApprovalKind.GATE), fields=(field(0, "ж" * 9_000),))
    assert details_body(asked, Texts("en"), page) == details_body(asked, Texts("en"), nearest)


def test_a_call_without_arguments_still_has_a_page() -> None:
    assert visible(details_body(replace(block(ApprovalKind.GATE), fields=()), Texts("en"))) == "s\ntool\ne"
