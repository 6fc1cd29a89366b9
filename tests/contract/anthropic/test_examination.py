"""What is said about the configured models before anybody asks one."""

from __future__ import annotations

import json
import socket
from datetime import date
from typing import Any

import pytest

from integrations.anthropic import AnthropicModel, Finding, RoleOptions, examine
from tests.contract.anthropic.conftest import BREAK, Opening, Reply, Server, official, options, refusal

TODAY = date(2026, 11, 24)


def info(name: str, **more: Any) -> Reply:
    """The Models API's word on a model."""
    about: dict[str, Any] = {"id": name, "type": "model", "display_name": name, "created_at": "2026-09-28T00:00:00Z"}
    body = about | {"lifecycle": "active", "retires_at": None, "deprecated_at": None} | more
    return Reply((json.dumps(body).encode(),), 200, {"content-type": "application/json"})


def both(server: Server, **planner: Any) -> None:
    """The server knows both models."""
    server.routes = {
        "/v1/models/claude-sonnet-5-5": info("claude-sonnet-5-5", **planner),
        "/v1/models/claude-haiku-5-5": info("claude-haiku-5-5"),
    }


async def test_all_is_well_is_said_by_silence(server: Server, opened: Opening) -> None:
    both(server)
    async with opened(official(server.url)) as model:
        assert await examine(model, TODAY) == ()


async def test_a_missing_key_is_found_without_asking_anybody() -> None:
    async with AnthropicModel(options(None, api_key=None)) as model:
        assert await examine(model, TODAY) == (Finding(code="model_key_missing"),)


@pytest.mark.parametrize(
    ("more", "code", "on"),
    [
        ({"lifecycle": "retired", "retires_at": "2026-10-01T00:00:00Z"}, "model_retired", None),
        ({"lifecycle": "deprecated", "retires_at": "2027-01-15T08:00:00Z"}, "model_retiring", "2027-01-15"),
        ({"lifecycle": "deprecated"}, "model_retiring", ""),
    ],
)
async def test_a_model_that_ends_is_named(
    server: Server, opened: Opening, more: dict[str, Any], code: str, on: str | None
) -> None:
    both(server, **more)
    async with opened(official(server.url)) as model:
        [finding] = await examine(model, TODAY)
    assert finding.code == code
    assert finding.parameters["model"] == "claude-sonnet-5-5"
    assert finding.parameters["role"] == "planner"
    assert finding.parameters.get("on") == on


async def test_a_model_that_ends_in_years_is_not_worth_a_word(server: Server, opened: Opening) -> None:
    both(server, lifecycle="deprecated", retires_at="2028-01-01T00:00:00Z")
    async with opened(official(server.url)) as model:
        assert await examine(model, TODAY) == ()


async def test_an_end_that_only_the_documentation_announces_is_known(server: Server, opened: Opening) -> None:
    name = "claude-sonnet-4-5-20250929"
    both(server)
    server.routes[f"/v1/models/{name}"] = info(name)
    chosen = official(server.url, agent=RoleOptions(model=name))
    async with opened(chosen) as model:
        [finding] = await examine(model, TODAY)
        assert finding == Finding(
            code="model_retiring", parameters={"model": name, "role": "agent", "on": "2026-11-30"}
        )
        del server.routes[f"/v1/models/{name}"]
        [finding] = await examine(model, date(2026, 12, 1))
        assert finding.code == "model_retired"


async def test_a_misspelt_model_is_named_with_its_role(server: Server, opened: Opening) -> None:
    both(server)
    async with opened(official(server.url, agent=RoleOptions(model="claude-hiaku"))) as model:
        assert await examine(model, TODAY) == (
            Finding(code="model_unknown", parameters={"model": "claude-hiaku", "role": "agent"}),
        )


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (refusal(401, "authentication_error"), "model_key_wrong"),
        (refusal(403, "permission_error"), "model_key_wrong"),
        (Reply((BREAK,), 200, {}), "model_unreachable"),
        (refusal(529, "overloaded_error"), "model_unchecked"),
        (refusal(500), "model_unchecked"),
        (Reply((b"<h1>Log in</h1>",), 200, {"content-type": "text/html"}), "model_unchecked"),
    ],
)
@pytest.mark.parametrize("make", [official, options])
async def test_what_stands_in_the_way_is_said_once(
    server: Server, opened: Opening, make: Any, reply: Reply, code: str
) -> None:
    server.routes = {"/v1/models": reply, "/v1/models/claude-sonnet-5-5": reply}
    async with opened(make(server.url)) as model:
        findings = await examine(model, TODAY)
    if make is options and code == "model_unchecked":
        assert findings == ()  # such a server need not have a list
        return
    [finding] = findings
    assert finding.code == code
    assert finding.parameters["host"] == server.url.removeprefix("http://")


async def test_an_address_that_is_none_is_found(opened: Opening) -> None:
    async with opened(options("http://[")) as model:
        [finding] = await examine(model, TODAY)
    assert finding.code == "model_unreachable"


async def test_nobody_there_is_said(opened: Opening) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        async with opened(options(f"http://127.0.0.1:{taken.getsockname()[1]}")) as model:
            [finding] = await examine(model, TODAY)
    assert finding.code == "model_unreachable"


@pytest.mark.parametrize(
    "reply",
    [
        refusal(404, "not_found_error"),
        Reply((b"404 page not found",), 404, {"content-type": "text/plain"}),
        Reply((b"<h1>Hi</h1>",), 200, {"content-type": "text/html"}),
        Reply((b"[1]",), 200, {"content-type": "application/json"}),
        Reply((b'{"data": []}',), 200, {"content-type": "application/json"}),
        Reply((b'{"data": [{"id": "qwen3:8b"}, {"id": "gemma3"}]}',), 200, {"content-type": "application/json"}),
    ],
)
async def test_a_compatible_server_need_not_list_its_models(server: Server, opened: Opening, reply: Reply) -> None:
    server.routes = {"/v1/models": reply}
    chosen = options(server.url, planner=RoleOptions(model="qwen3"), agent=RoleOptions(model="gemma3"))
    async with opened(chosen) as model:
        assert await examine(model, TODAY) == ()


async def test_a_compatible_server_that_lists_others_is_pointed_out(server: Server, opened: Opening) -> None:
    server.routes = {
        "/v1/models": Reply((b'{"data": [{"id": "qwen3:8b"}]}',), 200, {"content-type": "application/json"})
    }
    chosen = options(server.url, planner=RoleOptions(model="qwen3:8b"), agent=RoleOptions(model="gwen3"))
    async with opened(chosen) as model:
        [finding] = await examine(model, TODAY)
    assert finding == Finding(code="model_not_listed", parameters={"model": "gwen3", "role": "agent"})
