"""Slack over HTTP: one address for events, interactions and commands, on our own server.

Bolt checks the signature; what it would break on before it does so is refused here. No cookie and no host is looked at.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.slack.manifest import EVENTS_PATH

PATH = EVENTS_PATH
"""Where the manifest of an installation over HTTP sends everything."""
LARGEST = 1024 * 1024
"""Bytes of one request; Slack's own are far smaller."""

_FORMS = frozenset({"application/json", "application/x-www-form-urlencoded"})

SlackEvents = Callable[[web.Request], Awaitable[web.Response]]


def slack_events(app: AsyncApp) -> SlackEvents:
    """The handler of ``POST /slack/events``.

    It answers 200 once everything is committed; 401 to what Slack did not sign, or signed more than five minutes ago;
    413 and 415 to what Slack never sends; 400 to what cannot be read; 500 where it could not be committed, and Slack
    sends it again.
    """

    async def handle(request: web.Request) -> web.Response:
        if request.content_type not in _FORMS:
            return web.Response(status=415)
        if not _could_be_signed(request):
            return web.Response(status=401)
        raw = await _body(request)
        if raw is None:
            return web.Response(status=413)
        try:
            asked = AsyncBoltRequest(
                body=raw.decode(),
                query=request.query_string,
                headers={k.lower(): v for k, v in request.headers.items()},
            )
        except (ValueError, TypeError, AttributeError, KeyError, IndexError, RecursionError):
            return web.Response(status=400)  # Bolt reads bodies before it checks who wrote them
        return await to_aiohttp_response(await app.async_dispatch(asked))

    return handle


def _could_be_signed(request: web.Request) -> bool:
    """Has it a time and a signature of the right form? The verifier raises on others."""
    stamp, signature = (
        request.headers.get("X-Slack-Request-Timestamp", ""),
        request.headers.get("X-Slack-Signature", ""),
    )
    return stamp.isascii() and stamp.isdecimal() and len(stamp) <= 12 and signature.isascii() and bool(signature)


async def _body(request: web.Request) -> bytes | None:
    """All of it; None where it is too large, whatever it says of its length."""
    if (request.content_length or 0) > LARGEST:
        return None
    raw = bytearray()
    async for chunk in request.content.iter_any():
        raw += chunk
        if len(raw) > LARGEST:
            return None
    return bytes(raw)
