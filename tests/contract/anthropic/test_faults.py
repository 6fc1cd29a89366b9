"""Everything that can go wrong with a call becomes the error the port names, with what it used as far as known."""

from __future__ import annotations

import asyncio
import socket
import struct
from datetime import timedelta
from typing import Any

import pytest

from engine.domain.spend import Usage
from engine.errors import AuthExpiredError, InternalError, RefusedError, TizmorError, UnavailableError
from engine.ports.language_model import AnswerLostError, ModelTool
from integrations.anthropic import AnthropicModel, Timeouts
from tests.contract.anthropic.conftest import (
    BREAK,
    SECOND,
    STALL,
    Opening,
    Piece,
    Reply,
    Server,
    end,
    given,
    official,
    options,
    refusal,
    sse,
    start,
    text,
    tool,
    whole,
)
from tests.contract.anthropic.requests import EMIT_PLAN, asking, planning, shaping

IMPATIENT = Timeouts(connect=5 * SECOND, first_byte=SECOND / 5, between_events=SECOND / 5, whole=5 * SECOND)


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (refusal(400, "invalid_request_error"), RefusedError, "model_request_invalid"),
        (refusal(401, "authentication_error"), AuthExpiredError, "model_key_wrong"),
        (refusal(402, "billing_error"), AuthExpiredError, "model_key_wrong"),
        (refusal(403, "permission_error"), AuthExpiredError, "model_key_wrong"),
        (refusal(404, "not_found_error"), RefusedError, "model_unknown"),
        (refusal(408, "timeout_error"), UnavailableError, "model_broken"),
        (refusal(409, "conflict_error"), UnavailableError, "model_broken"),
        (refusal(413, "request_too_large"), RefusedError, "model_request_too_large"),
        (refusal(422, "invalid_request_error"), RefusedError, "model_request_invalid"),
        (refusal(429, "rate_limit_error"), UnavailableError, "model_overloaded"),
        (refusal(500), UnavailableError, "model_broken"),
        (refusal(503), UnavailableError, "model_broken"),
        (refusal(503, "overloaded_error"), UnavailableError, "model_overloaded"),
        (refusal(529, "overloaded_error"), UnavailableError, "model_overloaded"),
        (Reply((b"<h1>Bad gateway</h1>",), 502, {"content-type": "text/html"}), UnavailableError, "model_broken"),
        (Reply((b"404 page not found",), 404, {"content-type": "text/plain"}), UnavailableError, "model_unreachable"),
        (Reply((b"<h1>Welcome</h1>",), 200, {"content-type": "text/html"}), UnavailableError, "model_unreachable"),
        (Reply((BREAK,), 200, {}), UnavailableError, "model_unreachable"),
    ],
)
async def test_a_call_that_brings_nothing_says_why(
    server: Server, opened: Opening, reply: Reply, kind: type[TizmorError], code: str
) -> None:
    server.script = [reply]
    async with opened() as model:
        with pytest.raises(kind) as caught:
            await model.ask(asking())
    assert type(caught.value) is kind
    assert caught.value.code == code
    assert len(server.bodies) == 1, "the adapter does not try again by itself"


async def test_the_provider_s_words_and_its_name_of_the_call_are_in_the_detail(server: Server, opened: Opening) -> None:
    server.script = [refusal(400, "invalid_request_error", "prompt is too long")]
    async with opened() as model:
        with pytest.raises(RefusedError, match="400 for claude-haiku-5-5: prompt is too long, request req_9") as caught:
            await model.ask(asking())
    assert caught.value.parameters["model"] == "claude-haiku-5-5"


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"retry_after": "7"}, 7 * SECOND),
        ({"retry_after": "0.5"}, SECOND / 2),
        ({"retry_after_ms": "250", "retry_after": "7"}, SECOND / 4),
        ({"retry_after": "Tue, 24 Nov 2026 10:00:30 GMT", "Date": "Tue, 24 Nov 2026 10:00:00 GMT"}, 30 * SECOND),
        ({"retry_after": "Tue, 24 Nov 2026 09:00:00 GMT", "Date": "Tue, 24 Nov 2026 10:00:00 GMT"}, 0 * SECOND),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "-3"}, None),
        ({"retry_after": "nan"}, None),
    ],
)
async def test_an_overloaded_provider_says_when_to_come_back(
    server: Server, opened: Opening, headers: dict[str, str], wait: timedelta | None
) -> None:
    server.script = [refusal(429, "rate_limit_error", **headers)]
    async with opened() as model:
        with pytest.raises(UnavailableError) as caught:
            await model.ask(asking())
    assert caught.value.retry_after == wait


HALF = (start(cache_read_input_tokens=90), text("a" * 300))


@pytest.mark.parametrize(
    ("pieces", "usage"),
    [
        ((*HALF, BREAK), Usage(input_tokens=25, output_tokens=100, cache_read_tokens=90, estimated=True)),
        (HALF, Usage(input_tokens=25, output_tokens=100, cache_read_tokens=90, estimated=True)),
        ((*HALF, end(None, output_tokens=120)), Usage(input_tokens=25, output_tokens=120, cache_read_tokens=90, estimated=True)),
        ((*HALF, end("pause_turn")), Usage(input_tokens=25, output_tokens=40, cache_read_tokens=90)),
        (
            (*HALF, sse("error", error={"type": "overloaded_error", "message": "Overloaded"})),
            Usage(input_tokens=25, output_tokens=100, cache_read_tokens=90, estimated=True),
        ),
        ((start(), b"event: content_block_delta\ndata: {nonsense\n\n"), Usage(input_tokens=25, output_tokens=1, estimated=True)),
        ((start(), b"event: x\ndata: \xff\xfe\n\n"), Usage(input_tokens=25, output_tokens=1, estimated=True)),
        ((start(), b"data: [1]\n\n"), Usage(input_tokens=25, output_tokens=1, estimated=True)),
        ((start(), tool(), given("ב" * 30), BREAK), Usage(input_tokens=25, output_tokens=20, estimated=True)),
    ],
    ids=["broken", "ended", "no reason", "odd reason", "error event", "no JSON", "no text", "no object", "in an input"],
)  # fmt: skip
async def test_a_cut_answer_is_lost_and_was_not_free(
    server: Server, opened: Opening, pieces: tuple[Piece, ...], usage: Usage
) -> None:
    server.script = [whole(*pieces)]
    async with opened() as model:
        with pytest.raises(AnswerLostError) as lost:
            await model.ask(asking())
    assert lost.value.code == "model_cut"
    assert lost.value.usage == usage
    assert "req_7" in lost.value.detail


async def test_an_answer_cut_before_its_head_is_estimated_from_what_was_sent(server: Server, opened: Opening) -> None:
    server.script = [whole(sse("ping"), BREAK)]
    async with opened() as model:
        with pytest.raises(AnswerLostError) as lost:
            await model.ask(asking("x" * 30_000))
    assert lost.value.usage.estimated
    assert 10_000 < lost.value.usage.input_tokens < 10_200


@pytest.mark.parametrize("pieces", [(STALL,), (start(), STALL), (start(), text("Well"), STALL)])
async def test_silence_ends_the_call(server: Server, opened: Opening, pieces: tuple[Piece, ...]) -> None:
    server.script = [whole(*pieces)]
    async with opened(options(server.url, timeouts=IMPATIENT)) as model, asyncio.timeout(4):
        with pytest.raises(AnswerLostError) as lost:
            await model.ask(asking())
        await server.gone.wait()
    assert lost.value.code == "model_stalled"
    assert lost.value.usage.estimated
    assert lost.value.usage.input_tokens > 0


async def test_silence_before_any_answer_ends_the_call_too(opened: Opening) -> None:
    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    mute = await asyncio.start_server(never, "127.0.0.1", 0)
    async with mute:
        url = f"http://127.0.0.1:{mute.sockets[0].getsockname()[1]}"
        impatient = Timeouts(connect=SECOND / 10, first_byte=SECOND / 5, between_events=9 * SECOND, whole=9 * SECOND)
        async with opened(options(url, timeouts=impatient)) as model, asyncio.timeout(4):
            with pytest.raises(AnswerLostError) as lost:
                await model.ask(asking())
    assert lost.value.code == "model_stalled"


async def test_pings_are_signs_of_life_but_not_for_ever(server: Server, opened: Opening) -> None:
    """Together the pauses are longer than one may be."""
    gates = [asyncio.Event() for _ in range(12)]
    pieces: list[Any] = [start()]
    for gate in gates:
        pieces += [sse("ping"), gate]
    server.script = [whole(*pieces, text("Thought"), end())]
    lively = Timeouts(connect=5 * SECOND, first_byte=5 * SECOND, between_events=SECOND, whole=30 * SECOND)
    async with opened(options(server.url, timeouts=lively)) as model:
        for n, gate in enumerate(gates, start=1):
            asyncio.get_running_loop().call_later(0.1 * n, gate.set)  # real time is what is tested here
        assert (await model.ask(asking())).text == "Thought"
    server.script = [whole(*pieces[:2], STALL)]
    brief = Timeouts(connect=5 * SECOND, first_byte=5 * SECOND, between_events=20 * SECOND, whole=SECOND / 5)
    async with opened(options(server.url, timeouts=brief)) as model:
        with pytest.raises(AnswerLostError, match="not whole") as lost:
            await model.ask(asking())
    assert lost.value.code == "model_stalled"


async def test_nobody_at_the_address_is_said(opened: Opening) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but nobody listens
        async with opened(options(f"http://127.0.0.1:{taken.getsockname()[1]}")) as model:
            with pytest.raises(UnavailableError, match="ANTHROPIC_BASE_URL") as caught:
                await model.ask(asking())
    assert caught.value.code == "model_unreachable"


@pytest.mark.parametrize("url", ["localhost:1", "ftp://127.0.0.1/x", "http://127.0.0.1:99999", "http://["])
async def test_an_address_that_is_none_is_said(opened: Opening, url: str) -> None:
    async with opened(options(url)) as model:
        with pytest.raises(UnavailableError) as caught:
            await model.ask(asking())
    assert caught.value.code == "model_unreachable"


async def test_a_reset_connection_is_said(opened: Opening) -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        at_once = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        writer.transport.abort()

    rude = await asyncio.start_server(reset, "127.0.0.1", 0)
    async with rude, opened(options(f"http://127.0.0.1:{rude.sockets[0].getsockname()[1]}")) as model:
        with pytest.raises(UnavailableError) as caught:
            await model.ask(asking())
    assert caught.value.code == "model_unreachable"


async def test_no_key_and_no_compatible_server_is_said_before_any_call() -> None:
    async with AnthropicModel(options(None, api_key=None)) as model:
        with pytest.raises(AuthExpiredError, match="ANTHROPIC_API_KEY") as caught:
            await model.ask(asking())
    assert caught.value.code == "model_key_wrong"
    assert model.options.lacks_key


async def test_a_key_that_cannot_be_one_is_said_and_not_shown(server: Server, opened: Opening) -> None:
    async with opened(options(server.url, api_key="sk-secret-1\n")) as model:
        with pytest.raises(AuthExpiredError) as caught:
            await model.ask(asking())
    assert caught.value.code == "model_key_wrong"
    assert "sk-" not in caught.value.detail
    assert server.bodies == []


async def test_a_compatible_server_needs_no_key(server: Server, opened: Opening) -> None:
    server.script = [whole(start(), text("Hi"), end())]
    async with opened(options(server.url, api_key=None)) as model:
        assert (await model.ask(asking())).text == "Hi"


async def test_a_model_that_was_left_is_not_used_again(server: Server, opened: Opening) -> None:
    async with opened() as model:
        pass
    with pytest.raises(InternalError):
        await model.ask(asking())


async def test_requests_that_contradict_themselves_are_our_fault(server: Server, opened: Opening) -> None:
    from dataclasses import replace

    async with opened() as model:
        for wrong in (replace(shaping(), tools=(EMIT_PLAN,)), replace(planning(), tools=())):
            with pytest.raises(InternalError):
                await model.ask(wrong)


async def test_a_strict_schema_that_cannot_be_held_is_refused_before_it_is_sent(
    server: Server, opened: Opening
) -> None:
    from dataclasses import replace

    loose = ModelTool(
        name="emit_plan",
        description="",
        schema={"type": "object", "properties": {"args": {"type": ["object", "null"]}}},
        strict=True,
    )
    async with opened(official(server.url)) as model:
        with pytest.raises(RefusedError, match="emit_plan") as caught:
            await model.ask(replace(planning(), tools=(loose,)))
    assert caught.value.code == "model_request_invalid"
    assert server.bodies == []
