"""The real SDK and a bare HTTP client, pointed at a scripted server."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from anthropic import AsyncAnthropic
from anthropic.types import MessageParam, ToolParam
from pydantic import TypeAdapter

MODEL = "claude-haiku-5-5"
KEY = "key-of-this-test"
HELLO: list[MessageParam] = [{"role": "user", "content": "hello"}]
EMIT_PLAN: ToolParam = {
    "name": "emit_plan",
    "description": "Give the plan.",
    "input_schema": {"type": "object", "properties": {"steps": {"type": "array"}}},
}
_OBJECT: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


@asynccontextmanager
async def sdk(url: str, key: str = KEY) -> AsyncGenerator[AsyncAnthropic]:
    """A client that shows every failure: it never asks twice."""
    async with AsyncAnthropic(api_key=key, base_url=url, max_retries=0, timeout=20) as client:
        yield client


@dataclass(frozen=True)
class Answered:
    """What came back over bare HTTP."""

    status: int
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def said(self) -> str:
        return f"{self.body['error']['type']}: {self.body['error']['message']}"


async def post(
    url: str, body: object, *, path: str = "/v1/messages", headers: dict[str, str | None] | None = None
) -> Answered:
    """Send what the SDK would not send: a body as it is, and only these headers (None takes a usual one away)."""
    usual: dict[str, str | None] = {"anthropic-version": "2026-10-21", "x-api-key": KEY}
    sent = {name: value for name, value in {**usual, **(headers or {})}.items() if value is not None}
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with aiohttp.ClientSession() as session, session.post(f"{url}{path}", headers=sent, data=raw) as response:
        return Answered(
            status=response.status,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=_OBJECT.validate_json(await response.read()),
        )
