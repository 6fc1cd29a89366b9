"""Composes an agenda in Markdown: what was decided, what is open, what comes next, with minutes per item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.agents.cues import Kind
from engine.agents.digest import grouped, numbers, place
from engine.agents.extracts import repeats
from engine.agents.quoting import quoted
from engine.agents.wording import Wording, wording
from engine.domain.artifact import Extract, Source, Summary

TOTAL_MINUTES = 60
EDGE_MINUTES = 5
"""For the opening, and for the closing."""
BODY_MINUTES = TOTAL_MINUTES - 2 * EDGE_MINUTES
GRAIN_MINUTES = 5
_ITEMS_PER_SECTION = 3
_MAX_POINTS = 6
_ORDER = (Kind.DECISION, Kind.GOAL, Kind.RISK, Kind.QUESTION, Kind.NEXT_STEP)

_Section = tuple[str, list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item between opening and closing."""

    title: str
    minutes: int
    points: Sequence[str] = ()
    """Lines under it, safe in Markdown, with their source numbers."""


def compose(
    title: str, topic: str, summary: Summary | None, messages: Sequence[str], locale: str
) -> tuple[str, tuple[Source, ...]]:
    """An agenda and the sources it quotes, in the order of their numbers.

    Args:
        title: the meeting's name.
        topic: what it is about; may be empty.
        summary: what was read, if anything was.
        messages: what other agents left for the editor; their bullets become open points unless already quoted.
        locale: language of the headings.
    """
    words = wording(locale)
    used = _used(summary)
    sources = tuple({(e.source.path, e.source.line): e.source for e in used}.values())
    sections = _sections(words, used, sources)
    _add_points(sections, words, open_points(messages, [e.text for e in used]))
    if not sections:
        discussion = words.discussion.format(topic=quoted(topic or title))
        sections = [(name, list[str]()) for name in (discussion, words.kinds[Kind.NEXT_STEP])]
    return page(title, topic, _timed(sections), sources, locale), sources


def page(title: str, topic: str, items: Sequence[Item], sources: Sequence[Source], locale: str) -> str:
    """The agenda's Markdown, opening and closing added.

    Args:
        title: the meeting's name.
        topic: what it is about; may be empty.
        items: whose minutes add up to ``BODY_MINUTES``.
        sources: in the order of their numbers.
        locale: language of the headings.
    """
    words = wording(locale)
    named = title if title.startswith(words.agenda) else f"{words.agenda}: {title}"
    head = [f"# {quoted(named)}"]
    if topic:
        head.append(words.topic.format(topic=quoted(topic, 500)))
    parts = [*head, "\n".join(_lines(words, items))]
    if sources:
        listed = [f"- [{n}] {quoted(place(source, locale))}" for n, source in enumerate(sources, start=1)]
        parts.append("\n".join([f"## {words.sources}", *listed]))
    return "\n\n".join(parts) + "\n"


def open_points(messages: Sequence[str], known: Sequence[str] = ()) -> list[str]:
    """Bullets of the messages (or a message's whole text), without what is known already, at most ``_MAX_POINTS``."""
    points: list[str] = []
    for message in messages:
        lines = [line.strip() for line in message.splitlines()]
        for point in [line[2:] for line in lines if line.startswith("- ")] or [message]:
            text = quoted(point)
            if text and not repeats(text, [*known, *points]):
                points.append(text)
    return points[:_MAX_POINTS]


def _used(summary: Summary | None) -> list[Extract]:
    groups = grouped(summary.extracts if summary else ())
    return [extract for kind in _ORDER for extract in groups.get(kind, ())[:_ITEMS_PER_SECTION]]


def _sections(words: Wording, used: Sequence[Extract], sources: Sequence[Source]) -> list[_Section]:
    number = numbers(sources)
    groups = grouped(used)
    return [
        (
            words.kinds[kind],
            [f"{quoted(e.text)} [{number[e.source.path, e.source.line]}]" for e in groups[kind]],
        )
        for kind in _ORDER
        if kind in groups
    ]


def _add_points(sections: list[_Section], words: Wording, points: Sequence[str]) -> None:
    """Into the open questions; before the next steps where there were none."""
    if not points:
        return
    heading = words.kinds[Kind.QUESTION]
    for name, items in sections:
        if name == heading:
            items.extend(points)
            return
    before_last = len(sections) - 1 if sections and sections[-1][0] == words.kinds[Kind.NEXT_STEP] else len(sections)
    sections.insert(before_last, (heading, list(points)))


def _timed(sections: Sequence[_Section]) -> list[Item]:
    share = BODY_MINUTES // len(sections) // GRAIN_MINUTES * GRAIN_MINUTES
    minutes = [BODY_MINUTES - share * (len(sections) - 1), *[share] * (len(sections) - 1)]
    return [
        Item(title=name, minutes=spent, points=points) for (name, points), spent in zip(sections, minutes, strict=True)
    ]


def _lines(words: Wording, items: Sequence[Item]) -> list[str]:
    opening = Item(title=words.opening, minutes=EDGE_MINUTES)
    closing = Item(title=words.closing, minutes=EDGE_MINUTES)
    lines: list[str] = []
    for number, item in enumerate([opening, *items, closing], start=1):
        lines.append(f"{number}. {words.item.format(title=item.title, minutes=item.minutes)}")
        lines.extend(f"   - {point}" for point in item.points)
    return lines
