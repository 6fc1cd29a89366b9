"""Draws parts as blocks: as rich text or, plainly, as mrkdwn.

Rich text is never read as markup, so that data in it is shown to the letter. The plain drawing is for workspaces that do
not take it, and neutralises what it cannot show.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from bot.parts.measure import cut, units
from bot.parts.model import Items, Line, Para, Part, Small, Span, filled
from bot.slack.markup.escape import inline
from bot.slack.markup.limits import CONTEXT, MRKDWN, SECTION

Block: TypeAlias = dict[str, Any]
"""A block, element or object of Block Kit."""


def drawn(parts: Iterable[Part], *, rich: bool) -> list[Block]:
    """The parts as blocks, in order; empty ones are left out."""
    kept = [part for part in map(filled, parts) if part is not None]
    return list(_rich(kept) if rich else _plain(kept))


def plain_text(text: str, limit: int) -> Block:
    """A text object that Slack shows as it is, never empty."""
    return {"type": "plain_text", "text": cut(text.strip(), limit) or "–", "emoji": False}


def context(text: str) -> Block:
    """A block of small print."""
    return {"type": "context", "elements": [plain_text(text, CONTEXT)]}


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
        head, rest = MRKDWN.split(span.text, max(limit - 2, 1))
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
