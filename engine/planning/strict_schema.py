"""JSON Schemas in the part of the language that strict tools take, and whether one is still small enough for them.

Source: platform.claude.com/docs/en/build-with-claude/structured-outputs, "JSON Schema limitations" and "Schema complexity
limits", in the copy read on 2026-11-24. Required properties are written in the schema's order, optional ones after them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import cast

from pydantic import BaseModel

from engine.domain.json import JsonObject, JsonValue, canonical

MAX_OPTIONAL = 24
"""Properties that are not required, in all strict tools of a request together."""
MAX_UNIONS = 16
"""Properties with ``anyOf`` or several types, likewise."""

_FORMATS = {
    "date": "YYYY-MM-DD",
    "time": "HH:MM, 24 hours, without a zone",
    "date-time": "YYYY-MM-DDTHH:MM:SS with its offset",
}
_LIMITS = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "a multiple of {}",
    "pattern": "matches {}",
    "format": "{}",
    "default": "{} if left out",
}


def plain_properties(model: type[BaseModel], names: Iterable[str]) -> dict[str, JsonObject]:
    """Schemas of a model's fields without what strict tools refuse: references are written out, limits and formats move
    into the description, and a field that may be left out is never null.

    Args:
        model: the model that validates afterwards.
        names: of the fields that are wanted, in the order they are given back.

    """
    whole: JsonObject = model.model_json_schema()
    properties, reading = _object(whole.get("properties")), _Plain(_object(whole.get("$defs")))
    required = _list(whole.get("required"))
    return {name: reading.of(_object(properties.get(name)), nullable=name in required) for name in names}


def fits_strict(schema: JsonObject) -> bool:
    """May the one strict tool of a request have this schema? False also where a part of it is left open."""
    optional = unions = 0
    for node in _nodes(schema):
        properties = _object(node.get("properties"))
        optional += len(properties) - len(_list(node.get("required"))) if properties else 0
        unions += "anyOf" in node or isinstance(node.get("type"), list)
        if _is_open(node):
            return False
    return optional <= MAX_OPTIONAL and unions <= MAX_UNIONS


class _Plain:
    def __init__(self, definitions: JsonObject) -> None:
        self._definitions = definitions
        self._inside: list[str] = []

    def of(self, schema: JsonObject, *, nullable: bool = True) -> JsonObject:
        if "$ref" in schema:
            return self._definition(str(schema["$ref"]), schema)
        said = _description(schema)
        if "anyOf" in schema:
            return self._union(_list(schema["anyOf"]), said, nullable=nullable)
        fixed = {key: schema[key] for key in ("const", "enum") if key in schema}
        if fixed:
            return {**fixed, **said}
        match schema.get("type"):
            case "object":
                return {**self._members(schema), **said}
            case "array":
                items = _object(schema.get("items"))
                return {"type": "array", **({"items": self.of(items)} if items else {}), **said}
            case str(kind):
                return {"type": kind, **said}
            case _:
                return said

    def _definition(self, reference: str, schema: JsonObject) -> JsonObject:
        name = reference.rpartition("/")[2]
        if name in self._inside:
            return {"description": f"again {name}"}
        self._inside.append(name)
        found = self.of({**_object(self._definitions.get(name)), **{k: v for k, v in schema.items() if k != "$ref"}})
        self._inside.pop()
        return found

    def _union(self, branches: Sequence[JsonValue], said: JsonObject, *, nullable: bool) -> JsonObject:
        kept = [_object(branch) for branch in branches if nullable or branch != {"type": "null"}]
        if len(kept) > 1:
            return {"anyOf": [self.of(branch) for branch in kept], **said}
        only = self.of(kept[0])
        words = [str(part["description"]) for part in (said, only) if "description" in part]
        return {**only, "description": ". ".join(words)} if words else only

    def _members(self, schema: JsonObject) -> JsonObject:
        if "properties" not in schema:
            return {"type": "object"}
        required = _list(schema.get("required"))
        members = {
            name: self.of(_object(member), nullable=name in required)
            for name, member in _object(schema["properties"]).items()
        }
        return {"type": "object", "properties": members, "required": required, "additionalProperties": False}


def _description(schema: JsonObject) -> JsonObject:
    limits = (
        words.format(_value(key, schema[key])) for key, words in _LIMITS.items() if schema.get(key) not in (None, "")
    )
    words = [str(schema["description"]).rstrip(".")] if schema.get("description") else []
    text = ". ".join([*words, *(part for part in (", ".join(limits),) if part)])
    return {"description": text} if text else {}


def _value(key: str, value: JsonValue) -> str:
    if isinstance(value, str):
        return _FORMATS.get(value, value) if key == "format" else value
    return canonical(value)


def _is_open(node: JsonObject) -> bool:
    if node.get("type") == "object":
        return node.get("additionalProperties") is not False
    if node.get("type") == "array":
        return "items" not in node
    return not node.keys() & {"type", "anyOf", "const", "enum"}


def _nodes(schema: JsonObject) -> Iterator[JsonObject]:
    yield schema
    for member in _object(schema.get("properties")).values():
        yield from _nodes(_object(member))
    for branch in _list(schema.get("anyOf")):
        yield from _nodes(_object(branch))
    if "items" in schema:
        yield from _nodes(_object(schema["items"]))


def _object(value: JsonValue) -> JsonObject:
    return cast("JsonObject", value) if isinstance(value, Mapping) else {}


def _list(value: JsonValue) -> Sequence[JsonValue]:
    return cast("Sequence[JsonValue]", value) if isinstance(value, list) else []
