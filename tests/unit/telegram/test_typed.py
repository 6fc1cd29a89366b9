"""What people type is taken where it can mean one thing only, and refused with an example where it cannot."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.forms.reading import UnfitError, read_input
from bot.render.texts import Texts
from bot.telegram.typed import example, typed_value
from engine.domain.json import JsonObject, JsonValue
from tests.unit.forms.made import EN, HE, STARTS, asked

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
"""A Tuesday."""


def moment(text: str, starts: str = STARTS, texts: Texts = EN) -> JsonValue:
    """What a typed moment makes of an argument."""
    one = asked({"starts": starts, "timezone": "Asia/Jerusalem"}, "starts", texts=texts)
    return read_input(one, typed_value(one, text, starts, texts, NOW), texts)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-12-03 15:00", "2026-12-03T15:00:00+02:00"),
        ("2026-12-03T15:00", "2026-12-03T15:00:00+02:00"),
        ("2026-12-03T15:00:00+01:00", "2026-12-03T16:00:00+02:00"),
        ("2026-12-03 15:00Z", "2026-12-03T17:00:00+02:00"),
        ("3.12 15:00", "2026-12-03T15:00:00+02:00"),
        ("3.12. 15:00", "2026-12-03T15:00:00+02:00"),
        ("3/12/2026 15:00", "2026-12-03T15:00:00+02:00"),
        ("3.12.26, 15:00", "2026-12-03T15:00:00+02:00"),
        ("1.1 9:30", "2027-01-01T09:30:00+02:00"),
        ("15:00", "2026-12-03T15:00:00+02:00"),
        ("3:15", "2026-12-03T03:15:00+02:00"),
        ("3:15 pm", "2026-12-03T15:15:00+02:00"),
        ("at 9pm", "2026-12-03T21:00:00+02:00"),
        ("ב-15:00", "2026-12-03T15:00:00+02:00"),
        ("4.12", "2026-12-04T10:00:00+02:00"),
        ("tomorrow 15:00", "2026-11-25T15:00:00+02:00"),
        ("tomorrow at 15:00", "2026-11-25T15:00:00+02:00"),
        ("מחר 15:00", "2026-11-25T15:00:00+02:00"),
        ("מחר בשעה 15:00", "2026-11-25T15:00:00+02:00"),
        ("Sunday 15:00", "2026-11-29T15:00:00+02:00"),
        ("יום ראשון 15:00", "2026-11-29T15:00:00+02:00"),
        ("Dec 4 at 15:00", "2026-12-04T15:00:00+02:00"),
        ("4 בדצמבר 15:00", "2026-12-04T15:00:00+02:00"),
        ("\u2068Friday, December 4, 2026\u2069, \u200e15:00", "2026-12-04T15:00:00+02:00"),
        ("יום שישי, 4 בדצמבר 2026, 15:00", "2026-12-04T15:00:00+02:00"),
        (" 3.12\n15:00 ", "2026-12-03T15:00:00+02:00"),
    ],
)
def test_moments_are_read_as_people_write_them(text: str, found: str) -> None:
    assert moment(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "soon",
        "at 3",
        "ב-3",
        "15",
        "next week 15:00",
        "3.12 15:00 or 16:00",
        "3.12 or 4.12 15:00",
        "31.2 15:00",
        "3.12 25:00",
        "12/25/2026 15:00",
        "15:00 for two hours",
        "3.12 15:00 at Dana's",
        "Thursday, December 4, 2026, 15:00",
        "before 3.12 15:00",
        "3.12 15:00:30",
        "x" * 5_000,
        "1" * 5_000,
        "\x00",
        "3.12\x0015:00 \x00x",
        "٣٣٣",
    ],
)
def test_what_is_unclear_is_refused_with_an_example(text: str) -> None:
    for texts in (EN, HE):
        with pytest.raises(UnfitError) as error:
            moment(text, texts=texts)
        assert "2026-12-03 10:00" in error.value.words


def test_a_moment_is_typed_in_the_persons_zone_and_written_in_the_calls() -> None:
    one = asked({"starts": "2026-12-03T09:00:00+01:00", "timezone": "Europe/Berlin"}, "starts")
    value = typed_value(one, "15:00", one.field.raw, EN, NOW)
    assert read_input(one, value, EN) == "2026-12-03T14:00:00+01:00"


def test_the_day_or_the_time_that_is_not_said_is_that_of_the_moment_as_it_stands() -> None:
    late = "2026-12-03T23:30:00+00:00"  # 4 December, 1:30 in Jerusalem
    one = asked({"starts": STARTS}, "starts")
    assert read_input(one, typed_value(one, "15:00", late, EN, NOW), EN).startswith("2026-12-04T15:00")  # type: ignore[union-attr]
    one = asked({"later": None}, "later", {"properties": {"later": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]}}})  # fmt: skip
    for text in ("15:00", "4.12"):
        with pytest.raises(UnfitError, match="2026-11-25 14:00"):
            typed_value(one, text, None, EN, NOW)
    assert typed_value(one, "tomorrow 15:00", None, EN, NOW) == str(
        int(datetime(2026, 11, 25, 13, tzinfo=UTC).timestamp())
    )


def test_hours_that_clocks_skip_or_show_twice_are_named() -> None:
    with pytest.raises(UnfitError, match="The clocks skip that hour"):
        moment("26.3.2027 2:30")
    with pytest.raises(UnfitError) as error:
        moment("31.10.2027 1:30")
    assert "2027-10-31T01:30+03:00" in error.value.words
    assert "2027-10-31T01:30+02:00" in error.value.words
    assert moment("2027-10-31T01:30+02:00") == "2027-10-31T01:30:00+02:00"


def test_a_year_nobody_means_is_refused() -> None:
    with pytest.raises(UnfitError, match="too far away"):
        moment("1926-12-03 15:00")


@given(st.integers(1_000_080_000 // 60, 4_070_900_000 // 60), st.sampled_from(["en", "he"]))
@settings(max_examples=120, deadline=None, derandomize=True)
def test_the_example_can_be_typed_and_changes_nothing(minutes: int, locale: str) -> None:
    texts = Texts(locale, "Asia/Jerusalem")
    starts = datetime.fromtimestamp(60 * minutes, texts.zone)
    if starts.replace(fold=0).utcoffset() != starts.replace(fold=1).utcoffset():
        return
    raw = starts.isoformat()
    assert moment(example(int(starts.timestamp()), texts, NOW), raw, texts) == raw
    assert moment(texts.moment(starts), raw, texts) == raw


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_whatever_is_typed_is_a_value_or_words(text: str) -> None:
    arguments: JsonObject = {
        "starts": STARTS, "on": True, "tags": ["a"], "who": [{"name": "D", "email": ""}], "n": 5, "tree": {"a": 1}, "text": "t",
    }  # fmt: skip
    for name in arguments:
        one = asked(arguments, name)
        with suppress(UnfitError):
            read_input(one, typed_value(one, text, one.field.raw, EN, NOW), EN)


PEOPLE: JsonObject = {
    "attendees": [{"name": "Yoav Levi", "email": "yoav@a.example"}, {"name": "Dana; Bar", "email": ""}]
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("avi@a.example, dana@b.example", ["avi@a.example", "dana@b.example"]),
        ("Avi <avi@a.example>; dana@b.example", ["avi@a.example", "dana@b.example"]),
        ("Levi, Yoav <yoav@a.example>", ["yoav@a.example"]),
        ("Dana; Bar", [""]),
        ("Avi <avi@\u2060a.example>", ["avi@a.example"]),
        ("avi@a.example\nDana; Bar", ["avi@a.example", ""]),
    ],
)
def test_people_are_told_apart_where_that_is_clear(text: str, found: list[str]) -> None:
    one = asked(PEOPLE, "attendees")
    read: JsonValue = read_input(one, typed_value(one, text, one.field.raw, EN, NOW), EN)
    assert isinstance(read, list)
    assert [person["email"] for person in read if isinstance(person, dict)] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("red, green,blue", ["red", "green", "blue"]),
        ("the red one; the green one", ["the red one", "the green one"]),
        ("New York, the office", ["New York, the office"]),
        ("a, b", ["a, b"]),
        ("one\ntwo; three", ["one", "two; three"]),
    ],
)
def test_lists_are_told_apart_where_that_is_clear(text: str, found: list[str]) -> None:
    one = asked({"tags": ["a, b"]}, "tags", {"properties": {"tags": {"type": "array", "items": {"type": "string"}}}})
    assert read_input(one, typed_value(one, text, one.field.raw, EN, NOW), EN) == found


def test_choices_can_be_typed_as_they_are_written() -> None:
    schema: JsonObject = {"properties": {"size": {"enum": ["S", "s", "Large"]}, "on": {"type": "boolean"}}}
    size = asked({"size": "S"}, "size", schema)
    assert [typed_value(size, text, "S", EN, NOW) for text in ("s", "S", "large")] == ["1", "0", "2"]
    on = asked({"on": True}, "on", schema)
    assert [typed_value(on, text, True, EN, NOW) for text in ("no", "Yes", "לא", "כן")] == [
        "false",
        "true",
        "false",
        "true",
    ]
    for one, text in ((size, "medium"), (on, "perhaps"), (on, "")):
        with pytest.raises(UnfitError, match="not one of the choices"):
            typed_value(one, text, None, EN, NOW)
