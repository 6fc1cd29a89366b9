"""Finds the person's documents."""

from __future__ import annotations

from pydantic import BaseModel

from engine.agents.inputs import DriveSearchInputs
from engine.agents.period import checked
from engine.agents.quoting import one_line
from engine.agents.typed_inputs import typed
from engine.agents.wording import wording
from engine.domain.agent import AgentSpec
from engine.domain.artifact import Documents
from engine.domain.effect import Effect
from engine.errors import RequestError
from engine.ports.agents import StepContext
from engine.ports.documents import DocumentQuery, DocumentStore

_SPEC = AgentSpec(
    name="DriveSearchAgent",
    version="1",
    skill=(
        "Finds the person's documents by words and period, without reading them; give the words in the languages the"
        " documents may be in (חיפוש מסמכים, קבצים, דוחות)."
    ),
    inputs=DriveSearchInputs,
    output="documents",
    effect=Effect.READ,
    early=True,
)


class DriveSearchAgent:
    """Searches the document store; an empty result is a result."""

    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents

    @property
    def spec(self) -> AgentSpec:
        """A reader; ``documents``."""
        return _SPEC

    async def run(self, inputs: BaseModel, context: StepContext) -> Documents:
        """Search once.

        Raises:
            RequestError: ``terms_empty``, or a period that is reversed, too long or out of range.
        """
        wanted = typed(inputs, DriveSearchInputs)
        terms = tuple(dict.fromkeys(term.strip() for term in wanted.terms if term.strip()))
        if not terms:
            raise RequestError("terms_empty", "There is no word to search for; say what the documents are about.")
        checked(wanted.since, wanted.until)
        words = wording(context.request.locale)
        await context.progress(words.searching.format(what=one_line(", ".join(terms), 200)))
        query = DocumentQuery(terms=terms, since=wanted.since, until=wanted.until, limit=wanted.limit)
        found = await self._documents.search(query)
        await context.progress(words.found.format(count=len(found.items)))
        return found
