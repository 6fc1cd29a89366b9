"""A bot as people write them, with PTB: everything it gets is read by PTB's own classes, which may leave nothing over."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, TelegramObject, Update
from telegram.error import TelegramError
from telegram.request import HTTPXRequest

from tests.servers.telegramd import Telegramd

Json = dict[str, Any]


@asynccontextmanager
async def ptb(telegram: Telegramd, token: str | None = None) -> AsyncGenerator[Bot]:
    """A client of PTB's, started: it has asked who it is."""
    request = HTTPXRequest(read_timeout=10, connection_pool_size=16)
    bot = Bot(token or telegram.token, base_url=f"{telegram.api_url}/bot", request=request, get_updates_request=request)
    async with bot:
        yield bot


async def raw(
    telegram: Telegramd, method: str, params: Json | None = None, /, *, token: str | None = None, **more: Any
) -> Json:
    """A call as it stands on the wire; the body of the answer, with ``status`` and ``headers`` beside it."""
    url = f"{telegram.api_url}/bot{token or telegram.token}/{method}"
    async with aiohttp.ClientSession() as session, session.post(url, json=(params or {}) | more) as response:
        body: Json = json.loads(await response.text())
        return body | {"status": response.status, "headers": response.headers}


async def refused(work: Awaitable[Any]) -> str:
    """The words of a refusal."""
    with pytest.raises(TelegramError) as caught:
        await work
    return str(caught.value)


async def heard(bot: Bot, offset: int = 0, *, allowed: list[str] | None = None) -> list[Update]:
    """What is there to hear, and nothing left over in it."""
    updates = list(await bot.get_updates(offset=offset, timeout=0, allowed_updates=allowed))
    for update in updates:
        assert leftovers(update) == []
    return updates


def leftovers(found: Any, path: str = "") -> list[str]:
    """Fields that PTB does not know, anywhere."""
    lines: list[str] = []
    if isinstance(found, TelegramObject):
        lines += [f"{path}/{name}" for name in found.api_kwargs]
        for name in found.__slots__:
            lines += leftovers(getattr(found, name, None), f"{path}/{name}")
    elif isinstance(found, list | tuple):
        for each in found:  # pyright: ignore[reportUnknownVariableType]
            lines += leftovers(each, path)
    return lines


def keyboard(*rows: list[tuple[str, str]]) -> InlineKeyboardMarkup:
    """Labels with data."""
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(text, callback_data=data) for text, data in row] for row in rows]
    )
