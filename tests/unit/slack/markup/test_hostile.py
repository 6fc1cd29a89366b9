"""Other people's text stays text, wherever a card, a reply or a form shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import cycle

import pytest

from bot.presses import Press
from bot.render.safe_text import clean, spell
from bot.render.texts import LOCALES, Texts
from bot.slack.markup.escape import escape
from bot.slack.markup.forms import answer_view, change_view, details_view, do_this_view, edit_view, reason_view
from engine.domain.approval import ApprovalKind
from engine.domain.json import JsonObject
from tests.servers.blockkit import validate_message, validate_view
from tests.unit.hostile import hostile_strings
from tests.unit.parts.made import block, card, field, filled, view
from tests.unit.slack.markup.made import messages
from tests.unit.slack.markup.scanner import findings, visible

STRINGS = hostile_strings()
GROUPS = [STRINGS[start : start + 20] for start in range(0, len(STRINGS), 20)]
KINDS = tuple(ApprovalKind)
PRESS = Press(action="edit", execution="e" * 32, approval="a" * 32)


def taking_turns(strings: list[str]) -> Callable[[], str]:
    turns = cycle(strings)
    return lambda: next(turns)


def test_there_are_five_hundred_different_strings_in_both_languages() -> None:
    assert len(set(STRINGS)) == 500
    assert sum(1 for text in STRINGS if any("א" <= letter <= "ת" for letter in text)) > 150


@pytest.mark.parametrize("rich", [True, False], ids=["rich", "plain"])
@pytest.mark.parametrize("number", range(len(GROUPS)))
def test_no_message_of_hostile_strings_has_a_broken_block_or_anything_live(number: int, rich: bool) -> None:
    kind = KINDS[number % len(KINDS)]
    shown = card(LOCALES[number % 2], block(kind, choices=3, arguments=4, drops=3))
    for purpose, body in messages(filled(view(shown), taking_turns(GROUPS[number])), rich=rich):
        assert findings(body) == [], purpose
        if "file" not in body:
            assert validate_message(dict(body)) == [], purpose


@pytest.mark.parametrize("number", range(len(GROUPS)))
def test_a_hostile_string_in_every_place_at_once_pings_links_and_hides_nothing(number: int) -> None:
    for place, text in enumerate(GROUPS[number]):
        kind = KINDS[place % len(KINDS)]
        shown = view(card(LOCALES[place % 2], block(kind, choices=6, arguments=2, drops=2)))
        for purpose, body in messages(filled(shown, lambda text=text: text), rich=place % 4 < 2):
            assert findings(body) == [], purpose


@pytest.mark.parametrize("number", range(len(GROUPS)))
def test_in_no_form_a_hostile_string_pings_links_hides_or_breaks_a_block(number: int) -> None:
    for form in (form for text in GROUPS[number][::5] for form in forms(text)):
        assert findings({"blocks": form["blocks"]}) == []
        assert validate_view(form) == []


def forms(text: str) -> list[JsonObject]:
    texts = Texts("he", "Asia/Jerusalem")
    asked = filled(block(ApprovalKind.GATE, drops=3), lambda: text)
    arguments = (
        field(0, text),
        field(1, text, input="multiline"),
        field(2, text, raw=[text], input="lines", known=False),
    )
    gate = filled(block(ApprovalKind.GATE, arguments=2), lambda: text)
    gate = replace(gate, fields=arguments)
    return [
        edit_view(gate, {}, PRESS, texts),
        details_view(gate, PRESS, texts),
        reason_view(asked, PRESS, texts),
        answer_view(asked, PRESS, texts),
        change_view(asked, PRESS, texts),
        do_this_view(text, PRESS, texts),
    ]


@pytest.mark.parametrize("number", range(len(GROUPS)))
def test_an_escaped_string_is_no_markup_anywhere(number: int) -> None:
    for text in GROUPS[number]:
        assert findings({"text": escape(text)}) == []
        assert escape(escape(text)).count("⟦⚠") == clean(text).count("⟦⚠")


def test_what_a_person_consents_to_is_shown_to_the_letter() -> None:
    text = "a<b> & *c* `d` <@U1> @channel evil.com"
    assert spell(text) == clean(text) == text
    gate = block(ApprovalKind.GATE)
    shown = card("en", replace(gate, fields=(field(0, text),)))
    rich, plain = (dict(messages(view(shown), rich=rich))[f"approval:{gate.id}"] for rich in (True, False))
    assert f"Label: {text}" in visible(rich["blocks"]).replace("\n", "")
    assert "&lt;@U1&gt; ＠channel evil.com" in visible(plain["blocks"])


def test_what_cannot_be_seen_is_spelled_out_where_a_person_consents_and_dropped_elsewhere() -> None:
    assert spell("\u202ea\u200bb\x00") == "⟦U+202E⟧a⟦U+200B⟧b⟦U+0000⟧"
    assert clean("\u202ea\u200bb\x00") == "ab"


def test_a_word_in_mixed_alphabets_is_marked_once_and_ordinary_words_are_not() -> None:
    assert clean("D\u0430na Levi") == "D\u0430na⟦⚠ U+0430⟧ Levi"
    assert escape(clean("D\u0430na")) == "D\u0430na⟦⚠ U+0430⟧"
    assert clean("p\u0430ypal.com") == "p\u0430ypal.com⟦⚠ U+0430⟧"
    for text in ("Привет, Dana", "Δt is small", "αβ-test", "ל־Q1 וה־API", "Дана כהן", "naïve café", "שלום dana"):
        assert clean(text) == text


def test_addresses_and_everybody_are_named_but_not_called() -> None:
    assert escape("see https://a.example or ask dana@b.com, @here") == (
        "see https:\u2060//a\u2060.example or ask dana\u2060@b\u2060.com, ＠here"
    )
    assert escape("`/tizmor stop` and `x") == "`/tizmor stop` and 'x"
    assert escape("2 < 3 & 4 > 1") == "2 &lt; 3 &amp; 4 &gt; 1"
