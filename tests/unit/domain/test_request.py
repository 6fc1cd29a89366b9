"""What a person typed is cleaned once, refused by name when it cannot be used."""

from __future__ import annotations

import pytest

from engine.domain.request import MAX_REQUEST_CHARACTERS, clean_text, dominant_locale
from engine.errors import RequestError


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("", "request_empty"),
        (" \u200b\n\t ", "request_empty"),
        ("\ud800", "request_empty"),
        ("x" * 1_000_000, "request_too_long"),
        ("א" * (MAX_REQUEST_CHARACTERS + 1), "request_too_long"),
    ],
)
def test_unusable_text_is_refused_by_name(raw: str, code: str) -> None:
    with pytest.raises(RequestError) as caught:
        clean_text(raw)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("find\u0000 it", "find it"),
        ("a\ud800b", "ab"),
        ("\u202egnp.exe\u202c", "gnp.exe"),
        ("\ufeffשלום\u2066", "שלום"),
        ("a\r\nb", "a\nb"),
        ("e\u0301", "é"),
        ("😀" * 10_000, "😀" * 10_000),
    ],
)
def test_marks_that_steer_or_break_are_removed(raw: str, clean: str) -> None:
    assert clean_text(raw) == clean


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        ("find the budget", "en"),
        ("מה יש לי מחר?", "he"),
        ("תמצא budget", "en"),
        ("תמצא את budget", "he"),
        ("123", "en"),
    ],
)
def test_the_card_speaks_the_dominant_script(text: str, locale: str) -> None:
    assert dominant_locale(text) == locale
