"""The events of a streamed answer, as they come over the wire. What is not known is let pass: the API may add kinds."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Discriminator, Field, Tag, TypeAdapter

_KNOWN = {
    "message_start",
    "content_block_start",
    "content_block_delta",
    "message_delta",
    "error",
}


class WireCacheCreation(BaseModel):
    """Tokens written to the cache, by how long they stay."""

    ephemeral_5m_input_tokens: int = 0
    ephemeral_1h_input_tokens: int = 0


class WireUsage(BaseModel):
    """Counts so far; None where this event does not say."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_creation: WireCacheCreation | None = None


class WireMessage(BaseModel):
    """The answer's head."""

    model: str = ""
    usage: WireUsage = Field(default_factory=WireUsage)


class MessageStart(BaseModel):
    """The first event."""

    type: Literal["message_start"]
    message: WireMessage


class BlockStart(BaseModel):
    """A part of the answer begins."""

    type: Literal["content_block_start"]
    index: int
    content_block: dict[str, Any]


class WireDelta(BaseModel):
    """A piece of a part; one of the texts is given, by ``type``."""

    type: str
    text: str = ""
    partial_json: str = ""
    thinking: str = ""
    signature: str = ""


class BlockDelta(BaseModel):
    """A part of the answer grows."""

    type: Literal["content_block_delta"]
    index: int
    delta: WireDelta


class WireEnd(BaseModel):
    """Why the model stopped."""

    stop_reason: str | None = None


class MessageDelta(BaseModel):
    """The last event that matters: why it stopped, and the final counts."""

    type: Literal["message_delta"]
    delta: WireEnd
    usage: WireUsage = Field(default_factory=WireUsage)


class WireFault(BaseModel):
    """What went wrong, in the provider's words."""

    type: str = "error"
    message: str = ""


class StreamFault(BaseModel):
    """The provider broke off."""

    type: Literal["error"]
    error: WireFault = Field(default_factory=WireFault)


class Unknown(BaseModel):
    """Anything else: pings, ends of blocks, kinds to come."""


Event = MessageStart | BlockStart | BlockDelta | MessageDelta | StreamFault | Unknown


def _kind(value: object) -> str | None:
    if not isinstance(value, dict):
        return None
    kind = str(value.get("type"))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType] - JSON off the wire
    return kind if kind in _KNOWN else "unknown"


_EVENT: TypeAdapter[Event] = TypeAdapter(
    Annotated[
        Annotated[MessageStart, Tag("message_start")]
        | Annotated[BlockStart, Tag("content_block_start")]
        | Annotated[BlockDelta, Tag("content_block_delta")]
        | Annotated[MessageDelta, Tag("message_delta")]
        | Annotated[StreamFault, Tag("error")]
        | Annotated[Unknown, Tag("unknown")],
        Discriminator(_kind),
    ]
)


def read_event(data: str) -> Event:
    """One event's data; none is an unknown event.

    Raises:
        ValueError: it is no JSON object, or not of the shape its type has.
    """
    return _EVENT.validate_json(data) if data else Unknown()
