"""Reads documents and tells what they say about a topic, in quotes with file and line; with a model, in its words."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from functools import partial

from pydantic import BaseModel, TypeAdapter, ValidationError

from engine.agents.digest import digest, heading, numbered, open_points, points_message
from engine.agents.evidence import MAX_PIECES, Evidence
from engine.agents.extracts import MAX_CANDIDATES, Interest, extract, interest_in, ranked, select
from engine.agents.inputs import WeeklyStatusInputs
from engine.agents.quarantine import Answered, Kept, ask_bound
from engine.agents.quoting import one_line
from engine.agents.shortfalls import Shortfall, problem
from engine.agents.statements import Checked, check_statements
from engine.agents.status_writing import Status, passages_for, status_question
from engine.agents.typed_inputs import typed
from engine.agents.wording import wording
from engine.domain.agent import AgentSpec
from engine.domain.artifact import Document, Extract, Summary
from engine.domain.effect import Effect
from engine.domain.json import JsonObject
from engine.errors import RefusedError
from engine.ports.agents import StepContext
from engine.ports.documents import DocumentStore, DocumentText

EDITOR = "EditorAgent"

_SPEC = AgentSpec(
    name="WeeklyStatusAgent",
    version="2",
    skill=(
        "Reads documents that were found and summarises what they say on a topic, with sources: strategy, decisions,"
        " goals, risks, open questions, next steps (קריאת מסמכים, סיכום, מצב שבועי)."
    ),
    inputs=WeeklyStatusInputs,
    output="summary",
    effect=Effect.READ,
    uses_model=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Progress:
    """What is saved after each file, and after each answer of the model."""

    read: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    extracts: tuple[Extract, ...] = ()
    """What a summary without a model chooses from."""
    more: tuple[Extract, ...] = ()
    """What only a model is given."""
    answers: tuple[Answered, ...] = ()


_SAVED = TypeAdapter(_Progress)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """How one document is read."""

    interest: Interest
    rank: int
    share: int
    """Passages of it a model is given, the extracts among them."""

    def take(self, text: DocumentText) -> tuple[tuple[Extract, ...], tuple[Extract, ...]]:
        extracts = extract(text, self.interest, self.rank)
        room = self.share - len(extracts)
        if room <= 0:
            return extracts, ()
        return extracts, tuple(e for e in ranked(text, self.interest, self.rank) if e not in extracts)[:room]


class WeeklyStatusAgent:
    """Reads file by file; an attempt that dies loses the file in progress at most.

    A model is asked once everything is read, in one call without tools. Where nothing usable comes of it, the summary is
    the one without a model, and ``problems`` says why.
    """

    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents

    @property
    def spec(self) -> AgentSpec:
        """A reader; ``summary``."""
        return _SPEC

    async def run(self, inputs: BaseModel, context: StepContext) -> Summary:
        """Read everything readable, rank, and leave the editor a message with the top open points.

        No documents give an empty summary that says so; a file that cannot be read is named in ``problems``.

        Raises:
            RefusedError: ``nothing_readable``: there were documents, and none could be read.
            UnavailableError: the store or the model may work later; the next attempt goes on where this one stopped.
        """
        wanted = typed(inputs, WeeklyStatusInputs)
        interest = interest_in(f"{wanted.topic} {wanted.documents.query}", wanted.people)
        way = _resumed(context.saved)
        documents = tuple({document.path: document for document in wanted.documents.items}.values())
        share = max(MAX_CANDIDATES, MAX_PIECES // max(1, len(documents))) if context.has_model else 0
        for rank, document in enumerate(documents):
            if document.path not in way.read and document.path not in way.unread:
                await self._announce(document, rank, len(documents), context)
                way = await self._read(document, _Reading(interest=interest, rank=rank, share=share), way)
                await context.checkpoint(_SAVED.dump_python(way, mode="json"))
        if documents and not way.read:
            raise _nothing_readable(way)
        if context.has_model and way.extracts:
            return await _written(wanted, way, context)
        return await _quoted(wanted, way, context)

    async def _read(self, document: Document, reading: _Reading, way: _Progress) -> _Progress:
        try:
            text = await self._documents.read(document.path)
        except RefusedError as error:
            problem_line = error.detail if document.path in error.detail else f"{document.path}: {error.detail}"
            return replace(way, unread=(*way.unread, document.path), problems=(*way.problems, problem_line))
        # Ranking a long document takes some 0.2 s of pure computing; in a thread it holds up nobody.
        extracts, more = await asyncio.to_thread(reading.take, text)
        return replace(
            way, read=(*way.read, document.path), extracts=(*way.extracts, *extracts), more=(*way.more, *more)
        )

    async def _announce(self, document: Document, rank: int, total: int, context: StepContext) -> None:
        name = one_line(document.title or document.path, 120)
        message = wording(context.request.locale).reading.format(number=rank + 1, total=total, what=name)
        await context.progress(message)


def _resumed(saved: JsonObject | None) -> _Progress:
    """The way so far; what cannot be understood (another version wrote it) is read again."""
    try:
        return _SAVED.validate_python(saved or {})
    except ValidationError:
        return _Progress()


def _nothing_readable(way: _Progress) -> RefusedError:
    detail = f"None of the {len(way.unread)} documents could be read: {'; '.join(way.problems[:3])}"
    return RefusedError("nothing_readable", detail, {"count": str(len(way.unread))})


async def _written(wanted: WeeklyStatusInputs, way: _Progress, context: StepContext) -> Summary:
    """The model's summary; the quotes and the reason where it gave none."""
    await context.progress(wording(context.request.locale).summarising)

    async def keep(answers: tuple[Answered, ...]) -> None:
        await context.checkpoint(_SAVED.dump_python(replace(way, answers=answers), mode="json"))

    evidence = passages_for((*way.extracts, *way.more))
    asked = status_question(wanted.topic, wanted.people, evidence, context)
    kept = Kept(answers=way.answers, keep=keep)
    answer = await ask_bound(context, asked, partial(check_statements, evidence=evidence), kept)
    if isinstance(answer, Shortfall):
        return await _quoted(wanted, way, context, problem(answer))
    if not answer.statements:
        return await _quoted(wanted, way, context, problem(Shortfall.FOUND_NOTHING))
    return await _summarised(wanted, way, (answer, evidence), context)


async def _summarised(
    wanted: WeeklyStatusInputs, way: _Progress, answer: tuple[Checked, tuple[Evidence, ...]], context: StepContext
) -> Summary:
    checked, evidence = answer
    status = Status.of(checked.statements, evidence)
    locale = context.request.locale
    await _leave_message(points_message(status.open_points, locale), context)
    return Summary(
        topic=wanted.topic,
        text=status.text(heading(read=len(way.read), unread=way.unread, locale=locale), locale),
        extracts=status.citations.extracts,
        sources=status.citations.sources,
        read=len(way.read),
        problems=_problems(wanted, way, *checked.problems),
    )


async def _quoted(wanted: WeeklyStatusInputs, way: _Progress, context: StepContext, *reasons: str) -> Summary:
    locale = context.request.locale
    chosen = select(way.extracts)
    await _leave_message(open_points(chosen, locale), context)
    return Summary(
        topic=wanted.topic,
        text=digest(chosen, read=len(way.read), unread=way.unread, locale=locale),
        extracts=chosen,
        sources=numbered(chosen),
        read=len(way.read),
        problems=_problems(wanted, way, *reasons),
    )


async def _leave_message(message: str, context: StepContext) -> None:
    if message:
        await context.send(EDITOR, message)


def _problems(wanted: WeeklyStatusInputs, way: _Progress, *others: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*wanted.documents.problems, *way.problems, *others)))
