"""Reads what was written in this conversation by everybody: in quotes with author and time; with a model, in its words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from pydantic import BaseModel, TypeAdapter, ValidationError

from engine.agents.digest import numbered, open_points, points_message
from engine.agents.extracts import interest_in
from engine.agents.inputs import ThreadInputs
from engine.agents.period import zone_of
from engine.agents.quarantine import Answered, Kept, ask_bound, question, task
from engine.agents.remarks import MAX_REMARKS, Conversation, best_of, conversation, evidence_of, quotes, remarks_block
from engine.agents.shortfalls import Shortfall, problem
from engine.agents.statements import SUMMARY_SHAPE, Checked, check_statements
from engine.agents.status_writing import Status
from engine.agents.typed_inputs import typed
from engine.agents.weekly_status_agent import EDITOR
from engine.agents.wording import wording
from engine.domain.agent import AgentSpec
from engine.domain.artifact import Summary
from engine.domain.effect import Effect
from engine.domain.json import JsonObject
from engine.ports.agents import StepContext
from engine.ports.remarks import Remarks
from engine.prompts import load_prompt

THREAD_PROMPT = load_prompt("engine.agents.prompts", "thread", 1)

_SPEC = AgentSpec(
    name="ThreadAgent",
    version="1",
    skill=(
        "Reads what everybody wrote in this conversation, the thread the request was made in, and summarises it with who"
        " said what and when (השרשור, הדיון, מה שכתבנו כאן)."
    ),
    inputs=ThreadInputs,
    output="summary",
    effect=Effect.READ,
    uses_model=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Progress:
    """What is saved: what was read, so that a later attempt reads the same, and the model's answers."""

    read: Conversation | None = None
    answers: tuple[Answered, ...] = ()


_SAVED = TypeAdapter(_Progress)


class ThreadAgent:
    """Reads the request's own conversation once, and no other: nothing a plan could say names one.

    A model is asked in one call without tools. Where nothing usable comes of it, the summary is the one without a model,
    and ``problems`` says why. What people wrote is data, the names they go by included.
    """

    def __init__(self, remarks: Remarks) -> None:
        self._remarks = remarks

    @property
    def spec(self) -> AgentSpec:
        """A reader; ``summary``."""
        return _SPEC

    async def run(self, inputs: BaseModel, context: StepContext) -> Summary:
        """Read the newest remarks, rank, and leave the editor a message with the top open points.

        A conversation without remarks gives an empty summary that says so in ``problems``, and so does what was left out.

        Raises:
            UnavailableError: the storage or the model may work later; the next attempt goes on where this one stopped.
        """
        topic = typed(inputs, ThreadInputs).topic
        way = _resumed(context.saved)
        if way.read is None:
            await context.progress(wording(context.request.locale).reading_remarks)
            way = replace(way, read=await self._read(context))
            await context.checkpoint(_SAVED.dump_python(way, mode="json"))
        read = way.read or Conversation()
        if not read.remarks:
            return Summary(topic=topic, text="", problems=(problem(Shortfall.NO_REMARKS),))
        if context.has_model:
            return await _written(topic, read, way, context)
        return await _quoted(topic, read, context)

    async def _read(self, context: StepContext) -> Conversation:
        request = context.request
        newest = await self._remarks.read(request.tenant_id, request.conversation_id, limit=MAX_REMARKS + 1)
        return conversation(newest, request, zone_of(request.timezone))


def _resumed(saved: JsonObject | None) -> _Progress:
    """The way so far; what cannot be understood (another version wrote it) is read again."""
    try:
        return _SAVED.validate_python(saved or {})
    except ValidationError:
        return _Progress()


async def _written(topic: str, read: Conversation, way: _Progress, context: StepContext) -> Summary:
    """The model's summary; the quotes and the reason where it gave none."""
    locale = context.request.locale
    await context.progress(wording(locale).summarising)

    async def keep(answers: tuple[Answered, ...]) -> None:
        await context.checkpoint(_SAVED.dump_python(replace(way, answers=answers), mode="json"))

    evidence = evidence_of(read, locale)
    asked = question(THREAD_PROMPT, SUMMARY_SHAPE, task(context, topic=topic), remarks_block(read, evidence))
    kept = Kept(answers=way.answers, keep=keep)
    answer = await ask_bound(context, asked, partial(check_statements, evidence=evidence), kept)
    if not isinstance(answer, Checked) or not answer.statements:
        reason = answer if isinstance(answer, Shortfall) else Shortfall.FOUND_NOTHING
        return await _quoted(topic, read, context, problem(reason))
    status = Status.of(answer.statements, evidence)
    await _leave_message(points_message(status.open_points, locale), context)
    return Summary(
        topic=topic,
        text=status.text(wording(locale).remarks_read.format(count=len(read.remarks)), locale),
        extracts=status.citations.extracts,
        sources=status.citations.sources,
        read=len(read.remarks),
        problems=(*_problems(read), *answer.problems),
    )


async def _quoted(topic: str, read: Conversation, context: StepContext, *reasons: str) -> Summary:
    locale = context.request.locale
    chosen = best_of(read, interest_in(topic, None), locale)
    await _leave_message(open_points(chosen, locale), context)
    return Summary(
        topic=topic,
        text=quotes(chosen, len(read.remarks), locale),
        extracts=chosen,
        sources=numbered(chosen),
        read=len(read.remarks),
        problems=(*_problems(read), *reasons),
    )


async def _leave_message(message: str, context: StepContext) -> None:
    if message:
        await context.send(EDITOR, message)


def _problems(read: Conversation) -> tuple[str, ...]:
    return (problem(Shortfall.REMARKS_LEFT_OUT, len(read.remarks)),) if read.left_out else ()
