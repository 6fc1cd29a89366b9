"""A Messages-API server on loopback whose answers come from a script instead of a model.

For tests, and for the demonstration that says so. It listens on 127.0.0.1 only, checks every request as the real API does,
and leaves nothing running.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from integrations.scripted_model.blocks import Answer
from integrations.scripted_model.catalogue import describe, list_models
from integrations.scripted_model.errors import ApiError
from integrations.scripted_model.journal import Ending, Exchange
from integrations.scripted_model.options import ServerOptions
from integrations.scripted_model.performance import Stage, perform, refuse
from integrations.scripted_model.scripts import HangUp, HttpFault, Script
from integrations.scripted_model.streaming import Head, message
from integrations.scripted_model.usage import PromptCache, count_input
from integrations.scripted_model.validation import check_caller, check_count, check_messages
from integrations.scripted_model.view import RequestView, view

_REMEMBERED = 1_000
"""The journal keeps the latest so many exchanges."""
_GRACE = 0.01
"""Seconds a running answer gets when the server stops."""
_Handler = Callable[[web.Request, str], Awaitable[web.StreamResponse]]


class ScriptedServer:
    """One running server; made by :func:`serve_scripted`."""

    def __init__(self, script: Script, options: ServerOptions) -> None:
        self.script = script
        """May be replaced at any time; the next request asks the new one."""
        self.url = ""
        """What ``ANTHROPIC_BASE_URL`` has to be, without ``/v1``."""
        self.requests: deque[Exchange] = deque(maxlen=_REMEMBERED)
        """Every call of ``POST /v1/messages``, valid or not, oldest first."""
        self._options = options
        self._cache = PromptCache(options.now, options.smallest_cached)
        self._calls = 0
        self._asked = 0

    def application(self) -> web.Application:
        """Its routes."""
        app = web.Application(client_max_size=self._options.max_body)
        app.router.add_post("/v1/messages", self._guarded(self._messages))
        app.router.add_post("/v1/messages/count_tokens", self._guarded(self._count))
        app.router.add_get("/v1/models", self._guarded(self._models))
        app.router.add_get("/v1/models/{id}", self._guarded(self._model))
        app.router.add_route("*", "/{anything:.*}", self._guarded(_nothing_here))
        return app

    def _guarded(self, handler: _Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def guarded(http: web.Request) -> web.StreamResponse:
            self._calls += 1
            request_id = f"req_{self._calls:024d}"
            try:
                return await handler(http, request_id)
            except ApiError as error:
                headers = {"request-id": request_id} | error.headers
                return web.json_response(error.body(request_id), status=error.status, headers=headers)

        return guarded

    async def _messages(self, http: web.Request, request_id: str) -> web.StreamResponse:
        exchange = Exchange(
            request_id=request_id,
            version=http.headers.get("anthropic-version", ""),
            betas=tuple(b.strip() for b in http.headers.get("anthropic-beta", "").split(",") if b.strip()),
        )
        self.requests.append(exchange)
        try:
            return await self._answer(http, exchange)
        except ApiError as error:
            exchange.status, exchange.error = error.status, str(error)
            exchange.ending = Ending.REFUSED if exchange.ending is Ending.OPEN else exchange.ending
            raise
        finally:
            if exchange.ending is Ending.OPEN:
                exchange.ending = Ending.LEFT

    async def _answer(self, http: web.Request, exchange: Exchange) -> web.StreamResponse:
        check_caller(http.headers, self._options)
        body = check_messages(await _body(http), exchange.version, self._options)
        exchange.request = request = view(body)
        if request.max_tokens == 0:
            return self._warm(exchange, request)
        self._asked += 1
        exchange.number = self._asked
        try:
            exchange.reply = self.script(request, self._asked)
        except Exception as error:
            exchange.ending = Ending.FAULT
            raise ApiError(500, f"The script failed: {type(error).__name__}: {error}") from error
        if isinstance(exchange.reply, HttpFault | HangUp):
            return refuse(exchange.reply, http, exchange)
        stage = Stage(
            http=http,
            request=request,
            exchange=exchange,
            head=self._head(exchange, request),
            limit=request.max_tokens if self._options.honours_max_tokens else None,
        )
        return await perform(exchange.reply, stage)

    def _warm(self, exchange: Exchange, request: RequestView) -> web.Response:
        """``max_tokens`` 0 fills the cache and asks nobody."""
        answer = Answer(blocks=(), stop="max_tokens")
        exchange.status, exchange.ending = 200, Ending.WHOLE
        given = message(self._head(exchange, request), answer)
        return web.json_response(given, headers={"request-id": exchange.request_id})

    def _head(self, exchange: Exchange, request: RequestView) -> Head:
        exchange.usage = self._cache.charge(request.body)
        name = exchange.request_id.removeprefix("req_")
        return Head(message_id=f"msg_{name}", model=request.model, usage=exchange.usage)

    async def _count(self, http: web.Request, request_id: str) -> web.StreamResponse:
        check_caller(http.headers, self._options)
        version = http.headers["anthropic-version"]
        body = check_count(await _body(http), version, self._options)
        return web.json_response({"input_tokens": count_input(body)}, headers={"request-id": request_id})

    async def _models(self, http: web.Request, request_id: str) -> web.StreamResponse:
        check_caller(http.headers, self._options)
        return web.json_response(list_models(http.query, self._options), headers={"request-id": request_id})

    async def _model(self, http: web.Request, request_id: str) -> web.StreamResponse:
        check_caller(http.headers, self._options)
        name = http.match_info["id"]
        found = next((model for model in self._options.models if model.id == name), None)
        if found is None:
            raise ApiError(404, f"model: {name}")
        return web.json_response(describe(found), headers={"request-id": request_id})


@asynccontextmanager
async def serve_scripted(script: Script, options: ServerOptions | None = None) -> AsyncGenerator[ScriptedServer]:
    """Serve on a free port of 127.0.0.1 for as long as the block lasts; leaving breaks off whatever is still being answered.

    Args:
        script: what to answer.
        options: None: no key, the models of today, as strict as the real API.

    Raises:
        OSError: no port is free.
    """
    server = ScriptedServer(script, options or ServerOptions())
    runner = web.AppRunner(
        server.application(), handle_signals=False, handler_cancellation=True, access_log=None, shutdown_timeout=_GRACE
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        server.url = f"http://127.0.0.1:{_port(runner)}"
        yield server
    finally:
        await runner.cleanup()


def _port(runner: web.AppRunner) -> int:
    address: Any = runner.addresses[0]
    return int(address[1])


async def _body(http: web.Request) -> bytes:
    try:
        return await http.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise ApiError(413) from error


async def _nothing_here(http: web.Request, request_id: str) -> web.StreamResponse:
    del request_id
    raise ApiError(404, f"Not found: {http.method} {http.path}")
