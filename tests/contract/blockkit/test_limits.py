"""Our tables of limits against the prose of the platform's SDK for Node, field by field, in both directions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.servers.blockkit import limits, manifest, schema
from tests.servers.blockkit.pointers import is_list, is_object

pytestmark = pytest.mark.usefixtures("schemas")

NUMBER = re.compile(
    r"\b(?:max(?:imum)?|up to|at most)\b[^.0-9]{0,60}?`?(\d+)|(\d[\d,]*\d) characters max", re.IGNORECASE
)
OTHERWISE = {
    "checkboxes:options/*/value": "150 in the reference page and in the SDK for Python since 2024; the prose still says 75",
    "radio_buttons:options/*/value": "as for checkboxes",
    "overflow:options/*/value": "as for checkboxes",
    "static_select:options/*/value": "as for checkboxes",
    "multi_static_select:options/*/value": "as for checkboxes",
    "static_select:option_groups/*/options/*/value": "as for checkboxes",
    "multi_static_select:option_groups/*/options/*/value": "as for checkboxes",
}
"""Where the prose is wrong, and by what evidence."""


def resolved(node: Any) -> list[dict[str, Any]]:
    """The shapes a piece of schema stands for: its references followed, its unions laid open."""
    if not is_object(node):
        return []
    if "$ref" in node:
        return resolved(schema.definitions()[str(node["$ref"]).rsplit("/", 1)[1]])
    if is_list(node.get("anyOf")):
        return [shape for member in node["anyOf"] for shape in resolved(member)]
    return [node]


def prose(node: Any, path: str) -> set[int]:
    """Every limit the prose gives for what stands at ``path`` below ``node``: the prose of the field, not of what kind it
    is of (a text object's own says 3000 wherever it stands); of a list also what it says of its items.
    """
    parts = path.removesuffix("/text").split("/")
    while parts[-1] == "*":
        parts.pop()
    return {number for field in fields(node, parts) for number in numbers(field)}


def fields(node: Any, parts: list[str]) -> list[dict[str, Any]]:
    if not parts:
        return [node]
    found: list[dict[str, Any]] = []
    for shape in resolved(node):
        field = shape.get("items") if parts[0] == "*" else shape.get("properties", {}).get(parts[0])
        found += fields(field, parts[1:]) if field is not None else []
    return found


def numbers(field: dict[str, Any]) -> set[int]:
    text = field.get("description", "")
    return {
        int((one or other).replace(",", "")) for one, other in NUMBER.findall(text if isinstance(text, str) else "")
    }


def shapes() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every shape that has a type of its own."""
    for definition in schema.definitions().values():
        for shape in resolved(definition):
            kind = shape.get("properties", {}).get("type", {}).get("const")
            if kind:
                yield kind, shape


def ours() -> Iterator[tuple[str, str, int, set[int]]]:
    """Kind, path, our limit, and what the prose says of it."""
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for kind, shape in shapes():
        by_kind.setdefault(kind, []).append(shape)
    for kind, shapes_of_kind in by_kind.items():
        table = {**limits.LIMITS.get(kind, {})}
        table |= limits.ELEMENT if kind in limits.INTERACTIVE else limits.BLOCK if kind in limits.KNOWN else {}
        table |= limits.VIEW if kind in ("modal", "home") else {}
        for path, limit in table.items():
            said = {number for shape in shapes_of_kind for number in prose(shape, path)}
            yield kind, path, limit.most, said


def test_every_limit_of_a_block_is_what_the_prose_says_of_it() -> None:
    told = [(f"{kind}:{path}", most, said) for kind, path, most, said in ours() if said]
    wrong = {name for name, most, said in told if most not in said}
    assert wrong == set(OTHERWISE)
    assert len(told) > 150, "the prose was hardly read"


def test_every_limit_in_the_prose_of_a_block_is_in_our_tables() -> None:
    known = {(kind, path.removesuffix("/text")) for kind, path, _, _ in ours()}
    missing = {
        f"{kind}:{name}"
        for kind, shape in shapes()
        for name, field in shape.get("properties", {}).items()
        if numbers(field) and (kind, name) not in known and (kind, "text") not in known
    }
    assert missing == {
        "data_table:page_size", "file_input:max_files", "modal:blocks", "home:blocks", "plain_text_input:min_length",
    }  # fmt: skip


def test_the_numbers_of_blocks_are_those_of_the_prose() -> None:
    for kind, shape in shapes():
        if kind in ("modal", "home"):
            assert numbers(shape["properties"]["blocks"]) == {limits.VIEW_BLOCKS}


def test_every_block_the_sdk_knows_is_known_here() -> None:
    known: list[dict[str, Any]] = [
        shape for reference in schema.definitions()["KnownBlock"]["anyOf"] for shape in resolved(reference)
    ]
    assert {shape["properties"]["type"]["const"] for shape in known} == limits.KNOWN


def test_every_element_that_has_an_action_id_is_known_as_interactive() -> None:
    interactive = {kind for kind, shape in shapes() if "action_id" in shape["properties"]}
    assert interactive == limits.INTERACTIVE


def test_every_limit_of_a_manifest_is_what_the_prose_says_of_it() -> None:
    root = schema.definitions()["Manifest"]
    told = {path: (limit.most, prose(root, path)) for path, limit in manifest.LIMITS.items() if prose(root, path)}
    assert {path for path, (most, said) in told.items() if most not in said} == set()
    assert len(told) >= 15, "the prose was hardly read"
