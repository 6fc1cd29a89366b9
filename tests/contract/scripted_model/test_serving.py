"""The server itself: only on loopback, several requests at once, nothing left when it stops."""

from __future__ import annotations

import asyncio
import socket
from datetime import UTC, datetime

import anthropic
import pytest

from integrations.scripted_model import (
    MODELS,
    Ending,
    Hold,
    Late,
    SayText,
    ServedModel,
    ServerOptions,
    Stall,
    always,
    serve_scripted,
    use_tool,
)
from integrations.scripted_model.view import RequestView
from tests.contract.scripted_model.calling import EMIT_PLAN, HELLO, MODEL, post, sdk
from tests.waiting import until


async def test_it_listens_on_loopback_only() -> None:
    async with serve_scripted(always(SayText("hi"))) as server:
        assert server.url.startswith("http://127.0.0.1:")
        with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))) as connected:
            assert connected.getpeername()[0] == "127.0.0.1"
        listening = _listeners(int(server.url.rpartition(":")[2]))
    assert listening == {"0100007F"}


def _listeners(port: int) -> set[str]:
    """The addresses something listens on at a port, as the kernel writes them."""
    found: set[str] = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(table, encoding="ascii") as lines:
            for line in list(lines)[1:]:
                address, at = line.split()[1].split(":")
                if int(at, 16) == port and line.split()[3] == "0A":
                    found.add(address)
    return found


@pytest.mark.parametrize(
    "reply", [Late(SayText("hi")), Stall(SayText("hi")), SayText("hi", pace=Hold())], ids=["late", "stalled", "held"]
)
async def test_leaving_breaks_off_what_is_still_being_answered_at_once(reply: object) -> None:
    async with sdk("http://127.0.0.1:1") as client, asyncio.TaskGroup() as group:
        began = 0.0
        async with serve_scripted(always(reply)) as server:  # type: ignore[arg-type]
            there = client.with_options(base_url=server.url)

            async def ask() -> None:
                with pytest.raises((anthropic.APIConnectionError, Exception)):
                    async with there.messages.stream(model=MODEL, max_tokens=50, messages=HELLO) as stream:
                        await stream.get_final_message()

            async def asked() -> int:
                return len(server.requests)

            group.create_task(ask())
            await until(asked, lambda count: count == 1)
            began = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - began < 1
        assert server.requests[0].ending is Ending.LEFT
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])))


async def test_requests_are_answered_at_the_same_time_and_numbered_in_order() -> None:
    hold = Hold()

    def script(request: RequestView, number: int) -> SayText:
        return SayText(f"{number}: {request.last.text}", pace=hold if number == 1 else None)

    async with serve_scripted(script) as server, sdk(server.url) as client, asyncio.TaskGroup() as group:
        slow = group.create_task(client.messages.create(model=MODEL, max_tokens=50, messages=HELLO))
        await hold.reached.wait()
        quick = await client.messages.create(model=MODEL, max_tokens=50, messages=HELLO)
        hold.release.set()
        slow_answer = await slow
    texts = [block.text for answer in (slow_answer, quick) for block in answer.content if block.type == "text"]
    assert texts == ["1: hello", "2: hello"]


async def test_the_journal_tells_who_asked_what_and_how_it_ended() -> None:
    async with serve_scripted(always(use_tool("emit_plan", {"steps": []}))) as server, sdk(server.url) as client:
        await client.messages.create(
            model=MODEL,
            max_tokens=50,
            system="You plan.",
            messages=[
                {"role": "user", "content": "plan"},
                {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "emit_plan", "input": {}}]},
                {
                    "role": "user",
                    "content": [
                        {"type": "tool_result", "tool_use_id": "t1", "content": "step s2 is unknown", "is_error": True},
                        {"type": "text", "text": "try again"},
                    ],
                },
            ],
            tools=[EMIT_PLAN],
            extra_headers={"anthropic-beta": "one, two"},
        )
        await post(server.url, {"model": MODEL})
    first, second = server.requests
    assert (first.version, first.betas, first.status, first.ending) == ("2026-10-21", ("one", "two"), 200, Ending.WHOLE)
    assert first.request is not None
    assert (first.request.system, first.request.last.text) == ("You plan.", "try again")
    assert [(out.name, out.text, out.failed) for out in first.request.outputs] == [
        ("emit_plan", "step s2 is unknown", True)
    ]
    assert (first.request.wanted or {}).get("type") == "object"
    assert (second.request, second.status, second.ending) == (None, 400, Ending.REFUSED)
    assert "max_tokens: Field required" in second.error or "messages: Field required" in second.error


async def test_models_are_listed_in_pages_and_described_with_their_end() -> None:
    ends = datetime(2026, 11, 30, tzinfo=UTC)
    ending = ServedModel(
        id="claude-sonnet-4-5", display_name="Claude Sonnet 4.5", lifecycle="deprecated", retires_at=ends
    )
    async with (
        serve_scripted(always(SayText("hi")), ServerOptions(models=(*MODELS, ending))) as server,
        sdk(server.url) as client,
    ):
        listed = [model.id async for model in client.models.list(limit=2)]
        assert listed == [*(model.id for model in MODELS), "claude-sonnet-4-5"]
        one = await client.models.retrieve("claude-sonnet-4-5")
        assert (one.lifecycle, one.retires_at, one.max_tokens) == ("deprecated", ends, 128_000)
        back = await client.models.list(limit=2, before_id="claude-sonnet-4-5")
        assert [model.id for model in back.data] == ["claude-sonnet-5-5", "claude-haiku-5-5"]
        with pytest.raises(anthropic.NotFoundError, match="model: gpt-oss"):
            await client.models.retrieve("gpt-oss")
        with pytest.raises(anthropic.BadRequestError, match="limit"):
            await client.models.list(limit=0)


async def test_without_the_key_nothing_is_told() -> None:
    async with (
        serve_scripted(always(SayText("hi")), ServerOptions(key="right")) as server,
        sdk(server.url, "wrong") as client,
        sdk(server.url, "right") as known,
    ):
        for call in (
            client.models.list,
            lambda: client.models.retrieve(MODEL),
            lambda: client.messages.count_tokens(model=MODEL, messages=HELLO),
            lambda: client.messages.create(model=MODEL, max_tokens=5, messages=HELLO),
        ):
            with pytest.raises(anthropic.AuthenticationError):
                await call()
        assert (await known.models.retrieve(MODEL)).id == MODEL


async def test_other_paths_are_not_found_in_the_apis_words() -> None:
    async with serve_scripted(always(SayText("hi"))) as server:
        answered = await post(server.url, {}, path="/v1/complete")
    assert (answered.status, answered.said) == (404, "not_found_error: Not found: POST /v1/complete")


async def test_the_script_may_be_replaced_while_the_server_runs() -> None:
    async with serve_scripted(always(SayText("old"))) as server, sdk(server.url) as client:
        server.script = always(SayText("new"))
        answer = await client.messages.create(model=MODEL, max_tokens=5, messages=HELLO)
    assert [block.text for block in answer.content if block.type == "text"] == ["new"]
