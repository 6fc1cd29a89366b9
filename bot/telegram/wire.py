"""Telegram's HTTP, over PTB's client: every call once, and every answer as it came.

PTB 22.8 is used for its requests only. Its own reading of an answer loses the status, quotes what it cannot read into log and
error text, and warns while it makes the error for a 429; nothing of it parses an update, so that no odd one can break a batch.
A URL of the Bot API has the token in it: nothing here, nor below it, logs one.
"""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, cast

from telegram import Bot
from telegram.error import TelegramError
from telegram.request import HTTPXRequest

CONNECT, POOL = timedelta(seconds=10), timedelta(seconds=5)
"""How long to try to connect, and to wait for one of our own connections."""
ANSWER = timedelta(seconds=40)
"""How long to wait for an answer, and for a request to be taken. Long, because once it is over nobody knows whether a message
was sent, and it may be sent twice."""
CONNECTIONS = 32
"""For calls at a time; asking for updates has its own."""
UPDATES = "getUpdates"

# httpx logs every URL, and PTB every message.
for _name in ("httpx", "httpcore", "telegram"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class ToldError(TelegramError):
    """Telegram, or whatever stands before it, answered that it did not do what was asked, or in a way that says nothing.

    Attributes:
        status: of HTTP, or the one in the answer where that of HTTP was good; 0: it said nothing.
        parameters: Telegram's ``ResponseParameters``.
    """

    def __init__(self, status: int, words: str, parameters: Mapping[str, Any]) -> None:
        super().__init__(words)
        self.status = status
        self.parameters = parameters


class RawBot(Bot):
    """PTB's client, whose answers stay as they came."""

    async def call(self, method: str, parameters: Mapping[str, Any], longest: timedelta = ANSWER) -> Any:
        """The result of one call; values may be PTB's own objects, None is left out.

        Args:
            method: of the Bot API.
            parameters: its parameters.
            longest: how long to wait for the answer.

        Raises:
            ToldError: it was answered that nothing was done.
            TelegramError: there was no answer; its cause is httpx's error.
        """
        return await self._post(method, dict(parameters), read_timeout=longest.total_seconds())

    def __repr__(self) -> str:
        return "RawBot()"  # PTB's has the token


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """Where Telegram is, and how it is reached."""

    root: str
    """``https://api.telegram.org``, or that of another Bot API server."""
    proxy: str | None = None
    """Through which to call; proxies of the environment are not used."""


@asynccontextmanager
async def raw_bot(token: str, wire: Wire) -> AsyncGenerator[RawBot]:
    """A client over connections of its own that are closed at the end. Calls nobody by itself, so a dead network is no error.

    Args:
        token: the bot's; not checked.
        wire: where to.
    """
    root = wire.root.rstrip("/")
    trust = await asyncio.to_thread(_trust)
    async with AsyncExitStack() as stack:
        calls, updates = (
            _Request(token, size, {"trust_env": False, "verify": trust, "proxy": wire.proxy})
            for size in (CONNECTIONS, 2)
        )
        stack.push_async_callback(calls.shutdown)
        stack.push_async_callback(updates.shutdown)
        # No initialize(): that would ask Telegram who we are, and raise where nobody answers.
        yield RawBot(
            token,
            base_url=lambda token: f"{root}/bot{token}",
            base_file_url=lambda token: f"{root}/file/bot{token}",
            request=calls,
            get_updates_request=updates,
        )


@cache
def _trust() -> ssl.SSLContext:
    """The machine's certificates, read once, from a thread: it takes a moment."""
    return ssl.create_default_context()


class _Request(HTTPXRequest):
    """Tells answers apart by what they say, without quoting any that are not Telegram's own."""

    def __init__(self, token: str, connections: int, httpx_kwargs: dict[str, Any]) -> None:
        super().__init__(
            connection_pool_size=connections,
            connect_timeout=CONNECT.total_seconds(),
            read_timeout=ANSWER.total_seconds(),
            write_timeout=ANSWER.total_seconds(),
            media_write_timeout=ANSWER.total_seconds(),
            pool_timeout=POOL.total_seconds(),
            httpx_kwargs=httpx_kwargs,
        )
        self._token = token

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        """Raises ToldError for every answer that is not good. Otherwise as PTB's."""
        status, payload = await super().do_request(*args, **kwargs)
        if not 200 <= status < 300:
            raise self._told(status, _object(payload))
        told = _object(payload)
        if told.get("ok") is not True or "result" not in told:
            raise self._told(int(told.get("error_code") or 0) if "ok" in told else 0, told)
        return status, payload

    def _told(self, status: int, answer: Mapping[str, Any]) -> ToldError:
        words = str(answer.get("description") or "").replace(self._token, "[redacted]")[:400]
        parameters = answer.get("parameters")
        return ToldError(status, words, cast("dict[str, Any]", parameters) if isinstance(parameters, dict) else {})


def _object(payload: bytes) -> Mapping[str, Any]:
    """The JSON object; empty where it is none."""
    try:
        value: object = json.loads(payload.decode(errors="replace"))
    except (ValueError, RecursionError):
        return {}
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}
