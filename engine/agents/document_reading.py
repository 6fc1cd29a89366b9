"""Reads documents for a question, in a call of its own that has no tools: what comes out is statements with their quotes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from engine.agents.evidence import MAX_PIECES, Evidence, bounded, from_extracts, in_reading_order, passages_block
from engine.agents.extracts import Interest, interest_in, ranked, select
from engine.agents.lookup_tools import InvalidInputError
from engine.agents.lookups import Found, Said
from engine.agents.quarantine import Kept, ask_bound, question, task
from engine.agents.quoting import one_line
from engine.agents.shortfalls import Shortfall, problem
from engine.agents.statements import ANSWER_SHAPE, Checked, check_statements
from engine.agents.wording import wording
from engine.domain.artifact import Extract
from engine.errors import RefusedError
from engine.ports.agents import StepContext
from engine.ports.documents import DocumentStore
from engine.prompts import load_prompt

READER_PROMPT = load_prompt("engine.agents.prompts", "reader", 1)


async def read_out(wanted: str, evidence: Sequence[Evidence], context: StepContext, kept: Kept) -> Checked | Shortfall:
    """Answer a question from numbered evidence; raises as :func:`engine.agents.quarantine.ask_bound`."""
    asked = question(READER_PROMPT, ANSWER_SHAPE, task(context, question=wanted), passages_block(evidence))
    return await ask_bound(context, asked, partial(check_statements, evidence=evidence), kept)


class DocumentReading:
    """Reads over one person's documents."""

    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents

    async def run(self, paths: Sequence[str], wanted: str, context: StepContext, kept: Kept) -> Found:
        """Read and answer; a document that cannot be read is named in ``problems``.

        Where the model gives nothing usable, the best quotes are found, and ``problems`` says why nothing is said of them.

        Args:
            paths: of documents a search found.
            wanted: the question.
            context: of the step that pays.
            kept: the model's answers to this very call.

        Raises:
            UnavailableError: the store or the model may work later.
        """
        interest = interest_in(wanted, None)
        extracts: list[Extract] = []
        problems: list[str] = []
        read: list[str] = []
        for rank, path in enumerate(paths):
            await self._announce(path, rank, len(paths), context)
            try:
                extracts.extend(await self._passages(path, interest, rank, MAX_PIECES // len(paths)))
                read.append(path)
            except RefusedError as error:
                problems.append(error.detail if path in error.detail else f"{path}: {error.detail}")
        found = await self._said(wanted, extracts, context, kept)
        return Found(evidence=found.evidence, said=found.said, problems=(*problems, *found.problems), read=tuple(read))

    async def _passages(self, path: str, interest: Interest, rank: int, share: int) -> tuple[Extract, ...]:
        text = await self._documents.read(path)
        # Ranking a long document takes some 0.2 s of pure computing; in a thread it holds up nobody.
        return (await asyncio.to_thread(ranked, text, interest, rank))[:share]

    async def _said(self, wanted: str, extracts: Sequence[Extract], context: StepContext, kept: Kept) -> Found:
        if not extracts:
            return Found()
        best = sorted(extracts, key=lambda e: -e.score)
        evidence = in_reading_order(bounded(from_extracts(best)))
        answer = await read_out(wanted, evidence, context, kept)
        if isinstance(answer, Shortfall):
            return Found(evidence=from_extracts(select(extracts)), problems=(problem(answer),))
        said = tuple(Said(text=s.text, rests_on=tuple(evidence[n - 1] for n in s.sources)) for s in answer.statements)
        cited = dict.fromkeys(piece for each in said for piece in each.rests_on)
        return Found(evidence=tuple(cited), said=said, problems=answer.problems)

    async def _announce(self, path: str, rank: int, total: int, context: StepContext) -> None:
        name = one_line(path, 120)
        await context.progress(wording(context.request.locale).reading.format(number=rank + 1, total=total, what=name))


def document_paths(numbers: Sequence[int], evidence: Sequence[Evidence]) -> tuple[str, ...]:
    """The documents that numbered evidence names, each once.

    Raises:
        InvalidInputError: a number that is not there, or that stands for no document.
    """
    paths: dict[str, None] = {}
    for number in numbers:
        source = evidence[number - 1].source if 1 <= number <= len(evidence) else None
        if source is None:
            raise InvalidInputError(f"documents: {number} is not the number of a row that names a file.")
        paths[source.path] = None
    return tuple(paths)
