"""Each fault as the real SDK shows it: clients must be ready for exactly these."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta

import anthropic
import httpx2
import pytest
from anthropic.types import Message

from integrations.scripted_model import (
    CutStream,
    Ending,
    EndWithoutStop,
    ErrorInStream,
    HangUp,
    HttpFault,
    Late,
    MaxTokens,
    RawTool,
    Refusal,
    Reply,
    SayText,
    ScriptedServer,
    Stall,
    always,
    in_order,
    serve_scripted,
    use_tool,
)
from tests.contract.scripted_model.calling import EMIT_PLAN, HELLO, MODEL, sdk
from tests.waiting import until

Call = Callable[[ScriptedServer], Coroutine[None, None, Message]]
LONG = SayText("a quiet morning at the office, and then some more " * 4)
CALL = use_tool("emit_plan", {"steps": [{"id": "s1", "title": "look for the meeting"}]})


async def _streamed(server: ScriptedServer) -> Message:
    async with (
        sdk(server.url) as client,
        client.messages.stream(model=MODEL, max_tokens=2_000, messages=HELLO, tools=[EMIT_PLAN]) as stream,
    ):
        return await stream.get_final_message()


async def _whole(server: ScriptedServer) -> Message:
    async with sdk(server.url) as client:
        return await client.messages.create(model=MODEL, max_tokens=2_000, messages=HELLO)


def _words(message: Message) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


@pytest.mark.parametrize(
    ("status", "kind", "error"),
    [
        (400, "invalid_request_error", anthropic.BadRequestError),
        (401, "authentication_error", anthropic.AuthenticationError),
        (402, "billing_error", anthropic.APIStatusError),
        (403, "permission_error", anthropic.PermissionDeniedError),
        (404, "not_found_error", anthropic.NotFoundError),
        (413, "request_too_large", anthropic.APIStatusError),
        (429, "rate_limit_error", anthropic.RateLimitError),
        (500, "api_error", anthropic.InternalServerError),
        (529, "overloaded_error", anthropic.APIStatusError),
    ],
)
@pytest.mark.parametrize("call", [_streamed, _whole], ids=["streamed", "whole"])
async def test_a_status_is_the_sdks_error_of_that_name(
    status: int, kind: str, error: type[anthropic.APIStatusError], call: Call
) -> None:
    async with serve_scripted(always(HttpFault(status, retry_after=7))) as server:
        with pytest.raises(error) as caught:
            await call(server)
        assert (caught.value.status_code, caught.value.type) == (status, kind)
        assert caught.value.response.headers["retry-after"] == "7"
        assert caught.value.request_id == server.requests[0].request_id
        assert server.requests[0].ending is Ending.FAULT


async def test_the_sdk_waits_as_long_as_it_is_told_and_asks_again() -> None:
    script = in_order(HttpFault(429, retry_after=0.1), HttpFault(529, retry_after=0.1), SayText("at last"))
    async with (
        serve_scripted(script) as server,
        anthropic.AsyncAnthropic(api_key="k", base_url=server.url, max_retries=2) as client,
    ):
        began = asyncio.get_running_loop().time()
        answer = await client.messages.create(model=MODEL, max_tokens=50, messages=HELLO)
        waited = asyncio.get_running_loop().time() - began
    assert answer.content[0].type == "text"
    assert 0.2 <= waited < 5
    assert [exchange.number for exchange in server.requests] == [1, 2, 3]


@pytest.mark.parametrize("kind", ["overloaded_error", "api_error", "rate_limit_error"])
async def test_an_error_in_the_stream_is_an_error_though_the_status_was_fine(kind: str) -> None:
    async with serve_scripted(always(ErrorInStream(LONG, 2, kind))) as server:  # type: ignore[arg-type]
        with pytest.raises(anthropic.APIStatusError) as caught:
            await _streamed(server)
    assert (caught.value.status_code, caught.value.type) == (200, kind)
    assert (server.requests[0].pieces, server.requests[0].ending) == (2, Ending.FAULT)


async def test_where_nothing_is_streamed_an_error_in_the_stream_is_a_status() -> None:
    async with serve_scripted(always(ErrorInStream(LONG))) as server:
        with pytest.raises(anthropic.APIStatusError) as caught:
            await _whole(server)
    assert (caught.value.status_code, caught.value.type) == (529, "overloaded_error")


@pytest.mark.parametrize("after", [0, 1, 3])
async def test_a_connection_that_breaks_in_the_stream_is_the_http_clients_error_not_the_sdks(after: int) -> None:
    async with serve_scripted(always(CutStream(LONG, after))) as server:
        with pytest.raises(httpx2.RemoteProtocolError) as caught:
            await _streamed(server)
        assert not isinstance(caught.value, anthropic.AnthropicError)
        assert server.requests[0].pieces == after


async def test_a_connection_that_breaks_in_a_whole_answer_is_a_connection_error() -> None:
    async with serve_scripted(always(CutStream(LONG))) as server:
        with pytest.raises(anthropic.APIConnectionError):
            await _whole(server)


@pytest.mark.parametrize("after", [None, 2])
async def test_a_stream_that_ends_without_a_reason_passes_the_sdk_unnoticed(after: int | None) -> None:
    async with serve_scripted(always(EndWithoutStop(LONG, after))) as server:
        message = await _streamed(server)
    assert message.stop_reason is None
    assert LONG.text.startswith(_words(message))
    assert (_words(message) == LONG.text) == (after is None)


@pytest.mark.parametrize("call", [_streamed, _whole], ids=["streamed", "whole"])
async def test_a_connection_dropped_before_any_answer_is_a_connection_error(call: Call) -> None:
    async with serve_scripted(always(HangUp())) as server:
        with pytest.raises(anthropic.APIConnectionError):
            await call(server)
        assert (server.requests[0].status, server.requests[0].ending) == (0, Ending.FAULT)


@pytest.mark.parametrize("call", [_streamed, _whole], ids=["streamed", "whole"])
@pytest.mark.parametrize("reply", [Late(LONG), Stall(LONG, 1)], ids=["late", "stalled"])
async def test_who_gets_nothing_may_leave_and_the_server_notices(reply: Reply, call: Call) -> None:
    async with serve_scripted(always(reply)) as server:

        async def ending() -> Ending | None:
            return server.requests[0].ending if server.requests else None

        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(call(server))
            await until(ending, lambda seen: seen is Ending.OPEN)
            waiting.cancel()
        assert await until(ending, lambda seen: seen is not Ending.OPEN) is Ending.LEFT


@pytest.mark.parametrize("call", [_streamed, _whole], ids=["streamed", "whole"])
async def test_what_was_held_back_comes_whole_once_it_is_let_go(call: Call) -> None:
    late, stalled = asyncio.Event(), asyncio.Event()
    script = in_order(Late(LONG, late), Stall(LONG, 2, stalled, ping_every=timedelta(seconds=0.01)))
    async with serve_scripted(script) as server:

        async def asked() -> int:
            return len(server.requests)

        for number, event in enumerate((late, stalled), start=1):
            async with asyncio.TaskGroup() as group:
                answer = group.create_task(call(server))
                await until(asked, lambda count, number=number: count == number)
                assert not answer.done()
                event.set()
            assert _words(answer.result()) == LONG.text
        assert [exchange.ending for exchange in server.requests] == [Ending.WHOLE, Ending.WHOLE]


@pytest.mark.parametrize("call", [_streamed, _whole], ids=["streamed", "whole"])
async def test_an_answer_cut_at_the_limit_or_declined_says_so(call: Call) -> None:
    script = in_order(MaxTokens(LONG), Refusal(LONG, 1, "cyber"), MaxTokens(LONG, 0))
    async with serve_scripted(script) as server:
        cut, declined, empty = [await call(server) for _ in range(3)]
    assert cut.stop_reason == "max_tokens"
    assert 0 < len(_words(cut)) < len(LONG.text)
    assert declined.stop_reason == "refusal"
    assert declined.stop_details is not None
    assert declined.stop_details.category == "cyber"
    assert (empty.stop_reason, empty.content) == ("max_tokens", [])


async def test_a_tools_input_may_end_in_the_middle_or_be_no_json_at_all() -> None:
    async with serve_scripted(in_order(MaxTokens(CALL, 2), RawTool("emit_plan", '{"steps": [}'))) as server:
        cut = await _streamed(server)
        assert cut.stop_reason == "max_tokens"
        assert cut.content[0].type == "tool_use"
        assert cut.content[0].input == {"steps": [{"id": "s1"}]}
        with pytest.raises(ValueError, match="Unable to parse tool parameter JSON"):
            await _streamed(server)


async def test_a_script_that_ran_out_or_failed_is_a_500_that_says_why() -> None:
    async with serve_scripted(in_order(SayText("only one"))) as server:
        await _whole(server)
        with pytest.raises(anthropic.InternalServerError, match="The script has 1 replies; this is request 2"):
            await _whole(server)
