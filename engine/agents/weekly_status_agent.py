"""Reads documents and tells what they say about a topic, in quotes with file and line."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from pydantic import BaseModel, TypeAdapter, ValidationError

from engine.agents.digest import digest, numbered, open_points
from engine.agents.extracts import Interest, extract, interest_in, select
from engine.agents.inputs import WeeklyStatusInputs
from engine.agents.quoting import one_line
from engine.agents.typed_inputs import typed
from engine.agents.wording import wording
from engine.domain.agent import AgentSpec
from engine.domain.artifact import Document, Extract, Summary
from engine.domain.effect import Effect
from engine.domain.json import JsonObject
from engine.errors import RefusedError
from engine.ports.agents import StepContext
from engine.ports.documents import DocumentStore

EDITOR = "EditorAgent"

_SPEC = AgentSpec(
    name="WeeklyStatusAgent",
    version="1",
    skill="Reads documents and picks out decisions, goals, risks and next steps.",
    inputs=WeeklyStatusInputs,
    output="summary",
    effect=Effect.READ,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Progress:
    """What is saved after each file."""

    read: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    extracts: tuple[Extract, ...] = ()


_SAVED = TypeAdapter(_Progress)


class WeeklyStatusAgent:
    """Reads file by file; an attempt that dies loses the file in progress at most."""

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
            UnavailableError: the store may work later; the next attempt goes on where this one stopped.
        """
        wanted = typed(inputs, WeeklyStatusInputs)
        interest = interest_in(f"{wanted.topic} {wanted.documents.query}", wanted.people)
        way = _resumed(context.saved)
        documents = tuple({document.path: document for document in wanted.documents.items}.values())
        for rank, document in enumerate(documents):
            if document.path not in way.read and document.path not in way.unread:
                await self._announce(document, rank, len(documents), context)
                way = await self._read(document, interest, rank, way)
                await context.checkpoint(_SAVED.dump_python(way, mode="json"))
        if documents and not way.read:
            raise _nothing_readable(way)
        return await _summarised(wanted, way, context)

    async def _read(self, document: Document, interest: Interest, rank: int, way: _Progress) -> _Progress:
        try:
            text = await self._documents.read(document.path)
        except RefusedError as error:
            problem = error.detail if document.path in error.detail else f"{document.path}: {error.detail}"
            return _Progress(
                read=way.read,
                unread=(*way.unread, document.path),
                problems=(*way.problems, problem),
                extracts=way.extracts,
            )
        # Ranking a long document takes some 0.2 s of pure computing; in a thread it holds up nobody.
        extracts = await asyncio.to_thread(extract, text, interest, rank)
        return _Progress(
            read=(*way.read, document.path),
            unread=way.unread,
            problems=way.problems,
            extracts=(*way.extracts, *extracts),
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


async def _summarised(wanted: WeeklyStatusInputs, way: _Progress, context: StepContext) -> Summary:
    locale = context.request.locale
    chosen = select(way.extracts)
    message = open_points(chosen, locale)
    if message:
        await context.send(EDITOR, message)
    return Summary(
        topic=wanted.topic,
        text=digest(chosen, read=len(way.read), unread=way.unread, locale=locale),
        extracts=chosen,
        sources=numbered(chosen),
        read=len(way.read),
        problems=tuple(dict.fromkeys((*wanted.documents.problems, *way.problems))),
    )
