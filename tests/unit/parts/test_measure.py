"""Texts are cut within what a chat takes, whole letters and emoji, with isolates closed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bot.parts.measure import cut, units
from bot.parts.model import Para, Span
from bot.parts.scale import Scale
from bot.render.safe_text import said

QUICK = settings(
    max_examples=60, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate, Phase.shrink)
)
UNITS = ("א", "a", "👍", "&", "<", "\n", "word ", "שלום ", "\u2068", "e\u0301", "👨\u200d👩\u200d👧", "\t", "@")
SCALES = (Scale(weight=units), Scale(weight=lambda text: len(text.encode("utf-8", "replace"))))


def repeated(unit: str, length: int) -> str:
    return unit * (length // len(unit))


long_texts = st.builds(repeated, st.sampled_from(UNITS), st.sampled_from((0, 1, 30, 400, 3_001, 16_000)))
any_text = st.one_of(long_texts, st.text(max_size=40))
scales = st.sampled_from(SCALES)


@QUICK
@given(any_text, st.integers(1, 200), scales)
def test_a_cut_keeps_within_its_limit_and_parts_no_emoji(text: str, limit: int, scale: Scale) -> None:
    text = said(text)
    assert units(cut(text, limit)) <= limit
    assert cut(text, 10**6) == text
    assert scale.weight(scale.cut(text, max(limit, 20))) <= max(limit, 20) + scale.weight("…")
    assert not cut("👨\u200d👩\u200d👧" * 40, limit).removesuffix("…").endswith("\u200d")


def test_an_isolate_that_is_divided_is_closed_and_opened_again() -> None:
    head, rest = SCALES[1].split(f"\u2068{'a' * 100}\u2069", 60)
    assert (head[-1], rest[0]) == ("\u2069", "\u2068")
    assert SCALES[1].split("\u2068\u2068ab\u2069\u2069", 4) == (
        "\u2068\u2068a\u2069\u2069",
        "\u2068\u2068b\u2069\u2069",
    )


@pytest.mark.parametrize("scale", SCALES, ids=["units", "bytes"])
def test_an_isolate_that_is_cut_is_closed(scale: Scale) -> None:
    assert cut(f"to \u2068{'a' * 100}\u2069 now", 20) == "to \u2068aaaaaaaaa\u2069…"
    assert scale.cut(f"to \u2068{'a' * 100}\u2069 now", 30).endswith("a\u2069…")
    assert scale.head(f"\u2068\u2068{'a' * 100}\u2069\u2069", 40).endswith("a\u2069\u2069")


@QUICK
@given(any_text.filter(bool), st.integers(60, 4_000), scales)
def test_what_is_divided_comes_together_again(text: str, limit: int, scale: Scale) -> None:
    text = said(text)
    rest, pieces = text, list[str]()
    while rest:
        head, rest = scale.split(rest, limit)
        pieces.append(head)
        assert scale.weight(head) <= limit
    kept = str.maketrans("", "", " \n\r\t\u2068\u2069")
    assert "".join(pieces).translate(kept) == text.translate(kept)


@pytest.mark.parametrize(("text", "counted"), [("ab", 2), ("אב", 2), ("👍", 2), ("👨\u200d👩", 5), ("\ud800", 1)])
def test_units_are_those_of_utf_16(text: str, counted: int) -> None:
    assert units(text) == counted


@pytest.mark.parametrize("weight", [units, len], ids=["units", "characters"])
def test_a_paragraph_is_divided_between_lines_and_inside_the_first_where_it_must(weight: Callable[[str], int]) -> None:
    scale = Scale(weight=weight)
    lines = tuple((Span(text=f"{n} " + "x" * 50, bold=True),) for n in range(4))
    head, rest = scale.divide(Para(lines=lines, quote=True), 130)
    assert rest is not None
    assert (head.lines, rest.lines, head.quote, rest.quote, rest.tight) == (lines[:2], lines[2:], True, True, True)
    head, rest = scale.divide(Para(lines=((Span(text="y" * 500),),)), 100)
    assert rest is not None
    assert head.lines[0][0].text + rest.lines[0][0].text == "y" * 500
    assert scale.divide(Para(lines=lines), 10_000) == (Para(lines=lines), None)
