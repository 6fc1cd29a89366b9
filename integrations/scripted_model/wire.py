"""The request of ``POST /v1/messages``, field by field (anthropic 2.12 parameter types; API version 2026-10-21).

Tools and blocks that run on the provider's side are left out: nothing here could play them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class Wire(BaseModel):
    """A part of a request: unknown keys are refused, as the API does; types are not converted."""

    model_config = ConfigDict(extra="forbid", strict=True)


def _as_blocks(content: Any) -> Any:
    """A plain string is one text block: places in errors are then the same for both."""
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


_Blocks = BeforeValidator(_as_blocks)


class CacheControl(Wire):
    """A breakpoint of the prompt cache."""

    type: Literal["ephemeral"]
    ttl: Literal["5m", "1h"] = "5m"


class TextBlock(Wire):
    """Words."""

    type: Literal["text"]
    text: str
    cache_control: CacheControl | None = None
    citations: list[dict[str, Any]] | None = None


class Media(Wire):
    """Where an image or a document is."""

    type: Literal["base64", "url", "text", "content", "file"]
    media_type: str | None = None
    data: str | None = None
    url: str | None = None
    content: Any = None
    file_id: str | None = None


class ImageBlock(Wire):
    """A picture."""

    type: Literal["image"]
    source: Media
    cache_control: CacheControl | None = None


class DocumentBlock(Wire):
    """A document."""

    type: Literal["document"]
    source: Media
    title: str | None = None
    context: str | None = None
    citations: dict[str, Any] | None = None
    cache_control: CacheControl | None = None


class ToolUseBlock(Wire):
    """A call the assistant made."""

    type: Literal["tool_use"]
    id: str = Field(pattern=r"^[a-zA-Z0-9_-]+$")
    name: str = Field(min_length=1, max_length=200)
    input: dict[str, Any]
    cache_control: CacheControl | None = None


class ToolResultBlock(Wire):
    """What a call gave."""

    type: Literal["tool_result"]
    tool_use_id: str = Field(pattern=r"^[a-zA-Z0-9_-]+$")
    content: Annotated[list[ResultBlock], _Blocks] = Field(default_factory=list["ResultBlock"])
    is_error: bool = False
    cache_control: CacheControl | None = None


class ThinkingBlock(Wire):
    """Thoughts, given back as they came."""

    type: Literal["thinking"]
    thinking: str
    signature: str


class RedactedThinkingBlock(Wire):
    """Thoughts nobody may read, given back as they came."""

    type: Literal["redacted_thinking"]
    data: str


ResultBlock = Annotated[TextBlock | ImageBlock | DocumentBlock, Field(discriminator="type")]
ContentBlock = Annotated[
    TextBlock | ImageBlock | DocumentBlock | ToolUseBlock | ToolResultBlock | ThinkingBlock | RedactedThinkingBlock,
    Field(discriminator="type"),
]


class WireTurn(Wire):
    """One message."""

    role: Literal["user", "assistant"]
    content: Annotated[list[ContentBlock], _Blocks]


class Schema(BaseModel):
    """A tool's input schema; keywords are the caller's."""

    model_config = ConfigDict(extra="allow")

    type: Literal["object"]


class Tool(Wire):
    """A tool of the client's."""

    type: Literal["custom"] | None = None
    name: str = Field(pattern=r"^[a-zA-Z0-9_-]{1,128}$")
    description: str | None = None
    input_schema: Schema
    cache_control: CacheControl | None = None
    strict: bool | None = None
    eager_input_streaming: bool | None = None
    defer_loading: bool | None = None
    allowed_callers: list[str] | None = None
    input_examples: list[dict[str, Any]] | None = None


class ToolChoice(Wire):
    """Which tools the model may or must use."""

    type: Literal["auto", "any", "tool", "none"]
    name: str | None = None
    disable_parallel_tool_use: bool = False


class Thinking(Wire):
    """How the model thinks."""

    type: Literal["adaptive", "between_tools", "enabled", "disabled"]
    budget_tokens: int | None = Field(default=None, ge=1024)
    display: Literal["summarized", "omitted"] | None = None


class OutputFormat(Wire):
    """The shape of the answer."""

    type: Literal["json_schema"]
    schema_: dict[str, Any] = Field(alias="schema")


class OutputConfig(Wire):
    """How the answer is made."""

    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = None
    format: OutputFormat | None = None


class Metadata(Wire):
    """Whom the provider may hold responsible."""

    user_id: str | None = None


class CountRequest(Wire):
    """What ``count_tokens`` takes."""

    model: str = Field(min_length=1)
    messages: list[WireTurn] = Field(min_length=1, max_length=100_000)
    system: Annotated[list[TextBlock] | None, _Blocks] = None
    tools: list[Tool] | None = None
    tool_choice: ToolChoice | None = None
    thinking: Thinking | None = None
    output_config: OutputConfig | None = None
    cache_control: CacheControl | None = None
    speed: Literal["standard", "fast"] | None = None


class MessagesRequest(CountRequest):
    """What ``messages`` takes. The sampling parameters belong to older API versions only."""

    max_tokens: int = Field(ge=0)
    stream: bool = False
    stop_sequences: list[str] | None = None
    metadata: Metadata | None = None
    service_tier: Literal["auto", "standard_only"] | None = None
    inference_geo: str | None = None
    temperature: float | None = Field(default=None, ge=0, le=1)
    top_p: float | None = Field(default=None, ge=0, le=1)
    top_k: int | None = Field(default=None, ge=0)
