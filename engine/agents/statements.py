"""What comes back from a model that read: statements, each resting on numbered evidence. Pure; trusts nothing of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, ValidationError

from engine.agents.cues import Kind
from engine.agents.evidence import Evidence
from engine.agents.links import without_unfounded
from engine.agents.quoting import one_line, quoted
from engine.agents.shortfalls import Shortfall, problem
from engine.domain.json import JsonObject
from engine.ports.language_model import AnswerShape

MAX_STATEMENTS = 24
MAX_STATEMENT_CHARACTERS = 600
MAX_CITED = 6
"""Sources of one statement."""
OVERVIEW = "overview"

_MARKS = re.compile(r"\s*[\[【]\s*\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*\s*[\]】]")

_KINDS = {kind.value: kind for kind in Kind}
_STATEMENT: dict[str, JsonObject] = {
    "text": {"type": "string"},
    "sources": {"type": "array", "items": {"type": "integer"}},
}
_KIND: JsonObject = {"type": "string", "enum": [OVERVIEW, *_KINDS]}


def closed(properties: JsonObject) -> JsonObject:
    """JSON Schema of an object with exactly these properties."""
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}


def listed(name: str, item: JsonObject) -> JsonObject:
    """JSON Schema of an object that holds one list."""
    return closed({name: {"type": "array", "items": item}})


STATEMENT_SCHEMA = closed(_STATEMENT)
ANSWER_SHAPE = AnswerShape(name="answer", schema=listed("statements", STATEMENT_SCHEMA))
SUMMARY_SHAPE = AnswerShape(name="summary", schema=listed("statements", closed({"kind": _KIND, **_STATEMENT})))


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One sentence or two that rest on evidence."""

    text: str
    """Cleaned, on one line; safe in Markdown."""
    sources: tuple[int, ...]
    """Numbers of the evidence, ascending; at least one."""
    kind: Kind | None = Kind.OTHER
    """None for the overview."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What may be shown of an answer."""

    statements: tuple[Statement, ...] = ()
    dropped: int = 0
    links: int = 0
    """Links and addresses taken out."""

    @property
    def problems(self) -> tuple[str, ...]:
        """What was taken away, said."""
        return taken_away(self.dropped, self.links)


class _Given(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    text: str
    sources: list[int]
    kind: str = ""


def check_statements(shaped: JsonObject, evidence: Sequence[Evidence]) -> Checked | None:
    """Keep the statements that name evidence there is.

    An empty list is an answer: nothing to say. None: the object has no list, or nothing in a list that was not empty
    may be kept.
    """
    given = shaped.get("statements")
    if not isinstance(given, Sequence) or isinstance(given, str):
        return None
    looked_at = [check_statement(value, evidence) for value in given[:MAX_STATEMENTS]]
    kept = [statement for statement, _ in looked_at if statement is not None]
    if given and not kept:
        return None
    return Checked(
        statements=tuple({statement.text: statement for statement in kept}.values()),
        dropped=len(given) - len(kept),
        links=sum(removed for _, removed in looked_at),
    )


def check_statement(value: object, evidence: Sequence[Evidence]) -> tuple[Statement | None, int]:
    """One statement as it may be shown, or None; and how many links were taken out of it."""
    try:
        given = _Given.model_validate(value)
    except ValidationError:
        return None, 0
    sources = tuple(sorted({number for number in given.sources if 1 <= number <= len(evidence)})[:MAX_CITED])
    cited = [evidence[number - 1] for number in sources]
    text, removed = cleaned(given.text, [place for piece in cited for place in _places(piece)])
    if not sources or not any(character.isalnum() for character in text):
        return None, removed
    return Statement(text=text, sources=sources, kind=_kind(given.kind)), removed


def cleaned(text: str, places: Sequence[str], limit: int = MAX_STATEMENT_CHARACTERS) -> tuple[str, int]:
    """A model's words on one line of at most ``limit`` characters, and how many links were taken out.

    Source marks it wrote itself go too: numbers are put there by us, after checking.

    Args:
        text: as it came.
        places: texts whose links may stay.
        limit: characters.
    """
    flat = _MARKS.sub("", one_line(text, 4 * limit))
    founded, removed = without_unfounded(flat, places)
    return quoted(founded, limit), removed


def taken_away(dropped: int, links: int) -> tuple[str, ...]:
    """Problem lines for what was left out of an answer."""
    counts = ((Shortfall.STATEMENTS_DROPPED, dropped), (Shortfall.LINKS_REMOVED, links))
    return tuple(problem(shortfall, count) for shortfall, count in counts if count)


def _places(piece: Evidence) -> tuple[str, ...]:
    return (piece.text,) if piece.source is None else (piece.text, piece.source.path, piece.source.title)


def _kind(name: str) -> Kind | None:
    # Providers promise the words of an enum, not their case.
    return None if name.lower() == OVERVIEW else _KINDS.get(name.lower(), Kind.OTHER)
