"""Reading payloads that may lack anything: an absent list is empty, an absent object too."""

from __future__ import annotations

from typing import Any, cast

Json = dict[str, Any]


def items(holder: Json, name: str) -> list[Json]:
    """The objects of a list; what is no object is left out."""
    found = holder.get(name)
    if not isinstance(found, list):
        return []
    return [cast("Json", one) for one in cast("list[Any]", found) if isinstance(one, dict)]


def part(holder: Json, name: str) -> Json:
    """An object inside another."""
    found = holder.get(name)
    return cast("Json", found) if isinstance(found, dict) else {}


def said(holder: Json, name: str, otherwise: str = "") -> str:
    """A field as text."""
    found = holder.get(name)
    return otherwise if found is None else str(found)
