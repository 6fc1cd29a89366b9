"""What a scripted model answers: replies that say something, and replies that go wrong on the way.

A script is called with every request that passed the validation; its replies are data, so that a test reads like a table.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from engine.domain.json import JsonObject
from integrations.scripted_model.pacing import Pacer
from integrations.scripted_model.view import RequestView


@dataclass(frozen=True, slots=True)
class SayText:
    """Words, ``stop_reason`` ``end_turn``; also prose where a tool was demanded."""

    text: str
    thinking: str = field(default="", kw_only=True)
    """Thoughts in front, as models think when they are let."""
    pace: Pacer | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class UseTools:
    """Calls of tools, ``stop_reason`` ``tool_use``. Neither names nor inputs are checked: a model may be wrong."""

    uses: tuple[tuple[str, JsonObject], ...]
    """Name and input, in order."""
    text: str = field(default="", kw_only=True)
    """Words in front of the calls."""
    thinking: str = field(default="", kw_only=True)
    pace: Pacer | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class Shaped:
    """One object, in the way the request wants it: as the input of the tool that must be used, as JSON text where
    ``output_config.format`` asks for it, as the input of the only tool, else as JSON text."""

    value: JsonObject
    thinking: str = field(default="", kw_only=True)
    pace: Pacer | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class RawTool:
    """A tool's input as text that need not be JSON: models that stream eagerly may write such."""

    name: str
    text: str
    pace: Pacer | None = field(default=None, kw_only=True)


Spoken = SayText | UseTools | Shaped | RawTool
"""A whole answer."""


@dataclass(frozen=True, slots=True)
class HttpFault:
    """No answer but a status: 400, 401, 402, 403, 404, 408, 409, 413, 429, 500, 503, 504, 529, in the API's shape."""

    status: int
    retry_after: float | None = None
    """Seconds for the ``retry-after`` header."""
    message: str = ""


@dataclass(frozen=True, slots=True)
class HangUp:
    """The connection is dropped before anything was answered."""


@dataclass(frozen=True, slots=True)
class Late:
    """Nothing, not even a status, until an event (None: for ever); then the reply."""

    reply: Spoken
    until: asyncio.Event | None = None


@dataclass(frozen=True, slots=True)
class ErrorInStream:
    """An ``error`` event in the stream after ``after`` pieces; a plain error response where nothing is streamed."""

    reply: Spoken
    after: int = 1
    kind: Literal["overloaded_error", "api_error", "rate_limit_error"] = "overloaded_error"


@dataclass(frozen=True, slots=True)
class CutStream:
    """The connection breaks after ``after`` pieces, in the middle of the body."""

    reply: Spoken
    after: int = 1


@dataclass(frozen=True, slots=True)
class EndWithoutStop:
    """The body ends in good order after ``after`` pieces (None: all), without ``message_delta`` and ``message_stop``."""

    reply: Spoken
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Stall:
    """Nothing more comes after ``after`` pieces, until the client leaves, the server stops, or an event; then the rest."""

    reply: Spoken
    after: int = 1
    until: asyncio.Event | None = None
    ping_every: timedelta | None = None
    """Keep-alive ``ping`` events meanwhile, in real time."""


@dataclass(frozen=True, slots=True)
class MaxTokens:
    """The answer ends after ``after`` pieces (None: half of them) with ``stop_reason`` ``max_tokens``; a tool's input may
    end in the middle."""

    reply: Spoken
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """The answer ends after ``after`` pieces (None: half of them) with ``stop_reason`` ``refusal``."""

    reply: Spoken
    after: int | None = None
    category: Literal["cyber", "bio", "general_harms"] | None = None


Broken = Late | ErrorInStream | CutStream | EndWithoutStop | Stall | MaxTokens | Refusal
"""An answer that does not come as it should."""

Reply = Spoken | Broken | HttpFault | HangUp
"""Everything a script may return."""

Script = Callable[[RequestView, int], Reply]
"""Called with a valid request and its number, counted from 1 over the server's life; repeated requests count again.
What it raises becomes a 500 that says so."""


def use_tool(name: str, value: JsonObject, *, pace: Pacer | None = None) -> UseTools:
    """One tool call."""
    return UseTools(((name, value),), pace=pace)


def always(reply: Reply) -> Script:
    """The same reply to everything."""
    return lambda _request, _number: reply


def in_order(*replies: Reply) -> Script:
    """The first reply to the first request, and so on; a request too many is answered with 500."""

    def script(_request: RequestView, number: int) -> Reply:
        if number > len(replies):
            raise LookupError(f"The script has {len(replies)} replies; this is request {number}.")
        return replies[number - 1]

    return script
