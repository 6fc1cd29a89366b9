"""Every line runs its own way, and lines of ours the card's."""

from __future__ import annotations

import pytest

from bot.render.bearing import anchored, borne, pieced, settled


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


def test_lines_in_two_languages_stand_on_the_side_of_the_message_where_it_is_known() -> None:
    assert settled(["hello", "שלום"], "rtl") == ["\u200f\u2068hello\u2069", "\u200f\u2068שלום\u2069"]
    assert settled(["שלום", "hello"], "ltr") == ["\u200e\u2068שלום\u2069", "\u200e\u2068hello\u2069"]
    assert settled(["hello", "world"], "rtl") == ["hello", "world"]


def test_parts_of_a_label_that_runs_both_ways_are_isolated_and_others_are_left_alone() -> None:
    assert pieced("יואב (Head, x@y.z)") == "\u2068יואב\u2069 (\u2068Head\u2069, \u2068x@y.z\u2069)"
    assert pieced("Yoav (Head, x@y.z)") == "Yoav (Head, x@y.z)"
    assert borne(pieced("יואב · x")) == "\u200f\u2068יואב\u2069 · \u2068x\u2069"
    assert borne("יואב") == "יואב"
