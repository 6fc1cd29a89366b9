"""Cursors: an opaque word that says where the next page begins."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TypeVar

from tests.servers.slackd.calls import ApiError, Call
from tests.servers.slackd.log import Json

T = TypeVar("T")


def page(call: Call, items: Sequence[T], most: int, default: int = 100) -> tuple[Sequence[T], Json]:
    """The page a call asks for, and the fields of its answer that lead to the next one."""
    limit = min(max(call.number("limit", default), 1), most)
    begin = _opened(call.text("cursor"))
    if begin > len(items):
        raise ApiError("invalid_cursor")
    end = begin + limit
    following = base64.b64encode(f"next:{end}".encode()).decode() if end < len(items) else ""
    return items[begin:end], {"response_metadata": {"next_cursor": following}}


def _opened(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        word, number = base64.b64decode(cursor, validate=True).decode().split(":")
        if word == "next":
            return int(number)
    except ValueError:
        pass
    raise ApiError("invalid_cursor")
