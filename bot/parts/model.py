"""What a message says, before it is drawn: paragraphs, quotes, lists, small print, each word made safe to show."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from bot.parts.measure import cut
from bot.render.bearing import anchored
from bot.render.safe_text import clean, said
from bot.render.texts import Direction, isolate

SMALL = 1_899
"""Longest small print, in UTF-16 units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Words in one style. Its text has been through :mod:`bot.render.safe_text`, never as it came; what a chat's own markup
    would read in it is escaped when it is drawn."""

    text: str
    bold: bool = False
    italic: bool = False
    exact: bool = False
    """A person consents to it: where something in it must be kept from becoming live, the letters stay what they are."""


Line: TypeAlias = tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Para:
    """Lines that belong together."""

    lines: tuple[Line, ...]
    quote: bool = False
    tight: bool = False
    """It follows what is before it without a gap."""
    aside: bool = False
    """One looks it up rather than reads it: a chat that can fold it away does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """A list; numbered where ``first`` is not 0."""

    items: tuple[Line, ...]
    first: int = 0
    tight: bool = False
    aside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Small:
    """Small print, grey: one line of ours."""

    text: str


Part: TypeAlias = Para | Items | Small


def ours(text: str, *, bold: bool = False, italic: bool = False) -> Span:
    """A sentence from the catalogue, with isolated values, on one line."""
    return Span(text=said(text).replace("\n", " "), bold=bold, italic=italic)


def data(text: str, *, bold: bool = False, italic: bool = False) -> Span:
    """Somebody's text, on one line."""
    return Span(text=clean(text).replace("\n", " "), bold=bold, italic=italic)


def value(text: str) -> str:
    """Somebody's text inside a line of ours: on one line, and isolated from what is around it."""
    return isolate(" ".join(clean(text).split()))


def para(*spans: Span, quote: bool = False, tight: bool = False) -> Para:
    """A paragraph of one line."""
    return Para(lines=(spans,), quote=quote, tight=tight)


def small(text: str, direction: Direction) -> Small:
    """Small print of ours; its lines become one, and no longer than a chat takes."""
    return Small(text=anchored(cut(" ".join(said(text).split()), SMALL), direction))


def filled(part: Part) -> Part | None:
    """The part without what is blank in it; None where nothing is left."""
    match part:
        case Small():
            return part if part.text.strip() else None
        case Items():
            items = tuple(line for item in part.items if (line := _filled(item)))
            return replace(part, items=items) if items else None
        case Para():
            lines = tuple(_filled(line) for line in part.lines)
            return replace(part, lines=lines) if any(lines) else None


def written(part: Part) -> str:
    """A part as lines of plain text, for files."""
    match part:
        case Small(text=text):
            return text
        case Para(lines=lines, quote=quote):
            return "\n".join(("> " if quote else "") + _joined(line) for line in lines)
        case Items(items=items, first=first):
            return "\n".join(f"{f'{first + n}.' if first else '-'} {_joined(item)}" for n, item in enumerate(items))


def _joined(line: Line) -> str:
    return "".join(span.text for span in line)


def _filled(line: Line) -> Line:
    spans = tuple(span for span in line if span.text)
    return spans if any(span.text.strip() for span in spans) else ()
