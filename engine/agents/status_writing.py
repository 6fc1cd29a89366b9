"""A summary written by a model: the best passages in, checked statements out, grouped and numbered like a digest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from engine.agents.citations import Citations, cite
from engine.agents.cues import Kind
from engine.agents.digest import OPEN_KINDS
from engine.agents.evidence import Evidence, bounded, from_extracts, in_reading_order, passages_block
from engine.agents.extracts import select
from engine.agents.quarantine import question, task
from engine.agents.statements import SUMMARY_SHAPE, Statement
from engine.agents.wording import Wording, wording
from engine.domain.artifact import Contacts, Extract
from engine.ports.agents import StepContext
from engine.ports.language_model import ModelRequest
from engine.prompts import load_prompt

STATUS_PROMPT = load_prompt("engine.agents.prompts", "status", 1)
_MAX_PEOPLE = 20


def passages_for(extracts: Iterable[Extract]) -> tuple[Evidence, ...]:
    """The best passages, as many as one call may hold, in reading order.

    What a summary without a model would show comes first, so that no document and no kind is crowded out.
    """
    everything = list(extracts)
    shown = select(everything)
    others = sorted((e for e in everything if e not in shown), key=lambda e: -e.score)
    return in_reading_order(bounded(from_extracts([*shown, *others])))


def status_question(
    topic: str, people: Contacts | None, evidence: Sequence[Evidence], context: StepContext
) -> ModelRequest:
    """Ask for statements about a topic.

    Args:
        topic: what the summary is about.
        people: whose doings matter, if anyone's.
        evidence: from :func:`passages_for`.
        context: language and day.
    """
    names = [contact.name for contact in people.items[:_MAX_PEOPLE]] if people else []
    about = task(context, topic=topic, people=names)
    return question(STATUS_PROMPT, SUMMARY_SHAPE, about, passages_block(evidence))


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Statements in the order they are shown, with their citations."""

    overview: tuple[Statement, ...]
    groups: Mapping[Kind, tuple[Statement, ...]]
    citations: Citations

    @classmethod
    def of(cls, statements: Sequence[Statement], evidence: Sequence[Evidence]) -> Status:
        """Group the statements and number what they cite."""
        overview = tuple(s for s in statements if s.kind is None)
        by_kind = {kind: tuple(s for s in statements if s.kind is kind) for kind in Kind}
        groups = {kind: group for kind, group in by_kind.items() if group}
        shown = (*overview, *(s for group in groups.values() for s in group))
        return cls(overview=overview, groups=groups, citations=cite(evidence, [s.sources for s in shown]))

    @property
    def open_points(self) -> tuple[str, ...]:
        """What a meeting has to deal with, most pressing first."""
        return tuple(s.text for kind in OPEN_KINDS for s in self.groups.get(kind, ()))

    def text(self, head: str, locale: str) -> str:
        """Markdown: ``head``, the overview, then each kind under its heading, each statement with its numbers."""
        parts = [head]
        if self.overview:
            parts.append(" ".join(self._marked(statement) for statement in self.overview))
        parts.extend(self._group(kind, wording(locale)) for kind in self.groups)
        return "\n\n".join(parts)

    def _group(self, kind: Kind, words: Wording) -> str:
        return "\n".join([f"### {words.kinds[kind]}", *(f"- {self._marked(s)}" for s in self.groups[kind])])

    def _marked(self, statement: Statement) -> str:
        return f"{statement.text}{self.citations.marks(statement.sources)}"
