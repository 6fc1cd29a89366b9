"""What a message says, before it is drawn: paragraphs, quotes, lists, small print; drawn as rich text or, plainly, as mrkdwn.

Rich text is never read as markup, so that data in it is shown to the letter. The plain drawing is for workspaces that do
not take it, and neutralises what it cannot show.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from bot.render.bearing import anchored
from bot.render.safe_text import clean, said
from bot.render.texts import Direction, isolate
from bot.slack.markup.escape import inline
from bot.slack.markup.limits import CONTEXT, SECTION, cut, cut_weight, split_at, units, weight

Block: TypeAlias = dict[str, Any]
"""A block, element or object of Block Kit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Words in one style. Its text has been through :mod:`bot.slack.markup.escape`, never as it came."""

    text: str
    bold: bool = False
    italic: bool = False


Line: TypeAlias = tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Para:
    """Lines that belong together."""

    lines: tuple[Line, ...]
    quote: bool = False
    tight: bool = False
    """It follows what is before it without a gap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """A list; numbered where ``first`` is not 0."""

    items: tuple[Line, ...]
    first: int = 0
    tight: bool = False


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


def brief(text: str, limit: int) -> str:
    """A sentence of ours that weighs at most ``limit``: first made safe, which can lengthen it, then cut."""
    return cut_weight(said(text).replace("\n", " "), limit)


def para(*spans: Span, quote: bool = False, tight: bool = False) -> Para:
    """A paragraph of one line."""
    return Para(lines=(spans,), quote=quote, tight=tight)


def small(text: str, direction: Direction) -> Small:
    """Small print of ours; its lines become one, and no longer than a block takes."""
    return Small(text=anchored(cut(" ".join(said(text).split()), CONTEXT - 1), direction))


def weigh(part: Part) -> int:
    """What a part counts of a message, see :func:`bot.slack.markup.limits.weight`; what holds it together included."""
    match part:
        case Small():
            return weight(part.text) + 4
        case Para(lines=lines) | Items(items=lines):
            return 8 + sum(4 + sum(weight(span.text) + 2 for span in line) for line in lines)


def divided(part: Para, limit: int) -> tuple[Para, Para | None]:
    """As much of a paragraph as weighs at most ``limit``, at least one character, and the rest."""
    room, head = limit - 8, list[Line]()
    for place, line in enumerate(part.lines):
        size = 4 + sum(weight(span.text) + 2 for span in line)
        if size <= room:
            head.append(line)
            room -= size
            continue
        fitting, rest = _divided_line(line, room - 4, must=not head)
        lines = (*head, *([fitting] if fitting else []))
        return replace(part, lines=lines), replace(part, lines=(rest, *part.lines[place + 1 :]), tight=True)
    return part, None


def _divided_line(line: Line, room: int, *, must: bool) -> tuple[Line, Line]:
    for place, span in enumerate(line):
        size = weight(span.text) + 2
        if size <= room:
            room -= size
            continue
        if room < 40 and not (must and place == 0):
            return line[:place], line[place:]
        head, rest = split_at(span.text, max(room - 2, 4))
        return (*line[:place], replace(span, text=head)), (replace(span, text=rest), *line[place + 1 :])
    return line, ()


def drawn(parts: Iterable[Part], *, rich: bool) -> list[Block]:
    """The parts as blocks, in order; empty ones are left out."""
    kept = [part for part in map(_without_blanks, parts) if part is not None]
    return list(_rich(kept) if rich else _plain(kept))


def plain_text(text: str, limit: int) -> Block:
    """A text object that Slack shows as it is, never empty."""
    return {"type": "plain_text", "text": cut(text.strip(), limit) or "–", "emoji": False}


def context(text: str) -> Block:
    """A block of small print."""
    return {"type": "context", "elements": [plain_text(text, CONTEXT)]}


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


def _without_blanks(part: Part) -> Part | None:
    if isinstance(part, Small):
        return part if part.text.strip() else None
    if isinstance(part, Items):
        items = tuple(line for item in part.items if (line := _filled(item)))
        return replace(part, items=items) if items else None
    lines = tuple(_filled(line) for line in part.lines)
    return replace(part, lines=lines) if any(lines) else None


def _filled(line: Line) -> Line:
    spans = tuple(span for span in line if span.text)
    return spans if any(span.text.strip() for span in spans) else ()


def _rich(parts: Sequence[Part]) -> Iterator[Block]:
    elements: list[Block] = []
    for part in parts:
        if elements and (isinstance(part, Small) or not part.tight):
            yield {"type": "rich_text", "elements": elements}
            elements = []
        if isinstance(part, Small):
            yield context(part.text)
        else:
            _add(elements, part)
    if elements:
        yield {"type": "rich_text", "elements": elements}


def _add(elements: list[Block], part: Para | Items) -> None:
    last = elements[-1] if elements else {}
    if isinstance(part, Items) and (part.first < 2 or last.get("style") == "ordered"):
        style = "ordered" if part.first else "bullet"
        items = [{"type": "rich_text_section", "elements": _texts(item)} for item in part.items]
        if last.get("style") == style:
            last["elements"] += items
        else:
            elements.append({"type": "rich_text_list", "style": style, "elements": items})
        return
    if isinstance(part, Items):  # a list that goes on from another message: Slack's own begin with one
        lines = tuple((Span(text=f"{part.first + n}. "), *item) for n, item in enumerate(part.items))
        part = Para(lines=lines)
    kind = "rich_text_quote" if part.quote else "rich_text_section"
    spans = list(_with_breaks(part.lines))
    if last.get("type") == kind:  # one after the other they might stand on one line
        last["elements"] += [{"type": "text", "text": "\n"}, *_texts(spans)]
    else:
        elements.append({"type": kind, "elements": _texts(spans)})


def _with_breaks(lines: Sequence[Line]) -> Iterator[Span]:
    for place, line in enumerate(lines):
        if place:
            yield Span(text="\n")
        yield from line


def _texts(spans: Iterable[Span]) -> list[Block]:
    made: list[Block] = []
    for span in spans:
        style = {name: True for name, wanted in (("bold", span.bold), ("italic", span.italic)) if wanted}
        if made and made[-1].get("style", {}) == style:
            made[-1]["text"] += span.text
        else:
            made.append({"type": "text", "text": span.text, **({"style": style} if style else {})})
    return made


def _plain(parts: Sequence[Part]) -> Iterator[Block]:
    text = ""
    for part in parts:
        if text and (isinstance(part, Small) or not part.tight):
            yield _section(text)
            text = ""
        if isinstance(part, Small):
            yield context(part.text)
            continue
        for line in _mrkdwn(part):
            if text and units(text) + units(line) + 1 > SECTION:
                yield _section(text)
                text = ""
            text = f"{text}\n{line}" if text else line
    if text:
        yield _section(text)


def _section(text: str) -> Block:
    # Verbatim: what looks like an address or a channel's name stays the text it is.
    return {"type": "section", "text": {"type": "mrkdwn", "text": text.strip() or "–", "verbatim": True}}


def _mrkdwn(part: Para | Items) -> Iterator[str]:
    """Lines of markup, each at most a section long."""
    lines = part.items if isinstance(part, Items) else part.lines
    for place, line in enumerate(lines):
        lead = "" if isinstance(part, Para) else f"{part.first + place}. " if part.first else "• "
        if isinstance(part, Para) and part.quote:
            lead = "> "
        room = line
        while room:
            head, room = _sized(room, SECTION - units(lead) - 8)
            yield lead + "".join(map(_marked_up, head))
        if not line:
            yield lead.rstrip()


def _sized(line: Line, limit: int) -> tuple[Line, Line]:
    """As much of a line as its markup takes at most ``limit`` units, and the rest."""
    for place, span in enumerate(line):
        size = units(_marked_up(span))
        if size <= limit:
            limit -= size
            continue
        if place:
            return line[:place], line[place:]
        head, rest = split_at(span.text, max(limit - 2, 1))
        return (replace(span, text=head),), ((replace(span, text=rest), *line[1:]) if rest else line[1:])
    return line, ()


def _marked_up(span: Span) -> str:
    text = inline(span.text)
    core = text.strip()
    if not core or not (span.bold or span.italic):
        return text
    mark = "*" if span.bold else "_"
    lead, _, trail = text.partition(core)
    return f"{lead}{mark}{core}{mark}{trail}"
