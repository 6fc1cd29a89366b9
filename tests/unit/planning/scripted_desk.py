"""A planning desk whose model says what a test tells it to, streamed as an adapter streams it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pydantic_core import from_json

from engine.domain.json import JsonObject
from engine.domain.plan import Step
from engine.domain.spend import Usage
from engine.planning.catalogue import EMIT_PLAN
from engine.ports.language_model import (
    Growing,
    Message,
    ModelAnswer,
    ModelRequest,
    StopReason,
    Text,
    ToolResult,
    ToolUse,
)

MODEL = "claude-scripted-1"


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One answer and how much of it is written before it comes, or an error on the way."""

    answer: ModelAnswer | None = None
    written: str = ""
    """What of the tool's input streams; the whole by default."""
    error: BaseException | None = None
    """Ends the stream."""


@dataclass(kw_only=True)
class ScriptedDesk:
    """Answers calls in turn; every request is held to the rules of a real Messages API."""

    turns: list[Turn] = field(default_factory=list[Turn])
    requests: list[ModelRequest] = field(default_factory=list[ModelRequest])
    standing: list[Step] = field(default_factory=list[Step])
    """Drafted and not withdrawn."""
    ever: list[Step] = field(default_factory=list[Step])
    withdrawals: int = 0
    at: float = 0.0
    """Which share of the answer has been written."""
    seen_at: dict[str, float] = field(default_factory=dict[str, float])
    on_ask: Callable[[ModelRequest], None] = lambda _: None

    async def ask(self, request: ModelRequest, growing: Growing | None = None) -> ModelAnswer:
        check_turns(request.messages)
        self.requests.append(request)
        self.on_ask(request)
        turn = self.turns.pop(0)
        for written, share in snapshots(turn.written):
            self.at = share
            if growing is not None:
                growing(EMIT_PLAN, written)
        if turn.error is not None:
            raise turn.error
        assert turn.answer is not None
        return turn.answer

    def drafted(self, step: Step) -> None:
        self.standing.append(step)
        self.ever.append(step)
        self.seen_at[step.id] = self.at

    def withdrawn(self) -> None:
        self.standing.clear()
        self.withdrawals += 1


def says(
    *plans: Mapping[str, object], stop: StopReason = StopReason.TOOL_USE, text: str = "", tool: str = EMIT_PLAN
) -> Turn:
    """An answer with these calls of ``emit_plan``, and perhaps words before them."""
    calls = tuple(
        ToolUse(id=f"call_{number}", name=tool, input=json.loads(json.dumps(plan))) for number, plan in enumerate(plans)
    )
    parts = (*((Text(text=text),) if text else ()), *calls)
    written = json.dumps(plans[0], ensure_ascii=False) if plans else ""
    return Turn(
        answer=ModelAnswer(model=MODEL, parts=parts, stop=stop, usage=Usage(output_tokens=100)), written=written
    )


def desk(*turns: Turn) -> ScriptedDesk:
    """A desk that answers so."""
    return ScriptedDesk(turns=list(turns))


def snapshots(text: str, pieces: int = 120) -> list[tuple[JsonObject, float]]:
    """What can be read of a text that arrives piece by piece, with the share that has arrived."""
    found: list[tuple[JsonObject, float]] = []
    size = max(1, len(text) // pieces)
    for end in range(size, len(text) + size, size):
        read = from_json(text[:end], allow_partial="trailing-strings")
        found.append((read, min(1.0, end / len(text))))
    return found


def check_turns(messages: tuple[Message, ...]) -> None:
    """What the real API answers with 400: turns out of turn, empty ones, calls that are not answered at once."""
    assert [message.role for message in messages] == [("user", "assistant")[n % 2] for n in range(len(messages))]
    open_calls: set[str] = set()
    for message in messages:
        assert message.parts
        assert all(part.text.strip() for part in message.parts if isinstance(part, Text))
        answered = [part.tool_use_id for part in message.parts if isinstance(part, ToolResult)]
        assert set(answered) == open_calls
        assert len(answered) == len(set(answered))
        assert all(isinstance(part, ToolResult) for part in message.parts[: len(answered)])
        open_calls = {part.id for part in message.parts if isinstance(part, ToolUse)}
    assert messages[-1].role == "user"
