"""The last reply: how it ended and everything that came of it, on as many messages as it takes, or in a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.render.bearing import anchored, settled
from bot.render.card import Card
from bot.render.replies import FINAL, Reply
from bot.render.result import AgendaBlock, Listing, MeetingBlock, Point, ResultBlock, SourceLine
from bot.render.safe_text import clean
from bot.render.texts import Direction, Texts
from bot.slack.markup.card import fallback
from bot.slack.markup.controls import feedback
from bot.slack.markup.limits import MESSAGE_BYTES
from bot.slack.markup.pages import pages_of
from bot.slack.markup.parts import (
    Block,
    Items,
    Line,
    Para,
    Part,
    Span,
    brief,
    data,
    drawn,
    ours,
    para,
    small,
    value,
    written,
)
from bot.slack.markup.prose import prose_parts
from engine.domain.json import JsonObject

MOST_SMALL = 3
"""Shortfalls in small print; more of them are a list."""
MOST_PAGES = 4
"""Messages of one result; what is longer is in a file, whole."""

_ICONS = {"good": "✅", "bad": "❌", "attention": "⚠️", "quiet": "⏹️"}
_KINDS = {"documents": "📄", "contacts": "👤", "appointments": "📅"}
_HEADING = 2_000
_ROOM = 600
"""Weight of what stands below the result: costs, the page's number, buttons."""


def final_bodies(card: Card, reply: Reply, *, rich: bool) -> list[tuple[str, JsonObject]]:
    """The messages of the end, see :func:`bot.slack.markup.reply.reply_bodies`."""
    texts = Texts(reply.locale)
    told = (
        card.status.label if card.result and card.status.tone == "good" else reply.text
    )  # what came of it stands below
    heading = para(Span(text=f"{_ICONS.get(reply.tone, '▫️')} "), ours(brief(told, _HEADING), bold=True))
    found = list(_result(card.result, texts)) if card.result else []
    pages = pages_of([heading, *found], MESSAGE_BYTES - _ROOM)
    shown = pages[:MOST_PAGES]
    bodies: list[tuple[str, JsonObject]] = []
    for number, page in enumerate(shown, 1):
        last = number == len(shown)
        foot = list(_foot(card, texts, number, len(shown), beyond=len(pages) > len(shown)))
        blocks = drawn([*page, *foot], rich=rich) + (_rating(card, texts, rich=rich) if last else [])
        text = reply.text if number == 1 else f"{reply.text} ({number}/{len(shown)})"
        bodies.append((FINAL if number == 1 else f"{FINAL}:{number}", {"text": fallback(text), "blocks": blocks}))
    if len(pages) > len(shown):
        bodies.append((f"{FINAL}:file", _file(card, [heading, *found], texts)))
    return bodies


def _file(card: Card, parts: list[Part], texts: Texts) -> JsonObject:
    text = "\n\n".join(written(part) for part in parts)
    file = {"name": str(texts.say("chat.file_name")), "text": f"{text}\n"}
    return {"text": fallback(texts.say("chat.file_text", title=clean(card.title))), "file": file}


def _foot(card: Card, texts: Texts, number: int, pages: int, *, beyond: bool) -> Iterator[Part]:
    direction = texts.direction
    if number == pages and beyond:
        yield para(Span(text="📎 "), ours(texts.say("chat.whole_in_file"), bold=True))
    told = [texts.say("chat.page", page=number, pages=pages)] if pages > 1 else []
    told += [line for line in (card.cost, card.planned_by) if line and number == pages]
    if told:
        yield small(brief(" · ".join(told), 300), direction)


def _rating(card: Card, texts: Texts, *, rich: bool) -> list[Block]:
    buttons = [made for made in card.actions if made.rating]
    chosen = next((made for made in buttons if made.chosen), None)
    told = [small(texts.say("chat.rated", answer=brief(chosen.label, 150)), texts.direction)] if chosen else []
    return [*drawn(told, rich=rich), *feedback(card.id, buttons, rich=rich)]


def _result(result: ResultBlock, texts: Texts) -> Iterator[Part]:
    if result.meeting:
        yield from _meeting(result.meeting, texts)
    if result.summary or result.points:
        yield _titled("🔎", result.heading)
        yield from prose_parts(result.summary)
        if result.points:
            yield Items(items=_points(result.points), tight=not result.summary)
    for listing in result.listings:
        yield from _listing(listing, texts)
    if result.agenda:
        yield from _agenda(result.agenda, texts.direction)
    if result.sources:
        yield _titled("📚", result.sources_heading)
        lines = tuple(_source(source, texts.direction) for source in result.sources)
        yield Items(items=lines, first=1, tight=True)
    yield from _problems(result.problems, texts.direction)


def _problems(problems: Sequence[str], direction: Direction) -> Iterator[Part]:
    if len(problems) > MOST_SMALL:
        yield Items(items=tuple((Span(text="⚠️ "), ours(problem)) for problem in problems))
        return
    yield from (small(f"⚠️ {problem}", direction) for problem in problems)


def _titled(icon: str, heading: str, *more: Span) -> Para:
    return para(Span(text=f"{icon} "), ours(heading, bold=True), *more)


def _points(points: Sequence[Point]) -> tuple[Line, ...]:
    told = settled([" ".join(clean(point.text).split()) for point in points])
    marks = [f" [{point.source}]" if point.source else "" for point in points]
    return tuple((Span(text=text), Span(text=mark)) for text, mark in zip(told, marks, strict=True))


def _meeting(block: MeetingBlock, texts: Texts) -> Iterator[Part]:
    yield _titled("🗑️" if block.cancelled else "📅", block.heading)
    lines: list[Line] = [(data(block.title, bold=True),), (ours(block.when),)]
    lines += [(Span(text=f"👤 {anchored(value(name), texts.direction)}"),) for name in block.attendees]
    yield Para(lines=tuple(lines), quote=True, tight=True)
    paths = [value(block.link), block.invitation]
    yield small(" · ".join(path for path in paths if path), texts.direction)


def _agenda(block: AgendaBlock, direction: Direction) -> Iterator[Part]:
    yield _titled("🗒️", block.heading, Span(text=" · "), data(block.title))
    yield from prose_parts(block.text)
    yield small(block.saved, direction)


def _listing(block: Listing, texts: Texts) -> Iterator[Part]:
    yield _titled(_KINDS.get(block.kind, "▫️"), block.heading)
    if not block.rows:
        yield small(block.empty, texts.direction)
        return
    items: list[Line] = []
    for row in block.rows:
        title = anchored(value(row.title), texts.direction)
        line: list[Span] = [Span(text=title, bold=True)]
        for more in (row.detail, row.path):
            line += [Span(text=f" · {value(more)}")] if more else []
        if row.text:
            line += [Span(text="\n"), Span(text=value(row.text), italic=True)]
        items.append(tuple(line))
    yield Items(items=tuple(items), tight=True)


def _source(source: SourceLine, direction: Direction) -> Line:
    told = (source.title, source.path, source.place)
    line = " · ".join(value(one) for one in told if one)
    quote = (Span(text="\n"), Span(text=value(source.quote), italic=True)) if source.quote else ()
    return (Span(text=anchored(line, direction)), *quote)
