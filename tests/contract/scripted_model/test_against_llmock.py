"""The same calls to this server and to llmock, which was written by others: the real SDK must not see a difference.

What differs on purpose is not asked here: llmock checks no requests, counts tokens its own way and names messages at random.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from itertools import groupby
from typing import Any

import httpx2
import pytest
from anthropic import AnthropicError, APIStatusError, AsyncAnthropic
from anthropic.types import Message

from integrations.scripted_model import (
    CutStream,
    EndWithoutStop,
    HttpFault,
    Reply,
    SayText,
    Stall,
    always,
    serve_scripted,
    use_tool,
)
from tests.contract.scripted_model.calling import EMIT_PLAN, HELLO, MODEL, sdk

testing: Any = pytest.importorskip("llmock.testing")
scenarios: Any = pytest.importorskip("llmock.scenarios")

WORDS = "Good morning to everybody in this office and to all who are on their way here."
PLAN: Any = {"steps": [{"id": "s1", "title": "חיפוש"}, {"id": "s2", "title": "Search for documents of December"}]}
FOR_EVER = 60.0
BEFORE_PIECES = {"words": 3, "a tool": 2}
"""llmock counts the events before an answer's first piece, too; it has a ping there before words only."""

Call = Callable[[AsyncAnthropic], Coroutine[None, None, object]]


async def _streamed(client: AsyncAnthropic) -> object:
    """The helper's kinds of events in their order, and what they grow into."""
    async with client.messages.stream(model=MODEL, max_tokens=2_000, messages=HELLO, tools=[EMIT_PLAN]) as stream:
        kinds = dict.fromkeys([event.type async for event in stream])
        return list(kinds), _told(await stream.get_final_message())


async def _raw(client: AsyncAnthropic) -> object:
    """The events of the wire, pieces of one kind in a row as one."""
    stream = await client.messages.create(model=MODEL, max_tokens=2_000, messages=HELLO, tools=[EMIT_PLAN], stream=True)
    return _in_a_row([_shape(event.model_dump(exclude_none=True)) async for event in stream])


async def _begun(client: AsyncAnthropic) -> object:
    """Of an answer that may have broken off: what kind of thing it began, and why it stopped."""
    async with client.messages.stream(model=MODEL, max_tokens=2_000, messages=HELLO, tools=[EMIT_PLAN]) as stream:
        message = await stream.get_final_message()
        return [block.type for block in message.content], message.stop_reason


async def _whole(client: AsyncAnthropic) -> object:
    return _told(await client.messages.create(model=MODEL, max_tokens=2_000, messages=HELLO, tools=[EMIT_PLAN]))


def _in_a_row(events: Iterable[str]) -> list[str]:
    return [kind for kind, _ in groupby(events)]


def _shape(event: dict[str, Any]) -> str:
    """An event's type, and what it begins, adds or ends with."""
    block, delta = event.get("content_block", {}), event.get("delta", {})
    said = [block.get("type"), block.get("name"), delta.get("type"), delta.get("stop_reason")]
    return " ".join([event["type"], str(event.get("index", "")), *(str(one) for one in said if one)])


def _told(message: Message) -> object:
    content = [block.model_dump(include={"type", "text", "name", "input"}) for block in message.content]
    return message.role, message.model, message.stop_reason, content, message.usage.output_tokens > 0


async def _seen(url: str, call: Call, **options: Any) -> object:
    """What a call gives, or how it fails."""
    async with sdk(url) as plain, plain.with_options(**options) as client:
        try:
            return await call(client)
        except APIStatusError as error:
            return type(error), error.status_code, error.type, error.response.headers.get("retry-after")
        except (AnthropicError, httpx2.HTTPError, ValueError) as error:
            return type(error)


@asynccontextmanager
async def _both(reply: Reply, *behaviours: Any) -> AsyncGenerator[tuple[str, str]]:
    """This server with a reply, and llmock told to do the same; their addresses."""
    with testing.LLMockServer() as other:
        other.state.scenarios.add(*behaviours)
        async with serve_scripted(always(reply)) as server:
            yield server.url, other.base_url("anthropic")


ANSWERS: dict[str, tuple[Reply, Any]] = {
    "words": (SayText(WORDS), lambda: [scenarios.Reply(text=WORDS)]),
    "a tool": (
        use_tool("emit_plan", PLAN),
        lambda: [scenarios.Reply(tool_calls=(scenarios.ToolCall("emit_plan", PLAN),))],
    ),
}


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("call", [_raw, _streamed, _whole])
async def test_an_answer_is_the_same_in_events_and_in_the_end(call: Call, answer: str) -> None:
    reply, behaviours = ANSWERS[answer]
    async with _both(reply, *behaviours()) as (ours, theirs):
        assert await _seen(ours, call) == await _seen(theirs, call)


@pytest.mark.parametrize("call", [_raw, _whole])
@pytest.mark.parametrize(
    ("status", "retry_after"), [(400, None), (401, None), (403, None), (404, None), (429, 3.0), (500, None), (529, 2.0)]
)
async def test_a_refusal_is_the_same_error(call: Call, status: int, retry_after: float | None) -> None:
    fail = scenarios.Fail(status, retry_after=retry_after)
    async with _both(HttpFault(status, retry_after=retry_after), fail) as (ours, theirs):
        assert await _seen(ours, call) == await _seen(theirs, call)


@pytest.mark.parametrize("pieces", [1, 2])
@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("call", [_raw, _begun])
@pytest.mark.parametrize(
    ("breaks", "kind"), [(CutStream, "disconnect"), (EndWithoutStop, "truncate"), (Stall, "stall")]
)
async def test_a_stream_that_breaks_ends_or_stalls_is_the_same_to_the_sdk(
    breaks: Callable[[Any, int], Reply], kind: str, call: Call, answer: str, pieces: int
) -> None:
    reply, behaviours = ANSWERS[answer]
    fault = scenarios.StreamFault(kind, after_chunks=BEFORE_PIECES[answer] + pieces, stall_seconds=FOR_EVER)
    options: dict[str, Any] = {"timeout": 0.5} if kind == "stall" else {}
    async with _both(breaks(reply, pieces), *behaviours(), fault) as (ours, theirs):
        seen = await _seen(ours, call, **options)
        assert seen == await _seen(theirs, call, **options)
    assert (kind == "truncate") == (not isinstance(seen, type))
