"""Grows one answer from its events. Pure: waiting, sockets and their failures are :mod:`integrations.anthropic.model`'s.

An answer is whole only if the provider said why it stopped; everything else is lost, with what it used as far as known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

from pydantic_core import from_json

from engine.domain.json import JsonObject
from engine.domain.spend import Usage
from engine.ports.language_model import (
    AnswerLostError,
    Growing,
    ModelAnswer,
    Opaque,
    Part,
    StopReason,
    Text,
    ToolUse,
)
from integrations.anthropic.request import Asked
from integrations.anthropic.wire import (
    BlockDelta,
    BlockStart,
    Event,
    MessageDelta,
    MessageStart,
    StreamFault,
    Unknown,
    WireUsage,
)

_STOPS = {
    "end_turn": StopReason.FINISHED,
    "stop_sequence": StopReason.FINISHED,
    "tool_use": StopReason.TOOL_USE,
    "max_tokens": StopReason.MAX_TOKENS,
    "model_context_window_exceeded": StopReason.MAX_TOKENS,
    "refusal": StopReason.REFUSED,
}
_BYTES_PER_TOKEN = 3
"""An estimate on the dear side: English has about four bytes to a token, Hebrew about three."""
_MORE, _MUCH_MORE = 1.01, 1.05
"""A growing input is read again where something in it begins or ends and it has grown by the first factor, and anywhere
once it has grown by the second: so the work stays linear, and what is told late is late by a hundredth."""


class _Block:
    """A part of the answer while it grows."""

    def __init__(self, start: dict[str, Any]) -> None:
        self.start = start
        self.text = _words(start, "text")
        self.thinking = _words(start, "thinking")
        self.signature = _words(start, "signature")
        self.json = ""
        self.read = 0
        """Characters of ``json`` when it was last read."""
        self.seen = 0
        """Bytes of everything that came."""

    @property
    def kind(self) -> str:
        return str(self.start.get("type"))

    @property
    def name(self) -> str:
        return str(self.start.get("name", ""))


class Reading:
    """One answer while it is read.

    Args:
        asked: the call it answers.
        growing: told of tool inputs as they grow; not of an answer's shape.
    """

    def __init__(self, asked: Asked, growing: Growing | None) -> None:
        self._asked = asked
        self._growing = growing
        self._model = ""
        self._begun = False
        self._blocks: dict[int, _Block] = {}
        self._usage = WireUsage()
        self._stop: str | None = None
        self.request_id = ""
        """The provider's name for the call, once it is known."""

    def take(self, event: Event) -> None:
        """Grow by one event.

        Raises:
            AnswerLostError: ``model_cut``: the provider says that it broke off.
        """
        match event:
            case MessageStart(message=message):
                self._begun = True
                self._model = message.model
                self._count(message.usage)
            case BlockStart(index=index, content_block=start):
                self._blocks[index] = _Block(start)
            case BlockDelta(index=index, delta=delta):
                if index in self._blocks:
                    block = self._blocks[index]
                    block.text += delta.text
                    block.thinking += delta.thinking
                    block.signature += delta.signature
                    block.json += delta.partial_json
                    block.seen += len((delta.text + delta.thinking + delta.partial_json).encode())
                    self._tell(block, delta.partial_json)
            case MessageDelta(delta=end, usage=usage):
                self._stop = end.stop_reason or self._stop
                self._count(usage)
            case StreamFault(error=fault):
                raise self.lost("model_cut", f"the provider broke off: {fault.type}: {fault.message[:300]}")
            case Unknown():
                pass
            case _:
                assert_never(event)

    def answer(self) -> ModelAnswer:
        """The whole answer, once no more events come.

        Raises:
            AnswerLostError: ``model_cut``: no reason to stop was given, or a tool's input is no JSON object.
        """
        stop = _STOPS.get(self._stop or "")
        if stop is None:
            raise self.lost("model_cut", f"the answer ended without a usable reason to stop ({self._stop})")
        usable = stop in {StopReason.FINISHED, StopReason.TOOL_USE}
        parts = tuple(self._part(self._blocks[index], usable=usable) for index in sorted(self._blocks))
        shaped: JsonObject | None = None
        if self._asked.shape is not None and usable:
            shaped, stop = _shaped(parts, self._asked.shape), StopReason.FINISHED
            parts = tuple(part for part in parts if not isinstance(part, ToolUse))
        elif any(isinstance(part, ToolUse) for part in parts) and stop is StopReason.FINISHED:
            stop = StopReason.TOOL_USE  # some compatible servers give the wrong one of the two
        return ModelAnswer(
            model=self._model or self._asked.model,
            parts=parts,
            stop=stop,
            usage=self._used(estimated=False),
            request_id=self.request_id,
            shaped=shaped,
        )

    def lost(self, code: str, why: str) -> AnswerLostError:
        """The error for an answer that will not come whole, with what it used as far as that can be known."""
        called = f" (request {self.request_id})" if self.request_id else ""
        detail = f"Model {self._asked.model}: {why}{called}. Ask again."
        return AnswerLostError(code, detail, self._used(estimated=self._stop is None))

    def _part(self, block: _Block, *, usable: bool) -> Part:
        match block.kind:
            case "text":
                return Text(text=block.text)
            case "tool_use":
                given = _object(block.json) if block.json.strip() else _given(block.start)
                if given is None and usable:
                    raise self.lost("model_cut", f"the input of tool {block.name} is no JSON object")
                return ToolUse(id=str(block.start.get("id", "")), name=block.name, input=given or {})
            case "thinking":
                return Opaque(value=block.start | {"thinking": block.thinking, "signature": block.signature})
            case _:
                return Opaque(value=block.start)

    def _tell(self, block: _Block, piece: str) -> None:
        """Tell of a tool's input while it grows, but not of every piece."""
        if self._growing is None or not piece or block.kind != "tool_use" or block.name == self._asked.shape:
            return
        least = _MORE if any(mark in piece for mark in "{}[]") else _MUCH_MORE
        if len(block.json) < block.read * least:
            return
        block.read = len(block.json)
        read = _object(block.json, partial=True)
        if read is not None:
            self._growing(block.name, read)

    def _count(self, usage: WireUsage) -> None:
        """Later counts replace earlier ones: they are totals."""
        self._usage = self._usage.model_copy(update={k: v for k, v in usage if v is not None})

    def _used(self, *, estimated: bool) -> Usage:
        wire = self._usage
        written = wire.cache_creation_input_tokens or 0
        hour = wire.cache_creation.ephemeral_1h_input_tokens if wire.cache_creation else 0
        minutes = wire.cache_creation.ephemeral_5m_input_tokens if wire.cache_creation else 0
        given, said = wire.input_tokens or 0, wire.output_tokens or 0
        if estimated:
            said = max(said, _tokens(sum(block.seen for block in self._blocks.values())))
            given = given if self._begun else _tokens(self._asked.size)
        return Usage(
            input_tokens=given,
            output_tokens=said,
            cache_read_tokens=wire.cache_read_input_tokens or 0,
            cache_write_5m_tokens=max(minutes, written - hour),
            cache_write_1h_tokens=hour,
            estimated=estimated,
        )


def _words(start: Mapping[str, Any], key: str) -> str:
    value = start.get(key)
    return value if isinstance(value, str) else ""


def _given(start: Mapping[str, Any]) -> JsonObject | None:
    value = start.get("input")
    return value if isinstance(value, dict) else None  # pyright: ignore[reportUnknownVariableType] - JSON off the wire


def _object(text: str, *, partial: bool = False) -> JsonObject | None:
    """The JSON object, or as much of one as can be read; None where it is none."""
    try:
        value = from_json(text, allow_partial=partial)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None  # pyright: ignore[reportUnknownVariableType] - JSON off the wire


def _shaped(parts: tuple[Part, ...], shape: str) -> JsonObject | None:
    for part in parts:
        if isinstance(part, ToolUse) and part.name == shape:
            return part.input
    text = "".join(part.text for part in parts if isinstance(part, Text)).strip()
    # Small models put JSON into a fence, whatever they are told.
    return _object(text.removeprefix("```json").removeprefix("```").removesuffix("```"))


def _tokens(size: int) -> int:
    return -(-size // _BYTES_PER_TOKEN)
