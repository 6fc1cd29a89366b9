"""A validated request, as scripts want to look at it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from engine.domain.json import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One message."""

    role: Literal["user", "assistant"]
    blocks: tuple[JsonObject, ...]
    """Its content; a plain string is one text block."""

    @property
    def text(self) -> str:
        """Its words: text blocks, joined by line breaks."""
        return "\n".join(str(block["text"]) for block in self.blocks if block.get("type") == "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolOutput:
    """What a tool gave back to the model."""

    tool_use_id: str
    name: str
    """Of the tool, from the call it answers."""
    text: str
    failed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestView:
    """One call of the Messages API."""

    model: str
    system: str
    """All system text, joined by blank lines."""
    turns: tuple[Turn, ...]
    tools: Mapping[str, JsonObject]
    """Input schemas by name, in the order offered."""
    must_use: str | None
    """The one tool that has to be called."""
    shape: JsonObject | None
    """Schema of ``output_config.format``."""
    max_tokens: int
    streams: bool
    body: JsonObject
    """As it was sent."""

    @property
    def last(self) -> Turn:
        """The message to be answered."""
        return self.turns[-1]

    @property
    def wanted(self) -> JsonObject | None:
        """Schema of the one object wanted: of the tool that must be used, the answer's shape, or the only tool."""
        if self.must_use is not None:
            return self.tools.get(self.must_use)
        if self.shape is not None:
            return self.shape
        return next(iter(self.tools.values())) if len(self.tools) == 1 else None

    @property
    def outputs(self) -> tuple[ToolOutput, ...]:
        """The tool results the last message brings."""
        names = {
            str(b["id"]): str(b["name"]) for turn in self.turns for b in turn.blocks if b.get("type") == "tool_use"
        }
        return tuple(
            ToolOutput(
                tool_use_id=str(block["tool_use_id"]),
                name=names.get(str(block["tool_use_id"]), ""),
                text=_text_of(block.get("content")),
                failed=bool(block.get("is_error")),
            )
            for block in self.last.blocks
            if block.get("type") == "tool_result"
        )


def view(body: Mapping[str, Any]) -> RequestView:
    """Look at a body that has passed the validation."""
    choice: Mapping[str, Any] = body.get("tool_choice") or {}
    tools: dict[str, JsonObject] = {tool["name"]: tool["input_schema"] for tool in body.get("tools") or ()}
    forced = choice.get("name") if choice.get("type") == "tool" else None
    if choice.get("type") == "any" and len(tools) == 1:
        forced = next(iter(tools))
    output: Mapping[str, Any] = body.get("output_config") or {}
    shape: Mapping[str, Any] = output.get("format") or {}
    return RequestView(
        model=body["model"],
        system="\n\n".join(str(block["text"]) for block in _blocks(body.get("system") or ())),
        turns=tuple(Turn(role=m["role"], blocks=tuple(_blocks(m["content"]))) for m in body["messages"]),
        tools=tools,
        must_use=forced,
        shape=shape.get("schema"),
        max_tokens=body["max_tokens"],
        streams=bool(body.get("stream")),
        body=body,
    )


def _blocks(content: Any) -> Iterator[JsonObject]:
    if isinstance(content, str):
        yield {"type": "text", "text": content}
        return
    yield from content


def _text_of(content: Any) -> str:
    return "\n".join(str(block["text"]) for block in _blocks(content or ()) if block.get("type") == "text")
