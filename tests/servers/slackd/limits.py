"""What Slack refuses in a message or a view, and in which words."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator
from typing import Any, cast

from tests.servers.slackd.calls import ApiError, Call
from tests.servers.slackd.log import Json

POST_TEXT, UPDATE_TEXT, MARKDOWN_TEXT = 40_000, 4_000, 12_000
BLOCKS_TEXT = 40_000
"""Characters in all blocks together. Slack names ``msg_blocks_too_long`` without a figure; this one is assumed."""
METADATA_BYTES = 16_000
VIEW_BYTES = 250_000


def block_problems(blocks: list[Json], surface: str) -> list[str]:
    """What is wrong with blocks, with JSON pointers: Block Kit's own schema where it is there, and rules across blocks."""
    problems = list(_across(blocks, 50 if surface == "message" else 100))
    return _once(problems + _judged("validate_blocks", blocks, surface))


def check_blocks(blocks: list[Json]) -> None:
    """Refuse blocks no message may have.

    Raises:
        ApiError: ``invalid_blocks`` with every problem, or ``msg_blocks_too_long``.
    """
    problems = block_problems(blocks, "message")
    if problems:
        raise ApiError("invalid_blocks", *problems)
    if sum(len(text) for text in _texts(blocks)) > BLOCKS_TEXT:
        raise ApiError("msg_blocks_too_long")


def check_message(call: Call, *, longest: int) -> Json:
    """The text, blocks, attachments and metadata of a call, or the refusal.

    A ``longest`` of ``POST_TEXT`` cuts the text with a warning, any other refuses. The answer holds only what was given.
    """
    content: Json = {}
    blocks, markdown = call.blocks(), call.text("markdown_text")
    attachments = call.structure("attachments", "invalid_attachments")
    if markdown and (blocks or call.text("text")):
        raise ApiError("markdown_text_conflict")
    if len(markdown) > MARKDOWN_TEXT:
        raise ApiError("msg_too_long")
    if not (call.text("text").strip() or blocks or attachments or markdown or "file_ids" in call.args):
        raise ApiError("no_text")
    content["text"] = _cut(call, call.text("text") or markdown, longest)
    if blocks is not None:
        check_blocks(blocks)
        content["blocks"] = call.world.add_missing_ids(blocks)
    if attachments is not None:
        if len(attachments) > 100:
            raise ApiError("too_many_attachments")
        content["attachments"] = attachments
    if blocks and not call.text("text"):
        call.warnings.append("missing_text_in_message")
        call.world.warn(f"missing_text_in_message:{call.method}")
    metadata = check_metadata(call)
    if metadata is not None:
        content["metadata"] = metadata
    return content


def check_metadata(call: Call) -> Json | None:
    """The metadata of a call; None when it has none.

    Raises:
        ApiError: ``invalid_metadata_format`` or ``metadata_too_large``.
    """
    metadata = call.structure("metadata", "invalid_metadata_format")
    if metadata is None or metadata == {}:
        return cast("Json | None", metadata)
    if not isinstance(metadata, dict):
        raise ApiError("invalid_metadata_format")
    given = cast("Json", metadata)
    kind, payload = given.get("event_type"), given.get("event_payload")
    if set(given) - {"event_type", "event_payload", "entities"} or not isinstance(kind, str) or not kind:
        raise ApiError("invalid_metadata_format")
    if not isinstance(payload, dict) or len(kind) > 255:
        raise ApiError("invalid_metadata_format")
    if len(json.dumps(given, ensure_ascii=False).encode("utf-8", "surrogatepass")) > METADATA_BYTES:
        raise ApiError("metadata_too_large")
    return given


def check_view(view: Any) -> Json:
    """A view as ``views.open`` and its kin take it.

    Raises:
        ApiError: ``view_too_large``, or ``invalid_arguments`` naming every problem.
    """
    if not isinstance(view, dict):
        raise ApiError("invalid_arguments", "must provide an object [json-pointer:/view]")
    given = cast("Json", view)
    if len(json.dumps(given, ensure_ascii=False).encode("utf-8", "surrogatepass")) > VIEW_BYTES:
        raise ApiError("view_too_large")
    problems = list(_of_view(given))
    blocks = given.get("blocks")
    if isinstance(blocks, list):
        across = _across(cast("list[Json]", blocks), 100)
        problems += [problem.replace("json-pointer:/", "json-pointer:/view/") for problem in across]
    problems = _once(problems + _judged("validate_view", given))
    if problems:
        raise ApiError("invalid_arguments", *problems)
    return given


def _of_view(view: Json) -> Iterator[str]:
    if not isinstance(view.get("blocks"), list):
        yield "missing required field: blocks [json-pointer:/view]"
    if view.get("type") == "home":
        return
    if view.get("type") != "modal":
        yield "must be a valid enum value [json-pointer:/view/type]"
    if not isinstance(view.get("title"), dict):
        yield "missing required field: title [json-pointer:/view]"
    for name in ("title", "submit", "close"):
        text = view.get(name)
        if isinstance(text, dict) and len(str(cast("Json", text).get("text", ""))) > 24:
            yield f"must be less than 25 characters [json-pointer:/view/{name}/text]"
    has_input = any(block.get("type") == "input" for block in cast("list[Json]", view.get("blocks") or []))
    if has_input and not view.get("submit"):
        yield "`submit` is required when an `input` block is within the `blocks` array [json-pointer:/view/submit]"
    for name, longest in (("private_metadata", 3000), ("callback_id", 255), ("external_id", 255)):
        if len(str(view.get(name) or "")) > longest:
            yield f"must be less than {longest + 1} characters [json-pointer:/view/{name}]"


def _across(blocks: list[Json], most: int) -> Iterator[str]:
    """Rules no schema of a single block can hold."""
    if len(blocks) > most:
        yield f"no more than {most} items allowed [json-pointer:/blocks]"
    yield from _repeated_ids(blocks)
    for number, block in enumerate(blocks):
        if not isinstance(block.get("type"), str):
            yield f"missing required field: type [json-pointer:/blocks/{number}]"
        if block.get("type") == "task_card" and block.get("status") == "pending":
            yield f"a task card outside a plan cannot be pending [json-pointer:/blocks/{number}/status]"
    if sum(len(str(block.get("text", ""))) for block in blocks if block.get("type") == "markdown") > MARKDOWN_TEXT:
        yield f"markdown blocks hold no more than {MARKDOWN_TEXT} characters together [json-pointer:/blocks]"


def _repeated_ids(blocks: list[Json]) -> Iterator[str]:
    seen: dict[tuple[str, str], str] = {}
    for pointer, node in _nodes(blocks, "/blocks"):
        for name in ("block_id", "action_id"):
            value = node.get(name)
            if not isinstance(value, str) or not value:
                continue
            if len(value) > 255:
                yield f"must be less than 256 characters [json-pointer:{pointer}/{name}]"
            if (name, value) in seen:
                yield f"`{name}`s must be unique, {value!r} is also at {seen[name, value]} [json-pointer:{pointer}]"
            seen[name, value] = pointer


def _nodes(value: Any, pointer: str) -> Iterator[tuple[str, Json]]:
    if isinstance(value, dict):
        node = cast("Json", value)
        yield pointer, node
        for key, each in node.items():
            yield from _nodes(each, f"{pointer}/{key}")
    elif isinstance(value, list):
        for number, each in enumerate(cast("list[Any]", value)):
            yield from _nodes(each, f"{pointer}/{number}")


def _texts(blocks: list[Json]) -> Iterator[str]:
    for _, node in _nodes(blocks, ""):
        text = node.get("text")
        if isinstance(text, str):
            yield text


def _cut(call: Call, text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    if longest != POST_TEXT:
        raise ApiError("msg_too_long")
    call.warnings.append("message_truncated")
    call.world.warn(f"message_truncated:{call.method}")
    return text[:longest]


def _judged(validator: str, *given: Any) -> list[str]:
    try:
        module = importlib.import_module("tests.servers.blockkit")
    except ModuleNotFoundError:
        return []
    judge = cast("Callable[..., list[str]]", getattr(module, validator))
    return judge(*given)


def _once(problems: list[str]) -> list[str]:
    return list(dict.fromkeys(problems))
