"""What goes over the wire: to Anthropic's own servers everything they know, to others only what all of them know."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from engine.ports.language_model import Message, ModelRequest, Opaque, Text, ToolResult, ToolUse
from integrations.anthropic import RoleOptions
from tests.contract.anthropic.conftest import Opening, Server, end, official, options, start, text, whole
from tests.contract.anthropic.requests import CATALOGUE, asking, planning, said, shaping

FINE = whole(start(), text('{"title": "x"}'), end())


async def sent(server: Server, opened: Opening, chosen: Any, *requests: ModelRequest) -> list[dict[str, Any]]:
    server.script = [FINE]
    async with opened(chosen) as model:
        for request in requests:
            await model.ask(request)
    return server.bodies


async def test_the_planner_asks_with_everything_anthropic_knows(server: Server, opened: Opening) -> None:
    [body] = await sent(server, opened, official(server.url), planning())
    strict = {
        "type": "object",
        "properties": {
            "steps": {
                "type": "array",
                "items": {"type": "object", "properties": {"id": {"type": "string"}}, "additionalProperties": False},
            }
        },
        "additionalProperties": False,
        "required": ["steps"],
    }
    assert body == {
        "model": "claude-sonnet-5-5",
        "max_tokens": 4096,
        "stream": True,
        "output_config": {"effort": "medium"},
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
        "tools": [
            {
                "name": "emit_plan",
                "description": "Give the plan.",
                "input_schema": strict,
                "strict": True,
                "eager_input_streaming": True,
            }
        ],
        "system": [
            {"type": "text", "text": "Make plans."},
            {"type": "text", "text": CATALOGUE, "cache_control": {"type": "ephemeral", "ttl": "1h"}},
            {"type": "text", "text": "Answer by calling the tool emit_plan exactly once, and write nothing else."},
        ],
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Meet Yoav on Monday"}]}],
    }


@pytest.mark.parametrize(
    ("model", "forced"),
    [
        ("claude-haiku-5-5", True),
        ("claude-haiku-4-5-20251001", True),
        ("claude-sonnet-5", True),
        ("claude-sonnet-4-6", True),
        ("claude-opus-5", True),
        ("claude-fable-5", True),
        ("claude-sonnet-5-5", False),
        ("claude-opus-5-5", False),
        ("claude-fable-5-1", False),
        ("claude-mythos-5-2", False),
        ("claude-haiku-6", False),
    ],
)
async def test_a_tool_is_forced_only_where_the_model_takes_it(
    server: Server, opened: Opening, model: str, forced: bool
) -> None:
    chosen = official(server.url, planner=RoleOptions(model=model))
    [body] = await sent(server, opened, chosen, planning())
    assert (body["tool_choice"]["type"] == "tool") is forced
    assert ("emit_plan" in body["system"][-1]["text"]) is not forced
    assert "thinking" not in body


@pytest.mark.parametrize(
    ("model", "told"), [("claude-opus-5-5", True), ("claude-sonnet-4-5", False), ("claude-haiku-4-5-20251001", False)]
)
@pytest.mark.filterwarnings("ignore:The model.*is deprecated:DeprecationWarning")
async def test_effort_is_said_only_to_models_that_know_it(
    server: Server, opened: Opening, model: str, told: bool
) -> None:
    chosen = official(server.url, agent=RoleOptions(model=model, effort="low"))
    [body] = await sent(server, opened, chosen, asking())
    assert body.get("output_config") == ({"effort": "low"} if told else None)


async def test_a_bound_answer_is_asked_for_as_a_format(server: Server, opened: Opening) -> None:
    [body] = await sent(server, opened, official(server.url), shaping())
    schema = body["output_config"]["format"]
    assert schema == {
        "type": "json_schema",
        "schema": {
            "type": "object",
            "properties": {"title": {"type": "string", "description": "{maxLength: 80}"}},
            "additionalProperties": False,
            "required": ["title"],
        },
    }
    assert "tools" not in body
    assert "tool_choice" not in body
    assert body["system"] == [
        {"type": "text", "text": "Make plans.", "cache_control": {"type": "ephemeral", "ttl": "1h"}}
    ]


async def test_a_compatible_server_is_sent_nothing_it_may_not_know(server: Server, opened: Opening) -> None:
    plan, summary, words = await sent(server, opened, options(server.url), planning(), shaping(), asking())
    assert plan["system"] == f"Make plans.\n\n{CATALOGUE}"
    assert plan["tool_choice"] == {"type": "tool", "name": "emit_plan"}
    assert plan["tools"][0].keys() == {"name", "description", "input_schema"}
    assert summary["tool_choice"] == {"type": "tool", "name": "summary"}
    assert summary["tools"][0]["input_schema"]["properties"] == {"title": {"type": "string", "maxLength": 80}}
    for body in (plan, summary, words):
        assert body.keys() <= {"model", "max_tokens", "messages", "stream", "system", "tools", "tool_choice"}
        assert "cache_control" not in json.dumps(body)
    assert all("anthropic-beta" not in headers for headers in server.headers)


@pytest.mark.parametrize("make", [official, options])
async def test_requests_with_the_same_catalogue_share_their_prefix_to_the_byte(
    server: Server, opened: Opening, make: Any
) -> None:
    await sent(server, opened, make(server.url), planning("Meet Yoav"), planning("פגישה עם דנה מחר בעשר"))
    prefixes = [part(raw, b'"system":') + part(raw, b'"tools":') for raw in server.raw]
    assert prefixes[0] == prefixes[1]
    assert len(prefixes[0]) > 200
    assert server.raw[0] != server.raw[1]


def part(raw: bytes, key: bytes) -> bytes:
    """The bytes of one value of the body."""
    body = raw.decode()
    at = body.index(key.decode()) + len(key)
    while body[at] == " ":
        at += 1
    _, end_ = json.JSONDecoder().raw_decode(body, at)
    return body[at:end_].encode()


async def test_a_tool_s_turns_go_back_as_they_came(server: Server, opened: Opening) -> None:
    thought = {"type": "thinking", "thinking": "", "signature": "c2ln"}
    history = (
        said("What is in the report?"),
        Message(
            role="assistant",
            parts=(Opaque(value=thought), Text(text=""), ToolUse(id="t1", name="find", input={"q": ("דוח", 1)})),  # pyright: ignore[reportArgumentType]
        ),
        Message(role="user", parts=(ToolResult(tool_use_id="t1", text="Nothing", failed=True), Text(text="Well?"))),
    )
    [body] = await sent(server, opened, options(server.url), replace(asking(), messages=history))
    assert body["messages"][1:] == [
        {
            "role": "assistant",
            "content": [thought, {"type": "tool_use", "id": "t1", "name": "find", "input": {"q": ["דוח", 1]}}],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "t1", "content": "Nothing", "is_error": True},
                {"type": "text", "text": "Well?"},
            ],
        },
    ]


async def test_the_key_goes_to_the_server_and_nothing_of_the_environment_does(
    server: Server, opened: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-of-the-environment")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:1")
    await sent(server, opened, options(server.url, api_key="sk-mine"), asking())
    assert server.headers[0]["authorization"] == "Bearer sk-mine"
    server.headers.clear()
    await sent(server, opened, options(server.url, api_key=None), asking())
    assert "environment" not in json.dumps(dict(server.headers[0]))
