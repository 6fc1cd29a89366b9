"""Refuses what the real API refuses, in its error shape: who asks, what for, and whether the conversation hangs together.

From anthropic 2.12's parameter types, the API's error and migration pages and its own messages in public issues, read
2026-11-24. Where the API is known to be laxer, the option that says so is named at the check.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hmac import compare_digest
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import from_json

from integrations.scripted_model.conversation import check_conversation
from integrations.scripted_model.errors import ApiError
from integrations.scripted_model.options import VERSIONS, WITHOUT_SAMPLING, ServedModel, ServerOptions
from integrations.scripted_model.wire import CountRequest, MessagesRequest, Tool, ToolChoice

R = TypeVar("R", bound=CountRequest)

_SAMPLING = "temperature", "top_p", "top_k"
_BREAKPOINTS = 4


def check_caller(headers: Mapping[str, str], options: ServerOptions) -> None:
    """Let in who has the key and names an API version.

    Raises:
        ApiError: 401 or 400.
    """
    given = headers.get("x-api-key")
    if given is None:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        given = token.strip() if scheme.lower() == "bearer" else None
    if options.key is not None and not compare_digest((given or "").encode(), options.key.encode()):
        raise ApiError(401, "" if given else "x-api-key header is required")
    version = headers.get("anthropic-version")
    if version is None:
        raise ApiError(400, "anthropic-version: header is required")
    if version not in VERSIONS:
        raise ApiError(400, f'anthropic-version: "{version}" is not a valid version')


def check_messages(raw: bytes, version: str, options: ServerOptions) -> dict[str, Any]:
    """The body of ``POST /v1/messages``, as it was sent.

    Raises:
        ApiError: 400, 404 for a model nobody serves, 413.
    """
    body = _read(raw, options)
    if version >= WITHOUT_SAMPLING:
        for name in _SAMPLING:
            if name in body:
                raise ApiError(400, f"{name}: Extra inputs are not permitted")
    request = _parse(MessagesRequest, body)
    model = _check(request, body, version, options)
    if request.max_tokens > model.max_tokens:
        raise ApiError(
            400, f"max_tokens: {request.max_tokens} > {model.max_tokens}, which is the maximum for {model.id}"
        )
    thinking = request.thinking
    if thinking is not None and thinking.type == "enabled" and not _in_budget(thinking.budget_tokens, request):
        raise ApiError(400, "`max_tokens` must be greater than `thinking.budget_tokens`")
    return body


def check_count(raw: bytes, version: str, options: ServerOptions) -> dict[str, Any]:
    """The body of ``POST /v1/messages/count_tokens``, as it was sent.

    Raises:
        ApiError: 400, 404 for a model nobody serves, 413.
    """
    body = _read(raw, options)
    _check(_parse(CountRequest, body), body, version, options)
    return body


def _read(raw: bytes, options: ServerOptions) -> dict[str, Any]:
    if len(raw) > options.max_body:
        raise ApiError(413)
    try:
        body: Any = from_json(raw, allow_inf_nan=False)
    except ValueError as error:
        raise ApiError(400, f"The request body is not valid JSON: {error}") from error
    if not isinstance(body, dict):
        raise ApiError(400, "Input should be an object")
    return body  # pyright: ignore[reportUnknownVariableType] - JSON off the wire


def _parse(model: type[R], body: Mapping[str, Any]) -> R:
    try:
        return model.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ApiError(400, f"{place}: {first['msg']}") from error


def _check(request: CountRequest, body: Mapping[str, Any], version: str, options: ServerOptions) -> ServedModel:
    model = options.model(request.model)
    if model is None:
        raise ApiError(404, f"model: {request.model}")
    _check_tools(request.tools or (), request.tool_choice, model, options)
    _check_cache(body)
    check_conversation(request.messages, version, model, options)
    return model


def _check_tools(tools: Sequence[Tool], choice: ToolChoice | None, model: ServedModel, options: ServerOptions) -> None:
    names = [tool.name for tool in tools]
    if len(set(names)) < len(names):
        raise ApiError(400, "tools: Tool names must be unique.")
    if choice is None:
        return
    if not tools:
        raise ApiError(400, "tool_choice: may only be specified while providing tools")
    if (choice.type == "tool") != (choice.name is not None):
        wrong = "Field required" if choice.name is None else "Extra inputs are not permitted"
        raise ApiError(400, f"tool_choice.{choice.type}.name: {wrong}")
    if choice.name is not None and choice.name not in names:
        raise ApiError(400, f"tool_choice: Tool '{choice.name}' not found in provided tools")
    if choice.type in {"tool", "any"} and options.as_named and not model.can_be_forced:
        raise ApiError(400, f"tool_choice: type {choice.type} is not supported by {model.id}")


def _check_cache(body: Mapping[str, Any]) -> None:
    """At most four breakpoints; a longer life never after a shorter one, in the order tools, system, messages."""
    marks = list(_cache_marks(body))
    if len(marks) > _BREAKPOINTS:
        raise ApiError(400, f"A maximum of 4 blocks with cache_control may be provided. Found {len(marks)}.")
    short = False
    for place, ttl in marks:
        if ttl == "1h" and short:
            raise ApiError(400, f"{place}.cache_control.ttl: a ttl='1h' block must not come after a ttl='5m' block")
        short = short or ttl == "5m"


def _cache_marks(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from _marks_in("tools", body.get("tools"))
    yield from _marks_in("system", body.get("system"))
    for i, message in enumerate(body["messages"]):
        yield from _marks_in(f"messages.{i}.content", message["content"])
    if body.get("cache_control"):
        yield "body", body["cache_control"].get("ttl", "5m")


def _marks_in(place: str, blocks: Any) -> Iterator[tuple[str, str]]:
    if isinstance(blocks, list):
        for i, block in enumerate(blocks):  # pyright: ignore[reportUnknownVariableType,reportUnknownArgumentType]
            mark: Mapping[str, Any] | None = block.get("cache_control")  # pyright: ignore[reportUnknownMemberType,reportUnknownVariableType]
            if mark:
                yield f"{place}.{i}", mark.get("ttl") or "5m"  # pyright: ignore[reportUnknownMemberType]
            yield from _marks_in(f"{place}.{i}.content", block.get("content"))  # pyright: ignore[reportUnknownMemberType]


def _in_budget(budget: int | None, request: MessagesRequest) -> bool:
    return budget is not None and budget < request.max_tokens
