"""What every handler is given: the site (one per application) and the visit (one per authenticated request)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from aiohttp import web

from bot.access import Access
from bot.door import Door, Idempotency, Question
from bot.web.bodies import Body
from bot.web.problems import json_bytes
from engine.domain.ids import ApprovalId
from engine.domain.json import JsonObject, JsonValue
from engine.domain.tenant import Principal

Signed: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
"""A handler that checks a proof itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebOptions:
    """How the HTTP door behaves."""

    static: Path
    """Folder with ``index.html`` and what it loads."""
    page_texts: Callable[[str], Mapping[str, str]]
    """Locale → the page's sentences."""
    heartbeat: timedelta = timedelta(seconds=15)
    """Silence after which a stream says that it lives; below the idle limit of common proxies (60 s)."""
    write_limit: timedelta = timedelta(seconds=30)
    """A client that takes nothing for so long is cut off; it can resume where it stopped."""
    max_streams: int = 200
    """Streams open at a time; one more gets 503."""
    signed: Mapping[str, Signed] = field(default_factory=dict[str, Signed])
    """Paths to which another service posts, under whatever name it knows us by."""


class WebDoor(Door, Protocol):
    """What the HTTP door asks."""

    async def question(self, principal: Principal, approval_id: ApprovalId) -> Question:
        """The question about a step of a plan, see :meth:`bot.door.ChatDoor.question`."""
        ...


@dataclass(slots=True)
class Streams:
    """The open streams of an application."""

    closing: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the server shuts down."""
    open: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One application's parts."""

    door: WebDoor
    access: Access
    idempotency: Idempotency
    options: WebOptions
    streams: Streams
    document: JsonObject
    """The OpenAPI document."""


SITE = web.AppKey("site", Site)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One authenticated request, its body read."""

    http: web.Request
    site: Site
    principal: Principal
    body: Body | None = None
    key: str | None = None
    """The idempotency key, if one was sent."""

    def part(self, name: str) -> str:
        """A variable part of the path."""
        return self.http.match_info[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A JSON answer; kept under the idempotency key, if one was sent."""

    body: JsonValue
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def response(self) -> web.Response:
        """The answer as HTTP."""
        return web.Response(
            status=self.status, body=json_bytes(self.body), content_type="application/json", headers=self.headers
        )


Answer = Reply | web.StreamResponse
PublicHandler = Callable[[web.Request], Awaitable[Answer]]
VisitHandler = Callable[[Visit], Awaitable[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A query parameter, for the documentation."""

    name: str
    description: str
    schema: JsonObject
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One route: how it is reached, who may, and what it takes and gives."""

    method: Literal["GET", "POST"]
    path: str
    handler: VisitHandler
    summary: str
    gives: object | None = None
    """Type of a successful answer's JSON; None where it is no JSON."""
    status: int = 200
    takes: type[Body] | None = None
    ticket: bool = False
    """Also opened by a one-use ``?ticket=``: streams only."""
    media: str = "application/json"
    parameters: tuple[Parameter, ...] = ()
    other: tuple[int, ...] = ()
    """Further statuses it may answer with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicRoute:
    """A GET route that needs no proof of who asks."""

    path: str
    handler: PublicHandler
    summary: str
    gives: object | None = None
    status: int = 200
    media: str = "application/json"
    parameters: tuple[Parameter, ...] = ()
    other: tuple[int, ...] = ()
