"""Which way a line runs: chats go by the first letter with a direction, so lines of ours begin with one of the card's.

Whether letters between isolates count differs between clients; a line is fine only where both ways agree.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from bot.render.texts import FIRST_STRONG_ISOLATE, POP_ISOLATE, Direction, isolate

_MARKS: dict[Direction, str] = {"rtl": "\u200f", "ltr": "\u200e"}
_BETWEEN = re.compile(r"(\s*[(),;·|]+[\s(),;·|]*)")
"""What stands between the parts of a label."""
_STRONG: dict[str, Direction] = {"L": "ltr", "R": "rtl", "AL": "rtl"}


def anchored(text: str, direction: Direction) -> str:
    """The text, with an invisible mark before it where it would not run in this direction by itself."""
    if not text or (_first(text) == direction and _first(_outside(text)) == direction):
        return text
    return _MARKS[direction] + text


def settled(lines: Sequence[str], direction: Direction | None = None) -> list[str]:
    """Lines of one text, each running its own way: where they differ, all stand on one side.

    Args:
        lines: the lines.
        direction: which way the message around them runs, whose side it is; None for the side of the first line.
    """
    found: list[Direction] = [first for line in lines if (first := _first(line))]
    if len(set(found)) < 2:
        return list(lines)
    mark = _MARKS[direction or found[0]]
    return [f"{mark}{FIRST_STRONG_ISOLATE}{line}{POP_ISOLATE}" if line.strip() else line for line in lines]


def pieced(label: str) -> str:
    """A label whose letters run both ways, with each of its parts isolated: they stand in order the way its line runs.
    Any other label as it is."""
    if {found for letter in label if (found := _STRONG.get(unicodedata.bidirectional(letter)))} != {"rtl", "ltr"}:
        return label
    parts = _BETWEEN.split(label)
    return "".join(part if place % 2 else isolate(part) for place, part in enumerate(parts))


def borne(label: str) -> str:
    """A label of parts that stands alone, running the way of its first letter in every client."""
    first = _first(label)
    return anchored(label, first) if first and FIRST_STRONG_ISOLATE in label else label


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
