"""The third of three judges: our own rules, for what neither SDK checks, above all between the blocks of one message."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from tests.servers.blockkit import limits
from tests.servers.blockkit.limits import Limit
from tests.servers.blockkit.pointers import at, is_list, is_object, problem, step, typed


def problems_of_blocks(blocks: list[Any], surface: str, pointer: str = "/blocks") -> Iterator[str]:
    """Lengths, counts, uniqueness, and what may stand where."""
    most = limits.MESSAGE_BLOCKS if surface == "message" else limits.VIEW_BLOCKS
    if len(blocks) > most:
        yield problem(f"no more than {most} items allowed", pointer)
    for index, block in enumerate(blocks):
        yield from _kind(block, surface, step(pointer, index))
    for found, where in typed(blocks, pointer):
        yield from _lengths(found, where)
    yield from _unique(blocks, "block_id", pointer)
    yield from _unique(blocks, "action_id", pointer)
    yield from _focus(blocks, pointer)
    yield from _markdown(blocks, pointer)
    yield from _tables(blocks, pointer)
    yield from _tasks(blocks, pointer)


def problems_of_view(view: dict[str, Any]) -> Iterator[str]:
    """Lengths of a view's own fields, its size, and what its kind asks for."""
    yield from _within(view, limits.VIEW, "/view")
    blocks = view.get("blocks")
    if not is_list(blocks) or not blocks:
        yield problem("must provide at least 1 block", "/view/blocks")
    size = len(json.dumps(view, ensure_ascii=False).encode())
    if size > limits.VIEW_BYTES:
        yield problem(f"view_too_large: {size} bytes", "/view")
    has_input = any(found.get("type") == "input" for found, _ in typed(blocks, ""))
    if view.get("type") == "modal":
        if not view.get("title"):
            yield problem("missing required field: title", "/view")
        if has_input and not view.get("submit"):
            yield problem("a submit is required where there is an input", "/view")
    for name in ("title", "submit", "close"):
        if view.get("type") == "home" and name in view:
            yield problem(f"invalid additional property: {name}", "/view")


def _kind(block: Any, surface: str, pointer: str) -> Iterator[str]:
    kind = block.get("type") if is_object(block) else None
    if kind is None:
        yield problem("a block is an object with a type", pointer)
    elif kind not in limits.KNOWN:
        yield problem(f"unsupported type: {kind}", step(pointer, "type"))
    elif kind not in limits.SURFACES[surface]:
        yield problem(f"{kind} is not supported in a {surface}", step(pointer, "type"))


def _lengths(found: dict[str, Any], pointer: str) -> Iterator[str]:
    kind: str = found["type"]
    bounds: dict[str, Limit] = dict(limits.LIMITS.get(kind, {}))
    if kind in limits.INTERACTIVE:
        bounds |= limits.ELEMENT
    elif kind in limits.KNOWN:
        bounds |= limits.BLOCK
    yield from _within(found, bounds, pointer)
    if kind == "section" and not found.get("text") and not found.get("fields"):
        yield problem("must have text or fields", pointer)
    if kind in ("static_select", "multi_static_select") and bool(found.get("options")) == bool(
        found.get("option_groups")
    ):
        yield problem("must have either options or option_groups", pointer)


def _within(holder: dict[str, Any], bounds: Mapping[str, Limit], pointer: str) -> Iterator[str]:
    for path, (least, most) in bounds.items():
        for value, where in at(holder, path, pointer):
            if not isinstance(value, str) and not is_list(value):
                continue
            size, unit = len(value), "characters" if isinstance(value, str) else "items"
            if size > most:
                yield problem(f"must be less than {most + 1} {unit}", where)
            elif size < least:
                yield problem(f"must be more than {least - 1} {unit}", where)


def _unique(blocks: list[Any], name: str, pointer: str) -> Iterator[str]:
    places = [(found[name], step(where, name)) for found, where in typed(blocks, pointer) if name in found]
    counts = Counter(str(value) for value, _ in places)
    seen: set[str] = set()
    for value, where in places:
        if counts[str(value)] > 1 and value in seen:
            yield problem(f"`{name}` {value!r} already exists", where)
        seen.add(str(value))


def _focus(blocks: list[Any], pointer: str) -> Iterator[str]:
    focused = [where for found, where in typed(blocks, pointer) if found.get("focus_on_load") is True]
    for where in focused[1:]:
        yield problem("only one element may have the focus on load", where)


def _markdown(blocks: list[Any], pointer: str) -> Iterator[str]:
    texts = [found.get("text") for found, _ in typed(blocks, pointer) if found["type"] == "markdown"]
    total = sum(len(text) for text in texts if isinstance(text, str))
    if total > limits.MARKDOWN_TOTAL:
        yield problem(f"msg_blocks_too_long: {total} characters of markdown, {limits.MARKDOWN_TOTAL} allowed", pointer)


def _tables(blocks: list[Any], pointer: str) -> Iterator[str]:
    tables = [where for found, where in typed(blocks, pointer) if found["type"] == "table"]
    for where in tables[limits.TABLES :]:
        yield problem("only_one_table_allowed", where)


def _tasks(blocks: list[Any], pointer: str) -> Iterator[str]:
    for index, block in enumerate(blocks):
        where = step(pointer, index)
        kind = block.get("type") if is_object(block) else None
        if kind == "task_card" and block.get("status") == "pending":
            yield problem("a task card that stands alone cannot be pending", step(where, "status"))
        if kind == "plan":
            yield from _plan(block.get("tasks", []), step(where, "tasks"))


def _plan(tasks: Any, pointer: str) -> Iterator[str]:
    seen: set[str] = set()
    for index, task in enumerate(tasks if is_list(tasks) else []):
        name = task.get("task_id") if is_object(task) else None
        if isinstance(name, str) and name in seen:
            yield problem(f"`task_id` {name!r} already exists", step(step(pointer, index), "task_id"))
        seen.add(str(name))
