"""What a tool's JSON schema says of one argument, as far as a form can ask for it. Pure.

The schema goes first; where it says nothing of an argument, or its value is not what the schema says, the value itself
tells how it is edited.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any, Literal, cast

from bot.parts.measure import units
from bot.render.approvals import Field
from bot.render.safe_text import escaped_json
from engine.domain.json import JsonObject, JsonValue

Kind = Literal[
    "text", "multiline", "email", "number", "boolean", "choice", "instant", "lines", "people", "person", "json", "fixed"
]

_NOTHING: Mapping[str, Any] = {}
_LONG = 300
"""A text that may be longer than this gets several lines."""
_SHORT = 120
_TEN_DIGITS = range(1_000_000_000, 10_000_000_000)
"""Instants a form takes, in seconds since 1970: from 2001 to 2286, which is what pickers are made for."""
_EXACT = 10**15
"""Numbers from here on are not written without an exponent, or lose digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one input of a chat takes."""

    text: int
    """UTF-16 units that can be written into it."""
    options: int
    """Values it can offer to choose from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How an argument is asked for, and what it must be."""

    kind: Kind
    empty: bool
    """It may be left empty."""
    nullable: bool = False
    whole: bool = False
    """A number without decimals."""
    least: float | None = None
    """Smallest number, or fewest characters or entries."""
    most: float | None = None
    """Largest number, or most characters or entries."""
    choices: tuple[JsonValue, ...] = ()
    too_long: bool = False
    """Fixed only because no input takes a text this long."""


def rule_of(field: Field, schema: JsonObject, limits: Limits) -> Rule:
    """How a field of a call is edited.

    Args:
        field: with its value as it is now.
        schema: of all the tool's arguments, as pydantic makes it; empty where nobody has one.
        limits: of the chat's inputs.
    """
    properties = _mapping(schema.get("properties"))
    shape, nullable = _resolved(_mapping(properties.get(field.name)), schema)
    required = field.name in _items(schema.get("required"))
    if field.input == "fixed":
        return Rule(kind="fixed", empty=True)
    kind = _chosen(shape, field.raw, limits) or _kind(shape, field, schema)
    if _is_too_long(kind, field.raw, limits.text):
        return Rule(kind="fixed", empty=True, too_long=True)
    return _rule(kind, shape, required=required, nullable=nullable)


def seconds_of(value: JsonValue, zone: tzinfo) -> int | None:
    """An instant in seconds since 1970 where it can be picked, or None.

    Args:
        value: ISO 8601.
        zone: in which one without an offset is meant.
    """
    try:
        moment = datetime.fromisoformat(str(value))
        found = int((moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp())
    except (ValueError, OverflowError):
        return None
    return found if found in _TEN_DIGITS else None


def people_lines(value: JsonValue) -> list[str]:
    """``Name <address>`` for each person of a list."""
    return [person_line(person) for person in _items(value)]


def person_line(value: JsonValue) -> str:
    """``Name <address>``, or what there is of it."""
    person = _mapping(value)
    name, address = str(person.get("name") or ""), str(person.get("email") or "")
    return f"{name} <{address}>" if name and address else name or address


def json_text(value: JsonValue) -> str:
    """A value as JSON that can be read and edited."""
    return escaped_json(json.dumps(value, ensure_ascii=False, indent=2))


def _rule(kind: Kind, shape: Mapping[str, Any], *, required: bool, nullable: bool) -> Rule:
    match kind:
        case "number":
            least, most = _bounds(shape)
            whole = shape.get("type") == "integer"
            return Rule(kind=kind, empty=nullable, nullable=nullable, whole=whole, least=least, most=most)
        case "lines" | "people":
            fewest = shape.get("minItems") or 0
            return Rule(kind=kind, empty=not fewest, nullable=nullable, least=fewest, most=shape.get("maxItems"))
        case "choice":
            found = tuple(cast("Sequence[JsonValue]", shape.get("enum")))
            return Rule(kind=kind, empty=nullable, nullable=nullable, choices=found)
        case "text" | "multiline" | "email":
            fewest = shape.get("minLength") or 0
            empty = not fewest and not (kind == "email" and required)
            return Rule(
                kind=kind, empty=empty or nullable, nullable=nullable, least=fewest, most=shape.get("maxLength")
            )
        case _:
            return Rule(kind=kind, empty=nullable or kind == "person", nullable=nullable)


def _chosen(shape: Mapping[str, Any], value: JsonValue, limits: Limits) -> Kind | None:
    options = _items(shape.get("enum"))
    return "choice" if value in options and len(options) <= limits.options else None


def _kind(shape: Mapping[str, Any], field: Field, schema: JsonObject) -> Kind:
    value, by_value = field.raw, cast("Kind", field.input)
    match shape.get("type"):
        case "boolean" if isinstance(value, bool):
            return "boolean"
        case "integer" | "number" if not isinstance(value, bool) and isinstance(value, int | float | None):
            return "number" if value is None or abs(value) < _EXACT else "json"
        case "string" if isinstance(value, str | None):
            return _text_kind(shape, value or "", by_value)
        case "array" if isinstance(value, list | tuple | None):
            return _list_kind(_resolved(_mapping(shape.get("items")), schema)[0], _items(value), by_value)
        case "object" if _is_person(shape) and by_value == "person":
            return "person"
        case _:
            return _checked(by_value, value)


def _text_kind(shape: Mapping[str, Any], value: str, by_value: Kind) -> Kind:
    match shape.get("format"):
        case "date-time":
            readable = by_value == "instant" and seconds_of(value, UTC) is not None
            return "instant" if not value or readable else "text"
        case "email":
            return "email"
        case _:
            most = shape.get("maxLength") or 0
            return "multiline" if most > _LONG or "\n" in value or (not most and len(value) > _SHORT) else "text"


def _list_kind(items: Mapping[str, Any], value: Sequence[JsonValue], by_value: Kind) -> Kind:
    if _is_person(items) and (not value or by_value == "people"):
        return "people"
    lines = all(isinstance(item, str) and "\n" not in item for item in value)
    return "lines" if items.get("type") == "string" and lines else "json"


def _checked(kind: Kind, value: JsonValue) -> Kind:
    if kind == "number" and isinstance(value, int | float) and abs(value) >= _EXACT:
        return "json"
    if kind == "instant" and seconds_of(value, UTC) is None:
        return "text"
    return kind


def _is_too_long(kind: Kind, value: JsonValue, limit: int) -> bool:
    match kind:
        case "text" | "multiline" | "email":
            return units(str(value or "")) > limit
        case "lines":
            return units("\n".join(map(str, _items(value)))) > limit
        case "people":
            return units("\n".join(people_lines(value))) > limit
        case "json":
            return units(json_text(value)) > limit
        case _:
            return False


def _is_person(shape: Mapping[str, Any]) -> bool:
    return set(_mapping(shape.get("properties"))) == {"name", "email"}


def _bounds(shape: Mapping[str, Any]) -> tuple[float | None, float | None]:
    least, most = shape.get("minimum"), shape.get("maximum")
    if shape.get("type") == "integer":
        above, below = shape.get("exclusiveMinimum"), shape.get("exclusiveMaximum")
        least = above + 1 if isinstance(above, int) else least
        most = below - 1 if isinstance(below, int) else most
    return least, most


def _resolved(shape: Mapping[str, Any], schema: JsonObject) -> tuple[Mapping[str, Any], bool]:
    """A shape with its references followed, and whether null is one of its values."""
    for _ in range(8):
        reference, either = shape.get("$ref"), _items(shape.get("anyOf"))
        every = _items(shape.get("allOf"))
        if isinstance(reference, str):
            shape = _mapping(_mapping(schema.get("$defs")).get(reference.rpartition("/")[2]))
        elif len(every) == 1:
            shape = _mapping(every[0])
        elif either:
            others = [_mapping(one) for one in either if _mapping(one).get("type") != "null"]
            found = _resolved(others[0], schema)[0] if len(others) == 1 else _NOTHING
            return found, len(others) < len(either)
        else:
            break
    return shape, False


def _mapping(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def _items(value: object) -> list[Any]:
    return list(cast("Sequence[Any]", value)) if isinstance(value, list | tuple) else []
