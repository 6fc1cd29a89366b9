"""Divides what is long into messages: each within what one takes, cut between paragraphs or words, never silently."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from bot.slack.markup.parts import Items, Para, Part, Small, divided, weigh

MOST_BLOCKS = 36
"""Blocks the parts of one page make at most; more come from what a message has besides."""
_WORTH_DIVIDING = 400
"""With less room than this on a page, a paragraph that does not fit begins on the next one."""


def pages_of(parts: Iterable[Part], budget: int) -> list[tuple[Part, ...]]:
    """The parts in order as pages that weigh at most ``budget`` each; what is too long for one goes on in the next."""
    pages: list[list[Part]] = [[]]
    room = budget
    waiting = [piece for part in parts for piece in _pieces(part, budget)][::-1]
    while waiting:
        piece, page = waiting.pop(), pages[-1]
        fits = weigh(piece) <= room and (_blocks(page) < MOST_BLOCKS or _joins(piece))
        if fits or (not page and not isinstance(piece, Para)):  # what cannot be divided has a page of its own
            page.append(piece)
            room -= weigh(piece)
            continue
        if isinstance(piece, Para) and room >= _WORTH_DIVIDING and weigh(piece) > room:
            head, rest = divided(piece, room)
            page.append(head)
            waiting += [rest] if rest is not None else []
        else:
            waiting.append(piece)
            if _joins(piece) and len(page) > 1 and _is_heading(page[-1]):
                waiting.append(page.pop())  # it stays with what it is the heading of
        pages.append([])
        room = budget
    return [tuple(page) for page in pages if page]


def _pieces(part: Part, budget: int) -> Iterator[Part]:
    """A list item by item, so that a page can end between two; an item longer than a page becomes a paragraph."""
    if not isinstance(part, Items):
        yield part
        return
    for place, item in enumerate(part.items):
        single = replace(
            part, items=(item,), first=part.first + place if part.first else 0, tight=part.tight or place > 0
        )
        yield single if weigh(single) <= budget else Para(lines=(item,), tight=single.tight)


def _is_heading(part: Part) -> bool:
    return isinstance(part, Para) and len(part.lines) == 1 and any(span.bold for span in part.lines[0])


def _joins(part: Part) -> bool:
    return not isinstance(part, Small) and part.tight


def _blocks(page: list[Part]) -> int:
    return sum(1 for part in page if not _joins(part))
