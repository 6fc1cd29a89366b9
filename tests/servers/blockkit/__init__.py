"""Is this what the platform would take? Three judges who share no code: tests ask them about every outgoing payload,
and the strict local server about every incoming one.

A problem is text in the platform's own form: ``reason [json-pointer:/blocks/0/text]``. An empty list means valid.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from tests.servers.blockkit import messages, rules, schema, sdk
from tests.servers.blockkit.pointers import is_list, is_object, step

Surface = Literal["message", "modal", "home"]

__all__ = ["Surface", "validate_blocks", "validate_message", "validate_view"]


def validate_blocks(blocks: Any, surface: Surface) -> list[str]:
    """The problems of ``blocks`` on ``surface``; pointers begin with ``/blocks``."""
    return _blocks(blocks, surface, "/blocks")


def validate_view(view: Any) -> list[str]:
    """The problems of a modal or of a home tab; pointers begin with ``/view``."""
    if not is_object(view) or view.get("type") not in ("modal", "home"):
        return ["a view is an object of type modal or home [json-pointer:/view/type]"]
    surface: Surface = "modal" if view["type"] == "modal" else "home"
    shape = "ModalView" if surface == "modal" else "HomeView"
    # the shape of a view takes any block; each is judged by its own shape below
    told = [*schema.problems_of({**view, "blocks": []}, shape, "/view"), *sdk.problems_of_view(view)]
    return _once([*told, *rules.problems_of_view(view), *_blocks(view.get("blocks", []), surface, "/view/blocks")])


def validate_message(payload: Any) -> list[str]:
    """The problems of the arguments of a post, an update (they carry ``ts``) or an ephemeral: text, blocks, metadata."""
    if not is_object(payload):
        return ["a message is an object [json-pointer:/]"]
    blocks = _blocks(payload["blocks"], "message", "/blocks") if payload.get("blocks") is not None else []
    return _once([*messages.problems_of_message(payload), *blocks])


def _blocks(blocks: Any, surface: Surface, pointer: str) -> list[str]:
    if not is_list(blocks):
        return [f"must be a list [json-pointer:{pointer}]"]
    told: list[str] = list(rules.problems_of_blocks(blocks, surface, pointer))
    for index, block in enumerate(blocks):
        where = step(pointer, index)
        told += schema.problems_of_block(block, where)
        if is_object(block):
            told += sdk.problems_of_block(block, where)
    return _once(told)


def _once(told: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(told))
