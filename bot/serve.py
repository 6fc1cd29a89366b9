"""Runs the product behind its web door until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from aiohttp import web

from bot.app import Tizmor, open_tizmor
from bot.render.texts import page_texts
from bot.settings import Settings
from bot.slack.http import PATH as SLACK_PATH
from bot.telegram.webhook import PATH as TELEGRAM_PATH
from bot.web.server import create_app
from bot.web.site import Signed, WebOptions
from engine.errors import RequestError

ENDPOINT_FILE = "endpoint"
"""In the home while a process serves: its base URL, for ``tizmor ask``."""

STOP_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A product that answers on a port."""

    tizmor: Tizmor
    url: str

    def login_link(self) -> str:
        """A one-time link that signs its bearer in as the owner."""
        return f"{self.url}/login?code={self.tizmor.access.login_code()}"


@asynccontextmanager
async def serve(settings: Settings, *, outside: bool = False) -> AsyncGenerator[Serving]:
    """Open the product and its web door until the block ends; with ``outside`` also every chat that is configured.

    Raises:
        RequestError: as :func:`bot.app.open_tizmor`; ``port_in_use`` when the port is taken.
    """
    async with open_tizmor(settings, outside=outside) as tizmor:
        static = Path(str(files("bot.web").joinpath("static")))
        options = WebOptions(static=static, page_texts=page_texts, signed=_signed(tizmor))
        app = create_app(tizmor.door, tizmor.access, tizmor.idempotency, options)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_SECONDS)
        await runner.setup()
        endpoint = settings.tizmor_home / ENDPOINT_FILE
        try:
            url = await _listen(runner, settings)
            endpoint.write_text(url, encoding="utf-8")
            yield Serving(tizmor=tizmor, url=url)
        finally:
            endpoint.unlink(missing_ok=True)
            await runner.cleanup()


async def until_stopped() -> None:
    """Wait for SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()


def _signed(tizmor: Tizmor) -> dict[str, Signed]:
    """Where chats outside post to, and prove that it is them."""
    found: dict[str, Signed] = {}
    if tizmor.slack and not tizmor.slack.over_sockets:
        found[SLACK_PATH] = tizmor.slack.events
    if tizmor.telegram and tizmor.telegram.over_webhook:
        found[TELEGRAM_PATH] = tizmor.telegram.events
    return found


async def _listen(runner: web.AppRunner, settings: Settings) -> str:
    site = web.TCPSite(runner, settings.tizmor_host, settings.tizmor_port)
    try:
        await site.start()
    except OSError as error:
        raise RequestError(
            "port_in_use",
            f"Port {settings.tizmor_port} on {settings.tizmor_host} cannot be used ({error.strerror});"
            " choose another with --port.",
        ) from error
    host, port = runner.addresses[0][:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
