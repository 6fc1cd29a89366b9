"""Filling in forms as Slack gives them back, and looking at their inputs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from bot.forms.edits import asked_fields, read_edit
from bot.presses import Press
from bot.render.approvals import ApprovalBlock, fields_of
from bot.render.texts import Texts
from bot.slack.markup.forms import edit_view
from bot.slack.markup.inputs import LIMITS
from engine.agents.meeting_arguments import ScheduleMeetingArguments
from engine.agents.meeting_change_arguments import ChangeMeetingArguments
from engine.domain.approval import ApprovalKind
from engine.domain.effect import Call
from engine.domain.json import JsonObject, JsonValue
from tests.unit.parts.made import block

EN, HE = Texts("en", "Asia/Jerusalem"), Texts("he", "Asia/Jerusalem")
PRESS = Press(action="edit", execution="e" * 32, approval="a" * 32)
SCHEDULE = ScheduleMeetingArguments.model_json_schema()
CHANGE = ChangeMeetingArguments.model_json_schema()
MEETING: JsonObject = {
    "title": "Meeting with Yoav",
    "timezone": "Asia/Jerusalem",
    "starts": "2026-01-05T10:00:00+02:00",
    "duration_minutes": 60,
    "attendees": [{"name": "Yoav Levi", "email": "yoav@tevuot.example"}, {"name": "Dana", "email": ""}],
    "description": "one\ntwo",
}
NOON = 1767607200
"""2026-01-05, 12:00 in Jerusalem."""


def gate(arguments: JsonObject, texts: Texts = EN) -> ApprovalBlock:
    fields = fields_of(Call(tool="t", version="1", arguments=arguments), texts)
    return replace(block(ApprovalKind.GATE), fields=fields)


def inputs(view: JsonObject) -> dict[str, dict[str, Any]]:
    """Inputs by block."""
    found = cast("list[dict[str, Any]]", view["blocks"])
    return {made["block_id"]: made for made in found if made["type"] == "input"}


def place(asked: ApprovalBlock, name: str) -> str:
    return f"field-{[field.name for field in asked.fields].index(name)}"


def element(arguments: JsonObject, schema: JsonObject, name: str, texts: Texts = EN) -> dict[str, Any]:
    asked = gate(arguments, texts)
    return inputs(edit_view(asked, schema, PRESS, texts))[place(asked, name)]["element"]


def untouched(view: JsonObject) -> dict[str, JsonValue]:
    """What Slack gives back of a form nobody touched."""
    found: dict[str, JsonValue] = {}
    for block_id, made in inputs(view).items():
        shown = made["element"]
        option: dict[str, Any] = shown.get("initial_option") or {}
        ticked = [box["value"] for box in shown.get("initial_options", [])]
        found[block_id] = shown.get(
            "initial_date_time", shown.get("initial_value", option.get("value", ticked or None))
        )
    return found


def edited(
    arguments: JsonObject, schema: JsonObject, texts: Texts = EN, **changes: JsonValue
) -> tuple[dict[str, Any], dict[str, str]]:
    """The arguments and errors by name after these changes by name."""
    asked = gate(arguments, texts)
    values = untouched(edit_view(asked, schema, PRESS, texts))
    fields = asked_fields(asked, schema, LIMITS)
    found, errors = read_edit(
        fields, {**values, **{place(asked, name): value for name, value in changes.items()}}, texts
    )
    names = {f"field-{n}": field.name for n, field in enumerate(asked.fields)}
    return found, {names[block_id]: words for block_id, words in errors.items()}
