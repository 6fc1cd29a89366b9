"""A server that answers every call as a test says, and keeps what it was asked."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.telegram.api import TelegramApi, telegram_api
from bot.telegram.pace import Pace

TOKEN = "7100000001:AAE-a_local_token_of_no_worth_00001"

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


@dataclass(slots=True)
class Answering:
    """The server, and our calls to it."""

    api: TelegramApi
    clock: Hand
    answers: list[Answer]
    """What the next calls get; the last one stays."""
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list[tuple[str, dict[str, Any]]])
    """Method and parameters of each call; of a file its name and its bytes."""

    def will(self, *answers: Answer) -> None:
        self.answers[:] = answers


def says(status: int, body: object, headers: Mapping[str, str] | None = None) -> Answer:
    """JSON where the body is none of text."""

    async def answer(request: web.Request) -> web.StreamResponse:
        text = body if isinstance(body, str) else json.dumps(body)
        return web.Response(
            status=status, text=text, content_type="text/html" if text == body else None, headers=headers
        )

    return answer


def good(result: object) -> Answer:
    return says(200, {"ok": True, "result": result})


def bad(code: int, description: str, **parameters: Any) -> Answer:
    body = {"ok": False, "error_code": code, "description": description}
    return says(code, {**body, "parameters": parameters} if parameters else body)


async def break_off(request: web.Request) -> web.StreamResponse:
    """The connection ends without an answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@asynccontextmanager
async def answering(*answers: Answer) -> AsyncGenerator[Answering]:
    async def handle(request: web.Request) -> web.StreamResponse:
        assert request.match_info["token"] == TOKEN
        form = {
            name: (value.filename, value.file.read()) if isinstance(value, web.FileField) else value
            for name, value in (await request.post()).items()
        }
        at.asked.append((request.match_info["method"], form))
        answer = at.answers.pop(0) if len(at.answers) > 1 else at.answers[0]
        return await answer(request)

    app = web.Application()
    app.router.add_post("/bot{token}/{method}", handle)
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    clock = Hand()
    try:
        root = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        async with telegram_api(TOKEN, root, pace=Pace(clock)) as api:
            at = Answering(api=api, clock=clock, answers=list(answers))
            yield at
    finally:
        await runner.cleanup()


@asynccontextmanager
async def listening(root: str, answer: Answer) -> AsyncGenerator[None]:
    """Where nobody listened before, somebody answers everything like this."""
    app = web.Application()
    app.router.add_post("/{any:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(root.rpartition(":")[2])).start()
    try:
        yield
    finally:
        await runner.cleanup()
