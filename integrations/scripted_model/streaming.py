"""The events of one answer, in order, as the API streams them (platform.claude.com/docs, streaming messages, read 2026-11-24).

Pure: who sends them, when, and what goes wrong on the way is :mod:`.performance`'s.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engine.domain.json import JsonObject
from integrations.scripted_model.blocks import Answer
from integrations.scripted_model.usage import InputUsage, count


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What is known of an answer before its first word."""

    message_id: str
    model: str
    usage: InputUsage


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One server-sent event."""

    event: str
    data: JsonObject
    carries: str | None = None
    """Of a piece: its text; None for everything else."""

    def encode(self) -> bytes:
        """As it goes over the wire."""
        return b"event: %b\ndata: %b\n\n" % (self.event.encode(), as_bytes(self.data))


PING = Frame(event="ping", data={"type": "ping"})


def frames(head: Head, answer: Answer) -> Iterator[Frame]:
    """All events of an answer: a ping follows the first block's beginning."""
    yield _frame("message_start", message=_message(head, [], None, None, head.usage.wire(1)))
    for index, block in enumerate(answer.blocks):
        yield _frame("content_block_start", index=index, content_block=block.start)
        if index == 0:
            yield PING
        for piece in block.pieces:
            yield _frame("content_block_delta", carries=piece.text, index=index, delta=piece.delta)
        yield _frame("content_block_stop", index=index)
    yield _frame("message_delta", delta=_end(answer), usage=_final(head, answer))
    yield _frame("message_stop")


def message(head: Head, answer: Answer) -> JsonObject:
    """The same answer in one piece."""
    usage = head.usage.wire(spoken_tokens(answer))
    return _message(head, [block.whole for block in answer.blocks], answer.stop, answer.stop_details, usage)


def as_bytes(value: JsonObject) -> bytes:
    """JSON as UTF-8; half a surrogate pair, which no UTF-8 can hold, stays an escape."""
    return json.dumps(value, ensure_ascii=False).encode(errors="backslashreplace")


def spoken_tokens(answer: Answer) -> int:
    """Output tokens of an answer, at least one."""
    return max(1, count(answer.text))


def _message(
    head: Head, content: list[JsonObject], stop: str | None, details: JsonObject | None, usage: dict[str, Any]
) -> JsonObject:
    return {
        "id": head.message_id,
        "type": "message",
        "role": "assistant",
        "model": head.model,
        "content": content,
        "stop_reason": stop,
        "stop_sequence": None,
        "stop_details": details,
        "usage": usage,
    }


def _end(answer: Answer) -> JsonObject:
    return {"stop_reason": answer.stop, "stop_sequence": None, "stop_details": answer.stop_details}


def _final(head: Head, answer: Answer) -> JsonObject:
    usage = head.usage.wire(spoken_tokens(answer))
    return {key: value for key, value in usage.items() if key.endswith("_tokens")}


def _frame(event: str, carries: str | None = None, **data: Any) -> Frame:
    return Frame(event=event, data={"type": event, **data}, carries=carries)
