"""Numbers the places an answer cites, in the order it cites them, as cards and agendas show them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.agents.evidence import Evidence
from engine.domain.artifact import Extract, Source

_Place = tuple[str, int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Citations:
    """The cited evidence, and the number of each place in it."""

    evidence: Sequence[Evidence]
    extracts: tuple[Extract, ...]
    """Every cited piece that has a source, in the order they are cited: places first come up in the order of their numbers."""
    sources: tuple[Source, ...]
    """One per place; the n-th is shown as ``[n]``."""

    def marks(self, cited: Iterable[int]) -> str:
        """`` [1] [3]`` with the space before it, or nothing where all that is cited stands in no document."""
        number = {_place(source): n for n, source in enumerate(self.sources, start=1)}
        sources = (self.evidence[n - 1].source for n in cited)
        shown = {number[_stands(source, number)] for source in sources if source is not None}
        return "".join(f" [{n}]" for n in sorted(shown))


def cite(evidence: Sequence[Evidence], cited: Iterable[Sequence[int]]) -> Citations:
    """Number what is cited.

    A piece that names a document without a line shares the number of a cited line of that document, where there is one.

    Args:
        evidence: what was asked with.
        cited: the evidence numbers of each statement, in the order the statements are shown.
    """
    numbers = dict.fromkeys(number for group in cited for number in group)
    pieces = [(piece.text, piece.source) for piece in (evidence[number - 1] for number in numbers) if piece.source]
    lined = {source.path for _, source in pieces if source.line is not None}
    kept = [(text, source) for text, source in pieces if source.line is not None or source.path not in lined]
    unique: dict[_Place, Source] = {}
    for _, source in kept:
        unique.setdefault(_place(source), source)
    extracts = tuple(Extract(text=text, source=source) for text, source in kept)
    return Citations(evidence=evidence, extracts=extracts, sources=tuple(unique.values()))


def _place(source: Source) -> _Place:
    return source.path, source.line


def _stands(source: Source, numbered: Iterable[_Place]) -> _Place:
    """The place itself, or the first numbered line of its document."""
    own = _place(source)
    return own if own in list(numbered) else next(place for place in numbered if place[0] == source.path)
