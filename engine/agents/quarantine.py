"""Asks a model about other people's text: in a call that has no tools and may answer with one bounded object only.

Whatever the text says, the worst it can do is a wrong sentence; and that has to name the evidence it rests on. Every
answer is kept before it is looked at, so that a repeated attempt reads the kept one instead of paying again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from engine.agents.evidence import as_data
from engine.agents.period import zone_of
from engine.agents.shortfalls import Shortfall
from engine.agents.wording import wording
from engine.domain.json import JsonObject, JsonValue, content_hash
from engine.domain.prompt import Prompt
from engine.ports.agents import StepContext
from engine.ports.language_model import AnswerShape, Message, ModelAnswer, ModelRequest, ModelRole, StopReason, Text

MAX_ASKED = 2
"""Once, and once more where nothing usable came."""

DISCARDED = {StopReason.REFUSED: Shortfall.REFUSED, StopReason.MAX_TOKENS: Shortfall.CUT}
"""Answers of which nothing may be used, whatever they hold."""

MAX_ANSWER_TOKENS = 8_192
"""Sixteen statements in Hebrew take some 4,000, and a model may think before it writes."""

_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What is kept of one answer."""

    asked: str
    """Hash of the question: the answer to another one is never replayed for it."""
    prompt: str
    """``name@version``."""
    model: str
    stop: StopReason
    shaped: JsonObject | None = None


Keep = Callable[[tuple[Answered, ...]], Awaitable[None]]
"""Puts all answers so far into the checkpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Answers of earlier attempts, and where further ones go."""

    answers: tuple[Answered, ...]
    keep: Keep


def question(prompt: Prompt, shape: AnswerShape, *blocks: str) -> ModelRequest:
    """A call without tools; ``blocks`` come from :func:`engine.agents.evidence.as_data`."""
    message = Message(role="user", parts=tuple(Text(text=block) for block in blocks))
    return ModelRequest(
        role=ModelRole.AGENT, prompt=prompt, messages=(message,), answer=shape, max_tokens=MAX_ANSWER_TOKENS
    )


def task(context: StepContext, **values: JsonValue) -> str:
    """The block that says what is wanted, in which language, on which day."""
    zone = zone_of(context.request.timezone)
    about: dict[str, JsonValue] = {
        "language": wording(context.request.locale).language,
        "today": context.now.astimezone(zone).strftime("%A %Y-%m-%d"),
    }
    return as_data("task", [about | {name: value for name, value in values.items() if value}])


async def ask_bound(
    context: StepContext, request: ModelRequest, read: Callable[[JsonObject], _Read | None], kept: Kept
) -> _Read | Shortfall:
    """Ask, check, and ask once more where nothing usable came; or say why there is nothing.

    Args:
        context: of the step that pays.
        request: from :func:`question`.
        read: gives what may be used of the object, or None where it is of no use; pure.
        kept: of earlier attempts.

    Raises:
        Suspended: let it pass.
        IntegrationError: as ``StepContext.ask``; nothing is lost, the next attempt goes on here.
    """
    asked = _asked(request)
    answers = [answer for answer in kept.answers if answer.asked == asked]
    for number in range(MAX_ASKED):
        if number == len(answers):
            answers.append(_answered(asked, request, await context.ask(_again(request) if number else request)))
            await kept.keep(tuple(answers))
        answer = answers[number]
        if answer.stop in DISCARDED:
            return DISCARDED[answer.stop]
        usable = read(answer.shaped) if answer.shaped is not None else None
        if usable is not None:
            return usable
    return Shortfall.UNUSABLE


def _asked(request: ModelRequest) -> str:
    texts: Sequence[JsonValue] = [part.text for m in request.messages for part in m.parts if isinstance(part, Text)]
    return content_hash({"prompt": request.prompt.ref, "text": texts})


def _again(request: ModelRequest) -> ModelRequest:
    """The same question, marked: what the mark means is said in the prompt."""
    first = request.messages[0]
    marked = replace(first, parts=(*first.parts, Text(text=as_data("attempt", [2]))))
    return replace(request, messages=(marked,))


def _answered(asked: str, request: ModelRequest, answer: ModelAnswer) -> Answered:
    usable = answer.stop not in DISCARDED
    return Answered(
        asked=asked,
        prompt=request.prompt.ref,
        model=answer.model,
        stop=answer.stop,
        shaped=answer.shaped if usable else None,
    )
