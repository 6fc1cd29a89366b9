"""Answers that stream: what grows, what is whole, what it used."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from engine.domain.spend import Usage
from engine.ports.language_model import AnswerLostError, Opaque, StopReason, Text, ToolUse
from tests.contract.anthropic.conftest import Opening, Server, end, given, sse, start, stop, text, tool, whole
from tests.contract.anthropic.requests import asking, planning, shaping


async def test_a_step_is_visible_before_the_stream_ends(server: Server, opened: Opening) -> None:
    finish = asyncio.Event()
    server.script = [
        whole(
            start(),
            tool(),
            given('{"steps": [{"id": "read", "title": "לקרוא את המסמך"}, {"id"'),
            finish,
            given(': "write"}]}') + stop(),
            end("tool_use"),
        )
    ]
    grown: list[Any] = []

    def growing(name: str, read: Any) -> None:
        grown.append((name, read))
        finish.set()  # the server waits for this: without growth the test would never end

    async with opened() as model, asyncio.timeout(10):
        answer = await model.ask(planning(), growing)
    assert grown[0] == ("emit_plan", {"steps": [{"id": "read", "title": "לקרוא את המסמך"}, {}]})
    assert answer.stop is StopReason.TOOL_USE
    [call] = answer.tool_uses
    assert call.input == grown[-1][1]
    assert call.input == {"steps": [{"id": "read", "title": "לקרוא את המסמך"}, {"id": "write"}]}


async def test_what_grows_only_grows(server: Server, opened: Opening) -> None:
    plan = json.dumps({"steps": [{"id": f"s{n}", "title": "פגישה עם יואב 🗓", "after": [n]} for n in range(40)]})
    pieces = [given(plan[at : at + 7]) for at in range(0, len(plan), 7)]
    server.script = [whole(start(), tool(), *pieces, stop(), end("tool_use"))]
    lengths: list[int] = []
    async with opened() as model:
        answer = await model.ask(planning(), lambda _, read: lengths.append(len(read.get("steps", ()))))  # pyright: ignore[reportArgumentType]
    assert lengths == sorted(lengths)
    assert set(lengths) >= set(range(1, 41))
    assert len(lengths) < len(pieces)
    assert answer.tool_uses[0].input == json.loads(plan)


async def test_long_words_in_an_input_grow_too(server: Server, opened: Opening) -> None:
    pieces = [given("word ") for _ in range(400)]
    server.script = [whole(start(), tool(), given('{"question": "'), *pieces, given('"}'), stop(), end("tool_use"))]
    calls: list[Any] = []
    async with opened() as model:
        await model.ask(planning(), lambda _, read: calls.append(read))
    assert 5 < len(calls) < 200


async def test_hebrew_survives_both_ways(server: Server, opened: Opening) -> None:
    words = "קבע פגישה עם יואב ביום שני – ״תבואות״ 🌾"
    server.script = [whole(start(), text(*words), end())]
    async with opened() as model:
        answer = await model.ask(asking(words))
    assert answer.text == words
    assert server.bodies[0]["messages"][0]["content"][0]["text"] == words


async def test_an_answer_says_what_it_used_by_class_and_which_call_it_was(server: Server, opened: Opening) -> None:
    used = {
        "input_tokens": 7,
        "cache_read_input_tokens": 900,
        "cache_creation_input_tokens": 330,
        "cache_creation": {"ephemeral_5m_input_tokens": 30, "ephemeral_1h_input_tokens": 300},
    }
    server.script = [whole(start(**used), text("Yes"), end(output_tokens=12))]
    async with opened() as model:
        answer = await model.ask(asking())
    assert answer.usage == Usage(
        input_tokens=7, output_tokens=12, cache_read_tokens=900, cache_write_5m_tokens=30, cache_write_1h_tokens=300
    )
    assert answer.request_id == "req_7"
    assert answer.model == "claude-sonnet-5-5"
    assert answer.stop is StopReason.FINISHED


async def test_cache_writes_without_a_breakdown_are_five_minute_ones(server: Server, opened: Opening) -> None:
    server.script = [whole(start(cache_creation_input_tokens=50), text("Yes"), end(input_tokens=9))]
    async with opened() as model:
        answer = await model.ask(asking())
    assert answer.usage == Usage(input_tokens=9, output_tokens=40, cache_write_5m_tokens=50)


@pytest.mark.parametrize(
    ("reason", "stop_reason"),
    [
        ("end_turn", StopReason.FINISHED),
        ("stop_sequence", StopReason.FINISHED),
        ("max_tokens", StopReason.MAX_TOKENS),
        ("model_context_window_exceeded", StopReason.MAX_TOKENS),
        ("refusal", StopReason.REFUSED),
    ],
)
async def test_why_the_model_stopped_is_said(
    server: Server, opened: Opening, reason: str, stop_reason: StopReason
) -> None:
    server.script = [whole(start(), text("So"), end(reason))]
    async with opened() as model:
        answer = await model.ask(asking())
    assert answer.stop is stop_reason
    assert answer.usage == Usage(input_tokens=25, output_tokens=40)


async def test_an_answer_cut_at_its_limit_says_so_even_within_a_tool_input(server: Server, opened: Opening) -> None:
    server.script = [whole(start(), tool(), given('{"steps": [{"id": "re'), stop(), end("max_tokens"))]
    async with opened() as model:
        answer = await model.ask(planning())
    assert answer.stop is StopReason.MAX_TOKENS


async def test_a_whole_answer_whose_tool_input_is_no_json_is_lost_but_counted(server: Server, opened: Opening) -> None:
    server.script = [whole(start(), tool(), given('{"steps": [,]}'), stop(), end("tool_use", output_tokens=33))]
    async with opened() as model:
        with pytest.raises(AnswerLostError, match="emit_plan") as lost:
            await model.ask(planning(), lambda _, __: None)
    assert lost.value.code == "model_cut"
    assert lost.value.usage == Usage(input_tokens=25, output_tokens=33)


async def test_prose_instead_of_a_call_is_given_as_prose(server: Server, opened: Opening) -> None:
    server.script = [whole(start(), text("I would rather talk."), end())]
    async with opened() as model:
        answer = await model.ask(planning())
    assert answer.tool_uses == ()
    assert answer.text == "I would rather talk."


async def test_a_call_with_the_wrong_reason_to_stop_still_waits_for_its_tool(server: Server, opened: Opening) -> None:
    server.script = [whole(start(), tool("find"), given('{"q": 1}'), stop(), end("end_turn"))]
    async with opened() as model:
        answer = await model.ask(asking())
    assert answer.stop is StopReason.TOOL_USE


async def test_an_input_that_comes_at_once_is_taken(server: Server, opened: Opening) -> None:
    block: dict[str, Any] = {"type": "tool_use", "id": "t", "name": "find", "input": {"q": "דוח"}}
    server.script = [whole(start(), sse("content_block_start", index=0, content_block=block), stop(), end("tool_use"))]
    async with opened() as model:
        answer = await model.ask(asking())
    assert answer.tool_uses == (ToolUse(id="t", name="find", input={"q": "דוח"}),)


async def test_thoughts_and_unknown_parts_are_kept_as_they_came(server: Server, opened: Opening) -> None:
    thought = sse("content_block_start", index=0, content_block={"type": "thinking", "thinking": "", "signature": ""})
    thought += sse("content_block_delta", index=0, delta={"type": "thinking_delta", "thinking": "הממ"})
    thought += sse("content_block_delta", index=0, delta={"type": "signature_delta", "signature": "c2ln"})
    hidden = {"type": "redacted_thinking", "data": "xyz"}
    server.script = [
        whole(
            start(),
            sse("ping"),
            thought + stop(),
            sse("content_block_start", index=1, content_block=hidden) + stop(1),
            sse("brand_new_event", anything=1),
            text("So", index=2),
            end(),
        )
    ]
    async with opened() as model:
        answer = await model.ask(asking())
    assert answer.parts == (
        Opaque(value={"type": "thinking", "thinking": "הממ", "signature": "c2ln"}),
        Opaque(value=hidden),
        Text(text="So"),
    )


@pytest.mark.parametrize("words", ['{"title": "דוח שבועי"}', '```json\n{"title": "דוח שבועי"}\n```'])
async def test_a_bound_answer_is_read_from_words_too(server: Server, opened: Opening, words: str) -> None:
    server.script = [whole(start(), text(words), end())]
    async with opened() as model:
        answer = await model.ask(shaping())
    assert answer.shaped == {"title": "דוח שבועי"}


async def test_a_bound_answer_of_a_compatible_server_is_no_call(server: Server, opened: Opening) -> None:
    server.script = [whole(start(), tool("summary"), given('{"title": "דוח"}'), stop(), end("tool_use"))]
    grown: list[Any] = []
    async with opened() as model:
        answer = await model.ask(shaping(), lambda name, read: grown.append((name, read)))
    assert answer.shaped == {"title": "דוח"}
    assert answer.parts == ()
    assert answer.stop is StopReason.FINISHED
    assert grown == []


async def test_prose_where_an_object_was_asked_for_is_no_object(server: Server, opened: Opening) -> None:
    server.script = [whole(start(), text("It is a report."), end())]
    async with opened() as model:
        answer = await model.ask(shaping())
    assert answer.shaped is None
    assert answer.text == "It is a report."


async def test_a_fault_of_the_listener_is_not_taken_for_one_of_the_model(server: Server, opened: Opening) -> None:
    server.script = [whole(start(), tool(), given('{"steps": [{}'), stop(), end("tool_use"))]

    def growing(name: str, read: Any) -> None:
        raise ValueError("ours")

    async with opened() as model:
        with pytest.raises(ValueError, match="ours"):
            await model.ask(planning(), growing)
