"""Everything that came of a task as parts: the meeting, what was found, the agenda, where it stands, what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.parts.model import Items, Line, Para, Part, Span, data, ours, para, small, value
from bot.parts.prose import prose_parts
from bot.render.bearing import anchored, settled
from bot.render.result import AgendaBlock, Listing, MeetingBlock, Point, ResultBlock, SourceLine
from bot.render.safe_text import clean
from bot.render.texts import Direction, Texts

MOST_SMALL = 3
"""Shortfalls in small print; more of them are a list."""

_KINDS = {"documents": "📄", "contacts": "👤", "appointments": "📅", "undone": "↩️", "staying": "📌"}


def result_parts(result: ResultBlock, texts: Texts, *, told: bool = False) -> Iterator[Part]:
    """A result, what a person waits for most first.

    Args:
        result: all of it.
        texts: the language.
        told: what a meeting is called and when it is has been said just before.
    """
    if result.meeting:
        yield from _meeting(result.meeting, texts, told=told)
    if result.summary or result.points:
        yield _titled("🔎", result.heading)
        yield from prose_parts(result.summary, texts.direction)
        if result.points:
            yield Items(items=_points(result.points, texts.direction), tight=not result.summary)
    for listing in result.listings:
        yield from _listing(listing, texts)
    if result.agenda:
        yield from _agenda(result.agenda, texts.direction)
    if result.sources:
        yield _titled("📚", result.sources_heading)
        lines = tuple(_source(source, texts.direction) for source in result.sources)
        yield Items(items=lines, first=1, tight=True, aside=True)
    yield from _problems(result.problems, texts.direction)


def _problems(problems: Sequence[str], direction: Direction) -> Iterator[Part]:
    if len(problems) > MOST_SMALL:
        yield Items(items=tuple((Span(text="⚠️ "), ours(problem)) for problem in problems))
        return
    yield from (small(f"⚠️ {problem}", direction) for problem in problems)


def _titled(icon: str, heading: str, *more: Span) -> Para:
    return para(Span(text=f"{icon} "), ours(heading, bold=True), *more)


def _points(points: Sequence[Point], direction: Direction) -> tuple[Line, ...]:
    told = settled([" ".join(clean(point.text).split()) for point in points], direction)
    marks = [f" [{point.source}]" if point.source else "" for point in points]
    return tuple((Span(text=text), Span(text=mark)) for text, mark in zip(told, marks, strict=True))


def _meeting(block: MeetingBlock, texts: Texts, *, told: bool) -> Iterator[Part]:
    yield _titled("🗑️" if block.cancelled else "📅", block.heading)
    lines: list[Line] = [] if told else [(data(block.title, bold=True),), (ours(block.when),)]
    lines += [(Span(text=f"👤 {anchored(value(name), texts.direction)}"),) for name in block.attendees]
    yield Para(lines=tuple(lines), quote=True, tight=True)
    paths = [value(block.link), block.invitation]
    yield small(" · ".join(path for path in paths if path), texts.direction)


def _agenda(block: AgendaBlock, direction: Direction) -> Iterator[Part]:
    yield _titled("🗒️", block.heading, Span(text=" · "), data(block.title))
    yield from (replace(part, aside=True) for part in prose_parts(block.text, direction))
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
