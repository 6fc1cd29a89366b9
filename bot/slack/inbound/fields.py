"""Slack's own kinds of value, read from payloads by :mod:`bot.payloads`: what is not what it should be reads as empty."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from bot.payloads import at, items, storable

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_STAMP = re.compile(r"[0-9]{1,11}\.[0-9]{1,9}")
_TOKEN = re.compile(r"[A-Za-z0-9._-]{1,200}")


def text(value: object, *path: str) -> str:
    """A text that can be stored: without NUL, and with ``?`` for halves of characters; empty where there is none."""
    found = at(value, *path)
    return storable(found) if isinstance(found, str) else ""


def texts(value: object, *path: str) -> list[str]:
    """The texts of a list."""
    return [storable(found) for found in items(value, *path) if isinstance(found, str)]


def identifier(value: object, *path: str) -> str:
    """An id as Slack makes them, which can stand within ours; else empty."""
    return _matching(_ID, value, path)


def stamp(value: object, *path: str) -> str:
    """A message's ``ts``; else empty."""
    return _matching(_STAMP, value, path)


def token(value: object, *path: str) -> str:
    """A trigger id, a view's hash and the like: short, without a colon; else empty."""
    return _matching(_TOKEN, value, path)


def instant(ts: str) -> datetime | None:
    """When that was; None for what is no ``ts``."""
    return datetime.fromtimestamp(float(ts), UTC) if _STAMP.fullmatch(ts) else None


def _matching(pattern: re.Pattern[str], value: object, path: Sequence[str]) -> str:
    found = at(value, *path)
    return found if isinstance(found, str) and pattern.fullmatch(found) else ""
