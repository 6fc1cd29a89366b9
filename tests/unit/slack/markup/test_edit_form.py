"""A form asks for what a call's schema says, filled with what the call is; what is not touched goes back as it came."""

from __future__ import annotations

import json
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.forms.edits import asked_fields, read_edit, refused_field
from bot.slack.markup.forms import edit_view, first_input
from bot.slack.markup.inputs import LIMITS
from engine.agents.meeting_arguments import ScheduleMeetingArguments
from engine.domain.json import JsonObject, JsonValue
from tests.servers.blockkit import validate_view
from tests.unit.slack.markup.filling import (
    CHANGE,
    EN,
    HE,
    MEETING,
    NOON,
    PRESS,
    SCHEDULE,
    edited,
    element,
    gate,
    inputs,
    place,
    untouched,
)
from tests.unit.slack.markup.scanner import visible


def test_the_schema_says_how_each_argument_is_asked_for() -> None:
    asked = gate({**MEETING, "meeting_id": "a81f0c@tizmor", "cancel": False, "instead_of": "before"})
    view = edit_view(asked, CHANGE, PRESS, EN)
    kinds = {
        field.name: inputs(view).get(f"field-{n}", {"element": {"type": "shown"}})["element"]["type"]
        for n, field in enumerate(asked.fields)
    }
    assert kinds == {
        "title": "plain_text_input",
        "attendees": "plain_text_input",
        "starts": "datetimepicker",
        "duration_minutes": "number_input",
        "timezone": "plain_text_input",
        "description": "plain_text_input",
        "cancel": "radio_buttons",
        "meeting_id": "shown",
        "instead_of": "shown",
    }
    assert "Until now:\n before\nNot to be changed here." in visible(view["blocks"])
    assert first_input(asked, CHANGE) == place(asked, "title")


def test_inputs_are_filled_and_bounded_as_the_schema_says() -> None:
    assert element(MEETING, SCHEDULE, "title") | {"action_id": ""} == {
        "type": "plain_text_input", "initial_value": "Meeting with Yoav", "max_length": 300, "action_id": "",
    }  # fmt: skip
    assert element(MEETING, SCHEDULE, "starts")["initial_date_time"] == 1767600000
    number = element(MEETING, SCHEDULE, "duration_minutes")
    assert (number["initial_value"], number["min_value"], number["max_value"], number["is_decimal_allowed"]) == (
        "60",
        "5",
        "1440",
        False,
    )
    description = element(MEETING, SCHEDULE, "description")
    assert (description["multiline"], description["max_length"]) == (True, 3000)
    assert element(MEETING, SCHEDULE, "attendees")["initial_value"] == "Yoav Levi <yoav@tevuot.example>\nDana"


def test_only_what_may_be_empty_is_optional() -> None:
    asked = gate(MEETING)
    optional = {
        field.name: inputs(edit_view(asked, SCHEDULE, PRESS, EN))[f"field-{n}"]["optional"]
        for n, field in enumerate(asked.fields)
    }
    assert optional == {
        "title": False,
        "attendees": True,
        "starts": False,
        "duration_minutes": False,
        "timezone": False,
        "description": True,
    }


def test_labels_and_hints_are_in_the_persons_language() -> None:
    asked = gate(MEETING, HE)
    view = edit_view(asked, SCHEDULE, PRESS, HE)
    made = inputs(view)
    assert cast("dict[str, str]", view["submit"])["text"] == "אישור עם השינויים"
    assert made[place(asked, "title")]["label"]["text"] == "כותרת"
    assert made[place(asked, "attendees")]["hint"]["text"] == "אדם אחד בכל שורה: שם <כתובת>"
    assert made[place(asked, "starts")]["hint"]["text"] == (
        "מוצג ונבחר לפי אזור הזמן שלך בסלאק; הפעולה עצמה לפי \u2068Asia/Jerusalem\u2069: יום שני, 5 בינואר 2026, 10:00."
    )


def test_an_untouched_form_gives_back_the_call() -> None:
    assert edited(MEETING, SCHEDULE) == (dict(MEETING), {})


def test_a_moment_with_seconds_stays_what_it_is_though_pickers_show_minutes() -> None:
    exact = {**MEETING, "starts": "2026-01-05T10:00:42+02:00"}
    assert edited(exact, SCHEDULE, starts=1767600000) == (exact, {})
    assert edited(exact, SCHEDULE, starts=1767600060)[0]["starts"] == "2026-01-05T10:01:00+02:00"


def test_changes_are_typed_and_valid_for_the_tool() -> None:
    changes: dict[str, JsonValue] = {
        "title": " A longer one ", "starts": NOON, "duration_minutes": "90", "description": None,
        "attendees": "Avi Cohen <avi@tevuot.example>\n\ndana@tevuot.example",
    }  # fmt: skip
    found, errors = edited(MEETING, SCHEDULE, EN, **changes)
    assert errors == {}
    assert found == {
        **MEETING, "title": "A longer one", "starts": "2026-01-05T12:00:00+02:00", "duration_minutes": 90, "description": "",
        "attendees": [{"name": "Avi Cohen", "email": "avi@tevuot.example"}, {"name": "", "email": "dana@tevuot.example"}],
    }  # fmt: skip
    ScheduleMeetingArguments.model_validate(found)


def test_another_zone_keeps_the_instant_that_was_picked() -> None:
    found, errors = edited(MEETING, SCHEDULE, timezone="Europe/Berlin")
    assert errors == {}
    assert found["starts"] == "2026-01-05T09:00:00+01:00"
    assert ScheduleMeetingArguments.model_validate(found).starts.timestamp() == 1767600000


def test_a_zone_nobody_knows_leaves_the_moment_and_is_told_by_the_tool() -> None:
    found, _ = edited(MEETING, SCHEDULE, timezone="Mars/Base")
    assert found["starts"] == MEETING["starts"]
    assert refused_field(gate(MEETING), "timezone", HE) == {place(gate(MEETING), "timezone"): "אין אזור זמן כזה."}
    assert refused_field(gate(MEETING), "attendees.0.email", EN) == {
        place(gate(MEETING), "attendees"): "That is no mail address."
    }
    assert refused_field(gate(MEETING), "title", EN) == {place(gate(MEETING), "title"): "This does not fit."}
    assert refused_field(gate(MEETING), "nothing", EN) == {}


@pytest.mark.parametrize(
    ("name", "value", "english", "hebrew"),
    [
        ("title", None, "This must not be empty.", "אי אפשר להשאיר את זה ריק."),
        ("title", "x" * 301, "At most 300 characters.", "לכל היותר 300 תווים."),
        ("duration_minutes", None, "This must not be empty.", "אי אפשר להשאיר את זה ריק."),
        ("duration_minutes", "1.5", "This must be a whole number.", "כאן צריך מספר שלם."),
        ("duration_minutes", "2", "At least 5.", "לפחות 5."),
        ("duration_minutes", "20000", "At most 1440.", "לכל היותר 1440."),
        ("starts", None, "This must not be empty.", "אי אפשר להשאיר את זה ריק."),
        ("starts", "soon", "This must be a date and a time.", "כאן צריך תאריך ושעה."),
        ("attendees", "Dana <dana>", "\u2068dana\u2069 is no mail address.", "\u2068dana\u2069 אינה כתובת דואר."),
        ("attendees", "a <b> c", "\u2068a <b> c\u2069 is no mail address.", "\u2068a <b> c\u2069 אינה כתובת דואר."),
        ("attendees", "Noa", "\u2068Noa\u2069 is no mail address.", "\u2068Noa\u2069 אינה כתובת דואר."),
        ("attendees", "\n".join(f"x{n}@a.example" for n in range(51)), "At most 50 entries.", "לכל היותר 50 פריטים."),
    ],
)
def test_what_does_not_fit_is_told_at_its_input_in_the_persons_language(
    name: str, value: JsonValue, english: str, hebrew: str
) -> None:
    assert edited(MEETING, SCHEDULE, EN, **{name: value})[1] == {name: english}
    assert edited(MEETING, SCHEDULE, HE, **{name: value})[1] == {name: hebrew}


SCHEMA: JsonObject = {
    "properties": {
        "colour": {"enum": ["red", "green"], "type": "string"},
        "size": {"enum": [1, 2, 3], "type": "integer"},
        "mail": {"type": "string", "format": "email"},
        "share": {"type": "number", "minimum": 0, "maximum": 1},
        "count": {"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 10},
        "maybe": {"anyOf": [{"type": "string", "maxLength": 50}, {"type": "null"}]},
        "later": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
        "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "who": {"$ref": "#/$defs/Who"},
        "wrapped": {"allOf": [{"$ref": "#/$defs/Short"}]},
        "tree": {"type": "object"},
        "on": {"type": "boolean"},
        "code": {"type": "string", "minLength": 3, "maxLength": 5},
    },
    "$defs": {
        "Who": {"type": "object", "properties": {"name": {"type": "string"}, "email": {"type": "string"}}},
        "Short": {"type": "string", "maxLength": 7},
    },
    "required": ["colour", "mail", "tags", "code"],
}
THING: JsonObject = {
    "colour": "green", "size": 2, "mail": "a@b.example", "share": 0.25, "count": 5, "maybe": None, "later": None, "tags": ["x", "y"],
    "who": {"name": "Dana", "email": "d@e.example"}, "wrapped": "short", "tree": {"a": [1, {"b": None}]}, "on": True, "code": "abc",
}  # fmt: skip


def test_other_shapes_of_a_schema_have_their_input_too() -> None:
    kinds = {name: element(THING, SCHEMA, name)["type"] for name in THING}
    assert kinds == {
        "colour": "static_select", "size": "static_select", "mail": "email_text_input", "share": "number_input", "count": "number_input",
        "maybe": "plain_text_input", "later": "datetimepicker", "tags": "plain_text_input", "who": "plain_text_input",
        "wrapped": "plain_text_input", "tree": "plain_text_input", "on": "radio_buttons", "code": "plain_text_input",
    }  # fmt: skip
    assert element(THING, SCHEMA, "colour")["initial_option"]["text"]["text"] == "green"
    assert element(THING, SCHEMA, "share")["is_decimal_allowed"] is True
    assert element(THING, SCHEMA, "share")["initial_value"] == "0.25"
    assert (element(THING, SCHEMA, "count")["min_value"], element(THING, SCHEMA, "count")["max_value"]) == ("1", "9")
    assert element(THING, SCHEMA, "wrapped")["max_length"] == 7
    assert element(THING, SCHEMA, "who")["initial_value"] == "Dana <d@e.example>"
    assert validate_view(edit_view(gate(THING), SCHEMA, PRESS, EN)) == []
    assert edited(THING, SCHEMA) == (dict(THING), {})


def test_other_shapes_of_a_schema_are_read_as_what_they_are() -> None:
    found, errors = edited(
        THING, SCHEMA, colour="0", size="2", mail="c@d.example", share="0.5", count="9", maybe="said", later=NOON, tags="p\n q \n",
        who="Noa <noa@a.example>", wrapped="other", tree='{"c": 1}', on="false", code="abcd",
    )  # fmt: skip
    assert errors == {}
    assert found == {
        "colour": "red", "size": 3, "mail": "c@d.example", "share": 0.5, "count": 9, "maybe": "said", "later": "2026-01-05T12:00:00+02:00",
        "tags": ["p", "q"], "who": {"name": "Noa", "email": "noa@a.example"}, "wrapped": "other", "tree": {"c": 1}, "on": False, "code": "abcd",
    }  # fmt: skip
    assert edited({**THING, "maybe": "x"}, SCHEMA, maybe=None)[0]["maybe"] is None


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("colour", "7", "That is not one of the choices."),
        ("on", "perhaps", "That is not one of the choices."),
        ("mail", "nobody", "\u2068nobody\u2069 is no mail address."),
        ("share", "1.5", "At most 1."),
        ("share", "nan", "This must be a number."),
        ("share", "x", "This must be a number."),
        ("tags", None, "This must not be empty."),
        ("tree", "{", "This is not valid JSON."),
        ("tree", '{"a": NaN}', "This is not valid JSON."),
        ("tree", "[" * 100_000, "This is not valid JSON."),
        ("code", "ab", "At least 3 characters."),
    ],
)
def test_other_shapes_say_what_is_wrong(name: str, value: JsonValue, words: str) -> None:
    assert edited(THING, SCHEMA, EN, **{name: value})[1] == {name: words}


def test_too_few_lines_are_counted() -> None:
    schema: JsonObject = {"properties": {"tags": {"type": "array", "items": {"type": "string"}, "minItems": 2}}}
    assert edited({"tags": ["x", "y"]}, schema, tags="x")[1] == {"tags": "At least 2 entries."}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.floats(allow_nan=False, allow_infinity=False, width=32)
    | st.text(max_size=30) | st.sampled_from(["2026-01-05T10:00:30+02:00", "1801-01-01T00:00:00Z", "a\r\nb", "x" * 4_000, "\u202eabc", "א\nb"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.dictionaries(st.text(min_size=1, max_size=12), json_values, max_size=6),
    st.sampled_from(["", "schedule", "thing"]),
)
def test_whatever_the_arguments_are_an_untouched_form_gives_them_back(
    arguments: dict[str, JsonValue], which: str
) -> None:
    schema: JsonObject = {"schedule": SCHEDULE, "thing": SCHEMA}.get(which, {})
    known = cast("dict[str, JsonValue]", schema.get("properties") or {})
    named: dict[str, JsonValue] = {**arguments, **dict(zip(known, arguments.values(), strict=False))}
    asked = gate(named)
    view = edit_view(asked, schema, PRESS, EN)
    assert validate_view(view) == [] or not named
    found, errors = read_edit(asked_fields(asked, schema, LIMITS), untouched(view), EN)
    assert errors == {}
    assert json.dumps(found, sort_keys=True) == json.dumps(named, sort_keys=True)


def test_what_is_too_long_for_an_input_stays_and_says_so() -> None:
    long = {**MEETING, "description": "x" * 3_500}
    assert "Too long to be changed here." in visible(edit_view(gate(long), SCHEDULE, PRESS, EN)["blocks"])
    assert edited(long, SCHEDULE, title="New")[0] == {**long, "title": "New"}


def test_more_arguments_than_a_form_holds_stay_as_they_are_and_it_says_so() -> None:
    many: JsonObject = {f"argument_{n:03}": f"value {n}" for n in range(200)}
    asked = gate(many)
    view = edit_view(asked, {}, PRESS, EN)
    assert validate_view(view) == []
    assert "what is missing here stays as it is" in visible(view["blocks"])
    assert read_edit(asked_fields(asked, {}, LIMITS), untouched(view), EN) == (dict(many), {})
    heavy: JsonObject = {f"argument_{n:03}": "ש" * 3_000 for n in range(60)}
    assert validate_view(edit_view(gate(heavy), {}, PRESS, EN)) == []


def test_an_argument_with_something_hidden_in_it_is_edited_without_it_and_kept_when_left_alone() -> None:
    hidden = {**MEETING, "title": "a\u202eb\x00c"}
    assert element(hidden, SCHEMA, "title")["initial_value"] == "abc"
    assert edited(hidden, SCHEDULE)[0]["title"] == "a\u202eb\x00c"
    assert edited(hidden, SCHEDULE, title="abcd")[0]["title"] == "abcd"
    tree: JsonObject = {"tree": {"k": "a\u202eb"}}
    assert element(tree, SCHEMA, "tree")["initial_value"] == '{\n  "k": "a\\u202eb"\n}'


def test_a_value_that_breaks_its_bounds_is_still_shown() -> None:
    number = element({**MEETING, "duration_minutes": 2}, SCHEDULE, "duration_minutes")
    assert number["initial_value"] == "2"
    assert "min_value" not in number
    assert "max_length" not in element({**MEETING, "title": "x" * 400}, SCHEDULE, "title")
