"""From an HTTP request to a principal: bearer token, session cookie or one-use ticket; Host and Origin first."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.access import Access
from bot.web.problems import HttpProblemError
from bot.web.site import SITE
from engine.domain.tenant import Principal, Role
from engine.errors import NotAllowedError

_SAFE = frozenset({"GET", "HEAD"})


@web.middleware
async def hosts(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a request that was meant for somebody else's name (DNS rebinding); a signed one proves itself otherwise."""
    signed = request.path in request.app[SITE].options.signed
    if not signed and not request.app[SITE].access.host_allowed(request.headers.get("Host", ""), _local(request)):
        raise NotAllowedError(
            "host_not_allowed",
            "The Host header is not one this server answers to; use its own address, or set TIZMOR_PUBLIC_URL.",
        )
    return await handler(request)


async def authenticate(request: web.Request, *, ticket: bool) -> Principal:
    """Who asks. A bearer token decides alone; without one a ticket (where the route takes it), then the cookie.

    Raises:
        HttpProblemError: 401 ``not_signed_in``.
        NotAllowedError: ``origin_not_allowed``: a cookie's write from another page; ``not_allowed``: no role here.
    """
    access = request.app[SITE].access
    principal = await _prove(request, access, ticket=ticket)
    if principal is None:
        raise HttpProblemError(
            401,
            "not_signed_in",
            "Send the header Authorization: Bearer <token> (the owner's is in the file api_token), "
            "or open a one-time link first.",
            {"WWW-Authenticate": "Bearer"},
        )
    if principal.role is Role.NONE:
        raise NotAllowedError("not_allowed", "This token has no role here; ask the owner for one.")
    return principal


async def signed_in(request: web.Request) -> Principal | None:
    """The principal of the session cookie, or None."""
    access = request.app[SITE].access
    cookie = request.cookies.get(access.cookie_name)
    principal = await access.by_session(cookie) if cookie else None
    return None if principal is None or principal.role is Role.NONE else principal


async def _prove(request: web.Request, access: Access, *, ticket: bool) -> Principal | None:
    header = request.headers.get("Authorization")
    if header is not None:
        scheme, _, token = header.partition(" ")
        return await access.by_token(token.strip()) if scheme.lower() == "bearer" else None
    if ticket and "ticket" in request.query:
        return access.tickets.redeem(request.query["ticket"])
    principal = await signed_in(request)
    if principal is not None and request.method not in _SAFE:
        _check_origin(request, access)
    return principal


def _check_origin(request: web.Request, access: Access) -> None:
    if not access.origin_allowed(request.headers.get("Origin", ""), request.headers.get("Host", "")):
        raise NotAllowedError(
            "origin_not_allowed",
            "The Origin header is missing or another page's; write from this server's own page, or use a token.",
        )


def _local(request: web.Request) -> tuple[str, int] | None:
    name: Any = request.transport.get_extra_info("sockname") if request.transport else None
    return (str(name[0]), int(name[1])) if name else None
