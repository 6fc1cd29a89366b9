"""One courier, running: its routes, its ledger, its faults, its address."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tests.servers.courier.faults import Fault, Faults
from tests.servers.courier.ledger import Delivery, Ledger

KEY_HEADER = "Idempotency-Key"


class Parcel(BaseModel):
    """What is posted."""

    model_config = ConfigDict(extra="forbid", strict=True)
    parcel: str = Field(min_length=1)
    effect: str = Field(min_length=1)


class MarkedParcel(Parcel):
    """The same with a marker to find it by."""

    marker: str = Field(min_length=1)


class Courier:
    """The face tests use in the server's own process."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.faults = Faults()
        self.calls: list[str] = []
        """``service parcel`` of every call that arrived, struck or not, in order."""
        self.url = ""
        self._keys: dict[str, Parcel] = {}
        self._marked: dict[str, str] = {}

    # Services. Each answers {"parcel"} with 200, or a refusal with {"error"}.

    async def keyed(self, request: web.Request) -> web.StreamResponse:
        """Deliver once per key, however often it is asked; 422 for a key with another parcel."""
        key = request.headers.get(KEY_HEADER, "")
        if not key:
            return _refused(400, f"{KEY_HEADER} is missing")
        asked = await _read(request, Parcel)
        if isinstance(asked, web.Response):
            return asked

        def commit() -> web.Response:
            known = self._keys.setdefault(key, asked)
            if known.parcel != asked.parcel:
                return _refused(422, f"{key} was used for another parcel")
            if known is asked:
                self._deliver("keyed", asked)
            return web.json_response({"parcel": known.parcel})

        return await self._struck(request, "keyed", asked.parcel, commit)

    async def marked(self, request: web.Request) -> web.StreamResponse:
        """Deliver every time; the marker can be found again."""
        asked = await _read(request, MarkedParcel)
        if isinstance(asked, web.Response):
            return asked

        def commit() -> web.Response:
            self._marked[asked.marker] = asked.parcel
            self._deliver("marked", asked)
            return web.json_response({"parcel": asked.parcel})

        return await self._struck(request, "marked", asked.parcel, commit)

    async def find(self, request: web.Request) -> web.StreamResponse:
        """What was delivered with this marker; 404 where nothing was."""
        parcel = self._marked.get(request.query.get("marker", ""))

        def commit() -> web.Response:
            return _refused(404, "nothing has this marker") if parcel is None else web.json_response({"parcel": parcel})

        return await self._struck(request, "find", parcel or "", commit)

    async def plain(self, request: web.Request) -> web.StreamResponse:
        """Deliver every time, and know nothing of it afterwards. A key is refused: it would promise what is not kept."""
        if KEY_HEADER in request.headers:
            return _refused(400, f"{KEY_HEADER} means nothing here")
        asked = await _read(request, Parcel)
        if isinstance(asked, web.Response):
            return asked

        def commit() -> web.Response:
            self._deliver("plain", asked)
            return web.json_response({"parcel": asked.parcel})

        return await self._struck(request, "plain", asked.parcel, commit)

    async def read(self, request: web.Request) -> web.StreamResponse:
        """Say how often a parcel was delivered."""
        parcel = request.match_info["parcel"]

        def commit() -> web.Response:
            return web.json_response({"parcel": parcel, "delivered": self.ledger.parcels().count(parcel)})

        return await self._struck(request, "read", parcel, commit)

    # Control, for other processes.

    async def add_fault(self, request: web.Request) -> web.Response:
        """Script a fault."""
        self.faults.add(Fault(**await request.json()))
        return web.json_response({})

    async def show_ledger(self, request: web.Request) -> web.Response:
        """Every delivery, and every call."""
        return web.json_response({"deliveries": self.ledger.as_json(), "calls": self.calls})

    async def await_held(self, request: web.Request) -> web.Response:
        """Answer once so many calls are held."""
        await self.faults.held(int(request.query.get("count", "1")))
        return web.json_response({})

    async def release(self, request: web.Request) -> web.Response:
        """Let them go."""
        self.faults.release()
        return web.json_response({})

    def app(self) -> web.Application:
        """All routes."""
        app = web.Application()
        app.add_routes(
            [
                web.post("/keyed", self.keyed),
                web.post("/marked", self.marked),
                web.get("/marked", self.find),
                web.post("/plain", self.plain),
                web.get("/parcels/{parcel}", self.read),
                web.post("/control/faults", self.add_fault),
                web.get("/control/ledger", self.show_ledger),
                web.get("/control/held", self.await_held),
                web.post("/control/release", self.release),
            ]
        )
        return app

    def _deliver(self, service: str, asked: Parcel) -> None:
        self.ledger.deliveries.append(Delivery(effect=asked.effect, service=service, parcel=asked.parcel))

    async def _struck(
        self, request: web.Request, service: str, parcel: str, commit: Callable[[], web.Response]
    ) -> web.StreamResponse:
        self.calls.append(f"{service} {parcel}".rstrip())
        fault = self.faults.take(service, parcel)
        if fault is None:
            return commit()
        if fault.committed:
            answer = commit()
            return await self._suffer(request, fault) or answer
        return await self._suffer(request, fault) or commit()

    async def _suffer(self, request: web.Request, fault: Fault) -> web.StreamResponse | None:
        match fault.kind:
            case "reset":
                return _reset(request)
            case "status":
                wait = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
                return web.json_response({"error": "scripted"}, status=fault.status, headers=wait)
            case "delay":
                await asyncio.sleep(fault.seconds)
            case "hold":
                await self.faults.hold()
        return None


@asynccontextmanager
async def serve_courier(port: int = 0) -> AsyncGenerator[Courier]:
    """A courier on a loopback port until the block ends; calls that are held are let go then."""
    courier = Courier()
    runner = web.AppRunner(courier.app(), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        courier.url = "http://{}:{}".format(*runner.addresses[0][:2])
        yield courier
    finally:
        courier.faults.release()
        await runner.cleanup()


async def _read(request: web.Request, model: type[Any]) -> Any:
    if request.content_type != "application/json":
        return _refused(415, "send application/json")
    try:
        return model.model_validate_json(await request.read())
    except ValidationError as error:
        return _refused(422, error.errors()[0]["msg"])


def _refused(status: int, why: str) -> web.Response:
    return web.json_response({"error": why}, status=status)


def _reset(request: web.Request) -> web.Response:
    """Close the connection with RST: the caller learns nothing."""
    transport = request.transport
    if transport is not None:
        end: socket.socket = transport.get_extra_info("socket")
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()
