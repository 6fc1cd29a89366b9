"""Other people's text stays text, wherever a card, a reply or a page of details shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import cycle

import pytest

from bot.render.texts import LOCALES, Texts
from bot.telegram.markup.words import words_body
from engine.domain.approval import ApprovalKind
from tests.unit.hostile import hostile_strings
from tests.unit.parts.made import block, card, field, filled, view
from tests.unit.telegram.markup.judge import findings
from tests.unit.telegram.markup.made import details_pages, messages

STRINGS = hostile_strings()
GROUPS = [STRINGS[start : start + 20] for start in range(0, len(STRINGS), 20)]
KINDS = tuple(ApprovalKind)


def taking_turns(strings: list[str]) -> Callable[[], str]:
    turns = cycle(strings)
    return lambda: next(turns)


@pytest.mark.parametrize("number", range(len(GROUPS)))
def test_no_message_of_hostile_strings_is_broken_or_has_anything_live(number: int) -> None:
    kind = KINDS[number % len(KINDS)]
    shown = card(LOCALES[number % 2], block(kind, choices=3 + number % 8, arguments=4, drops=3))
    for purpose, body in messages(filled(view(shown), taking_turns(GROUPS[number]))):
        assert findings(body) == [], purpose


@pytest.mark.parametrize("number", range(len(GROUPS)))
def test_a_hostile_string_in_every_place_at_once_calls_opens_and_hides_nothing(number: int) -> None:
    for place, text in enumerate(GROUPS[number]):
        kind = KINDS[place % len(KINDS)]
        shown = view(card(LOCALES[place % 2], block(kind, choices=6, arguments=2, drops=2)))
        for purpose, body in messages(filled(shown, lambda text=text: text)):
            assert findings(body) == [], purpose


@pytest.mark.parametrize("number", range(len(GROUPS)))
def test_no_page_of_details_of_hostile_strings_is_broken_or_has_anything_live(number: int) -> None:
    texts = Texts(LOCALES[number % 2], "Asia/Jerusalem")
    fields = tuple(
        field(n, text, label=text[:200], known=n % 2 == 0, note=text[:200] if n % 3 == 0 else "")
        for n, text in enumerate(GROUPS[number])
    )
    asked = replace(filled(block(ApprovalKind.GATE), taking_turns(GROUPS[number])), fields=fields)
    for body in details_pages(asked, texts):
        assert findings(body) == []


@pytest.mark.parametrize("locale", LOCALES)
def test_in_what_we_say_besides_a_hostile_value_is_still(locale: str) -> None:
    for text in STRINGS:
        said = Texts(locale).say("reply.answered", answer=text[:300])
        assert findings({**words_body(said)}) == []
