"""Requests the real API refuses are refused here, in its error shape; the ones it takes are taken."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.scripted_model import (
    MODELS,
    Ending,
    SayText,
    ServedModel,
    ServerOptions,
    always,
    serve_scripted,
)
from tests.contract.scripted_model.calling import EMIT_PLAN, KEY, MODEL, Answered, post

FINE = always(SayText("fine"))
USER = {"role": "user", "content": "hello"}
SHORT = {"type": "ephemeral"}
HOUR = {"type": "ephemeral", "ttl": "1h"}


def _text(text: str, **more: object) -> dict[str, Any]:
    return {"type": "text", "text": text, **more}


def _use(identifier: str) -> dict[str, Any]:
    return {"type": "tool_use", "id": identifier, "name": "emit_plan", "input": {}}


def _result(identifier: str) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": identifier, "content": "done"}


def _talk(*contents: object) -> dict[str, Any]:
    """A conversation: the first content is the user's."""
    roles = ("user", "assistant")
    return {"messages": [{"role": roles[i % 2], "content": content} for i, content in enumerate(contents)]}


async def _ask(
    options: ServerOptions | None = None, headers: dict[str, str | None] | None = None, **body: object
) -> Answered:
    usual: dict[str, Any] = {"model": MODEL, "max_tokens": 100, "messages": [USER]}
    sent = {name: value for name, value in {**usual, **body}.items() if value is not ...}
    async with serve_scripted(FINE, options) as server:
        answered = await post(server.url, sent, headers=headers)
        exchange = server.requests[0]
        assert exchange.status == answered.status
        assert (exchange.ending is Ending.REFUSED) == (answered.status != 200)
        assert answered.headers["request-id"] == exchange.request_id
        if answered.status != 200:
            assert answered.body["type"] == "error"
            assert answered.body["request_id"] == exchange.request_id
            assert exchange.number is None
        return answered


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"model": ...}, "model: Field required"),
        ({"messages": ...}, "messages: Field required"),
        ({"max_tokens": ...}, "max_tokens: Field required"),
        ({"messages": []}, "messages: List should have at least 1 item"),
        ({"max_tokens": -1}, "max_tokens: Input should be greater than or equal to 0"),
        ({"max_tokens": "100"}, "max_tokens: Input should be a valid integer"),
        ({"max_tokens": 200_000}, "max_tokens: 200000 > 128000, which is the maximum"),
        ({"frequency_penalty": 1}, "frequency_penalty: Extra inputs are not permitted"),
        ({"temperature": 1.0}, "temperature: Extra inputs are not permitted"),
        ({"top_p": 0.9}, "top_p: Extra inputs are not permitted"),
        ({"top_k": 5}, "top_k: Extra inputs are not permitted"),
        ({"system": [{"type": "text"}]}, "system"),
        ({"thinking": {"type": "enabled", "budget_tokens": 2_000}}, "must be greater than `thinking.budget_tokens`"),
        ({"output_config": {"effort": "extreme"}}, "output_config.effort: Input should be"),
    ],
)
async def test_a_field_that_is_missing_wrong_or_unknown_is_named(body: dict[str, Any], said: str) -> None:
    answered = await _ask(**body)
    assert answered.status == 400
    assert said in answered.said
    assert answered.said.startswith("invalid_request_error: ")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"messages": [{"role": "system", "content": "x"}]}, "messages.0.role: Input should be 'user' or 'assistant'"),
        ({"messages": [{"role": "assistant", "content": "x"}, USER]}, "first message must use the user role"),
        ({"messages": [USER, USER]}, "roles must alternate"),
        (_talk("hi", "and so"), "does not support assistant message prefill"),
        (_talk(""), "messages.0.content.0: text content blocks must be non-empty"),
        (_talk([]), "messages.0: all messages must have non-empty content"),
        (_talk([_use("a")]), "`tool_use` blocks can only be in `assistant` messages"),
        (_talk("hi", [_result("a")], "x"), "`tool_result` blocks can only be in `user` messages"),
        (_talk([{"type": "thinking", "thinking": "", "signature": ""}]), "can only be in `assistant` messages"),
        (_talk([{"type": "audio"}]), "messages.0.content"),
        (_talk([_text("x", citations=[{"type": "char_location"}])]), "not permitted in user messages"),
        (
            _talk("hi", [{"type": "document", "source": {"type": "text", "data": "x"}}], "x"),
            "`document` blocks are not permitted in assistant messages",
        ),
    ],
)
async def test_a_conversation_that_does_not_hang_together_is_refused(body: dict[str, Any], said: str) -> None:
    answered = await _ask(**body)
    assert answered.status == 400
    assert said in answered.said


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (_talk("hi", [_use("a")], "no result"), "messages.1: `tool_use` ids without `tool_result` blocks"),
        (_talk("hi", [_use("a"), _use("b")], [_result("a")]), "immediately after: b."),
        (_talk([_result("a")]), "messages.0.content.0: unexpected `tool_use_id`"),
        (_talk("hi", [_use("a")], [_result("a"), _result("z")]), "unexpected `tool_use_id` in `tool_result` block: z"),
        (_talk("hi", [_use("a")], [_result("a"), _result("a")]), "more than one `tool_result` for a"),
        (_talk("hi", [_use("a")], [_text("first"), _result("a")]), "`tool_use` ids without `tool_result` blocks"),
        (_talk("hi", [_use("a"), _use("a")], [_result("a")]), "messages.1: `tool_use` ids must be unique"),
        (_talk("hi", [_use("a")], [_result("a")], [_use("a")], [_result("a")]), "messages.3: `tool_use` ids must be"),
        (_talk("hi", [_use("a")], [_result("a")], "ok", [_result("a")]), "messages.4.content.0: unexpected"),
        (_talk("hi", [_use("a b")], [_result("a b")]), "id: String should match pattern"),
    ],
)
async def test_every_tool_call_has_its_result_in_the_next_message_and_every_result_its_call(
    body: dict[str, Any], said: str
) -> None:
    answered = await _ask(tools=[EMIT_PLAN], **body)
    assert answered.status == 400
    assert said in answered.said


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"tools": [{**EMIT_PLAN, "name": "emit plan"}]}, "tools.0.name: String should match pattern"),
        ({"tools": [{**EMIT_PLAN, "name": "n" * 129}]}, "tools.0.name: String should match pattern"),
        ({"tools": [EMIT_PLAN, EMIT_PLAN]}, "Tool names must be unique"),
        ({"tools": [{"name": "x"}]}, "tools.0.input_schema: Field required"),
        ({"tools": [{"name": "x", "input_schema": {"type": "array"}}]}, "input_schema.type: Input should be 'object'"),
        ({"tools": [{**EMIT_PLAN, "schema": {}}]}, "tools.0.schema: Extra inputs are not permitted"),
        ({"tool_choice": {"type": "auto"}}, "may only be specified while providing tools"),
        ({"tools": [EMIT_PLAN], "tool_choice": {"type": "tool", "name": "other"}}, "Tool 'other' not found"),
        ({"tools": [EMIT_PLAN], "tool_choice": {"type": "tool"}}, "tool_choice.tool.name: Field required"),
        ({"tools": [EMIT_PLAN], "tool_choice": {"type": "auto", "name": "emit_plan"}}, "name: Extra inputs"),
        ({"tools": [EMIT_PLAN], "tool_choice": {"type": "required"}}, "tool_choice.type: Input should be"),
    ],
)
async def test_tools_are_named_and_chosen_as_the_api_wants_it(body: dict[str, Any], said: str) -> None:
    answered = await _ask(**body)
    assert answered.status == 400
    assert said in answered.said


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (_talk([_text(str(i), cache_control=SHORT) for i in range(5)]), "A maximum of 4 blocks"),
        (_talk([_text(str(i), cache_control=SHORT) for i in range(4)]) | {"cache_control": SHORT}, "Found 5"),
        (
            {"system": [_text("x", cache_control={"type": "ephemeral", "ttl": "2h"})]},
            "ttl: Input should be '5m' or '1h'",
        ),
        ({"system": [_text("x", cache_control={"type": "for ever"})]}, "type: Input should be 'ephemeral'"),
        (
            {"tools": [{**EMIT_PLAN, "cache_control": SHORT}], "system": [_text("x", cache_control=HOUR)]},
            "system.0.cache_control.ttl: a ttl='1h' block must not come after",
        ),
    ],
)
async def test_cache_breakpoints_keep_their_rules(body: dict[str, Any], said: str) -> None:
    answered = await _ask(**body)
    assert answered.status == 400
    assert said in answered.said


@pytest.mark.parametrize(
    "body",
    [
        _talk("hi", [_text("I look."), _use("a"), _use("b")], [_result("b"), _result("a"), _text("and now?")]),
        _talk("hi", [_use("a")], [{**_result("a"), "content": [_text("x")], "is_error": True}], "ok", "thanks"),
        {"tools": [EMIT_PLAN], "tool_choice": {"type": "any", "disable_parallel_tool_use": True}},
        {"tools": [EMIT_PLAN], "tool_choice": {"type": "none"}},
        {"system": "You plan.", "metadata": {"user_id": "u"}, "stop_sequences": ["END"], "service_tier": "auto"},
        {"output_config": {"effort": "low", "format": {"type": "json_schema", "schema": {"type": "object"}}}},
        {"thinking": {"type": "adaptive", "display": "omitted"}},
        {
            "tools": [{**EMIT_PLAN, "strict": True, "eager_input_streaming": True, "cache_control": HOUR}],
            "system": [_text("x", cache_control=HOUR), _text("y", cache_control=SHORT)],
        },
    ],
)
async def test_what_the_api_takes_is_taken(body: dict[str, Any]) -> None:
    answered = await _ask(**body)
    assert answered.status == 200, answered.body


async def test_older_api_versions_still_take_what_the_newest_refuses() -> None:
    older: dict[str, str | None] = {"anthropic-version": "2023-06-01"}
    document = [{"type": "document", "source": {"type": "text", "data": "x"}}]
    assert (await _ask(headers=older, temperature=0.2, top_k=5)).status == 200
    assert (await _ask(headers=older, **_talk("hi", document, "x"))).status == 200
    assert (await _ask(headers=older, temperature=1.5)).said == (
        "invalid_request_error: temperature: Input should be less than or equal to 1"
    )


async def test_the_options_decide_what_servers_differ_in() -> None:
    joins = ServerOptions(alternating=False)
    assert (await _ask(joins, messages=[USER, USER])).status == 200
    old = ServerOptions(models=(ServedModel(id=MODEL, display_name="Old", takes_prefill=True),))
    assert (await _ask(old, **_talk("hi", "The answer is"))).status == 200
    forced: dict[str, Any] = {"tools": [EMIT_PLAN], "tool_choice": {"type": "tool", "name": "emit_plan"}}
    assert (await _ask(None, model="claude-sonnet-5-5", **forced)).status == 200
    named = ServerOptions(as_named=True)
    assert (await _ask(named, model=MODEL, **forced)).status == 200
    assert "type tool is not supported" in (await _ask(named, model="claude-sonnet-5-5", **forced)).said


async def test_an_unknown_or_retired_model_is_not_found() -> None:
    gone = ServedModel(id="claude-sonnet-4-5", display_name="Claude Sonnet 4.5", lifecycle="retired")
    for name in ("gpt-oss", "claude-sonnet-4-5"):
        answered = await _ask(ServerOptions(models=(*MODELS, gone)), model=name)
        assert (answered.status, answered.said) == (404, f"not_found_error: model: {name}")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"x-api-key": None, "authorization": f"Bearer {KEY}"}, 200),
        ({"x-api-key": KEY}, 200),
        ({"x-api-key": KEY, "authorization": "Bearer wrong"}, 200),
        ({"x-api-key": "wrong"}, 401),
        ({"x-api-key": "wrong", "authorization": f"Bearer {KEY}"}, 401),
        ({"x-api-key": None, "authorization": "Bearer wrong"}, 401),
        ({"x-api-key": None, "authorization": f"Basic {KEY}"}, 401),
        ({"x-api-key": None}, 401),
    ],
)
async def test_only_who_has_the_key_is_let_in(headers: dict[str, str | None], status: int) -> None:
    answered = await _ask(ServerOptions(key=KEY), headers)
    assert answered.status == status
    if status == 401:
        assert answered.said.startswith("authentication_error: ")


async def test_the_api_version_must_be_named_and_known() -> None:
    assert "anthropic-version: header is required" in (await _ask(headers={"anthropic-version": None})).said
    assert "is not a valid version" in (await _ask(headers={"anthropic-version": "2026-10-22"})).said


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"{", "not valid JSON"),
        (b'{"model": "\\ud800"}', "not valid JSON"),
        (b'{"max_tokens": NaN}', "not valid JSON"),
        (b'{"a":' * 5_000, "not valid JSON"),
        (b"[]", "Input should be an object"),
    ],
)
async def test_a_body_that_is_no_object_is_refused(raw: bytes, said: str) -> None:
    async with serve_scripted(FINE) as server:
        answered = await post(server.url, raw)
    assert answered.status == 400
    assert said in answered.said


async def test_a_body_that_is_too_large_is_refused_by_its_size() -> None:
    answered = await _ask(ServerOptions(max_body=10_000), system="x" * 20_000)
    assert (answered.status, answered.body["error"]["type"]) == (413, "request_too_large")
