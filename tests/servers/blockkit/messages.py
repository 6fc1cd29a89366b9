"""A message as a whole: its fallback text, its metadata, and what excludes what."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.servers.blockkit import limits, schema
from tests.servers.blockkit.pointers import is_list, is_object, problem

_SILENT = frozenset({"type", "block_id", "action_id", "task_id", "style", "status", "value"})
_STAMP = re.compile(r"\d{10}\.\d{6}")


def problems_of_message(payload: dict[str, Any]) -> Iterator[str]:
    """Everything but the blocks themselves."""
    yield from _text(payload)
    yield from _weight(payload.get("blocks"))
    yield from _metadata(payload.get("metadata"))
    attachments = payload.get("attachments")
    if is_list(attachments) and len(attachments) > limits.ATTACHMENTS:
        yield problem(f"too_many_attachments: no more than {limits.ATTACHMENTS} items allowed", "/attachments")
    for name in ("ts", "thread_ts"):
        stamp = payload.get(name)
        if stamp is not None and not (isinstance(stamp, str) and _STAMP.fullmatch(stamp)):
            yield problem(f"not a time stamp: {stamp!r}", f"/{name}")


def _text(payload: dict[str, Any]) -> Iterator[str]:
    text, blocks, markdown = payload.get("text"), payload.get("blocks"), payload.get("markdown_text")
    if markdown is not None:
        if text or blocks:
            yield problem("markdown_text_conflict: neither text nor blocks may stand beside it", "/markdown_text")
        if len(str(markdown)) > limits.MARKDOWN_TOTAL:
            yield problem(f"must be less than {limits.MARKDOWN_TOTAL + 1} characters", "/markdown_text")
        return
    if not isinstance(text, str) or not text.strip():
        reason = (
            "blocks need a fallback text: notifications and screen readers have nothing else" if blocks else "no_text"
        )
        yield problem(reason, "/text")
        return
    most = limits.TEXT_UPDATED if payload.get("ts") else limits.TEXT_POSTED
    if len(text) > most:
        yield problem(f"msg_too_long: must be less than {most + 1} characters", "/text")


def _weight(blocks: Any) -> Iterator[str]:
    size = bytes_of(blocks)
    if size > limits.BLOCKS_BYTES:
        yield problem(f"msg_blocks_too_long: {size} bytes, we keep to {limits.BLOCKS_BYTES}", "/blocks")


def bytes_of(blocks: Any) -> int:
    """UTF-8 bytes of everything said in blocks: strings that are not names, kinds or looks."""
    if isinstance(blocks, str):
        return len(blocks.encode())
    if is_list(blocks):
        return sum(map(bytes_of, blocks))
    return sum(bytes_of(value) for key, value in blocks.items() if key not in _SILENT) if is_object(blocks) else 0


def _metadata(metadata: Any) -> Iterator[str]:
    if metadata is None:
        return
    if not is_object(metadata) or not is_object(metadata.get("event_payload")):
        yield problem("invalid_metadata_format: an event_type and an event_payload", "/metadata")
        return
    if not isinstance(metadata.get("event_type"), str) or not metadata["event_type"]:
        yield problem("invalid_metadata_format: event_type is a name", "/metadata/event_type")
    yield from schema.problems_of(metadata, "MessageMetadata", "/metadata")
    size = len(json.dumps(metadata, ensure_ascii=False).encode())
    if size > limits.METADATA_BYTES:
        yield problem(f"metadata_too_large: {size} bytes", "/metadata")
