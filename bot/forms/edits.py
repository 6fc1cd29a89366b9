"""A call's arguments as a form edits them: all of them are there again afterwards, and what was left alone is what it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.forms.reading import Asked, UnfitError, read_input
from bot.forms.rules import Limits, rule_of
from bot.render.approvals import ApprovalBlock
from bot.render.texts import Texts
from engine.domain.json import JsonObject, JsonValue

ZONE = "timezone"
"""Argument in whose zone a call's instants are written."""

_ERRORS = {"timezone": "timezone_unknown", "email": "address_invalid"}
"""Arguments whose refusal has a sentence of its own."""


def asked_fields(block: ApprovalBlock, schema: JsonObject, limits: Limits) -> list[Asked]:
    """Every argument of a question's call in the order it is shown, and how it is asked for; fixed ones are among them.

    Args:
        block: the question.
        schema: of the tool's arguments, as pydantic makes it; empty where nobody has one.
        limits: of the chat's inputs.
    """
    named = next((field.raw for field in block.fields if field.name == ZONE), None)
    zone = zone_named(named) or zone_named(block.zone) or ZoneInfo("UTC")
    return [
        Asked(field=field, rule=rule_of(field, schema, limits), key=_key(place), zone=zone)
        for place, field in enumerate(block.fields)
    ]


def read_edit(
    fields: Sequence[Asked], values: Mapping[str, JsonValue], texts: Texts
) -> tuple[dict[str, JsonValue], dict[str, str]]:
    """The arguments as edited, and what is wrong with them.

    Args:
        fields: of :func:`asked_fields`.
        values: what was put in, by key of the field; see :func:`bot.forms.reading.read_input`.
        texts: the person's language.

    Returns:
        All arguments by name, those without a value or not touched exactly as they were; and words by key, in the
        person's language, for what does not fit. With words, the arguments are not to be used.
    """
    found: dict[str, JsonValue] = {}
    errors: dict[str, str] = {}
    for asked in fields:
        found[asked.field.name] = asked.field.raw
        if asked.rule.kind != "fixed" and asked.key in values:
            try:
                found[asked.field.name] = read_input(asked, values[asked.key], texts)
            except UnfitError as error:
                errors[asked.key] = error.words
    # A moment that was picked is an instant; where the call's zone was changed, it is told in the new one.
    zone = zone_named(found.get(ZONE))
    for asked in fields:
        value, before = found[asked.field.name], asked.zone
        if zone is not None and zone != before and asked.rule.kind == "instant" and isinstance(value, str):
            found[asked.field.name] = _in_zone(value, before, zone)
    return found, errors


def refused_field(block: ApprovalBlock, path: str, texts: Texts) -> dict[str, str]:
    """Words for the field of an argument that the tool refused, by key; empty where the call has no such argument.

    Args:
        block: the question.
        path: parameter ``field`` of the error ``arguments_invalid``, such as ``attendees.0.email``.
        texts: the person's language.
    """
    first, last = path.split(".", maxsplit=1)[0], path.rsplit(".", maxsplit=1)[-1]
    place = next((n for n, field in enumerate(block.fields) if field.name == first), None)
    if place is None:
        return {}
    code = _ERRORS.get(last)
    return {_key(place): texts.error(code) if code else texts.say("chat.form.unfit")}


def zone_named(name: JsonValue) -> ZoneInfo | None:
    """The zone with this IANA name, or None."""
    try:
        return ZoneInfo(name) if isinstance(name, str) and name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _key(place: int) -> str:
    return f"field-{place}"


def _in_zone(value: str, before: tzinfo, zone: ZoneInfo) -> str:
    """The same instant, told in another zone."""
    moment = datetime.fromisoformat(value)
    return (moment if moment.tzinfo else moment.replace(tzinfo=before)).astimezone(zone).isoformat()
