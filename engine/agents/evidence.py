"""What a model's answer may rest on: numbered pieces of other people's text, written out so that they stay data.

Each piece is one JSON object on one line, and ``<`` is escaped in all of them: no text can end the block it stands in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.agents.extracts import SECTION_MARK
from engine.agents.passages import MAX_CHARACTERS
from engine.agents.quoting import one_line
from engine.domain.artifact import Extract, Source
from engine.domain.json import JsonObject, JsonValue, canonical

MAX_PIECES = 80
MAX_TOTAL_CHARACTERS = 24_000
"""Of all pieces in one call together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One piece. Its number, from 1, is its place in a sequence."""

    text: str
    source: Source | None = None
    """Where it stands; None where that is no document (a person's card, an appointment): it proves, and shows no number."""


def from_extracts(extracts: Iterable[Extract]) -> tuple[Evidence, ...]:
    """The same quotes as evidence."""
    return tuple(Evidence(text=extract.text, source=extract.source) for extract in extracts)


def bounded(pieces: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """As many from the front as one call may hold."""
    total = 0
    for number, piece in enumerate(pieces[:MAX_PIECES]):
        total += len(piece.text)
        if total > MAX_TOTAL_CHARACTERS:
            return tuple(pieces[:number])
    return tuple(pieces[:MAX_PIECES])


def in_reading_order(pieces: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """By document, in order of its first piece, and line."""
    groups: dict[str, list[Evidence]] = {}
    for piece in pieces:
        groups.setdefault(piece.source.path if piece.source else "", []).append(piece)
    return tuple(piece for group in groups.values() for piece in sorted(group, key=_line))


def rows(pieces: Iterable[tuple[int, Evidence]], limit: int = MAX_CHARACTERS) -> tuple[JsonObject, ...]:
    """Rows for :func:`as_data`.

    Args:
        pieces: each with its number.
        limit: characters of each text.
    """
    return tuple(_row(number, piece, limit) for number, piece in pieces)


def passages_block(evidence: Sequence[Evidence]) -> str:
    """All of it, numbered, as the block every prompt calls ``<passages>``."""
    return as_data("passages", rows(enumerate(evidence, start=1)))


def as_data(tag: str, values: Iterable[JsonValue]) -> str:
    """A block of JSON lines between ``<tag>`` and ``</tag>``."""
    lines = (canonical(value).replace("<", "\\u003c") for value in values)
    return "\n".join([f"<{tag}>", *lines, f"</{tag}>"])


def _row(number: int, piece: Evidence, limit: int) -> JsonObject:
    row: dict[str, JsonValue] = {"n": number, "text": one_line(piece.text, limit)}
    if piece.source is not None:
        title, _, section = piece.source.title.partition(SECTION_MARK)
        named = {"file": piece.source.path, "title": title, "under": section}
        row |= {name: one_line(value, 160) for name, value in named.items() if value}
        if piece.source.line is not None:
            row["line"] = piece.source.line
    return row


def _line(piece: Evidence) -> int:
    return (piece.source.line or 0) if piece.source else 0
