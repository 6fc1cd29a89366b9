"""Divides what is long into messages: each within what one takes, cut between paragraphs or words, never silently."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from bot.parts.model import Items, Para, Part, Small, Span, para
from bot.parts.scale import Scale

_WORTH_DIVIDING = 400
"""With less room than this on a page, a paragraph that does not fit begins on the next one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What one page takes."""

    scale: Scale
    room: int
    """What its parts may weigh together."""
    blocks: int
    """Groups of parts without a gap that it holds at most."""


def pages_of(parts: Iterable[Part], page: Page) -> list[tuple[Part, ...]]:
    """The parts in order as pages; what is too long for one goes on in the next."""
    pages: list[list[Part]] = [[]]
    weigh, room = page.scale.weigh, page.room
    waiting = [piece for part in parts for piece in _pieces(part, page)][::-1]
    while waiting:
        piece, last = waiting.pop(), pages[-1]
        size = weigh(piece)
        if size <= room and (_blocks(last) < page.blocks or _joins(piece)):
            last.append(piece)
            room -= size
            continue
        if isinstance(piece, Para) and size > room and (room >= _WORTH_DIVIDING or not last):
            head, rest = page.scale.divide(piece, room)
            last.append(head)
            waiting += [rest] if rest is not None else []
        else:
            waiting.append(piece)
            if _joins(piece) and len(last) > 1 and _is_heading(last[-1]):
                waiting.append(last.pop())  # it stays with what it is the heading of
        pages.append([])
        room = page.room
    return [tuple(found) for found in pages if found]


def _pieces(part: Part, page: Page) -> Iterator[Part]:
    """A list item by item, so that a page can end between two; an item or small print longer than a page is a paragraph."""
    match part:
        case Items():
            for place, item in enumerate(part.items):
                first = part.first + place if part.first else 0
                single = replace(part, items=(item,), first=first, tight=part.tight or place > 0)
                long = page.scale.weigh(single) > page.room
                yield Para(lines=(item,), tight=single.tight, aside=single.aside) if long else single
        case Small(text=text) if page.scale.weigh(part) > page.room:
            yield para(Span(text=text, italic=True))
        case _:
            yield part


def _is_heading(part: Part) -> bool:
    return isinstance(part, Para) and len(part.lines) == 1 and any(span.bold for span in part.lines[0])


def _joins(part: Part) -> bool:
    return not isinstance(part, Small) and part.tight


def _blocks(page: list[Part]) -> int:
    return sum(1 for part in page if not _joins(part))
