"""Both languages say everything, in every number, and nothing inserted can turn its neighbours."""

from __future__ import annotations

import re
import string
from datetime import UTC, datetime, timedelta

import pytest

from bot.render.texts import LOCALES, Texts, catalogue, isolate, known_locale, page_texts, reveal, shorten

NEEDED_FORMS = {"en": {"one", "other"}, "he": {"one", "two", "other"}}
FSI, PDI = "\u2068", "\u2069"


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_locales_have_the_same_keys() -> None:
    assert set(catalogue("he")) == set(catalogue("en"))


@pytest.mark.parametrize("key", sorted(catalogue("en")))
def test_a_message_takes_the_same_values_in_both_locales(key: str) -> None:
    english, hebrew = catalogue("en")[key], catalogue("he")[key]
    assert isinstance(english, str) == isinstance(hebrew, str)
    if isinstance(english, str) and isinstance(hebrew, str):
        assert _placeholders(hebrew) == _placeholders(english)
        assert english.strip()
        assert hebrew.strip()
    elif not isinstance(english, str) and not isinstance(hebrew, str):
        assert set(english) == NEEDED_FORMS["en"]
        assert set(hebrew) == NEEDED_FORMS["he"]
        assert _placeholders(hebrew["other"]) == _placeholders(english["other"]) == {"n"}


@pytest.mark.parametrize(
    ("locale", "number", "text"),
    [
        ("en", 1, "1 document"),
        ("en", 2, "2 documents"),
        ("en", 1200, "1,200 documents"),
        ("he", 1, "מסמך אחד"),
        ("he", 2, "שני מסמכים"),
        ("he", 8, "8 מסמכים"),
        ("he", 20, "20 מסמכים"),
    ],
)
def test_numbers_choose_their_form(locale: str, number: int, text: str) -> None:
    assert Texts(locale).say("step.found.documents", n=number) == text


@pytest.mark.parametrize("locale", LOCALES)
def test_a_name_in_a_sentence_is_isolated(locale: str) -> None:
    said = Texts(locale).say("reply.approved", name="דנה (CEO)")
    assert f"{FSI}דנה (CEO){PDI}" in said


def test_direction_marks_in_a_value_cannot_leak_out() -> None:
    assert isolate("a\u202eb\u2069\u2066c") == f"{FSI}abc{PDI}"
    assert isolate("") == ""


def test_what_is_consented_to_spells_out_hidden_characters() -> None:
    assert reveal("a\u202ecod.exe\u200b") == "a⟦U+202E⟧cod.exe⟦U+200B⟧"
    assert reveal("שלום\nעולם 👩\u200d💻") == "שלום\nעולם 👩\u200d💻"


def test_long_text_is_cut_at_a_word() -> None:
    assert shorten("read the whole report", 15) == "read the whole…"
    assert len(shorten("x" * 500, 100)) == 100


def test_dates_are_told_in_the_zone_and_the_language() -> None:
    starts = datetime(2026, 1, 5, 22, 30, tzinfo=UTC)
    plain = re.compile(f"[{FSI}{PDI}]")
    english = Texts("en", "Asia/Jerusalem").period(starts, starts + timedelta(hours=1))
    hebrew = Texts("he", "Asia/Jerusalem").period(starts, starts + timedelta(hours=1))
    assert plain.sub("", english) == "Tuesday, January 6, 2026, 00:30 – 01:30"
    assert plain.sub("", hebrew) == "יום שלישי, 6 בינואר 2026, 00:30–01:30"


def test_an_unknown_zone_is_told_in_utc() -> None:
    assert Texts("en", "../etc/passwd").clock(datetime(2026, 1, 5, 8, 0, tzinfo=UTC)) == "08:00"


@pytest.mark.parametrize(
    ("locale", "seconds", "text"),
    [
        ("en", 0.4, "under a second"),
        ("en", 59.9, "59 s"),
        ("he", 125, "2 דק׳"),
        ("en", 7300, "2 h"),
        ("en", -3, "under a second"),
    ],
)
def test_durations_are_coarse(locale: str, seconds: float, text: str) -> None:
    assert Texts(locale).elapsed(timedelta(seconds=seconds)) == text


def test_an_error_without_a_sentence_of_its_own_gets_the_generic_one() -> None:
    assert Texts("he").error("contact_not_found") == "אין בספר הכתובות איש קשר בשם הזה."
    assert Texts("he").error("no_such_code") == "משהו השתבש כאן."


@pytest.mark.parametrize(
    ("tag", "known"), [("he-IL", "he"), ("iw", "he"), ("HE", "he"), ("fr", "en"), ("", "en"), ("hebrew", "en")]
)
def test_language_tags_lead_to_a_catalogue(tag: str, known: str) -> None:
    assert known_locale(tag) == known


def test_the_page_gets_its_words_and_the_errors() -> None:
    words = page_texts("he-IL")
    assert words["locale"] == "he"
    assert words["direction"] == "rtl"
    assert words["send"] == "שליחה"
    assert words["error.already_decided"] == "כבר התקבלה כאן החלטה."
    assert words["example"] == "תקרא מה עשינו בדצמבר בתבואות, תבין את האסטרטגיה ותקבע פגישה עם יואב"
