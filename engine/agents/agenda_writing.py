"""An agenda written by a model: what was read and what others left open in, checked items with minutes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.agents.agenda import BODY_MINUTES, GRAIN_MINUTES, Item, open_points, page
from engine.agents.citations import cite
from engine.agents.evidence import Evidence, as_data, bounded, from_extracts, passages_block
from engine.agents.quarantine import question, task
from engine.agents.statements import STATEMENT_SCHEMA, Statement, check_statement, cleaned, closed, listed, taken_away
from engine.domain.artifact import Source, Summary
from engine.domain.json import JsonObject
from engine.ports.agents import StepContext
from engine.ports.language_model import AnswerShape, ModelRequest
from engine.prompts import load_prompt

AGENDA_PROMPT = load_prompt("engine.agents.prompts", "agenda", 1)
MAX_ITEMS = 8
MAX_NOTES = 5
MAX_TITLE_CHARACTERS = 120

_ITEM = closed(
    {
        "title": {"type": "string"},
        "minutes": {"type": "integer"},
        "notes": {"type": "array", "items": STATEMENT_SCHEMA},
    }
)
AGENDA_SHAPE = AnswerShape(name="agenda", schema=listed("items", _ITEM))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedItem:
    """One item as the model gave it, checked."""

    title: str
    minutes: int
    """As wished; :func:`shared_minutes` makes them fit."""
    notes: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedAgenda:
    """What may be used of an answer; at least one item."""

    items: tuple[PlannedItem, ...]
    problems: tuple[str, ...] = ()


class _Given(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    title: str
    minutes: float = Field(default=GRAIN_MINUTES, allow_inf_nan=False)
    notes: list[object] = []


def agenda_evidence(summary: Summary | None, messages: Sequence[str]) -> tuple[Evidence, ...]:
    """The summary's quotes, then what other agents left open and no quote says already."""
    quotes = from_extracts(summary.extracts if summary else ())
    points = open_points(messages, [piece.text for piece in quotes])
    return bounded([*quotes, *(Evidence(text=point) for point in points)])


def agenda_question(
    title: str, topic: str, summary: Summary | None, evidence: Sequence[Evidence], context: StepContext
) -> ModelRequest:
    """Ask for items.

    Args:
        title: the meeting's name.
        topic: what it is about; may be empty.
        summary: whose text is shown beside its quotes.
        evidence: from :func:`agenda_evidence`.
        context: language and day.
    """
    about = task(context, title=title, topic=topic, minutes=BODY_MINUTES)
    read = [as_data("summary", [summary.text[:6_000]])] if summary and summary.extracts else []
    return question(AGENDA_PROMPT, AGENDA_SHAPE, about, *read, passages_block(evidence))


def check_agenda(shaped: JsonObject, evidence: Sequence[Evidence], own: Sequence[str]) -> PlannedAgenda | None:
    """Keep the items that rest on something.

    Where there is evidence, an item needs one valid note at least; where there is none, titles are all there can be.
    None: nothing may be kept.

    Args:
        shaped: the answer.
        evidence: what was asked with.
        own: the person's own words, whose links a title may repeat.
    """
    given = shaped.get("items")
    if not isinstance(given, Sequence) or isinstance(given, str):
        return None
    checked = [_item(value, evidence, own) for value in given[:MAX_ITEMS]]
    items = tuple(item for item, _, _ in checked if item is not None)
    if not items:
        return None
    dropped = sum(count for _, count, _ in checked) + max(0, len(given) - MAX_ITEMS)
    return PlannedAgenda(items=items, problems=taken_away(dropped, sum(links for *_, links in checked)))


def written(
    title: str, topic: str, planned: PlannedAgenda, evidence: Sequence[Evidence], locale: str
) -> tuple[str, tuple[Source, ...]]:
    """The agenda's Markdown and its sources; see :func:`engine.agents.agenda.page`."""
    citations = cite(evidence, [note.sources for item in planned.items for note in item.notes])
    minutes = shared_minutes([item.minutes for item in planned.items])
    items = [
        Item(title=i.title, minutes=spent, points=[f"{n.text}{citations.marks(n.sources)}" for n in i.notes])
        for i, spent in zip(planned.items, minutes, strict=True)
    ]
    return page(title, topic, items, citations.sources, locale), citations.sources


def shared_minutes(wished: Sequence[int]) -> tuple[int, ...]:
    """The body's minutes in the proportions wished, each a multiple of the grain and at least one grain; a wish that
    fits is kept.

    Args:
        wished: one per item; at most as many as there are grains.
    """
    beyond = [min(max(minutes - GRAIN_MINUTES, 0), BODY_MINUTES) for minutes in wished]
    weights = beyond if any(beyond) else [1] * len(wished)
    spare = BODY_MINUTES // GRAIN_MINUTES - len(weights)
    exact = [spare * weight / sum(weights) for weight in weights]
    grains = [1 + int(share) for share in exact]
    by_remainder = sorted(range(len(weights)), key=lambda index: int(exact[index]) - exact[index])
    for index in by_remainder[: BODY_MINUTES // GRAIN_MINUTES - sum(grains)]:
        grains[index] += 1
    return tuple(count * GRAIN_MINUTES for count in grains)


def _item(value: object, evidence: Sequence[Evidence], own: Sequence[str]) -> tuple[PlannedItem | None, int, int]:
    """The item or None, how many statements were dropped, how many links taken out."""
    try:
        given = _Given.model_validate(value)
    except ValidationError:
        return None, 1, 0
    title, links = cleaned(given.title, own, MAX_TITLE_CHARACTERS)
    checked = [check_statement(note, evidence) for note in given.notes[:MAX_NOTES]]
    notes = tuple(note for note, _ in checked if note is not None)
    dropped = len(given.notes) - len(notes)
    links += sum(removed for _, removed in checked)
    if not any(character.isalnum() for character in title) or (evidence and not notes):
        return None, max(dropped, 1), links
    return PlannedItem(title=title, minutes=round(given.minutes), notes=notes), dropped, links
