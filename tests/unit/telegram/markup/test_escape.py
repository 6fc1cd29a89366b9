"""Nothing in a text that is made still becomes live, and it reads as it did."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.telegram.markup.escape import live_words, places, still
from tests.servers.telegramd.live import find_live
from tests.servers.telegramd.texts import Formatted
from tests.unit.hostile import hostile_strings

LIVE = (
    "@dana_levi", "(@dana_levi)", "hi,@gif", "/start", "/start@some_bot", "-/stop", "#tag", "#תגית", "a #1st", "$USD", "$1INCH", "evil.com",
    "www.evil.co.il", "http://evil.example/a?b=c", "https://user:pw@evil.com:80/x", "ftp://evil.com", "HTTPS://EVIL.COM", "tg://resolve?domain=a",
    "ton://transfer/x", "t.me/joinchat", "dana@evil.com", "mailto:a.b+c@evil.com", "1.1.1.1", "http://127.0.0.1/", "board.md", "פוטבול.קום",
    "xn--80ak6aa92e.com", "#a#b", "@@name", "//evil.com", "evil.com.", "<a@b.com>", "evil。com", "#tag@chat", "$USD@chat",
)  # fmt: skip
QUIET = (
    "$0.0124",
    "2025-12/board",
    "10:00 – 11:00",
    "1. item",
    "5/5",
    "a/b",
    "3.5",
    "C++",
    "50%",
    "…",
    "+02:00",
    "A · B",
    "Q1",
)


@pytest.mark.parametrize("text", LIVE)
@pytest.mark.parametrize("frame", ["{}", "דנה {} כהן", "\u2068{}\u2069", "· {}", "{}, ok", "({})", "\n{}\n", "👍{}👍"])
def test_what_telegram_would_make_live_it_does_not(frame: str, text: str) -> None:
    told = still(frame.replace("{}", text))
    assert find_live(Formatted(text=told)) == []
    assert told.replace("\u2060", "") == frame.replace("{}", text)
    assert still(told) == told


@pytest.mark.parametrize("text", QUIET)
def test_what_is_not_live_stays_as_it_is(text: str) -> None:
    assert find_live(Formatted(text=text)) == []
    assert still(text) == text


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("+1-900-555-0123", ["+", "1-900-555-0123"]),
        ("call +972 (54) 123-4567 now", ["call +", "972 (54) 123-4567 now"]),
        ("4111 1111 1111 1111", ["4111 1111 ", "1111 1111"]),
        ("4111111111111111111", ["41111111", "11111111", "111"]),
    ],
)
def test_numbers_that_could_be_called_or_charged_are_parted(text: str, parts: list[str]) -> None:
    assert still(text).split("\u2060") == parts


def test_what_telegram_takes_out_is_taken_out_before_it_is_counted() -> None:
    assert still("a\rb\u202ec\u2028d\u0333e\tf\x00g") == "abcde f g"
    assert still("A\u030angstrom x\u030a") == "Ångstrom x"


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.text(alphabet="ab1_@/#$.:+-<> \u2068\u2069דA,\n()~?", max_size=24))
def test_no_mixture_of_signs_is_live(text: str) -> None:
    told = still(text)
    assert find_live(Formatted(text=told)) == []
    assert still(told) == told
    assert told.replace("\u2060", "") == text


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.sampled_from(hostile_strings()), st.sampled_from(LIVE), st.sampled_from(("", " ", ".", "@", "/", "#")))
def test_nothing_put_together_is_live(one: str, other: str, between: str) -> None:
    assert find_live(Formatted(text=still(f"{one[:400]}{between}{other}"))) == []


def test_live_words_are_whole() -> None:
    text = "Yoav <yoav.levi@tevuot.example>, see https://a.b/c?d=e(f) and 4111 1111 1111 1111."
    assert [text[start:end] for start, end in live_words(text, places(text))] == [
        "yoav.levi@tevuot.example",
        "https://a.b/c?d=e",
        "4111 1111 1111 1111.",
    ]
