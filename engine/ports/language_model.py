"""A language model: a request in, one whole answer out, with what it used. Knows nothing of plans, budgets or retries.

Adapters never retry by themselves and never hide a broken answer: an answer that was cut is an error, and one that
stopped for a bad reason says so in ``stop``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Literal, Protocol

from engine.domain.json import JsonObject
from engine.domain.prompt import Prompt
from engine.domain.spend import Usage
from engine.errors import UnavailableError


class ModelRole(StrEnum):
    """What a model is for: each role has its model, effort and limits in the settings."""

    PLANNER = "planner"
    """Makes plans: the stronger one."""
    AGENT = "agent"
    """Reads, summarises, writes: the cheaper one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Words."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolUse:
    """The model wants a tool called."""

    id: str
    """The provider's; a :class:`ToolResult` names it."""
    name: str
    input: JsonObject
    """As the model wrote it: untrusted until validated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What a tool gave back; every :class:`ToolUse` of a turn must be answered in the next message."""

    tool_use_id: str
    text: str
    failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Opaque:
    """A part only the provider understands (thinking, signatures); given back to it as it came."""

    value: JsonObject


Part = Text | ToolUse | ToolResult | Opaque


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn."""

    role: Literal["user", "assistant"]
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelTool:
    """A tool offered to the model."""

    name: str
    description: str
    schema: JsonObject
    """JSON Schema of its input, an object."""
    strict: bool = False
    """Ask the provider to hold the model to the schema; a compatible server may not. Validate anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerShape:
    """A bound on what may come back in a call that offers no tools: one JSON object. It is found in ``ModelAnswer.shaped``."""

    name: str
    schema: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRequest:
    """One call. Equal requests have equal prefixes, so that providers can cache them: tools, then system, then messages."""

    role: ModelRole
    prompt: Prompt
    """Its text is the system prompt."""
    messages: tuple[Message, ...]
    catalogue: str = ""
    """Further system text that rarely changes; cached together with the prompt. Nothing of a person or a day goes here."""
    tools: tuple[ModelTool, ...] = ()
    must_use: str | None = None
    """Name of the one tool the model has to call."""
    answer: AnswerShape | None = None
    """Without tools only."""
    max_tokens: int = 4_096
    """Longest answer."""


class StopReason(StrEnum):
    """Why the model stopped."""

    FINISHED = "finished"
    """Said all it wanted."""
    TOOL_USE = "tool_use"
    """Waits for tools."""
    MAX_TOKENS = "max_tokens"
    """Cut at the limit: the answer is not whole and must not be used."""
    REFUSED = "refused"
    """The model declined: whatever it said before must not be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAnswer:
    """A whole answer."""

    model: str
    """The model that answered, as the provider names it."""
    parts: tuple[Part, ...]
    stop: StopReason
    usage: Usage
    request_id: str = ""
    """The provider's name for the call, for its support desk."""
    shaped: JsonObject | None = None
    """With :class:`AnswerShape`: the object; None where the model did not give one."""

    @property
    def text(self) -> str:
        """Its words, joined."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))

    @property
    def tool_uses(self) -> tuple[ToolUse, ...]:
        """The calls it wants made, in order."""
        return tuple(part for part in self.parts if isinstance(part, ToolUse))


class AnswerLostError(UnavailableError):
    """A call that broke off after the provider had begun to work: repeating it is fine, but it was not free."""

    def __init__(self, code: str, detail: str, usage: Usage, retry_after: timedelta | None = None) -> None:
        super().__init__(code, detail, retry_after=retry_after)
        self.usage = usage


Growing = Callable[[str, JsonObject], None]
"""Called on the event loop while a tool's input streams: the tool's name and all of its input that can be read so far.
Lists in it only grow; their last element, and the last key of an object, may be unfinished."""


class LanguageModel(Protocol):
    """Asks a provider. One connection pool for all calls; open and closed by the composition root."""

    def model(self, role: ModelRole) -> str:
        """The id of the model configured for a role."""
        ...

    async def ask(self, request: ModelRequest, growing: Growing | None = None) -> ModelAnswer:
        """Make one call, streaming inside.

        Cancel: the connection is dropped at once; the provider may still charge for what it had done.

        Raises:
            UnavailableError: ``model_unreachable`` (no network, wrong address), ``model_overloaded`` (429, 529; with
                ``retry_after``), ``model_broken`` (5xx before anything came back).
            AnswerLostError: ``model_cut`` (the stream ended without a stop reason, or with an error in it),
                ``model_stalled`` (nothing came for too long).
            AuthExpiredError: ``model_key_wrong`` (401, 403).
            RefusedError: ``model_unknown`` (404), ``model_request_invalid`` (400), ``model_request_too_large`` (413).
        """
        ...
