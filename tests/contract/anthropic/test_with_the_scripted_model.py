"""The adapter against the scripted server, which refuses what the real API refuses and counts tokens of its own."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from engine.domain.spend import Usage
from engine.errors import AuthExpiredError, RefusedError, TizmorError, UnavailableError
from engine.ports.language_model import AnswerLostError, Message, StopReason, ToolResult
from integrations.anthropic import AnthropicModel, Finding, RoleOptions, Timeouts, examine
from integrations.scripted_model import (
    MODELS,
    CutStream,
    EndWithoutStop,
    ErrorInStream,
    HangUp,
    Hold,
    HttpFault,
    Late,
    MaxTokens,
    RawTool,
    Refusal,
    Reply,
    SayText,
    ServerOptions,
    Shaped,
    Stall,
    always,
    in_order,
    serve_scripted,
    use_tool,
)
from tests.contract.anthropic.conftest import PATIENT, SECOND, official, options
from tests.contract.anthropic.requests import asking, planning, said, shaping

STRICT = ServerOptions(key="sk-test", as_named=True)
PLAN: Any = {"steps": [{"id": f"s{n}"} for n in range(1, 6)]}
IMPATIENT = replace(PATIENT, connect=SECOND / 10, first_byte=SECOND / 5, between_events=SECOND / 5)


async def test_a_plan_grows_while_the_rest_is_held_back() -> None:
    hold = Hold('"s3"')
    grown: list[Any] = []
    async with (
        serve_scripted(always(use_tool("emit_plan", PLAN, pace=hold)), STRICT) as server,
        AnthropicModel(official(server.url)) as model,
        asyncio.timeout(10),
        asyncio.TaskGroup() as group,
    ):
        call = group.create_task(model.ask(planning(), lambda name, read: grown.append((name, read))))
        await hold.reached.wait()
        while not any(len(read["steps"]) >= 2 for _, read in grown):
            await asyncio.to_thread(lambda: None)
        assert not call.done()
        hold.release.set()
    assert call.result().tool_uses[0].input == PLAN
    assert {name for name, _ in grown} == {"emit_plan"}


@pytest.mark.parametrize("make", [official, options])
async def test_usage_is_what_the_server_counted_and_the_catalogue_is_read_from_its_cache(make: Any) -> None:
    async with (
        serve_scripted(always(use_tool("emit_plan", PLAN)), STRICT) as server,
        AnthropicModel(make(server.url, planner=RoleOptions(model="claude-haiku-5-5"))) as model,
    ):
        ask = replace(planning(), catalogue="Agents. " * 1_000)
        first = await model.ask(ask)
        second = await model.ask(replace(ask, messages=(said("משהו אחר"),)))
    for answer, exchange in zip((first, second), server.requests, strict=True):
        assert exchange.usage is not None
        assert answer.usage.output_tokens > 0
        assert answer.usage == Usage(
            input_tokens=exchange.usage.fresh,
            output_tokens=answer.usage.output_tokens,
            cache_read_tokens=exchange.usage.cache_read,
            cache_write_5m_tokens=exchange.usage.written_5m,
            cache_write_1h_tokens=exchange.usage.written_1h,
        )
        assert answer.request_id == exchange.request_id
    assert (first.usage.cache_write_1h_tokens > 0) is (make is official)
    assert second.usage.cache_read_tokens == first.usage.cache_write_1h_tokens


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (HttpFault(400), RefusedError, "model_request_invalid"),
        (HttpFault(401), AuthExpiredError, "model_key_wrong"),
        (HttpFault(403), AuthExpiredError, "model_key_wrong"),
        (HttpFault(404), RefusedError, "model_unknown"),
        (HttpFault(413), RefusedError, "model_request_too_large"),
        (HttpFault(429, retry_after=2), UnavailableError, "model_overloaded"),
        (HttpFault(500), UnavailableError, "model_broken"),
        (HttpFault(529), UnavailableError, "model_overloaded"),
        (HangUp(), UnavailableError, "model_unreachable"),
        (ErrorInStream(SayText("Hello there, all of you.")), AnswerLostError, "model_cut"),
        (CutStream(SayText("Hello there, all of you.")), AnswerLostError, "model_cut"),
        (EndWithoutStop(SayText("Hello there, all of you.")), AnswerLostError, "model_cut"),
        (Stall(SayText("Hello there, all of you.")), AnswerLostError, "model_stalled"),
        (Late(SayText("Hello.")), AnswerLostError, "model_stalled"),
        (RawTool("emit_plan", '{"steps": [}'), AnswerLostError, "model_cut"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str | type) else "",
)
async def test_every_fault_is_the_error_it_should_be(reply: Reply, kind: type[TizmorError], code: str) -> None:
    async with (
        serve_scripted(always(reply), STRICT) as server,
        AnthropicModel(official(server.url, timeouts=IMPATIENT)) as model,
        asyncio.timeout(10),
    ):
        with pytest.raises(kind) as caught:
            await model.ask(planning())
    assert (type(caught.value), caught.value.code) == (kind, code)
    if isinstance(caught.value, AnswerLostError):
        assert caught.value.usage.all_input_tokens > 0
    elif code == "model_overloaded" and isinstance(caught.value, UnavailableError):
        assert caught.value.retry_after in {2 * SECOND, None}


@pytest.mark.parametrize(
    ("reply", "stop"),
    [(MaxTokens(use_tool("emit_plan", PLAN)), StopReason.MAX_TOKENS), (Refusal(SayText("No.")), StopReason.REFUSED)],
)
async def test_an_answer_not_to_be_used_says_so(reply: Reply, stop: StopReason) -> None:
    async with serve_scripted(always(reply), STRICT) as server, AnthropicModel(official(server.url)) as model:
        assert (await model.ask(planning())).stop is stop


async def test_pings_keep_a_thinking_model_s_answer_alive() -> None:
    go_on = asyncio.Event()
    asyncio.get_running_loop().call_later(0.8, go_on.set)  # real time is what is tested here
    stalled = Stall(SayText("Well then."), until=go_on, ping_every=timedelta(milliseconds=50))
    async with serve_scripted(always(stalled), STRICT) as server:
        lively = Timeouts(connect=SECOND, first_byte=5 * SECOND, between_events=SECOND / 2, whole=20 * SECOND)
        async with AnthropicModel(official(server.url, timeouts=lively)) as model:
            assert (await model.ask(asking())).text == "Well then."


@pytest.mark.parametrize("make", [official, options])
async def test_a_bound_answer_comes_in_either_way(make: Any) -> None:
    script = always(Shaped({"title": "דוח שבועי"}))
    async with serve_scripted(script, STRICT) as server, AnthropicModel(make(server.url)) as model:
        answer = await model.ask(shaping())
    assert answer.shaped == {"title": "דוח שבועי"}
    assert answer.stop is StopReason.FINISHED


async def test_turns_of_a_tool_loop_hang_together() -> None:
    script = in_order(use_tool("emit_plan", {"steps": []}), SayText("נעשה.", thinking="Hm."))
    async with serve_scripted(script, STRICT) as server, AnthropicModel(official(server.url)) as model:
        ask = replace(planning(), must_use=None)
        first = await model.ask(ask)
        [use] = first.tool_uses
        turns = (
            *ask.messages,
            Message(role="assistant", parts=first.parts),
            Message(role="user", parts=(ToolResult(tool_use_id=use.id, text="Fine"),)),
        )
        second = await model.ask(replace(ask, messages=turns))
    assert second.text == "נעשה."
    assert all(exchange.status == 200 for exchange in server.requests)


async def test_what_the_server_says_of_its_models_is_found_out() -> None:
    ends = datetime(2027, 1, 15, tzinfo=UTC)
    models = (replace(MODELS[2], lifecycle="deprecated", retires_at=ends),)
    async with serve_scripted(always(SayText("")), ServerOptions(key="sk-test", models=models)) as server:
        async with AnthropicModel(official(server.url)) as model:
            findings = await examine(model, date(2026, 11, 24))
        async with AnthropicModel(official(server.url, api_key="sk-other")) as stranger:
            [wrong] = await examine(stranger, date(2026, 11, 24))
    assert findings == (
        Finding(
            code="model_retiring", parameters={"model": "claude-sonnet-5-5", "role": "planner", "on": "2027-01-15"}
        ),
        Finding(code="model_unknown", parameters={"model": "claude-haiku-5-5", "role": "agent"}),
    )
    assert wrong.code == "model_key_wrong"
