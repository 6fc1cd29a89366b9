"""Which way a line runs: chats go by the first letter with a direction, so lines of ours begin with one of the card's.

Whether letters between isolates count differs between clients; a line is fine only where both ways agree.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from bot.render.texts import FIRST_STRONG_ISOLATE, POP_ISOLATE, Direction

_MARKS: dict[Direction, str] = {"rtl": "\u200f", "ltr": "\u200e"}
_STRONG: dict[str, Direction] = {"L": "ltr", "R": "rtl", "AL": "rtl"}


def anchored(text: str, direction: Direction) -> str:
    """The text, with an invisible mark before it where it would not run in this direction by itself."""
    if not text or (_first(text) == direction and _first(_outside(text)) == direction):
        return text
    return _MARKS[direction] + text


def settled(lines: Sequence[str]) -> list[str]:
    """Lines of one text, each running its own way: where they differ, all stand on the side of the first."""
    found: list[Direction] = [first for line in lines if (first := _first(line))]
    if len(set(found)) < 2:
        return list(lines)
    mark = _MARKS[found[0]]
    return [f"{mark}{FIRST_STRONG_ISOLATE}{line}{POP_ISOLATE}" if line.strip() else line for line in lines]


def _first(letters: Iterable[str]) -> Direction | None:
    return next((found for letter in letters if (found := _STRONG.get(unicodedata.bidirectional(letter)))), None)


def _outside(text: str) -> Iterable[str]:
    depth = 0
    for letter in text:
        if letter == FIRST_STRONG_ISOLATE:
            depth += 1
        elif letter == POP_ISOLATE:
            depth = max(depth - 1, 0)
        elif not depth:
            yield letter
