"""Editing a call by buttons and messages: one question a field, what does not fit is said at once, the rest stays to the byte."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel, model_validator

from engine.agents.meeting_arguments import ScheduleMeetingArguments
from engine.domain.approval import DecisionVerb
from engine.domain.json import JsonObject, JsonValue
from tests.unit.forms.made import MEETING, gate
from tests.unit.telegram.forming import World


def meeting(locale: str = "en", **more: JsonValue) -> World:
    return World(locale=locale).about(gate({**MEETING, **more}), ScheduleMeetingArguments)


async def test_a_field_is_asked_for_answered_and_sent() -> None:
    world = meeting()
    assert await world.open("edit") == ""
    assert world.form.text.startswith("✏️ Edit\nSet up the meeting\n\nTitle: Meeting with Yoav\nInvited:\n")
    assert await world.press("Title") == ""
    assert world.form.text.startswith("✏️ Title\nNow: Meeting with Yoav\n")
    assert "Write it here, as a message." in world.form.text
    taken = await world.say("Kick-off")
    assert taken is not None
    assert taken.words == ""
    assert "✏️ Title: Kick-off" in world.form.text
    assert (world.form.labels[0], world.form.labels[-1]) == (["Approve with changes"], ["Close the form"])
    assert world.door.decisions == []
    await world.press("Approve with changes")
    assert world.decision.verb is DecisionVerb.MODIFY
    assert json.dumps(world.arguments(), sort_keys=True) == json.dumps({**MEETING, "title": "Kick-off"}, sort_keys=True)
    assert (world.form.text, world.form.labels, len(world.chat.messages)) == ("✓ Approved with changes", [], 2)


async def test_in_hebrew_all_of_it_is_hebrew() -> None:
    world = meeting("he")
    await world.open("edit")
    assert world.form.text.startswith("✏️ עריכה\n")
    await world.press("התחלה")
    assert "כרגע: יום חמישי, 3 בדצמבר 2026, 10:00" in world.form.text
    assert world.form.labels == [["להשאיר כמו שזה"], ["סגירת הטופס"]]
    await world.say("מחר ב-9:30")
    assert "✏️ התחלה: יום שלישי, 24 בנובמבר 2026, 9:30".replace("9:30", "09:30") in world.form.text
    await world.press("אישור עם השינויים")
    assert world.arguments() == {**MEETING, "starts": "2026-11-24T09:30:00+02:00"}
    assert world.form.text == "✓ אושר עם שינויים"


@pytest.mark.parametrize(
    ("field", "answer", "words"),
    [
        ("Title", "x" * 301, "At most 300 characters."),
        ("Duration (minutes)", "an hour", "This must be a whole number."),
        ("Duration (minutes)", "2", "At least 5."),
        ("Invited", "Noa", "Noa is no mail address."),
        ("Starts", "at 3", "That is not clear as a date and a time. Write it like this: 2026-12-03 10:00"),
        ("Starts", "23.11.2026 9:00", "That time has already passed."),
        ("Time zone", "Mars/Base", "There is no such time zone."),
    ],
)  # fmt: skip
async def test_what_does_not_fit_is_said_under_the_question_which_stays(field: str, answer: str, words: str) -> None:
    world = meeting()
    await world.open("edit")
    await world.press(field)
    question = world.form.text
    await world.say(answer)
    assert f"⚠️ {words}" in world.form.text
    assert world.form.text.startswith(question.split("\n")[0])
    assert world.draft["values"] == {}
    await world.press("Leave as it is")
    assert words not in world.form.text
    assert "✏️ marks" not in world.form.text


async def test_an_answer_that_does_not_fit_leaves_an_earlier_one_that_did() -> None:
    world = meeting()
    await world.open("edit")
    await world.press("Time zone")
    await world.say("Europe/Berlin")
    await world.press("Time zone")
    await world.say("Mars/Base")
    assert "Now: Europe/Berlin" in world.form.text
    await world.press("Leave as it is")
    await world.press("Approve with changes")
    assert world.arguments() == {**MEETING, "timezone": "Europe/Berlin", "starts": "2026-12-03T09:00:00+01:00"}


async def test_a_moment_is_typed_in_the_persons_zone_whatever_zone_the_call_is_in() -> None:
    world = meeting(timezone="Europe/Berlin", starts="2026-12-03T09:00:00+01:00")
    await world.open("edit")
    await world.press("Starts")
    assert "Now: Thursday, December 3, 2026, 10:00" in world.form.text
    assert "Time zone: Asia/Jerusalem. In the call itself it is written in Europe/Berlin." in world.form.text
    await world.say("15:00")
    await world.press("Time zone")
    await world.say("UTC")
    assert "✏️ Starts: Thursday, December 3, 2026, 15:00" in world.form.text
    await world.press("Approve with changes")
    assert world.arguments()["starts"] == "2026-12-03T13:00:00+00:00"


SCHEMA: JsonObject = {
    "properties": {
        "colour": {"enum": ["red", "green"], "type": "string"},
        "size": {"anyOf": [{"enum": [1, 2, 3], "type": "integer"}, {"type": "null"}]},
        "mail": {"type": "string", "format": "email"},
        "share": {"type": "number", "minimum": 0, "maximum": 1},
        "maybe": {"anyOf": [{"type": "string", "maxLength": 50}, {"type": "null"}]},
        "later": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
        "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "who": {"type": "object", "properties": {"name": {"type": "string"}, "email": {"type": "string"}}},
        "tree": {"type": "object"},
        "loud": {"type": "boolean"},
        "note": {"type": "string", "maxLength": 2000},
    }
}
THING: JsonObject = {
    "colour": "green", "size": 2, "mail": "a@b.example", "share": 0.25, "maybe": "x", "later": "2026-12-05T10:00:00+02:00",
    "tags": ["x", "y"], "who": {"name": "Dana", "email": "d@e.example"}, "tree": {"a": [1, {"b": None}]}, "loud": True, "note": "n",
}  # fmt: skip


def thing(arguments: JsonObject = THING) -> World:
    return World().about(gate(arguments), schema=SCHEMA)


async def to_field(world: World, name: str) -> None:
    """Press a field's button, on whichever page it is."""
    places = [place for place, field in enumerate(sorted(world.door.approval.call.arguments)) if field == name]  # type: ignore[union-attr]
    await world.press_data(world.form.number, f"m:{'a' * 32}:p{places[0] // 8}.{world.user}")
    await world.press(name)


@pytest.mark.parametrize(
    ("name", "button", "found"),
    [
        ("colour", "red", "red"),
        ("size", "3", 3),
        ("size", "Leave empty", None),
        ("loud", "No", False),
        ("maybe", "Leave empty", None),
        ("later", "Leave empty", None),
        ("note", "Leave empty", ""),
    ],
)
async def test_what_can_be_pressed_is_pressed(name: str, button: str, found: JsonValue) -> None:
    world = thing()
    await world.open("edit")
    await to_field(world, name)
    await world.press(button)
    await world.press("Approve with changes")
    assert world.arguments() == {**THING, name: found}


@pytest.mark.parametrize(
    ("name", "answer", "found"),
    [
        ("colour", "Red", "red"),
        ("mail", "c@d.example", "c@d.example"),
        ("share", "0.5", 0.5),
        ("maybe", "said", "said"),
        ("later", "6.12", "2026-12-06T10:00:00+02:00"),
        ("tags", "p, q", ["p", "q"]),
        ("who", "Noa <noa@a.example>", {"name": "Noa", "email": "noa@a.example"}),
        ("tree", '{"c": 1}', {"c": 1}),
        ("loud", "no", False),
        ("note", "a\nb", "a\nb"),
    ],
)
async def test_what_can_be_typed_is_typed(name: str, answer: str, found: JsonValue) -> None:
    world = thing()
    await world.open("edit")
    await to_field(world, name)
    await world.say(answer)
    await world.press("Approve with changes")
    assert world.arguments() == {**THING, name: found}


@pytest.mark.parametrize("name", ["tags", "loud", "colour"])
async def test_what_may_not_be_empty_has_no_button_for_it(name: str) -> None:
    world = thing()
    await world.open("edit")
    await to_field(world, name)
    assert "Leave empty" not in str(world.form.labels)


async def test_an_answer_that_is_what_was_there_changes_nothing() -> None:
    world = thing({**THING, "note": "a\u202eb\x00c"})
    await world.open("edit")
    await to_field(world, "note")
    assert "⟦U+202E⟧" in world.form.text
    await world.say("abc")
    assert world.draft["values"] == {}
    assert "Approve with changes" not in str(world.form.labels)
    await to_field(world, "share")
    await world.say("0.5")
    await world.press("Approve with changes")
    assert json.dumps(world.arguments(), sort_keys=True) == json.dumps(
        {**THING, "note": "a\u202eb\x00c", "share": 0.5}, sort_keys=True
    )


async def test_a_change_can_be_undone() -> None:
    world = meeting()
    await world.open("edit")
    await world.press("Title")
    await world.say("Other")
    await world.press("Title")
    assert world.form.labels == [["Leave as it is"], ["As it was at first"], ["Close the form"]]
    await world.press("As it was at first")
    assert "Title: Meeting with Yoav" in world.form.text
    assert "Approve with changes" not in str(world.form.labels)


async def test_one_field_is_asked_for_at_once() -> None:
    world = World().about(gate({"title": "Old", "meeting_id": "a81f"}))
    await world.open("edit")
    assert world.form.text.startswith("✏️ Title\nNow: Old")
    await world.say("New")
    assert "✏️ Title: New\nMeeting's id: a81f\nNot to be changed here." in world.form.text
    await world.press("Approve with changes")
    assert world.arguments() == {"title": "New", "meeting_id": "a81f"}


async def test_many_fields_have_pages_and_every_one_can_be_reached() -> None:
    arguments: JsonObject = {f"argument_{n:02}": f"value {n} " + "long " * 200 for n in range(40)}
    world = World().about(gate(arguments))
    await world.open("edit")
    seen: list[str] = []
    for _ in range(5):
        seen += [label for row in world.form.labels for label in row if label.startswith("argument_")]
        if "Next part" in str(world.form.labels):
            await world.press("Next part")
    assert seen == list(arguments)
    assert "Part 5 of 5" in world.form.text
    await world.press("argument_39")
    await world.say("short")
    await world.press("Approve with changes")
    assert world.arguments() == {**arguments, "argument_39": "short"}


async def test_a_value_too_long_for_a_message_is_shown_and_stays() -> None:
    world = meeting(description="x" * 3_001)
    await world.open("edit")
    assert "Too long to be changed here." in world.form.text
    assert "Description" not in str(world.form.labels)


class Fitting(BaseModel):
    """Arguments that have to fit together."""

    model_config = {"extra": "forbid"}
    first: int
    second: int
    zeta: str = ""

    @model_validator(mode="after")
    def _fits(self) -> Fitting:
        if self.first > self.second:
            raise ValueError("no")
        return self


async def test_what_is_wrong_with_the_whole_is_said_when_it_is_sent_and_nothing_is_lost() -> None:
    world = World().about(gate({"first": 1, "second": 2, "zeta": ""}), Fitting)
    await world.open("edit")
    await world.press("first")
    await world.say("3")
    await world.press("Approve with changes")
    assert world.door.decisions == []
    assert "⚠️ These values do not fit. Check the marked fields." in world.form.text
    await world.press("second")
    await world.say("4")
    await world.press("Approve with changes")
    assert world.arguments() == {"first": 3, "second": 4, "zeta": ""}


async def test_what_the_tool_refuses_later_is_marked_at_its_field() -> None:
    world = meeting()
    await world.open("edit")
    await world.press("Title")
    await world.say("Other")

    class Later(ScheduleMeetingArguments):
        duration_minutes: int = 90

        @model_validator(mode="before")
        @classmethod
        def _no(cls, data: Any) -> Any:
            return {**data, "duration_minutes": "long"}

    world.door.model = Later
    await world.press("Approve with changes")
    assert "Duration (minutes): 60\n⚠️ This does not fit." in world.form.text
    assert world.door.decisions == []


async def test_nothing_is_sent_where_nothing_was_changed() -> None:
    world = meeting()
    await world.open("edit")
    assert await world.press_data(world.form.number, f"m:{'a' * 32}:s.{world.user}") == "Nothing was changed yet."
    assert world.door.decisions == []


async def test_a_button_of_an_earlier_question_puts_nothing_into_a_later_one() -> None:
    world = thing()
    await world.open("edit")
    await to_field(world, "colour")
    late = world.data("red")
    await world.press("Leave as it is")
    await to_field(world, "loud")
    await world.press_data(world.form.number, late)
    assert world.draft["values"] == {}
    assert world.form.text.startswith("✏️ loud")


@pytest.mark.parametrize(
    "op", ["", "zz", "f99", "v0-0", "v0", "e5", "p999", "t1", "w", "k", "o7", "f-1", "f", "9", "s.s"]
)
async def test_data_nobody_wrote_does_no_harm(op: str) -> None:
    world = meeting()
    await world.open("edit")
    before = {name: world.draft[name] for name in ("values", "asked", "dropped", "words", "over")}
    await world.press_data(world.form.number, f"m:{'a' * 32}:{op or 'q'}.{world.user}")
    assert {name: world.draft[name] for name in before} == before


HOSTILE = [
    "@everyone /cancel #tag",
    "https://evil.example",
    "\u202eabc",
    "<b>&amp;</b> *_`",
    "א" * 250,
    "a\x00b",
    "👨\u200d👩\u200d👧" * 20,
    "D\u0430na",
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_whatever_is_typed_is_shown_as_text_and_sent_as_it_was_typed(text: str) -> None:
    world = World().about(gate({"title": "Old", "body": "B"}))
    await world.open("edit")
    await world.press("Title")
    await world.say(text)
    raw = str(world.form.body["text"])
    assert all(live not in raw for live in ("@everyone", "/cancel", "#tag", "https://evil")) or _in_code(
        world.form.body, raw
    )
    await world.press("Approve with changes")
    assert world.arguments() == {"title": text, "body": "B"}


def _in_code(body: Any, raw: str) -> bool:
    """Is all of that shown to the letter, where nothing is live?"""
    units = raw.encode("utf-16-le")
    spans = [
        (2 * one["offset"], 2 * (one["offset"] + one["length"])) for one in body["entities"] if one["type"] == "code"
    ]
    outside = bytearray(units)
    for start, end in spans:
        outside[start:end] = b" \x00" * ((end - start) // 2)
    left = outside.decode("utf-16-le")
    return all(live not in left for live in ("@everyone", "/cancel", "#tag", "https://evil"))
