"""Every line runs its own way, and lines of ours the card's."""

from __future__ import annotations

import pytest

from bot.render.bearing import anchored, settled


@pytest.mark.parametrize(
    ("text", "rtl", "ltr"),
    [
        ("שלום dana", "שלום dana", "\u200eשלום dana"),
        ("dana שלום", "\u200fdana שלום", "dana שלום"),
        ("\u2068dana\u2069 שלום", "\u200f\u2068dana\u2069 שלום", "\u200e\u2068dana\u2069 שלום"),
        ("12 · 3", "\u200f12 · 3", "\u200e12 · 3"),
        ("", "", ""),
    ],
)
def test_a_line_of_ours_runs_the_cards_way_whatever_it_begins_with(text: str, rtl: str, ltr: str) -> None:
    assert anchored(text, "rtl") == rtl
    assert anchored(text, "ltr") == ltr


def test_lines_of_a_text_in_two_languages_each_run_their_own_way_on_the_side_of_the_first() -> None:
    assert settled(["שלום", "hello", "", "עולם 2"])[1:] == ["\u200f\u2068hello\u2069", "", "\u200f\u2068עולם 2\u2069"]
    assert settled(["hello", "12", "world"]) == ["hello", "12", "world"]
