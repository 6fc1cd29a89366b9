"""Turns ranked extracts into something short to read: a grouped digest, a description, a message to the editor."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from engine.agents.cues import Kind
from engine.agents.extracts import kind_of
from engine.agents.quoting import one_line, quoted
from engine.agents.wording import wording
from engine.domain.artifact import Extract, Source, Summary

MAX_OPEN_POINTS = 3
OPEN_KINDS = (Kind.QUESTION, Kind.NEXT_STEP)
"""What a meeting has to deal with, most pressing first."""
_DESCRIPTION_LINES, _DESCRIPTION_SOURCES, _LINE_CHARACTERS = 6, 6, 200
_LEADING_MARKS = re.compile(r"^\s*(?:#{1,6}\s+|>\s*|[-*+]\s+)+")
_EMPHASIS = re.compile(r"\*\*|__|`")
_NUMBER = re.compile(r"\[(\d{1,3})\]")


def grouped(extracts: Sequence[Extract]) -> Mapping[Kind, tuple[Extract, ...]]:
    """Extracts by kind, kinds in reading order, empty kinds left out; within a kind the order stays."""
    groups = {kind: tuple(e for e in extracts if kind_of(e) is kind) for kind in Kind}
    return {kind: found for kind, found in groups.items() if found}


def numbered(extracts: Sequence[Extract]) -> tuple[Source, ...]:
    """Sources in the order a digest quotes them, one per file and line; the n-th is quoted as ``[n]``."""
    unique: dict[tuple[str, int | None], Source] = {}
    for found in (e for group in grouped(extracts).values() for e in group):
        unique.setdefault((found.source.path, found.source.line), found.source)
    return tuple(unique.values())


def numbers(sources: Sequence[Source]) -> Mapping[tuple[str, int | None], int]:
    """1-based number of each source by (path, line)."""
    return {(source.path, source.line): number for number, source in enumerate(sources, start=1)}


def digest(extracts: Sequence[Extract], *, read: int, unread: Sequence[str], locale: str) -> str:
    """Markdown: what was read, then each kind under its heading, each quote with its source number.

    Args:
        extracts: what to quote, best first.
        read: how many documents were read.
        unread: paths that could not be.
        locale: language of the words around the quotes.
    """
    words = wording(locale)
    if not extracts:
        return words.nothing_said if read else words.nothing_found
    number = numbers(numbered(extracts))
    parts = [heading(read=read, unread=unread, locale=locale)]
    for kind, group in grouped(extracts).items():
        quotes = [f"- {quoted(e.text)} [{number[e.source.path, e.source.line]}]" for e in group]
        parts.append("\n".join([f"### {words.kinds[kind]}", *quotes]))
    return "\n\n".join(parts)


def heading(*, read: int, unread: Sequence[str], locale: str) -> str:
    """How many documents were read, and which could not be."""
    words = wording(locale)
    lines = [words.documents_read.format(count=read)]
    if unread:
        lines.append(words.not_read.format(what=", ".join(quoted(path, 120) for path in unread)))
    return "\n".join(lines)


def description(summary: Summary, locale: str) -> str:
    """Plain text for a calendar event: the summary's first lines and the sources they quote."""
    first = [line for line in summary.text.splitlines() if _plain(line)][:_DESCRIPTION_LINES]
    while first and first[-1].startswith("#"):
        first.pop()
    text = "\n".join(_plain(line) for line in first)
    mentioned = [int(number) for number in _NUMBER.findall(text)]
    chosen = [n for n in dict.fromkeys(mentioned) if 0 < n <= len(summary.sources)]
    chosen = chosen or list(range(1, len(summary.sources) + 1))
    shown = [f"[{n}] {place(summary.sources[n - 1], locale)}" for n in sorted(chosen)[:_DESCRIPTION_SOURCES]]
    if not shown:
        return text
    return "\n".join([text, "", f"{wording(locale).sources}:", *shown]).strip()


def open_points(extracts: Sequence[Extract], locale: str) -> str:
    """A message naming the top open questions, then next steps; empty when there are none."""
    groups = grouped(extracts)
    return points_message([e.text for kind in OPEN_KINDS for e in groups.get(kind, ())], locale)


def points_message(points: Sequence[str], locale: str) -> str:
    """A message naming the first of the points; empty when there are none."""
    if not points:
        return ""
    return "\n".join([wording(locale).open_points, *(f"- {quoted(point, 300)}" for point in points[:MAX_OPEN_POINTS])])


def place(source: Source, locale: str) -> str:
    """Where a source stands, for people."""
    path = one_line(source.path, 200)
    return path if source.line is None else wording(locale).line.format(path=path, line=source.line)


def _plain(line: str) -> str:
    return one_line(_EMPHASIS.sub("", _LEADING_MARKS.sub("", line)), _LINE_CHARACTERS)
