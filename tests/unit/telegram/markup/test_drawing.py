"""Parts become text and entities: every style where its words are, in units of UTF-16, and none that Telegram would mend."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.parts.model import Items, Line, Para, Part, Small, Span
from bot.render.safe_text import clean
from bot.render.texts import LOCALES, Texts
from bot.telegram.markup.body import message
from bot.telegram.markup.drawing import drawn
from bot.telegram.markup.words import words_body
from engine.domain.json import JsonObject
from tests.servers.telegramd.live import find_live
from tests.servers.telegramd.texts import Formatted
from tests.servers.telegramd.texts import part as covered
from tests.unit.telegram.markup.judge import bare, findings, styled, visible

EN = Texts("en")
WORDS = st.text(alphabet="ab1 @/#.:אב👍👨\u200d\u2068\u2069e\u0301\n-", max_size=12).map(clean)
SPANS = st.builds(Span, text=WORDS, bold=st.booleans(), italic=st.booleans(), exact=st.booleans())
LINES: st.SearchStrategy[Line] = st.lists(SPANS, max_size=4).map(tuple)
MANY = st.lists(LINES, max_size=4).map(tuple)
PARTS: st.SearchStrategy[Part] = st.one_of(
    st.builds(Para, lines=MANY, quote=st.booleans(), tight=st.booleans(), aside=st.booleans()),
    st.builds(Items, items=MANY, first=st.integers(0, 3), tight=st.booleans(), aside=st.booleans()),
    st.builds(Small, text=WORDS.map(lambda text: text.replace("\n", " "))),
)


def body(*parts: Part, locale: str = "en") -> JsonObject:
    return message(parts, Texts(locale), [])


def line(*spans: Span) -> Para:
    return Para(lines=(spans,))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(PARTS, max_size=6), st.sampled_from(LOCALES))
def test_whatever_is_drawn_is_taken_as_it_is_and_nothing_in_it_is_live(parts: list[Part], locale: str) -> None:
    assert findings(body(*parts, locale=locale)) == []


@settings(max_examples=300, deadline=None, derandomize=True)
@given(LINES, st.sampled_from(("ltr", "rtl")))
def test_a_style_covers_its_own_words(spans: Line, direction: Any) -> None:
    flat = tuple(replace(span, text=span.text.replace("\n", " ")) for span in spans)
    made = drawn([Para(lines=((Span(text="👍 x "), *flat),))], direction)
    for kind in ("bold", "italic"):
        wanted = "".join(span.text for span in flat if getattr(span, kind) and (kind == "bold" or not span.bold))
        entities: list[Any] = [one for one in made.entities if one["type"] == kind]
        found = "".join(covered(made.text, one["offset"], one["length"]) for one in entities)
        assert "".join(bare(found).split()) == "".join(bare(wanted).split())


def test_offsets_are_units_of_utf_16() -> None:
    assert body(line(Span(text="👍 "), Span(text="bold 👨\u200d👩", bold=True), Span(text=" x")))["entities"] == [
        {"type": "bold", "offset": 3, "length": 10}
    ]


def test_a_joiner_before_a_style_moves_it_and_one_in_it_lengthens_it() -> None:
    made = body(line(Span(text="@ab "), Span(text="see a.co", bold=True)))
    assert made["text"] == "@\u2060ab see a\u2060.co"
    assert made["entities"] == [{"type": "bold", "offset": 5, "length": 9}]


def test_names_put_together_from_two_styles_are_still() -> None:
    assert body(line(Span(text="@", bold=True), Span(text="dana")))["text"] == "@\u2060dana"
    assert body(line(Span(text="evil"), Span(text=".com", italic=True)))["text"] == "evil\u2060.com"


def test_what_is_styled_alike_and_stands_together_is_one() -> None:
    made = body(line(Span(text="a", bold=True), Span(text="b", bold=True), Span(text="c", italic=True)))
    assert made["entities"] == [
        {"type": "bold", "offset": 0, "length": 2},
        {"type": "italic", "offset": 2, "length": 1},
    ]


def test_an_exact_word_is_code_to_the_letter_and_the_rest_is_plain() -> None:
    made = body(line(Span(text="To: ", bold=True), Span(text="Dana <dana@a.co>, see http://b.co", exact=True)))
    assert made["text"] == "To: Dana <dana@a.co>, see http://b.co"
    assert styled(made, "code") == ["dana@a.co", "http://b.co"]


def test_small_print_stands_close_to_what_it_is_about_and_a_text_to_its_heading() -> None:
    heading = line(Span(text="🔎 "), Span(text="Found", bold=True))
    shown = body(heading, line(Span(text="one")), line(Span(text="two")), Small(text="small"), heading, heading)
    assert shown["text"] == "🔎 Found\none\n\ntwo\nsmall\n\n🔎 Found\n\n🔎 Found"


def test_lists_have_bullets_or_go_on_with_their_numbers() -> None:
    items = ((Span(text="a"),), (Span(text="b\nbelow"),))
    assert body(Items(items=items), Items(items=items, first=9))["text"] == "• a\n• b\nbelow\n\n9. a\n10. b\nbelow"


def test_two_quotations_are_two_and_the_lines_of_one_are_one() -> None:
    quote = Para(lines=((Span(text="a"),), (), (Span(text="b"),)), quote=True, tight=True)
    made = body(quote, quote, line(Span(text="c")))
    assert made["text"] == "a\n\nb\na\n\nb\n\nc"
    assert made["entities"] == [
        {"type": "blockquote", "offset": 0, "length": 4},
        {"type": "blockquote", "offset": 5, "length": 4},
    ]


@pytest.mark.parametrize(("lines", "kind"), [(4, "blockquote"), (5, "expandable_blockquote")])
def test_what_may_be_folded_away_is_when_it_is_long(lines: int, kind: str) -> None:
    aside = Items(items=tuple((Span(text=str(n)),) for n in range(lines)), aside=True)
    assert len(styled(body(aside), kind)) == 1
    long = Para(lines=((Span(text="word " * 60),),), aside=True)
    assert len(styled(body(long), "expandable_blockquote")) == 1


def test_blanks_at_the_beginning_of_a_quotation_stay_in_it() -> None:
    made = body(Para(lines=((Span(text='  "a": 1', exact=True),),), quote=True))
    assert made["text"] == '\u200e  "a": 1'
    assert made["entities"] == [{"type": "blockquote", "offset": 0, "length": 9}]


def test_lines_stand_on_the_side_of_the_language_and_run_their_own_way() -> None:
    made = body(
        line(Span(text="Tevuot board")), Items(items=((Span(text="שלום"),), (Span(text="hi"),)), first=1), locale="he"
    )
    assert str(made["text"]).split("\n") == ["\u200f\u2068Tevuot board\u2069", "", "1. שלום", "\u200f2. \u2068hi\u2069"]


def test_nothing_at_all_is_still_a_message() -> None:
    assert body()["text"] == "…"
    assert body(Small(text="  "))["text"] == "…"


def test_our_own_words_keep_their_commands_and_links_and_nothing_of_anybody_elses() -> None:
    said = "/status shows it: https://t.me/x_bot?start=1, `tizmor init`. From \u2068@evil a.co `x`\u2069."
    made = words_body(said)
    assert (
        made["text"]
        == "/status shows it: https://t.me/x_bot?start=1, tizmor init. From \u2068@\u2060evil a\u2060.co 'x'\u2069."
    )
    assert styled(made, "code") == ["tizmor init"]


def test_hebrew_words_of_ours_stand_on_the_right() -> None:
    made = words_body("שלום.\n/status מראה מה רץ.")
    assert str(made["text"]).split("\n") == ["שלום.", "\u200f\u2068/status\u2069 מראה מה רץ."]
    assert [one["text"] for one in find_live(Formatted(text=str(made["text"])))] == ["/status"]
    assert visible(made) == "שלום.\n/status מראה מה רץ."
