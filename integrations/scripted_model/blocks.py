"""Makes content blocks of a reply: how each begins, the pieces it grows by, what it is in the end."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, assert_never

from pydantic_core import from_json

from engine.domain.json import JsonObject
from integrations.scripted_model.scripts import RawTool, SayText, Shaped, Spoken, UseTools
from integrations.scripted_model.view import RequestView

_PIECE = 24
"""Characters a piece carries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One delta."""

    delta: JsonObject
    text: str
    """What it carries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One content block of an answer."""

    start: JsonObject
    pieces: tuple[Piece, ...]
    whole: JsonObject
    """As an answer that is not streamed shows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Blocks, and why the model stopped."""

    blocks: tuple[Block, ...]
    stop: str | None
    stop_details: JsonObject | None = None

    @property
    def pieces(self) -> int:
        """How many there are in all blocks."""
        return sum(len(block.pieces) for block in self.blocks)

    @property
    def text(self) -> str:
        """What all pieces carry."""
        return "".join(piece.text for block in self.blocks for piece in block.pieces)

    def first(self, pieces: int, stop: str | None, stop_details: JsonObject | None = None) -> Answer:
        """The answer as far as so many pieces go; a block none of whose pieces is kept is left out."""
        kept: list[Block] = []
        left = pieces
        for block in self.blocks:
            if left <= 0:
                break
            kept.append(block if left >= len(block.pieces) else _shorten(block, left))
            left -= len(block.pieces)
        return Answer(blocks=tuple(kept), stop=stop, stop_details=stop_details)


def compose(reply: Spoken, request: RequestView, name: str) -> Answer:
    """A whole answer.

    Args:
        reply: what is said.
        request: what was asked; it decides how a :class:`Shaped` reply is given.
        name: unique for the answer; ids of tool calls are made from it.
    """
    match reply:
        case SayText(text=text, thinking=thinking):
            return Answer(blocks=(*_thoughts(thinking), *_words(text)), stop="end_turn")
        case UseTools(uses=uses, text=text, thinking=thinking):
            calls = [_tool(f"{name}{i}", tool, _json(value), value) for i, (tool, value) in enumerate(uses)]
            return Answer(blocks=(*_thoughts(thinking), *_words(text), *calls), stop="tool_use")
        case RawTool(name=tool, text=text):
            return Answer(blocks=(_tool(f"{name}0", tool, text, _as_far_as_read(text)),), stop="tool_use")
        case Shaped(value=value, thinking=thinking):
            only = next(iter(request.tools)) if len(request.tools) == 1 and request.shape is None else None
            tool = request.must_use or only
            if tool is None:
                return Answer(blocks=(*_thoughts(thinking), *_words(_json(value))), stop="end_turn")
            return Answer(blocks=(*_thoughts(thinking), _tool(f"{name}0", tool, _json(value), value)), stop="tool_use")
        case _:
            assert_never(reply)


def sign(thinking: str) -> str:
    """The signature of a thought: given back changed, it is refused."""
    return hashlib.sha256(b"scripted thought " + thinking.encode()).hexdigest()


def _words(text: str) -> Iterable[Block]:
    if text:
        pieces = tuple(Piece(delta={"type": "text_delta", "text": part}, text=part) for part in _parts(text))
        yield Block(start={"type": "text", "text": ""}, pieces=pieces, whole={"type": "text", "text": text})


def _thoughts(thinking: str) -> Iterable[Block]:
    if thinking:
        signed = {"type": "signature_delta", "signature": sign(thinking)}
        pieces = [Piece(delta={"type": "thinking_delta", "thinking": part}, text=part) for part in _parts(thinking)]
        yield Block(
            start={"type": "thinking", "thinking": "", "signature": ""},
            pieces=(*pieces, Piece(delta=signed, text="")),
            whole={"type": "thinking", "thinking": thinking, "signature": sign(thinking)},
        )


def _tool(identifier: str, name: str, text: str, value: JsonObject) -> Block:
    start: dict[str, Any] = {"type": "tool_use", "id": f"toolu_{identifier}", "name": name, "input": {}}
    # The API's first piece of an input is empty.
    parts = ["", *_parts(text)]
    pieces = tuple(Piece(delta={"type": "input_json_delta", "partial_json": part}, text=part) for part in parts)
    return Block(start=start, pieces=pieces, whole={**start, "input": value})


def _shorten(block: Block, pieces: int) -> Block:
    kept = block.pieces[:pieces]
    text = "".join(piece.text for piece in kept)
    match block.start["type"]:
        case "tool_use":
            whole = {**block.whole, "input": _as_far_as_read(text)}
        case "thinking":
            whole = {**block.whole, "thinking": text, "signature": ""}
        case _:
            whole = {**block.whole, "text": text}
    return replace(block, pieces=kept, whole=whole)


def _parts(text: str) -> Sequence[str]:
    return [text[i : i + _PIECE] for i in range(0, len(text), _PIECE)]


def _json(value: JsonObject) -> str:
    return json.dumps(value, ensure_ascii=False)


def _as_far_as_read(text: str) -> dict[str, Any]:
    try:
        value = from_json(text or "{}", allow_partial="trailing-strings")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}  # pyright: ignore[reportUnknownVariableType] - JSON of any shape
