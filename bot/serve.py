"""Runs the product behind its web door until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from aiohttp import web
from loguru import logger

from bot.app import Tizmor, open_tizmor
from bot.render.texts import page_texts
from bot.settings import Settings
from bot.web.server import create_app
from bot.web.site import Signed, WebOptions
from engine.errors import RequestError
from engine.registry.extension import NOTHING_MORE, Extension

ENDPOINT_FILE = "endpoint"
"""In the home while a process serves: its base URL, for ``tizmor ask``."""

STOP_SECONDS = 5.0
"""How long answers over HTTP that are under way may take when the process ends."""

DRAIN_SECONDS = 18.0
"""How long the process takes at most to end in good order, from being told to. Service managers kill after 20 s and more; what is
cut off then is found by the next start, as after any crash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A product that answers on a port."""

    tizmor: Tizmor
    url: str

    def login_link(self) -> str:
        """A one-time link that signs its bearer in as the owner."""
        return f"{self.url}/login?code={self.tizmor.access.login_code()}"


@asynccontextmanager
async def serve(
    settings: Settings, *, outside: bool = False, extension: Extension = NOTHING_MORE
) -> AsyncGenerator[Serving]:
    """Open the product and its web door until the block ends; with ``outside`` also every chat that is configured, with an
    ``extension`` also agents and tools of one's own.

    Raises:
        RequestError: as :func:`bot.app.open_tizmor`; ``port_in_use`` when the port is taken.
    """
    async with open_tizmor(settings, outside=outside, extension=extension) as tizmor:
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
            tizmor.stop()  # chats and executions first: the door's own open answers take their time
            endpoint.unlink(missing_ok=True)
            await runner.cleanup()


async def until_stopped(tizmor: Tizmor) -> str:
    """Wait for SIGTERM or SIGINT, or until nothing can be stored any more; take nothing more then.

    The process has :data:`DRAIN_SECONDS` from then on; a second signal ends it at once, as a crash does.

    Returns:
        Why it has to end; empty where it was told to.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    told, lost = loop.create_task(stop.wait()), loop.create_task(tizmor.storage.lost.wait())
    try:
        await asyncio.wait({told, lost}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        told.cancel()
        lost.cancel()
    tizmor.stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.remove_signal_handler(number)
        signal.signal(number, signal.SIG_DFL)
    why = tizmor.storage.why_lost
    cut = threading.Timer(DRAIN_SECONDS, leave_at_once, (1 if why else 0,))
    cut.daemon = True
    cut.start()
    return why


def leave_at_once(code: int) -> None:
    """End the process without closing anything: what is committed is durable, and closing a database whose file was replaced
    would delete the log of the one that is there now."""
    logger.bind(code=code).warning("left_at_once")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _signed(tizmor: Tizmor) -> dict[str, Signed]:
    """Where chats outside post to, and prove that it is them."""
    outside = [surface for surface in (tizmor.slack, tizmor.telegram) if surface is not None]
    return {path: answer for surface in outside for path, answer in surface.posted_to.items()}


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
