"""Does a conversation hang together? Roles, tool calls and their results, and what each side may say."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from integrations.scripted_model.blocks import sign
from integrations.scripted_model.errors import ApiError
from integrations.scripted_model.options import WITHOUT_SAMPLING, ServedModel, ServerOptions
from integrations.scripted_model.wire import (
    ContentBlock,
    DocumentBlock,
    ImageBlock,
    RedactedThinkingBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
    WireTurn,
)


def check_conversation(turns: Sequence[WireTurn], version: str, model: ServedModel, options: ServerOptions) -> None:
    """All messages of a request.

    Raises:
        ApiError: 400.
    """
    _check_roles(turns, model, options)
    for place, turn in enumerate(turns):
        last = place == len(turns) - 1
        if not turn.content and not (last and turn.role == "assistant"):
            raise ApiError(400, f"messages.{place}: all messages must have non-empty content")
        for i, block in enumerate(turn.content):
            _check_block(f"messages.{place}.content.{i}", turn.role, block, version)
    _check_pairs(turns)


def _check_roles(turns: Sequence[WireTurn], model: ServedModel, options: ServerOptions) -> None:
    if turns[0].role != "user":
        raise ApiError(400, "messages: first message must use the user role")
    # The real API joins such messages (so its reference); here `alternating` decides.
    if options.alternating and any(a.role == b.role for a, b in pairwise(turns)):
        raise ApiError(400, 'messages: roles must alternate between "user" and "assistant"')
    if turns[-1].role == "assistant" and not model.takes_prefill:
        raise ApiError(
            400,
            f"{model.id} does not support assistant message prefill. The conversation must end with a user message.",
        )


def _check_block(place: str, role: str, block: ContentBlock, version: str) -> None:
    newest = version >= WITHOUT_SAMPLING
    match block:
        case TextBlock():
            if not block.text:
                raise ApiError(400, f"{place}: text content blocks must be non-empty")
            if role == "user" and block.citations and newest:
                raise ApiError(400, f"{place}.citations: not permitted in user messages")
        case DocumentBlock():
            if role == "assistant" and newest:
                raise ApiError(400, f"{place}: `document` blocks are not permitted in assistant messages")
        case ThinkingBlock():
            _only("assistant", role, place, block.type)
            if block.signature != sign(block.thinking):
                raise ApiError(400, f"{place}: Invalid `signature` in `thinking` block")
        case ToolUseBlock() | RedactedThinkingBlock():
            _only("assistant", role, place, block.type)
        case ToolResultBlock() | ImageBlock():
            _only("user", role, place, block.type)


def _only(wanted: str, role: str, place: str, kind: str) -> None:
    if role != wanted:
        raise ApiError(400, f"{place}: `{kind}` blocks can only be in `{wanted}` messages")


def _check_pairs(turns: Sequence[WireTurn]) -> None:
    """Every call is answered in the very next message, first thing; every answer has its call; no id comes twice."""
    seen: set[str] = set()
    open_calls: set[str] = set()
    for place, turn in enumerate(turns):
        _check_results(place, turn, open_calls)
        calls = [block.id for block in turn.content if isinstance(block, ToolUseBlock)]
        if len(set(calls)) < len(calls) or seen & set(calls):
            raise ApiError(400, f"messages.{place}: `tool_use` ids must be unique")
        seen |= set(calls)
        open_calls = set(calls)
    if open_calls:
        raise ApiError(400, _unanswered(len(turns) - 1, open_calls))


def _check_results(place: int, turn: WireTurn, open_calls: set[str]) -> None:
    answered: set[str] = set()
    other = False
    for i, block in enumerate(turn.content):
        if not isinstance(block, ToolResultBlock):
            other = True
            continue
        if block.tool_use_id not in open_calls:
            raise ApiError(
                400,
                f"messages.{place}.content.{i}: unexpected `tool_use_id` in `tool_result` block: {block.tool_use_id}. "
                "It must have a corresponding `tool_use` block in the previous message.",
            )
        if block.tool_use_id in answered:
            raise ApiError(400, f"messages.{place}.content.{i}: more than one `tool_result` for {block.tool_use_id}")
        if other:
            # With words in front, the API reports the call as unanswered.
            raise ApiError(400, _unanswered(place - 1, {block.tool_use_id}))
        answered.add(block.tool_use_id)
    if open_calls - answered:
        raise ApiError(400, _unanswered(place - 1, open_calls - answered))


def _unanswered(place: int, calls: set[str]) -> str:
    named = ", ".join(sorted(calls))
    return (
        f"messages.{place}: `tool_use` ids without `tool_result` blocks immediately after: {named}. "
        "Each `tool_use` block must have a corresponding `tool_result` block in the next message."
    )
