"""The way from Telegram to a product over a webhook: a public address that stays while products come and go."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from tests.servers.telegramd import Telegramd
from tests.servers.telegramd.updates import Hook

SECRET = "a-secret_of-this_lab"
PUBLIC = "https://tizmor.example"
"""Where Telegram is told to deliver: it takes nothing but https."""
HEADER = "X-Telegram-Bot-Api-Secret-Token"
WEBHOOK_PATH = "/telegram/webhook"
WEBHOOK_RETRY = (0.0, 0.1, 0.2, 0.5)
"""Telegram is less patient here than in life: nobody waits for the minute after an address was away."""


@dataclass(slots=True)
class Front:
    """The public address before the product: it stays where it is while products come and go."""

    url: str = ""
    behind: str = ""
    """Where the product is; empty: nowhere."""
    passed: list[int] = field(default_factory=list[int])
    """What it answered."""

    async def handle(self, request: web.Request) -> web.Response:
        """Hand a request on, as a proxy does."""
        if not self.behind:
            return web.Response(status=502)
        kept = {name: request.headers[name] for name in (HEADER, "Content-Type") if name in request.headers}
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.post(self.behind + request.path, data=await request.read(), headers=kept) as answer,
            ):
                self.passed.append(answer.status)
                return web.Response(status=answer.status, body=await answer.read())
        except aiohttp.ClientError:
            return web.Response(status=502)


@dataclass(slots=True)
class NamedHook(Hook):
    """Where Telegram delivers to, which finds the public address on this machine, as a name server would."""

    address: str = ""

    def set(self, url: str, secret: str, connections: int) -> None:
        """Deliver there from here on."""
        Hook.set(self, url.replace(PUBLIC, self.address), secret, connections)


@asynccontextmanager
async def front() -> AsyncGenerator[Front]:
    """A public address, on a free port of the loopback."""
    made = Front()
    app = web.Application()
    app.router.add_post("/{rest:.*}", made.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        made.url = f"http://{host}:{port}"
        yield made
    finally:
        await runner.cleanup()


def deliver_to(telegram: Telegramd, public: Front) -> None:
    """Let Telegram find the public address here."""
    if not isinstance(telegram.updates.hook, NamedHook):
        telegram.updates.hook = NamedHook()
    telegram.updates.hook.address = public.url
