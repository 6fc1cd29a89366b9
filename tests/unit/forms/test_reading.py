"""What a form gives back is the argument it was made from, or what was put in, or words that say why it cannot be."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.forms.edits import asked_fields, read_edit, refused_field
from bot.forms.reading import UnfitError, hint_of, read_input, shown_value
from bot.forms.rules import Limits, rule_of
from engine.agents.meeting_arguments import ScheduleMeetingArguments
from engine.domain.json import JsonObject, JsonValue
from tests.unit.forms.made import EN, HE, LIMITS, MEETING, asked, block, fields, it

SCHEDULE = ScheduleMeetingArguments.model_json_schema()
NULL: JsonObject = {"type": "null"}


@pytest.mark.parametrize(
    ("value", "schema", "kind", "put", "found"),
    [
        ("a", {"type": "string"}, "text", "b", "b"),
        ("a\nb", {"type": "string"}, "multiline", "b\nc", "b\nc"),
        ("a@b.example", {"type": "string", "format": "email"}, "email", "c@d.example", "c@d.example"),
        (5, {"type": "integer"}, "number", "7", 7),
        (0.5, {"type": "number"}, "number", "0.75", 0.75),
        (None, {"anyOf": [{"type": "integer"}, NULL]}, "number", "7", 7),
        (True, {"type": "boolean"}, "boolean", "false", False),
        ("S", {"enum": ["S", "M"]}, "choice", "1", "M"),
        (2, {"enum": [1, 2]}, "choice", "0", 1),
        ("2026-12-03T10:00:00+02:00", {"type": "string", "format": "date-time"}, "instant", "1796299200", "2026-12-03T14:00:00+02:00"),
        (["a"], {"type": "array", "items": {"type": "string"}}, "lines", "b\n\n c ", ["b", "c"]),
        ([{"name": "D", "email": "d@e.example"}], {}, "people", "N <n@e.example>", [{"name": "N", "email": "n@e.example"}]),
        ({"name": "D", "email": "d@e.example"}, {}, "person", "n@e.example", {"name": "", "email": "n@e.example"}),
        ({"a": [1, None]}, {"type": "object"}, "json", '{"b": 2}', {"b": 2}),
    ],
)  # fmt: skip
def test_every_kind_of_argument_goes_out_and_comes_back(
    value: JsonValue, schema: JsonObject, kind: str, put: str, found: JsonValue
) -> None:
    one = it(value, schema)
    assert one.rule.kind == kind
    shown = {"boolean": "true", "choice": "0" if value == "S" else "1", "instant": "1796284800"}.get(kind)
    untouched = read_input(one, shown if shown is not None else shown_value(one), EN)
    assert untouched is one.field.raw
    assert read_input(one, put, EN) == found


def test_limits_are_the_chats_own() -> None:
    long = asked({"it": "x" * 50}, "it")
    assert not long.rule.too_long
    assert rule_of(long.field, {}, Limits(text=50, options=1)).kind == "text"
    assert rule_of(long.field, {}, Limits(text=49, options=1)).too_long
    sizes: JsonObject = {"properties": {"it": {"enum": ["S", "M", "L"], "type": "string"}}}
    small = asked({"it": "S"}, "it", sizes)
    assert [rule_of(small.field, sizes, Limits(text=9, options=n)).kind for n in (2, 3)] == ["text", "choice"]


def test_empty_is_null_or_nothing_or_refused_as_the_schema_says() -> None:
    nullable: JsonObject = {"anyOf": [{"type": "string"}, NULL]}
    assert read_input(it("a", nullable), None, EN) is None
    assert read_input(it("a", {"type": "string"}), "", EN) == ""
    assert read_input(it(["a"], {"type": "array", "items": {"type": "string"}}), None, EN) == []
    for value, schema in (("a", {"type": "string", "minLength": 1}), (5, {"type": "integer"}), (["a"], {"type": "array", "items": {"type": "string"}, "minItems": 1})):  # fmt: skip
        for texts, words in ((EN, "This must not be empty."), (HE, "אי אפשר להשאיר את זה ריק.")):
            with pytest.raises(UnfitError, match=words):
                read_input(it(value, cast("JsonObject", schema)), None, texts)


def test_a_person_can_be_left_out_only_where_the_schema_lets_them() -> None:
    person: JsonObject = {"type": "object", "properties": {"name": {"type": "string"}, "email": {"type": "string"}}}
    dana = {"name": "Dana", "email": "d@e.example"}
    assert read_input(it(dana, {"anyOf": [person, NULL]}), "", EN) is None
    with pytest.raises(UnfitError, match="must not be empty"):
        read_input(it(dana, person), " ", EN)


def test_hints_say_how_a_value_is_written() -> None:
    assert hint_of(asked(MEETING, "attendees"), EN) == "One person per line: Name <address>"
    assert hint_of(it("a", {"type": "string"}), EN) == "Not a field known here; shown as it is."
    assert hint_of(asked(MEETING, "title", SCHEDULE), EN) == ""


def test_a_changed_zone_tells_every_moment_anew_and_moves_none() -> None:
    made = fields({**MEETING, "ends": "2026-12-03T11:00:00+02:00"})
    zone = next(one.key for one in made if one.field.name == "timezone")
    starts = next(one.key for one in made if one.field.name == "starts")
    found, errors = read_edit(made, {zone: "Europe/Berlin", starts: "1796299200"}, EN)
    assert errors == {}
    assert (found["starts"], found["ends"]) == ("2026-12-03T13:00:00+01:00", "2026-12-03T10:00:00+01:00")


def test_refusals_of_the_tool_stand_at_the_argument() -> None:
    made, shown = fields(MEETING), block(MEETING)
    keys = {one.field.name: one.key for one in made}
    assert refused_field(shown, "attendees.1.email", EN) == {keys["attendees"]: "That is no mail address."}
    assert refused_field(shown, "timezone", HE) == {keys["timezone"]: "אין אזור זמן כזה."}
    assert refused_field(shown, "starts", EN) == {keys["starts"]: "This does not fit."}
    assert refused_field(shown, "nowhere", EN) == {}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.floats(allow_nan=False, allow_infinity=False, width=32)
    | st.text(max_size=30) | st.sampled_from(["2026-01-05T10:00:30+02:00", "1801-01-01T00:00:00Z", "a\r\nb", "\u202eabc", "א\nb"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.dictionaries(st.text(min_size=1, max_size=12), json_values, max_size=6), st.booleans(), st.booleans())
def test_whatever_the_arguments_are_what_is_left_alone_comes_back_to_the_byte(
    arguments: dict[str, JsonValue], known: bool, shown: bool
) -> None:
    names = list(SCHEDULE["properties"])
    named: dict[str, JsonValue] = {**arguments, **(dict(zip(names, arguments.values(), strict=False)) if known else {})}
    made = asked_fields(block(named), SCHEDULE if known else {}, LIMITS)
    texts = {"text", "multiline", "email", "number", "lines", "people", "person", "json"}
    values: dict[str, JsonValue] = {one.key: shown_value(one) for one in made if shown and one.rule.kind in texts}
    found, errors = read_edit(made, values, EN)
    assert errors == {}
    assert json.dumps(found, sort_keys=True) == json.dumps(named, sort_keys=True)


def test_a_field_that_is_fixed_is_never_read() -> None:
    made = fields({**MEETING, "meeting_id": "a81f"})
    key = next(one.key for one in made if one.field.name == "meeting_id")
    assert read_edit(made, {key: "other"}, EN)[0]["meeting_id"] == "a81f"
    long = fields({"text": "x" * 3_001})
    assert read_edit(long, {long[0].key: "short"}, EN)[0]["text"] == "x" * 3_001
    assert replace(long[0].rule).too_long
