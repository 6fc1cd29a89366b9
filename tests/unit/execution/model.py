"""A language model whose every answer a test gives, and what asks it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from engine.domain.artifact import Artifact
from engine.domain.prompt import Prompt
from engine.domain.spend import Usage
from engine.ports.agents import StepContext
from engine.ports.language_model import (
    Growing,
    Message,
    ModelAnswer,
    ModelRequest,
    ModelRole,
    StopReason,
    Text,
)
from tests.lab import NoteInputs, note

PROMPT = Prompt(name="lab", version=1, text="Answer.")


class ScriptedModel:
    """Answers in order; the last answer is repeated. An exception is raised instead."""

    def __init__(self, *answers: ModelAnswer | Exception) -> None:
        self._answers = list(answers) or [said("yes")]
        self.requests: list[ModelRequest] = []
        self.asked = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    def model(self, role: ModelRole) -> str:
        return "scripted"

    async def ask(self, request: ModelRequest, growing: Growing | None = None) -> ModelAnswer:
        self.requests.append(request)
        self.asked.set()
        await self.may_answer.wait()
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def said(text: str, tokens_in: int = 100, tokens_out: int = 100) -> ModelAnswer:
    """An answer in words; a hundred tokens each way cost 0.0006 dollars in the lab."""
    usage = Usage(input_tokens=tokens_in, output_tokens=tokens_out)
    return ModelAnswer(
        model="scripted", parts=(Text(text=text),), stop=StopReason.FINISHED, usage=usage, request_id="r1"
    )


def question(text: str, max_tokens: int = 100) -> ModelRequest:
    message = Message(role="user", parts=(Text(text=text),))
    return ModelRequest(role=ModelRole.AGENT, prompt=PROMPT, messages=(message,), max_tokens=max_tokens)


def asking(max_tokens: int = 100) -> Callable[[NoteInputs, StepContext], asyncio.Future[Artifact]]:
    """A behaviour that gives back what the model said."""

    async def ask(inputs: NoteInputs, context: StepContext) -> Artifact:
        return note((await context.ask(question(inputs.text, max_tokens))).text)

    return ask  # pyright: ignore[reportReturnType] - a coroutine function is a behaviour
