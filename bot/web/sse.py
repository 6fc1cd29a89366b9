"""Server-sent events: one bounded pump per client, resumable by sequence number.

Nothing is queued here: a slow client holds back the iterator that reads the log, and is cut off after a while.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import web
from loguru import logger

from bot.web.problems import HttpProblemError, json_bytes
from bot.web.site import Site
from engine.domain.json import JsonValue
from engine.errors import RequestError

_TICK = timedelta(seconds=1)
_MAX_SEQ = 2**53
_RETRY_MS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One server-sent event."""

    seq: int
    name: str
    data: JsonValue

    def encode(self) -> bytes:
        """The event on the wire; JSON has no line breaks, so ``data`` is one line."""
        return f"id: {self.seq}\nevent: {self.name}\ndata: ".encode() + json_bytes(self.data) + b"\n\n"


def resume_after(request: web.Request) -> int:
    """The number after which to go on: ``Last-Event-ID``, else ``?after=``, else 0.

    Raises:
        RequestError: ``after_invalid``.
    """
    given = request.headers.get("Last-Event-ID") or request.query.get("after") or "0"
    if not (given.isascii() and given.isdecimal() and len(given) <= 16 and int(given) <= _MAX_SEQ):
        raise RequestError(
            "after_invalid",
            "Last-Event-ID (or ?after=) is the number of an event, 0 or more; send the last id you saw.",
        )
    return int(given)


async def stream(request: web.Request, site: Site, frames: AsyncGenerator[Frame]) -> web.StreamResponse:
    """Send frames until they end, the client goes away or stops reading, or the server shuts down.

    Raises:
        HttpProblemError: 503 ``too_many_streams``.
    """
    if site.streams.open >= site.options.max_streams:
        raise HttpProblemError(
            503, "too_many_streams", "Too many streams are open; close one or try again.", {"Retry-After": "5"}
        )
    site.streams.open += 1
    try:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        response.headers["X-Accel-Buffering"] = "no"
        await response.prepare(request)
        await _run(_Sender(request, response, site), frames)
        return response
    finally:
        site.streams.open -= 1


class _EndedError(Exception):
    """One of a stream's parts is through, and with it the stream."""


class _Sender:
    """Writes to one client; frames and heartbeats take turns."""

    def __init__(self, request: web.Request, response: web.StreamResponse, site: Site) -> None:
        self._request = request
        self._response = response
        self._site = site
        self._turn = asyncio.Lock()
        self._silent = timedelta()

    async def send(self, data: bytes) -> None:
        async with self._turn:
            self._silent = timedelta()
            async with asyncio.timeout(self._site.options.write_limit.total_seconds()):
                await self._response.write(data)

    async def pump(self, frames: AsyncIterator[Frame]) -> None:
        await self.send(b"retry: %d\n\n" % _RETRY_MS)
        async for frame in frames:
            await self.send(frame.encode())

    async def watch(self) -> None:
        """Beat when silent; return when the client is gone."""
        while self._request.transport is not None and not self._request.transport.is_closing():
            await self._site.access.clock.sleep(_TICK)
            self._silent += _TICK
            if self._silent >= self._site.options.heartbeat and not self._turn.locked():
                await self.send(b": alive\n\n")

    def abort(self) -> None:
        """Close the connection at once, whatever is still unsent."""
        if self._request.transport is not None:
            self._request.transport.abort()

    async def shutdown(self) -> None:
        await self._site.streams.closing.wait()


async def _run(sender: _Sender, frames: AsyncGenerator[Frame]) -> None:
    try:
        async with aclosing(frames), asyncio.TaskGroup() as group:
            for part in (sender.pump(frames), sender.watch(), sender.shutdown()):
                group.create_task(_ending(part))
    except* _EndedError:
        pass
    except* (ConnectionError, TimeoutError):
        # Gone or not reading; the connection is closed, and the client resumes from the last number it saw.
        sender.abort()
    except* Exception as errors:  # noqa: BLE001 - the barrier: headers are sent, so all that is left is to close
        logger.opt(exception=errors.exceptions[0]).error("stream_failed")
        sender.abort()


async def _ending(part: Coroutine[object, object, None]) -> None:
    await part
    raise _EndedError
