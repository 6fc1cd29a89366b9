"""Turns our request into the Messages API's parameters. Equal requests give equal bytes: providers cache by prefix.

What a strict schema may contain (platform.claude.com/docs, structured outputs and strict tool use, read 2026-11-24):
every object is closed (``additionalProperties: false``; an object of free keys can only be empty), no recursion, no
``minLength``/``maximum``/``maxItems`` and the like (moved into descriptions here), required keys come first, and over all
strict schemas of a request at most 20 tools, 24 optional parameters and 16 parameters with ``anyOf`` or a list of types.
Beyond that, or where the compiled grammar grows too large, the answer is 400. Case of ``enum`` values is not guaranteed.

``thinking`` is never sent: each model's default is right, several refuse ``disabled``, and a forced tool excludes only
the manual budget, which is not used. Thoughts count towards ``max_tokens``. Thoughts that are given back are bound to
all that came before them: tools, system and earlier messages must then stay as they were, or the answer is 400.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, assert_never

from engine.domain.json import JsonObject, JsonValue
from engine.errors import InternalError, RefusedError
from engine.ports.language_model import Message, ModelRequest, ModelTool, Opaque, Part, Text, ToolResult, ToolUse
from integrations.anthropic.abilities import can_be_forced, takes_effort
from integrations.anthropic.options import AnthropicOptions

if TYPE_CHECKING:
    from anthropic.types.message_create_params import MessageCreateParamsStreaming

_ONLY_BY_TOOL = "Answer by calling the tool {name} exactly once, and write nothing else."
_SHAPE = "Give the answer in this shape."


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One call, as it is sent."""

    model: str
    parameters: MessageCreateParamsStreaming
    shape: str | None = None
    """Name of the answer's shape, where one was asked for."""

    @property
    def size(self) -> int:
        """Bytes of what the model reads, about."""
        read = [self.parameters.get("tools"), self.parameters.get("system"), self.parameters["messages"]]
        return len(json.dumps(read, ensure_ascii=False).encode())


def build(request: ModelRequest, options: AnthropicOptions) -> Asked:
    """The call for a request.

    Raises:
        RefusedError: ``model_request_invalid``: a strict schema says what cannot be held.
        InternalError: ``model_request``: tools and an answer's shape at once, or a must without its tool.
    """
    if (request.answer is not None and request.tools) or (
        request.must_use is not None and request.must_use not in {tool.name for tool in request.tools}
    ):
        raise InternalError("model_request", f"Prompt {request.prompt.ref}: tools, must_use and answer do not agree.")
    parameters = _official(request, options) if options.official else _compatible(request, options)
    parameters |= {
        "model": options.of(request.role).model,
        "max_tokens": request.max_tokens,
        "messages": [_message(message) for message in request.messages],
        "stream": True,
    }
    return Asked(
        model=options.of(request.role).model,
        parameters=parameters,  # pyright: ignore[reportArgumentType] - built key by key; the wire tests hold it to the SDK
        shape=request.answer.name if request.answer else None,
    )


def _official(request: ModelRequest, options: AnthropicOptions) -> dict[str, Any]:
    role = options.of(request.role)
    forced = can_be_forced(role.model)
    system: list[dict[str, Any]] = [
        {"type": "text", "text": text} for text in (request.prompt.text, request.catalogue) if text
    ]
    if system:
        system[-1]["cache_control"] = {"type": "ephemeral", "ttl": "1h"}
    parameters: dict[str, Any] = {}
    if request.must_use is not None:
        choice = {"type": "tool", "name": request.must_use} if forced else {"type": "auto"}
        parameters["tool_choice"] = choice | {"disable_parallel_tool_use": True}
        if not forced:
            system.append({"type": "text", "text": _ONLY_BY_TOOL.format(name=request.must_use)})
    if system:
        parameters["system"] = system
    if request.tools:
        parameters["tools"] = [_tool(tool) for tool in request.tools]
    output: dict[str, Any] = {}
    if role.effort is not None and takes_effort(role.model):
        output["effort"] = role.effort
    if request.answer is not None:
        output["format"] = {"type": "json_schema", "schema": _strict(request.answer.schema, request.answer.name)}
    if output:
        parameters["output_config"] = output
    return parameters


def _compatible(request: ModelRequest, options: AnthropicOptions) -> dict[str, Any]:
    """What every server that speaks the API at all can be expected to know."""
    del options
    tools, must_use = request.tools, request.must_use
    if request.answer is not None:
        tools = (ModelTool(name=request.answer.name, description=_SHAPE, schema=request.answer.schema),)
        must_use = request.answer.name
    parameters: dict[str, Any] = {}
    system = "\n\n".join(text for text in (request.prompt.text, request.catalogue) if text)
    if system:
        parameters["system"] = system
    if tools:
        parameters["tools"] = [
            {"name": tool.name, "description": tool.description, "input_schema": _plain(tool.schema)} for tool in tools
        ]
    if must_use is not None:
        parameters["tool_choice"] = {"type": "tool", "name": must_use}
    return parameters


def _tool(tool: ModelTool) -> dict[str, Any]:
    built: dict[str, Any] = {
        "name": tool.name,
        "description": tool.description,
        "input_schema": _strict(tool.schema, tool.name) if tool.strict else _plain(tool.schema),
        "eager_input_streaming": True,
    }
    return built | {"strict": True} if tool.strict else built


def _strict(schema: JsonObject, name: str) -> dict[str, Any]:
    from anthropic import transform_schema  # noqa: PLC0415 - loaded with the client, in a thread

    try:
        return transform_schema(_plain(schema))
    except (ValueError, AssertionError) as error:
        raise RefusedError(
            "model_request_invalid", f"Schema {name}: {error}. Give every part one type, or an anyOf of such."
        ) from error


def _message(message: Message) -> dict[str, Any]:
    # An empty text is refused by the API, and says nothing.
    parts = [part for part in message.parts if not (isinstance(part, Text) and not part.text)]
    return {"role": message.role, "content": [_block(part) for part in parts]}


def _block(part: Part) -> dict[str, Any]:
    match part:
        case Text(text=text):
            return {"type": "text", "text": text}
        case ToolUse(id=identifier, name=name, input=given):
            return {"type": "tool_use", "id": identifier, "name": name, "input": _plain(given)}
        case ToolResult(tool_use_id=identifier, text=text, failed=failed):
            return {"type": "tool_result", "tool_use_id": identifier, "content": text, "is_error": failed}
        case Opaque(value=value):
            return _plain(value)
        case _:
            assert_never(part)


def _plain(value: JsonObject) -> dict[str, Any]:
    """As dicts and lists, for the SDK knows no other mappings; key order stays."""
    return {key: _plain_value(part) for key, part in value.items()}


def _plain_value(value: JsonValue) -> Any:
    if isinstance(value, Mapping):
        return _plain(value)
    if isinstance(value, list | tuple):
        return [_plain_value(part) for part in value]
    return value
