"""Documents as parts: headings, bullets and paragraphs get their look; everything else of Markdown stays the text it is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.parts.model import Items, Line, Para, Span, data
from bot.render.bearing import settled
from bot.render.safe_text import clean
from bot.render.texts import Direction

_HEADING = re.compile(r"#{1,6}\s+(.*)")
_BULLET = re.compile(r"\s*[-*•]\s+(.*)")


def prose_parts(text: str, direction: Direction | None = None) -> list[Para | Items]:
    """A text in Markdown's headings and bullets as parts, one for each paragraph or list.

    Args:
        text: the text.
        direction: which way the message around it runs: lists in several languages stand on its side.
    """
    return list(_parts(text, direction))


def _parts(text: str, direction: Direction | None) -> Iterator[Para | Items]:
    lines, items = list[Line](), list[str]()
    for raw in [*text.splitlines(), ""]:
        heading, bullet = _HEADING.fullmatch(raw.strip()), _BULLET.fullmatch(raw)
        if items and not bullet:
            yield Items(items=tuple((Span(text=text),) for text in settled(items, direction)), tight=True)
            items = []
        if lines and (heading or bullet or not raw.strip()):
            yield Para(lines=tuple(lines))
            lines = []
        if heading:
            lines = [(data(heading[1], bold=True),)]
        elif bullet:
            items.append(clean(bullet[1]))
        elif raw.strip():
            lines.append((data(raw.strip()),))
