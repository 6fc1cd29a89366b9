"""The language model behind the Anthropic Messages API: one connection pool, no retries of its own, a time for each phase.

Sockets, waiting and what may fail are here; what is sent is :mod:`.request`'s, what comes back :mod:`.stream`'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, suppress
from typing import TYPE_CHECKING, Protocol, Self

from engine.errors import InternalError
from engine.ports.language_model import Growing, ModelAnswer, ModelRequest, ModelRole
from integrations.anthropic.errors import Target, broken_stream, families, no_key, translate, unreachable
from integrations.anthropic.options import AnthropicOptions
from integrations.anthropic.request import Asked, build
from integrations.anthropic.stream import Reading
from integrations.anthropic.wire import Event, read_event

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic, AsyncStream
    from anthropic.types import RawMessageStreamEvent

_NO_KEY = "none"
"""What a compatible server is given where no key is set; an empty one is refused by the SDK."""
_IDLE_SECONDS = 30.0
"""An idle connection is kept this long: less than any server's own limit, longer than the pause between an agent's turns."""


class _Raw(Protocol):
    """One event off the wire, as the SDK gives it."""

    @property
    def data(self) -> str: ...


class AnthropicModel:
    """``LanguageModel`` over the Messages API. Enter it before use; leaving closes the pool.

    The SDK takes a second and 50 MB to load. That happens in a thread, on the first call or in :meth:`warm`.
    """

    def __init__(self, options: AnthropicOptions) -> None:
        self.options = options
        """What it was made with."""
        self._client: AsyncAnthropic | None = None
        self._loading = asyncio.Lock()
        self._places = asyncio.Semaphore(options.connections)
        self._open = False

    async def __aenter__(self) -> Self:
        self._open = True
        return self

    async def __aexit__(self, *_: object) -> None:
        self._open = False
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def model(self, role: ModelRole) -> str:
        """The id of the model configured for a role."""
        return self.options.of(role).model

    async def warm(self) -> AsyncAnthropic:
        """Load the SDK and make the pool, unless that has been done. Opens no connection.

        Raises:
            UnavailableError: ``model_unreachable``: ``base_url`` is no address.
            InternalError: the adapter was not entered, or has been left.
        """
        async with self._loading:
            if not self._open:
                raise InternalError("model_closed", "The model is used outside its `async with` block.")
            if self._client is None:
                self._client = await asyncio.to_thread(_make_client, self.options)
            return self._client

    def patience(self) -> AbstractAsyncContextManager[object]:
        """The longest a question without an answer's stream may take; raises ``TimeoutError``."""
        return asyncio.timeout(self.options.timeouts.first_byte.total_seconds())

    async def ask(self, request: ModelRequest, growing: Growing | None = None) -> ModelAnswer:
        """Make one call, as ``LanguageModel.ask`` says. Waits for a free connection first, without a limit of its own.

        Raises:
            AuthExpiredError: also at once, where there is no key and no compatible server.
        """
        target = Target(model=self.model(request.role), host=self.options.host)
        if self.options.lacks_key:
            raise no_key(target, "there is none")
        client = await self.warm()
        asked = build(request, self.options)
        reading = Reading(asked, growing)
        async with self._places:
            try:
                async with asyncio.timeout(self.options.timeouts.whole.total_seconds()):
                    await self._converse(client, asked, reading, target)
            except TimeoutError as error:
                whole = self.options.timeouts.whole
                raise reading.lost("model_stalled", f"the answer was not whole after {whole}") from error
        return reading.answer()

    async def _converse(self, client: AsyncAnthropic, asked: Asked, reading: Reading, target: Target) -> None:
        timeouts = self.options.timeouts
        between = timeouts.between_events.total_seconds()
        loop = asyncio.get_running_loop()
        quiet = asyncio.timeout((timeouts.connect + timeouts.first_byte).total_seconds())
        try:
            async with quiet:
                stream = await _begin(client, asked, target)
                # Raw, for the SDK's own reading hides pings, and they show that the provider is alive.
                events = stream.raw_events(stream.response)
                try:
                    reading.request_id = stream.response.headers.get("request-id", "")
                    _check_kind(stream, target)
                    quiet.reschedule(loop.time() + between)
                    while (event := await _next(events, reading)) is not None:
                        quiet.reschedule(loop.time() + between)
                        reading.take(event)
                finally:
                    await _leave(events)
                    await stream.close()
        except TimeoutError as error:
            if not quiet.expired():
                raise
            raise reading.lost("model_stalled", "nothing came for too long") from error


async def _begin(client: AsyncAnthropic, asked: Asked, target: Target) -> AsyncStream[RawMessageStreamEvent]:
    try:
        return await client.messages.create(**asked.parameters)
    except families() as error:
        raise translate(error, target) from error


def _check_kind(stream: AsyncStream[RawMessageStreamEvent], target: Target) -> None:
    kind = stream.response.headers.get("content-type", "")
    if not kind.startswith("text/event-stream"):
        raise unreachable(target, f"it answered with {kind or 'no content type'} instead of a stream of events")


async def _next(events: AsyncIterator[_Raw], reading: Reading) -> Event | None:
    try:
        event = await anext(events, None)
        return None if event is None else read_event(event.data)
    except broken_stream() as error:
        raise reading.lost("model_cut", f"the connection broke: {type(error).__name__}") from error


async def _leave(events: AsyncIterator[_Raw]) -> None:
    """End reading where it waits for the socket.

    Generators that are left elsewhere are ended by the loop, each in a task of its own, at some time.
    """
    with suppress(TimeoutError, *broken_stream()):
        async with asyncio.timeout(0):
            async for _ in events:
                pass


def _make_client(options: AnthropicOptions) -> AsyncAnthropic:
    import anthropic  # noqa: PLC0415 - a second and 50 MB: only in this thread, and only where a model is used
    import httpx2  # noqa: PLC0415

    seconds = options.timeouts.connect.total_seconds()
    # Reading has no limit here, for one limit cannot fit both the wait for an answer and the pauses within it.
    timeout = httpx2.Timeout(connect=seconds, write=seconds, pool=None, read=None)
    limits = httpx2.Limits(
        max_connections=options.connections,
        max_keepalive_connections=options.connections,
        keepalive_expiry=_IDLE_SECONDS,
    )
    try:
        client = anthropic.AsyncAnthropic(
            api_key=options.api_key or _NO_KEY,
            base_url=options.url,
            timeout=timeout,
            max_retries=0,
            open_telemetry=False,
            http_client=anthropic.DefaultAsyncHttpxClient(limits=limits, timeout=timeout),
        )
    except httpx2.InvalidURL as error:
        raise unreachable(Target(model="", host=options.host), f"it is no address: {error}") from error
    # The SDK loads these when they are first touched.
    _ = client.messages, client.models
    return client
