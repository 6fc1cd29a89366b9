"""A Web API on loopback that says exactly what a test wants it to: for answers a sound workspace does not give.

The strict local Slack is for everything a sound one does; here a test overrides one answer of a healthy app and looks at
what is made of it.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from aiohttp import web

from bot.slack.manifest import MANIFEST, SCOPES, read_manifest

BOT_TOKEN, APP_TOKEN = "xoxb-1-test", "xapp-1-A0TIZMOR01-2-test"
CONFIG_TOKEN, SIGNING_SECRET = "xoxe.xoxp-1-test", "0123456789abcdef0123456789abcdef"
APP_ID = "A0TIZMOR01"

Answer = Mapping[str, Any] | Callable[[Mapping[str, str]], Mapping[str, Any]] | web.Response | Exception


@dataclass(slots=True, kw_only=True)
class Call:
    """What was asked, with which token."""

    method: str
    token: str
    values: dict[str, str]


@dataclass(slots=True, kw_only=True)
class Answers:
    """The answers in effect, and what was asked."""

    api_url: str = ""
    scopes: frozenset[str] = SCOPES
    clock: Callable[[], datetime] | None = None
    by_method: dict[str, Answer] = field(default_factory=dict[str, Answer])
    calls: list[Call] = field(default_factory=list[Call])

    def asked(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]


def healthy() -> dict[str, Answer]:
    """An app that is all right, in two channels."""
    manifest = read_manifest(MANIFEST, None)
    return {
        "auth.test": {"team": "Tevuot", "user": "tizmor", "bot_id": "B01", "user_id": "U01"},
        "bots.info": {"bot": {"id": "B01", "app_id": APP_ID}},
        "apps.connections.open": {"url": "wss://127.0.0.1/link"},
        "users.conversations": {"channels": [{"id": "C01"}, {"id": "C02"}]},
        "apps.manifest.validate": {},
        "apps.manifest.create": {"app_id": APP_ID, "credentials": {"signing_secret": SIGNING_SECRET}},
        "apps.manifest.update": {"app_id": APP_ID, "permissions_updated": False},
        "apps.manifest.export": {"manifest": manifest},
    }


@asynccontextmanager
async def answering(**answers: Answer) -> AsyncGenerator[Answers]:
    """Serve a healthy app, with these answers in the place of its own; dots of method names are written ``__``."""
    served = Answers(by_method=healthy() | {name.replace("__", "."): answer for name, answer in answers.items()})

    async def handle(request: web.Request) -> web.Response:
        method = request.match_info["method"]
        values = {str(k): str(v) for k, v in {**request.query, **(await request.post())}.items()}
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        served.calls.append(Call(method=method, token=token, values=values))
        answer = served.by_method[method]
        if isinstance(answer, Exception):
            assert request.transport is not None
            request.transport.close()
            raise answer
        if isinstance(answer, web.Response):
            return answer
        body = {"ok": True, **(answer(values) if callable(answer) else answer)}
        return web.Response(text=json.dumps(body), content_type="application/json", headers=headers(served))

    site = web.Application()
    site.router.add_route("*", "/api/{method}", handle)
    runner = web.AppRunner(site, access_log=None)
    await runner.setup()
    try:
        door = web.TCPSite(runner, "127.0.0.1", 0)
        await door.start()
        served.api_url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
        yield served
    finally:
        await runner.cleanup()


def headers(served: Answers) -> dict[str, str]:
    said = {"x-oauth-scopes": ",".join(sorted(served.scopes))}
    return said if served.clock is None else said | {"Date": format_datetime(served.clock(), usegmt=True)}


def refused(error: str, **more: object) -> dict[str, Any]:
    """As Slack says no."""
    return {"ok": False, "error": error, **more}
