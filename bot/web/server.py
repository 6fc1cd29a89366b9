"""The HTTP door as one aiohttp application: routes, authentication, idempotency, problems and headers put together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.metadata import PackageNotFoundError, version

from aiohttp import web

from bot.access import Access
from bot.door import Idempotency
from bot.web.authentication import authenticate, hosts
from bot.web.bodies import fit, read_json
from bot.web.idempotency import Once, idempotency_key
from bot.web.openapi import openapi
from bot.web.problems import problems
from bot.web.routes import PUBLIC, ROUTES
from bot.web.site import SITE, Answer, PublicRoute, Reply, Route, Site, Streams, Visit, WebDoor, WebOptions

__all__ = ["WebOptions", "create_app"]

_STATIC = "/static"
_SECURITY = {
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Server": "tizmor",
}

Endpoint = Callable[[web.Request], Awaitable[web.StreamResponse]]


def create_app(door: WebDoor, access: Access, idempotency: Idempotency, options: WebOptions) -> web.Application:
    """The HTTP door, to be run by an ``aiohttp.web.AppRunner``.

    Open streams end by themselves when the runner is cleaned up; other requests get the runner's time to end.
    """
    site = Site(
        door=door,
        access=access,
        idempotency=idempotency,
        options=options,
        streams=Streams(),
        document=openapi(ROUTES, PUBLIC, version=_version()),
    )
    app = web.Application(middlewares=[problems, hosts])
    app[SITE] = site
    once = Once()
    for route in PUBLIC:
        app.router.add_route("GET", route.path, _public(route))
    for route in ROUTES:
        app.router.add_route(route.method, route.path, _endpoint(route, once))
    for path, handler in options.signed.items():
        app.router.add_post(path, handler)
    app.router.add_static(_STATIC, options.static)
    app.on_response_prepare.append(_harden)
    app.on_shutdown.append(_close_streams)
    return app


def _public(route: PublicRoute) -> Endpoint:
    async def endpoint(request: web.Request) -> web.StreamResponse:
        return _response(await route.handler(request))

    return endpoint


def _endpoint(route: Route, once: Once) -> Endpoint:
    async def read(request: web.Request) -> web.StreamResponse:
        principal = await authenticate(request, ticket=route.ticket)
        return _response(await route.handler(Visit(http=request, site=request.app[SITE], principal=principal)))

    async def write(request: web.Request) -> web.StreamResponse:
        principal = await authenticate(request, ticket=False)
        key = idempotency_key(request)
        raw = await read_json(request)
        body = fit(route.takes, raw) if route.takes else None
        visit = Visit(http=request, site=request.app[SITE], principal=principal, body=body, key=key)
        return _response(await once.answer(visit, raw, route.handler))

    return write if route.method == "POST" else read


def _response(answer: Answer) -> web.StreamResponse:
    return answer.response() if isinstance(answer, Reply) else answer


async def _harden(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_SECURITY)
    static = request.path.startswith(f"{_STATIC}/")
    response.headers["Cache-Control"] = "no-cache" if static else "no-store"


async def _close_streams(app: web.Application) -> None:
    app[SITE].streams.closing.set()


def _version() -> str:
    try:
        return version("tizmor")
    except PackageNotFoundError:
        return "0"
