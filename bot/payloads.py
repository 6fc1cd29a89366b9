"""Reads JSON somebody else wrote: whatever is not there, or not what it should be, reads as empty.

Every reader of a chat's payload goes through these, so that no payload, however odd, breaks one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast


def at(value: object, *path: str) -> object:
    """What is there after following the names; None where one is missing."""
    for name in path:
        if not isinstance(value, Mapping):
            return None
        value = cast("Mapping[object, object]", value).get(name)
    return value


def mapping(value: object, *path: str) -> Mapping[str, object]:
    """An object; empty where there is none."""
    found = at(value, *path)
    return cast("Mapping[str, object]", found) if isinstance(found, Mapping) else {}


def items(value: object, *path: str) -> Sequence[object]:
    """A list; empty where there is none."""
    found = at(value, *path)
    return cast("list[object]", found) if isinstance(found, list) else ()


def storable(found: str) -> str:
    """A text that can be stored: without NUL, and with ``?`` for halves of characters."""
    return found.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
