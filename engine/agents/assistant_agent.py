"""Answers a question about the office: a model looks things up, turn by turn, and another call writes the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pydantic import BaseModel

from engine.agents.citations import cite
from engine.agents.document_reading import DocumentReading, document_paths, read_out
from engine.agents.evidence import Evidence, as_data, bounded, rows
from engine.agents.inputs import AssistantInputs
from engine.agents.inquiry import MAX_USES, Inquiry, failure, result_of, resumed, saved, turn_of
from engine.agents.lookup_tools import TOOLS, InvalidInputError, ReadInput, read_input
from engine.agents.lookups import Found, Lookups, documents_evidence, people_evidence
from engine.agents.quarantine import Answered, Kept, task
from engine.agents.quoting import one_line, quoted
from engine.agents.shortfalls import Shortfall, problem
from engine.agents.typed_inputs import typed
from engine.agents.wording import wording
from engine.domain.agent import AgentSpec
from engine.domain.artifact import Summary
from engine.domain.effect import Effect
from engine.errors import RefusedError
from engine.ports.agents import StepContext
from engine.ports.calendar import Calendar
from engine.ports.contacts import ContactBook
from engine.ports.documents import DocumentStore
from engine.ports.language_model import Message, ModelRequest, ModelRole, Text, ToolUse
from engine.prompts import load_prompt

ASSISTANT_PROMPT = load_prompt("engine.agents.prompts", "assistant", 1)
MAX_QUOTES = 12
"""Shown where no answer was written."""

_SPEC = AgentSpec(
    name="AssistantAgent",
    version="1",
    skill=(
        "Answers a question that takes looking things up in several places (documents, address book, calendar) or that"
        " no other agent answers; reads only, needs the model (שאלה על המשרד, בירור, השוואה)."
    ),
    inputs=AssistantInputs,
    output="summary",
    effect=Effect.READ,
    uses_model=True,
)


class AssistantAgent:
    """Looks up and answers.

    The model that looks up sees rows, short quotes and checked statements, never a document; its own words are shown to
    nobody. What it may call reads and sends nothing out, so nothing it was talked into acts. The answer is written in a
    call without tools, from what the look-ups gave, and every sentence of it names what it rests on.

    Each turn is kept before its look-ups run, and each result as it comes: a repeated attempt asks and reads on from there.
    """

    def __init__(self, documents: DocumentStore, contacts: ContactBook, calendar: Calendar) -> None:
        self._lookups = Lookups(documents, contacts, calendar)
        self._reading = DocumentReading(documents)

    @property
    def spec(self) -> AgentSpec:
        """A reader that needs a model; ``summary``."""
        return _SPEC

    async def run(self, inputs: BaseModel, context: StepContext) -> Summary:
        """Answer; nothing found is an answer that says so, and a bound that was reached is named in ``problems``.

        Raises:
            RefusedError: ``model_absent``.
            UnavailableError: a store or the model may work later; the next attempt goes on where this one stopped.
        """
        wanted = typed(inputs, AssistantInputs)
        if not context.has_model:
            raise RefusedError("model_absent", "AssistantAgent needs a language model; set one up or ask for less.")
        given = (
            *(people_evidence(wanted.people) if wanted.people else ()),
            *(documents_evidence(wanted.documents) if wanted.documents else ()),
        )
        way = _Way(
            wanted=wanted,
            context=context,
            lookups=self._lookups,
            reading=self._reading,
            inquiry=resumed(context.saved, tuple(dict.fromkeys(given))),
        )
        await way.look_up()
        return await way.answer()


@dataclass(kw_only=True)
class _Way:
    """One attempt."""

    wanted: AssistantInputs
    context: StepContext
    lookups: Lookups
    reading: DocumentReading
    inquiry: Inquiry

    async def look_up(self) -> None:
        """Until the model has seen enough, or a bound is reached."""
        words = wording(self.context.request.locale)
        await self.context.progress(words.considering.format(what=one_line(self.wanted.question, 200)))
        while not self.inquiry.over:
            use = self.inquiry.turns[-1].next_use if self.inquiry.turns else None
            if use is None:
                answer = await self.context.ask(self._request())
                await self._go_on(self.inquiry.with_turn(turn_of(answer, ASSISTANT_PROMPT.ref)))
            else:
                await self._use(use)

    async def answer(self) -> Summary:
        """Write it from what was found."""
        everything = self.inquiry.evidence
        evidence = tuple(reversed(bounded(everything[::-1])))
        left = len(everything) - len(evidence)
        problems = (*self.inquiry.problems, *((problem(Shortfall.EVIDENCE_LEFT_OUT, left),) if left else ()))
        if not evidence:
            return self._summary((), evidence, problems)
        await self.context.progress(wording(self.context.request.locale).answering)

        async def keep(answers: tuple[Answered, ...]) -> None:
            await self._go_on(replace(self.inquiry, answers=answers))

        kept = Kept(answers=self.inquiry.answers, keep=keep)
        answer = await read_out(self.wanted.question, evidence, self.context, kept)
        if isinstance(answer, Shortfall):
            quotes = [(quoted(piece.text), (n,)) for n, piece in enumerate(evidence[:MAX_QUOTES], start=1)]
            return self._summary(quotes, evidence, (*problems, problem(answer)))
        statements = [(statement.text, statement.sources) for statement in answer.statements]
        return self._summary(statements, evidence, (*problems, *answer.problems))

    def _summary(
        self, said: Sequence[tuple[str, tuple[int, ...]]], evidence: Sequence[Evidence], problems: Sequence[str]
    ) -> Summary:
        citations = cite(evidence, [numbers for _, numbers in said])
        lines = [f"{text}{citations.marks(numbers)}" for text, numbers in said]
        several = "\n".join(f"- {line}" for line in lines)
        return Summary(
            topic=self.wanted.question,
            text=(several if len(lines) > 1 else "".join(lines)) or wording(self.context.request.locale).no_answer,
            extracts=citations.extracts,
            sources=citations.sources,
            read=self.inquiry.read,
            problems=tuple(dict.fromkeys(problems)),
        )

    def _request(self) -> ModelRequest:
        known = as_data("found", rows(enumerate(self.inquiry.given, start=1)))
        parts = [task(self.context, question=self.wanted.question), *([known] if self.inquiry.given else [])]
        opening = Message(role="user", parts=tuple(Text(text=part) for part in parts))
        return ModelRequest(
            role=ModelRole.AGENT, prompt=ASSISTANT_PROMPT, messages=self.inquiry.messages(opening), tools=TOOLS
        )

    async def _use(self, use: ToolUse) -> None:
        turn = self.inquiry.turns[-1]
        if len(turn.results) >= MAX_USES:
            result = failure(
                use, f"Not made: a turn has {MAX_USES} look-ups. Call again if it is needed.", skipped=True
            )
        else:
            try:
                result = result_of(use, await self._found(use), self.inquiry.evidence)
            except InvalidInputError as error:
                result = failure(use, str(error))
        await self._go_on(self.inquiry.with_last(self.inquiry.turns[-1].with_result(result)))

    async def _found(self, use: ToolUse) -> Found:
        wanted = read_input(use.name, use.input)
        if not isinstance(wanted, ReadInput):
            return await self.lookups.run(wanted, self.context)

        async def keep(answers: tuple[Answered, ...]) -> None:
            await self._go_on(self.inquiry.with_last(replace(self.inquiry.turns[-1], reading=answers)))

        paths = document_paths(wanted.documents, self.inquiry.evidence)
        kept = Kept(answers=self.inquiry.turns[-1].reading, keep=keep)
        return await self.reading.run(paths, wanted.question, self.context, kept)

    async def _go_on(self, inquiry: Inquiry) -> None:
        """Keep first, then go on from what was kept."""
        await self.context.checkpoint(saved(inquiry))
        self.inquiry = inquiry
