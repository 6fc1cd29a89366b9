"""Reads what the product tells a model: blocks of JSON lines between tags, and the one JSON object of a briefing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from engine.domain.json import JsonObject
from integrations.scripted_model.view import RequestView

_BLOCK = r"<{tag}>\n(.*?)\n?</{tag}>"
_WORD = re.compile(r"[\w'\"׳״-]+")
_PREFIXES = "והבלכמש"
_NOTHING: JsonObject = {}


def block(text: str, tag: str) -> tuple[JsonObject, ...]:
    """The rows of all blocks with this tag; what is no JSON object is left out."""
    rows: list[JsonObject] = []
    for found in re.finditer(_BLOCK.format(tag=re.escape(tag)), text, re.DOTALL):
        rows.extend(_objects(found[1].splitlines()))
    return tuple(rows)


def task(request: RequestView) -> JsonObject:
    """What an agent wants: the one row of ``<task>``."""
    return next(iter(block(request.turns[0].text, "task")), _NOTHING)


def briefing(request: RequestView) -> JsonObject:
    """The object a planner is told, however often it was asked again; empty where there is none."""
    first = next(iter(request.turns[0].blocks), _NOTHING)
    return next(_objects([str(first.get("text", ""))]), _NOTHING)


def words(text: str) -> frozenset[str]:
    """Words of weight, in lower case; Hebrew ones also without a letter that may be a particle."""
    plain = {word for word in (found.strip("'\"").lower() for found in _WORD.findall(text)) if len(word) > 2}
    return frozenset(plain | {word[1:] for word in plain if word[0] in _PREFIXES and len(word) > 3})


def mapping(value: Any) -> JsonObject:
    """The value, if it is an object; else an empty one."""
    return cast("JsonObject", value) if isinstance(value, Mapping) else {}


def objects(value: Any) -> tuple[JsonObject, ...]:
    """The objects of a list; empty where it is none."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return ()
    return tuple(mapping(one) for one in cast("Sequence[Any]", value) if isinstance(one, Mapping))


def _objects(texts: Sequence[str]) -> Iterator[JsonObject]:
    for text in texts:
        try:
            value: Any = json.loads(text)
        except ValueError:
            continue
        if isinstance(value, Mapping):
            yield mapping(value)
