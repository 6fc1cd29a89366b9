"""Places inside a payload, as the platform names them: ``reason [json-pointer:/blocks/0/text]``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeGuard


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether a piece of JSON is an object."""
    return isinstance(value, dict)


def is_list(value: Any) -> TypeGuard[list[Any]]:
    """Whether a piece of JSON is a list."""
    return isinstance(value, list)


def problem(reason: str, pointer: str) -> str:
    """One problem in the platform's own form, without its leading ``[ERROR]``."""
    return f"{reason} [json-pointer:{pointer or '/'}]"


def step(pointer: str, key: object) -> str:
    """A pointer one level further down (RFC 6901)."""
    return f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"


def typed(node: Any, pointer: str) -> Iterator[tuple[dict[str, Any], str]]:
    """Every object that names its ``type``, with its place, outermost first."""
    if is_object(node):
        if isinstance(node.get("type"), str):
            yield node, pointer
        for key, value in node.items():
            yield from typed(value, step(pointer, key))
    elif is_list(node):
        for index, value in enumerate(node):
            yield from typed(value, step(pointer, index))


def at(node: Any, path: str, pointer: str) -> Iterator[tuple[Any, str]]:
    """What stands at ``path`` below ``node`` (``*`` is every item), with its place; nothing where it is absent."""
    here: list[tuple[Any, str]] = [(node, pointer)]
    for part in path.split("/"):
        here = [pair for value, where in here for pair in _down(value, part, where)]
    yield from here


def _down(value: Any, part: str, pointer: str) -> Iterator[tuple[Any, str]]:
    if part == "*":
        if is_list(value):
            for index, item in enumerate(value):
                yield item, step(pointer, index)
    elif is_object(value) and part in value:
        yield value[part], step(pointer, part)
