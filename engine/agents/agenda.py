"""Composes an agenda in Markdown: what was decided, what is open, what comes next, with minutes per item."""

from __future__ import annotations

from collections.abc import Sequence

from engine.agents.cues import Kind
from engine.agents.digest import grouped, numbers, place
from engine.agents.extracts import repeats
from engine.agents.quoting import quoted
from engine.agents.wording import Wording, wording
from engine.domain.artifact import Extract, Source, Summary

TOTAL_MINUTES = 60
_EDGE_MINUTES = 5
"""For the opening, and for the closing."""
_GRAIN_MINUTES = 5
_ITEMS_PER_SECTION = 3
_MAX_POINTS = 6
_ORDER = (Kind.DECISION, Kind.GOAL, Kind.RISK, Kind.QUESTION, Kind.NEXT_STEP)

_Section = tuple[str, list[str]]


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
    _add_points(sections, words, _points(messages, [e.text for e in used]))
    if not sections:
        discussion = words.discussion.format(topic=quoted(topic or title))
        sections = [(name, list[str]()) for name in (discussion, words.kinds[Kind.NEXT_STEP])]
    named = title if title.startswith(words.agenda) else f"{words.agenda}: {title}"
    head = [f"# {quoted(named)}"]
    if topic:
        head.append(words.topic.format(topic=quoted(topic, 500)))
    parts = [*head, "\n".join(_items(words, sections))]
    if sources:
        listed = [f"- [{n}] {quoted(place(source, locale))}" for n, source in enumerate(sources, start=1)]
        parts.append("\n".join([f"## {words.sources}", *listed]))
    return "\n\n".join(parts) + "\n", sources


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


def _points(messages: Sequence[str], known: Sequence[str]) -> list[str]:
    """Bullets of the messages (or a message's whole text), without what is already quoted, at most ``_MAX_POINTS``."""
    points: list[str] = []
    for message in messages:
        lines = [line.strip() for line in message.splitlines()]
        for point in [line[2:] for line in lines if line.startswith("- ")] or [message]:
            text = quoted(point)
            if text and not repeats(text, [*known, *points]):
                points.append(text)
    return points[:_MAX_POINTS]


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


def _items(words: Wording, sections: Sequence[_Section]) -> list[str]:
    body = TOTAL_MINUTES - 2 * _EDGE_MINUTES
    share = body // len(sections) // _GRAIN_MINUTES * _GRAIN_MINUTES
    minutes = [body - share * (len(sections) - 1), *[share] * (len(sections) - 1)]
    timed = [
        (words.opening, _EDGE_MINUTES, list[str]()),
        *((name, spent, items) for (name, items), spent in zip(sections, minutes, strict=True)),
        (words.closing, _EDGE_MINUTES, list[str]()),
    ]
    lines: list[str] = []
    for number, (name, spent, items) in enumerate(timed, start=1):
        lines.append(f"{number}. {words.item.format(title=name, minutes=spent)}")
        lines.extend(f"   - {item}" for item in items)
    return lines
