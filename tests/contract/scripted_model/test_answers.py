"""What the real SDK makes of the answers, streamed and in one piece."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from anthropic.types import RawMessageStreamEvent, ToolUseBlock
from pydantic import BaseModel

from integrations.scripted_model import (
    Hold,
    SayText,
    Shaped,
    Spoken,
    UseTools,
    always,
    serve_scripted,
    spread,
    use_tool,
)
from tests.contract.scripted_model.calling import EMIT_PLAN, HELLO, MODEL, sdk

PLAN = {"understood": "פגישה עם יואב", "steps": [{"id": f"s{i}", "agent": "DriveSearchAgent"} for i in range(1, 6)]}


async def _events(url: str) -> list[RawMessageStreamEvent]:
    async with sdk(url) as client:
        stream = await client.messages.create(
            model=MODEL, max_tokens=2_000, messages=HELLO, tools=[EMIT_PLAN], stream=True
        )
        return [event async for event in stream]


async def test_words_come_in_the_order_of_events_the_documentation_gives() -> None:
    async with serve_scripted(always(SayText("Good morning, everybody here."))) as server:
        events = await _events(server.url)
    assert [event.type for event in events] == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert events[0].type == "message_start"
    assert (events[0].message.stop_reason, events[0].message.content) == (None, [])


@pytest.mark.parametrize(
    "reply",
    [
        SayText("שלום, מה שלומך? " * 5),
        SayText("short", thinking="I should think about this for a while."),
        UseTools((("emit_plan", PLAN),), text="Here is the plan."),
        UseTools((("emit_plan", PLAN), ("emit_plan", {})), thinking="Two calls."),
    ],
    ids=["words", "thoughts", "a tool", "two tools"],
)
async def test_a_streamed_answer_grows_into_what_would_come_in_one_piece(reply: Spoken) -> None:
    async with serve_scripted(always(reply)) as server, sdk(server.url) as client:
        async with client.messages.stream(model=MODEL, max_tokens=2_000, messages=HELLO, tools=[EMIT_PLAN]) as stream:
            streamed = await stream.get_final_message()
        whole = await client.messages.create(model=MODEL, max_tokens=2_000, messages=HELLO, tools=[EMIT_PLAN])

    def told(message: BaseModel) -> object:
        return message.model_dump(exclude={"id": True, "content": {"__all__": {"id", "parsed_output"}}, "usage": True})

    assert told(streamed) == told(whole)
    assert streamed.usage.output_tokens == whole.usage.output_tokens


async def test_a_tools_input_can_be_read_while_it_grows() -> None:
    async with (
        serve_scripted(always(use_tool("emit_plan", PLAN))) as server,
        sdk(server.url) as client,
        client.messages.stream(model=MODEL, max_tokens=2_000, messages=HELLO, tools=[EMIT_PLAN]) as stream,
    ):
        lengths = [_steps(event.snapshot) async for event in stream if event.type == "input_json"]
        final = await stream.get_final_message()
    assert lengths == sorted(lengths)
    assert set(lengths) == {0, 1, 2, 3, 4, 5}
    call = final.content[0]
    assert isinstance(call, ToolUseBlock)
    assert call.input == PLAN
    assert final.stop_reason == "tool_use"


def _steps(snapshot: object) -> int:
    return len(snapshot.get("steps", [])) if isinstance(snapshot, dict) else 0  # pyright: ignore[reportUnknownMemberType,reportUnknownArgumentType]


def _piece(event: RawMessageStreamEvent) -> str:
    """What an event adds to a tool's input."""
    if event.type == "content_block_delta" and event.delta.type == "input_json_delta":
        return event.delta.partial_json
    return ""


class Weather(BaseModel):
    place: str
    degrees: int


async def test_an_object_comes_in_the_way_the_request_wants_it() -> None:
    value = {"place": "Haifa", "degrees": 21}
    async with serve_scripted(always(Shaped(value))) as server, sdk(server.url) as client:
        parsed = await client.messages.parse(model=MODEL, max_tokens=200, messages=HELLO, output_format=Weather)
        forced = await client.messages.create(
            model=MODEL,
            max_tokens=200,
            messages=HELLO,
            tools=[EMIT_PLAN],
            tool_choice={"type": "tool", "name": "emit_plan"},
        )
        asked = [exchange.request for exchange in server.requests]
    assert parsed.parsed_output == Weather(place="Haifa", degrees=21)
    call = forced.content[0]
    assert isinstance(call, ToolUseBlock)
    assert (call.name, call.input) == ("emit_plan", value)
    assert asked[0] is not None
    assert asked[0].shape is not None
    assert list(asked[0].shape["properties"]) == ["place", "degrees"]  # type: ignore[arg-type,call-overload]
    assert asked[1] is not None
    assert asked[1].must_use == "emit_plan"


async def test_thoughts_given_back_changed_are_refused() -> None:
    async with serve_scripted(always(SayText("yes", thinking="Let me see."))) as server, sdk(server.url) as client:
        first = await client.messages.create(model=MODEL, max_tokens=200, messages=HELLO)
        given = [block.model_dump(exclude_none=True) for block in first.content]
        turns = [*HELLO, {"role": "assistant", "content": given}, {"role": "user", "content": "and?"}]
        await client.messages.create(model=MODEL, max_tokens=200, messages=turns)  # type: ignore[arg-type]
        given[0]["thinking"] = "Let me not see."
        with pytest.raises(Exception, match=r"messages\.1\.content\.0: Invalid `signature`"):
            await client.messages.create(model=MODEL, max_tokens=200, messages=turns)  # type: ignore[arg-type]


async def test_an_answer_can_be_held_just_before_a_step_is_whole() -> None:
    hold = Hold('"s3"')
    seen: list[str] = []
    async with serve_scripted(always(use_tool("emit_plan", PLAN, pace=hold))) as server, sdk(server.url) as client:

        async def read() -> None:
            stream = await client.messages.create(
                model=MODEL, max_tokens=2_000, messages=HELLO, tools=[EMIT_PLAN], stream=True
            )
            async for event in stream:
                seen.append(_piece(event))  # noqa: PERF401 - looked at while it grows

        async with asyncio.TaskGroup() as group:
            group.create_task(read())
            await hold.reached.wait()
            while '"s2"' not in "".join(seen):
                await asyncio.to_thread(lambda: None)
            assert '"s3"' not in "".join(seen)
            hold.release.set()
    assert '"s5"' in "".join(seen)


async def test_an_answer_can_be_spread_over_a_time() -> None:
    reply = SayText("x" * 240, pace=spread(timedelta(seconds=0.2)))
    async with serve_scripted(always(reply)) as server:
        began = asyncio.get_running_loop().time()
        await _events(server.url)
        assert 0.2 <= asyncio.get_running_loop().time() - began < 5


async def test_even_half_a_character_reaches_the_client() -> None:
    async with serve_scripted(always(SayText("half \ud83d of a pair"))) as server, sdk(server.url) as client:
        whole = await client.messages.create(model=MODEL, max_tokens=50, messages=HELLO)
        async with client.messages.stream(model=MODEL, max_tokens=50, messages=HELLO) as stream:
            streamed = await stream.get_final_message()
    assert [block.text for answer in (whole, streamed) for block in answer.content if block.type == "text"] == [
        "half \ud83d of a pair"
    ] * 2


async def test_an_answer_ends_at_the_tokens_the_request_allows() -> None:
    async with serve_scripted(always(SayText("a" * 4_000))) as server, sdk(server.url) as client:
        answer = await client.messages.create(model=MODEL, max_tokens=50, messages=HELLO)
    assert answer.stop_reason == "max_tokens"
    assert 40 < answer.usage.output_tokens <= 50
