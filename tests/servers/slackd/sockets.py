"""Socket Mode: web sockets of the app, envelopes to one of them each, acknowledgements back."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import time
from dataclasses import dataclass, field
from typing import Any, cast

from aiohttp import WSCloseCode, WSMsgType, web

from tests.servers.slackd.delivery import Ack
from tests.servers.slackd.events import Delivery
from tests.servers.slackd.log import Json
from tests.servers.slackd.options import SlackdOptions
from tests.servers.slackd.state import World

MOST = 10


@dataclass(slots=True, eq=False)
class Connection:
    """One web socket of the app's."""

    number: int
    ws: web.WebSocketResponse
    transport: asyncio.Transport | None
    frozen: bool = False
    """The stream is dead: neither envelopes nor pongs get through, and nobody is told."""
    leaving: bool = False
    """The app was told to connect anew."""
    waiting: set[str] = field(default_factory=set[str])
    """Envelopes sent here and not acknowledged."""


class SocketHub:
    """All connections, and what waits for an acknowledgement."""

    def __init__(self, world: World, options: SlackdOptions) -> None:
        self._world = world
        self._options = options
        self._turn = 0
        self._acks: dict[str, asyncio.Future[Json | None]] = {}
        self.connections: list[Connection] = []

    async def send(self, delivery: Delivery, attempt: int, reason: str | None) -> Ack:
        """One envelope to one connection, and its acknowledgement within the time Slack gives."""
        connection = self._choose()
        if connection is None:
            return Ack(ok=False, reason="connection_failed")
        envelope_id = f"{self._world.ids.count('envelope'):08x}-0000-4000-8000-000000000000"
        envelope: Json = {
            "envelope_id": envelope_id,
            "payload": delivery.payload,
            "type": delivery.kind,
            "accepts_response_payload": delivery.answerable,
        }
        if delivery.kind == "events_api":
            envelope |= {"retry_attempt": attempt, "retry_reason": reason or ""}
        future: asyncio.Future[Json | None] = asyncio.get_running_loop().create_future()
        self._acks[envelope_id] = future
        connection.waiting.add(envelope_id)
        began = time.monotonic()
        try:
            if not connection.frozen:
                await connection.ws.send_str(json.dumps(envelope))
            awaited = cast("asyncio.Future[object]", future)
            done = await self._world.clock.wait(awaited, self._options.ack_seconds, patience=self._options.patience)
            if not done:
                return Ack(ok=False, reason="timeout")
            return Ack(ok=True, payload=future.result(), seconds=time.monotonic() - began)
        except ConnectionError:
            return Ack(ok=False, reason="connection_failed")
        finally:
            connection.waiting.discard(envelope_id)
            self._acks.pop(envelope_id, None)

    async def accept(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection until either side ends it."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._world.tickets:
            return web.Response(status=401, text="invalid ticket")
        self._world.tickets.remove(ticket)
        ws = web.WebSocketResponse(autoping=False)
        await ws.prepare(request)
        if len(self.connections) >= MOST:
            await ws.send_json({"type": "disconnect", "reason": "too_many_websockets", "debug_info": _debug()})
            await ws.close()
            return ws
        number = self._world.ids.count("connection")
        connection = Connection(number=number, ws=ws, transport=request.transport)
        self.connections.append(connection)
        self._note("hello", {"connection": number})
        try:
            await ws.send_json(self._hello())
            await self._listen(connection)
        finally:
            self._forget(connection)
        return ws

    async def disconnect_all(self, reason: str) -> None:
        """Tell every connection to go: ``warning`` (soon), ``refresh_requested`` or ``link_disabled`` (now)."""
        for connection in list(self.connections):
            self._note("disconnect", {"connection": connection.number, "reason": reason})
            connection.leaving = reason != "warning"
            if not connection.ws.closed:
                await connection.ws.send_json({"type": "disconnect", "reason": reason, "debug_info": _debug()})
            if reason == "link_disabled":
                await connection.ws.close()

    def kill(self) -> None:
        """Break every connection without a word."""
        for connection in list(self.connections):
            self._note("killed", {"connection": connection.number})
            break_off(connection.transport)
            self._forget(connection)

    def freeze(self) -> None:
        """Let every stream die: the sockets stay open, and nothing passes any more."""
        for connection in self.connections:
            connection.frozen = True
            self._note("frozen", {"connection": connection.number})

    async def close(self) -> None:
        """End every connection in good order."""
        for connection in list(self.connections):
            await connection.ws.close(code=WSCloseCode.GOING_AWAY)

    def _choose(self) -> Connection | None:
        alive = [each for each in self.connections if not each.ws.closed]
        staying = [each for each in alive if not each.leaving] or alive
        if not staying:
            return None
        self._turn += 1
        return staying[self._turn % len(staying)]

    async def _listen(self, connection: Connection) -> None:
        while True:
            message = await connection.ws.receive()
            if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR):
                return
            if connection.frozen:
                continue
            if message.type is WSMsgType.PING:
                await connection.ws.pong(message.data)
            elif message.type is WSMsgType.TEXT:
                self._acknowledge(cast("str", message.data))

    def _acknowledge(self, text: str) -> None:
        try:
            frame: Any = json.loads(text)
        except ValueError:
            self._world.warn(f"not_json_on_socket:{text[:80]}")
            return
        envelope_id = str(cast("Json", frame).get("envelope_id")) if isinstance(frame, dict) else ""
        future = self._acks.get(envelope_id)
        if future is None:
            self._note("late_ack", {"frame": frame})
        elif not future.done():
            future.set_result(cast("Json", frame).get("payload"))

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.connections),
            "connection_info": {"app_id": self._world.app_id},
            "debug_info": _debug() | {"build_number": 1, "approximate_connection_time": 18_060},
        }

    def _forget(self, connection: Connection) -> None:
        if connection in self.connections:
            self.connections.remove(connection)
            self._note("closed", {"connection": connection.number})
        if connection.frozen:
            return  # Slack learns of a dead stream by its silence
        for envelope_id in connection.waiting:
            future = self._acks.get(envelope_id)
            if future is not None and not future.done():
                future.set_exception(ConnectionResetError("the connection ended before the acknowledgement"))

    def _note(self, name: str, params: Json) -> None:
        self._world.log.add("socket", name, self._world.clock.now(), params)
        self._world.touch()


def break_off(transport: asyncio.BaseTransport | None) -> None:
    """Reset a connection: the other side sees it break, not end."""
    if not isinstance(transport, asyncio.Transport):
        return
    raw = transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def _debug() -> Json:
    return {"host": "applink-1"}
