"""How long a text is, and how it is cut: never inside an emoji, never with an isolate left open.

How a chat counts is a function; :mod:`bot.parts.scale` binds one to everything that asks for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Weight: TypeAlias = Callable[[str], int]
"""What a text counts of a message; more text never counts less."""

_JOINERS = frozenset("\u200d\ufe0f") | frozenset(map(chr, range(0x1F3FB, 0x1F400)))
_LONGEST_EMOJI = 16
_OPEN, _CLOSE = "\u2068", "\u2069"


def units(text: str) -> int:
    """UTF-16 units, which are never fewer than the characters a chat says it counts."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "replace")) // 2


def cut(text: str, limit: int) -> str:
    """The text in at most ``limit`` UTF-16 units, with an ellipsis where it was cut; isolates are closed."""
    return text if units(text) <= limit else f"{head(text, limit - 1, units)}…"


def head(text: str, limit: int, weight: Weight) -> str:
    """The longest beginning that weighs at most ``limit``, without an ellipsis; isolates are closed."""
    if weight(text) <= limit:
        return text
    # What closes isolates takes room itself: three bytes each, and cleaned texts hold no more than two in one another.
    size = _fitting(text, max(limit - 6, 0) if _OPEN in text else limit, weight)
    beginning = text[:size].rstrip()
    return beginning + _CLOSE * max(beginning.count(_OPEN) - beginning.count(_CLOSE), 0)


def split(text: str, limit: int, weight: Weight) -> tuple[str, str]:
    """A beginning that weighs at most ``limit`` and ends at a line or a word where there is one, and the rest; isolates are
    closed in the one and opened again in the other."""
    if weight(text) <= limit:
        return text, ""
    least = len(text) - len(text.lstrip(_OPEN)) + 1  # isolates alone are no beginning
    size = max(_fitting(text, limit - 6 if _OPEN in text else limit, weight), least)
    beginning, rest = text[:size], text[size:]
    for mark in ("\n", " "):
        at = text.rfind(mark, size // 2, size)
        if at > 0:
            beginning, rest = text[:at].rstrip(), text[at + 1 :].lstrip()
            break
    opened = max(beginning.count(_OPEN) - beginning.count(_CLOSE), 0)
    return beginning + _CLOSE * opened, _OPEN * opened + rest


def _fitting(text: str, limit: int, weight: Weight) -> int:
    """How many characters fit, not parting a letter from its marks nor an emoji from what it is joined to."""
    low, high = 0, min(len(text), max(limit, 0))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if weight(text[:middle]) <= limit else (low, middle - 1)
    whole = low
    while whole - _LONGEST_EMOJI < low < len(text) and low and (text[low] in _JOINERS or text[low - 1] == "\u200d"):
        low -= 1
    return low
