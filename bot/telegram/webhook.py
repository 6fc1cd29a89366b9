"""Telegram over HTTP: one address to which it posts every update, on our own server, proved by a secret it was told.

No cookie and no host is looked at.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from datetime import timedelta

from aiohttp import web
from loguru import logger

from bot.strict_json import parse
from bot.telegram.inbound.envelope import Ours
from bot.telegram.inbound.intake import Intake, Receive
from engine.domain.json import JsonValue
from engine.errors import RequestError, UnavailableError
from engine.failpoints import failpoint
from engine.ports.clock import Clock

PATH = "/telegram/webhook"
"""Where ``setWebhook`` sends everything."""
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
LARGEST = 1024 * 1024
"""Bytes of one request. Telegram keeps no update of more than half as many (tdlib, ``TQueue``)."""
READ_WITHIN = timedelta(seconds=30)
"""Longest a request may take to arrive."""
RETRY_AFTER = timedelta(seconds=5)

TelegramUpdates = Callable[[web.Request], Awaitable[web.Response]]


def telegram_updates(receive: Receive, ours: Ours, secret: str, clock: Clock) -> TelegramUpdates:
    """The handler of ``POST /telegram/webhook``.

    It answers 200 once the update is committed; 401, with nothing read, to whoever does not know the secret; 503 where it
    could not be committed, and 408 where it did not arrive: Telegram sends it again. What can be neither read nor kept is
    answered with 200 and told in the log: it would come again for ever, and others behind it would wait.

    Updates come over several connections and out of order, so that a higher number says nothing of lower ones: no
    watermark is kept. What comes twice the inbox knows by its key, for as long as anything Telegram still sends again.

    Args:
        receive: commits a delivery; durable on return.
        ours: who we are.
        secret: what Telegram was told to send along; empty lets nobody in.
        clock: stamps deliveries.
    """
    intake = Intake(receive, ours, clock)

    async def handle(request: web.Request) -> web.Response:
        if not _knows(request, secret):
            return web.Response(status=401)
        try:
            async with asyncio.timeout(READ_WITHIN.total_seconds()):
                raw = await _body(request)
        except TimeoutError:
            return web.Response(status=408)
        delivery = intake.read(_update(raw))
        if delivery is None:
            return web.Response()
        failpoint("telegram.webhook.before")
        try:
            await intake.commit(delivery)
        except UnavailableError as error:
            logger.bind(key=delivery.key, code=error.code).warning("telegram_updates_not_kept")
            return web.Response(status=503, headers={"Retry-After": str(int(RETRY_AFTER.total_seconds()))})
        failpoint("telegram.webhook.after")
        return web.Response()

    return handle


def _knows(request: web.Request, secret: str) -> bool:
    """Compared in constant time; header values may hold any bytes."""
    given = request.headers.get(SECRET_HEADER, "").encode("utf-8", "surrogateescape")
    return bool(secret) and hmac.compare_digest(given, secret.encode())


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


def _update(raw: bytes | None) -> JsonValue:
    """What was sent; None where it cannot be read."""
    if raw is None:
        logger.error("telegram_update_too_large")
        return None
    try:
        return parse(raw)
    except RequestError as error:
        logger.bind(code=error.code).error("telegram_update_unreadable")
        return None
