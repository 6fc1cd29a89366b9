"""A Messages server on loopback whose answers are written piece by piece, by the test, over real sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from integrations.anthropic import AnthropicModel, AnthropicOptions, RoleOptions, Timeouts

BREAK = object()
"""A piece of an answer: the connection breaks here."""
STALL = object()
"""A piece of an answer: nothing more comes until the client has gone."""

Piece = bytes | asyncio.Event | object


def sse(kind: str, **more: Any) -> bytes:
    """One event."""
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **more}, ensure_ascii=False)}\n\n".encode()


def start(**usage: Any) -> bytes:
    """The head of an answer."""
    counts = {"input_tokens": 25, "output_tokens": 1} | usage
    head: dict[str, Any] = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
    }
    return sse("message_start", message=head | {"model": "claude-sonnet-5-5", "usage": counts})


def end(reason: str | None = "end_turn", **usage: Any) -> bytes:
    """The end of an answer."""
    counts = {"output_tokens": 40} | usage
    return sse("message_delta", delta={"stop_reason": reason, "stop_sequence": None}, usage=counts) + sse(
        "message_stop"
    )


def text(*pieces: str, index: int = 0) -> bytes:
    """A part of words."""
    deltas = [sse("content_block_delta", index=index, delta={"type": "text_delta", "text": piece}) for piece in pieces]
    block = {"type": "text", "text": ""}
    return sse("content_block_start", index=index, content_block=block) + b"".join(deltas) + stop(index)


def tool(name: str = "emit_plan", index: int = 0) -> bytes:
    """A tool's call begins."""
    block: dict[str, Any] = {"type": "tool_use", "id": f"toolu_{index}", "name": name, "input": {}}
    return sse("content_block_start", index=index, content_block=block)


def given(piece: str, index: int = 0) -> bytes:
    """A piece of a tool's input."""
    return sse("content_block_delta", index=index, delta={"type": "input_json_delta", "partial_json": piece})


def stop(index: int = 0) -> bytes:
    """A part ends."""
    return sse("content_block_stop", index=index)


@dataclass
class Reply:
    """One scripted answer."""

    pieces: tuple[Piece, ...] = ()
    status: int = 200
    headers: Mapping[str, str] = field(
        default_factory=lambda: {"content-type": "text/event-stream", "request-id": "req_7"}
    )


def whole(*pieces: Piece) -> Reply:
    """An answer that streams these pieces."""
    return Reply(pieces)


def refusal(status: int, kind: str = "api_error", message: str = "no", **headers: str) -> Reply:
    """An answer with a status that is no success, in the API's own form."""
    body = json.dumps({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_9"})
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply((body.encode(),), status, {"content-type": "application/json", "request-id": "req_9"} | named)


class Server:
    """Answers calls from a script; the last reply is given again for further calls."""

    def __init__(self) -> None:
        self.script: list[Reply] = []
        self.routes: dict[str, Reply] = {}
        self.bodies: list[Any] = []
        self.raw: list[bytes] = []
        self.headers: list[Mapping[str, str]] = []
        self.connections: set[int] = set()
        self.gone = asyncio.Event()
        """A client left while its answer was stalled."""
        self.stalled = asyncio.Event()
        self.url = ""
        self._kept: list[object] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self._kept.append(request.transport)  # an id is only unique among the living
        self.connections.add(id(request.transport))
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        if request.method == "GET":
            return await self._send(request, self.routes.get(request.path, refusal(404, "not_found_error")))
        self.raw.append(await request.read())
        self.bodies.append(json.loads(self.raw[-1]))
        reply = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        return await self._send(request, reply)

    async def _send(self, request: web.Request, reply: Reply) -> web.StreamResponse:
        response = web.StreamResponse(status=reply.status, headers=dict(reply.headers))
        await response.prepare(request)
        for piece in reply.pieces:
            if isinstance(piece, bytes):
                await response.write(piece)
            elif isinstance(piece, asyncio.Event):
                await piece.wait()
            elif piece is BREAK:
                assert request.transport is not None
                request.transport.abort()
                return response
            else:
                self.stalled.set()
                try:
                    await asyncio.Event().wait()
                finally:
                    self.gone.set()
        await response.write_eof()
        return response


@pytest.fixture
async def server() -> AsyncGenerator[Server]:
    scripted = Server()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", scripted.answer)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    scripted.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield scripted
    await runner.cleanup()


SECOND = timedelta(seconds=1)
PATIENT = Timeouts(connect=5 * SECOND, first_byte=20 * SECOND, between_events=20 * SECOND, whole=30 * SECOND)


def options(url: str | None, **changes: Any) -> AnthropicOptions:
    """Options for a server that counts as a compatible one, unless the test says otherwise."""
    usual: dict[str, Any] = {
        "planner": RoleOptions(model="claude-sonnet-5-5", effort="medium"),
        "agent": RoleOptions(model="claude-haiku-5-5"),
        "timeouts": PATIENT,
        "connections": 4,
        "base_url": url,
        "api_key": "sk-test",
    }
    return AnthropicOptions(**usual | changes)


class OfficialOptions(AnthropicOptions):
    """Treats the loopback server as Anthropic's own: everything official is sent to it."""

    @property
    def official(self) -> bool:
        return True


def official(url: str, **changes: Any) -> AnthropicOptions:
    """Options under which the loopback server counts as Anthropic's own."""
    plain = options(url, **changes)
    return OfficialOptions(**{name: getattr(plain, name) for name in AnthropicOptions.__dataclass_fields__})


Opening = Callable[..., AbstractAsyncContextManager[AnthropicModel]]


@pytest.fixture
def opened(server: Server) -> Opening:
    """Open a model against the server."""

    @asynccontextmanager
    async def enter(chosen: AnthropicOptions | None = None) -> AsyncGenerator[AnthropicModel]:
        async with AnthropicModel(chosen or options(server.url)) as model:
            yield model

    return enter
