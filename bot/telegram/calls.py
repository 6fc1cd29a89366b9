"""Calls of whoever answers a person at once: they take their turn within the chat's limits, beside what the outbox sends."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import timedelta
from typing import Protocol

from loguru import logger

from bot.messenger import Urgency
from bot.render.texts import Texts
from bot.telegram.api import Target
from bot.telegram.pace import Pace
from engine.domain.json import JsonObject
from engine.errors import IntegrationError, UnavailableError
from engine.ports.clock import Clock

LONGEST_TURN = timedelta(seconds=2)
"""So long a person's press, and everybody behind them in that chat, waits for the chat to be written to."""


class Calls(Protocol):
    """The calls handlers make (``bot.telegram.api.TelegramApi``)."""

    @property
    def pace(self) -> Pace:
        """What everything sent is counted by."""
        ...

    async def send(self, target: Target, body: JsonObject) -> int:
        """Send a message; its id."""
        ...

    async def edit(self, chat: int, message: int, body: JsonObject) -> None:
        """Show something else in a message."""
        ...

    async def answer(self, callback: str, text: str = "", *, alert: bool = False) -> None:
        """A button that was pressed stops waiting."""
        ...

    def moved(self, chat: int, to: int) -> None:
        """A group has another id now."""
        ...


class PacedCalls:
    """The same, each after its turn.

    Every one raises as the call itself, and UnavailableError, with ``retry_after``, where the turn comes too late. Cancel:
    while it waits, nothing was sent.
    """

    def __init__(self, calls: Calls, clock: Clock) -> None:
        self._calls = calls
        self._clock = clock

    async def send(self, target: Target, body: JsonObject) -> int:
        """Send a message; its id."""
        await self._turn(target.chat)
        return await self._calls.send(target, body)

    async def edit(self, chat: int, message: int, body: JsonObject) -> None:
        """Show something else in a message."""
        await self._turn(chat)
        await self._calls.edit(chat, message, body)

    async def answer(self, callback: str, text: str = "", *, alert: bool = False) -> None:
        """A button that was pressed stops waiting. It is no message, and waits for nothing."""
        await self._calls.answer(callback, text, alert=alert)

    def moved(self, chat: int, to: int) -> None:
        """A group has another id now."""
        self._calls.moved(chat, to)

    async def _turn(self, chat: int) -> None:
        """Others may take the turn that was waited for; questions and ends keep the room that is theirs."""
        patience = LONGEST_TURN
        while wait := self._calls.pace.wait(chat, Urgency.SETTLE):
            if wait > patience:
                detail = f"The chat {chat} may be written to in {wait}."
                raise UnavailableError("telegram_paced", detail, retry_after=wait)
            patience -= wait
            await self._clock.sleep(wait)


def unshown(error: IntegrationError) -> str:
    """Key of the words for what a call did not show; empty where it may be there: shown again, it would be there twice."""
    if not isinstance(error, UnavailableError):
        return "telegram_talk.cannot_show"
    return "" if error.retry_after is None else "telegram_talk.busy"


async def shown(call: Awaitable[object], texts: Texts) -> str:
    """Wait for a call that shows something; words for whoever wanted it where it cannot be shown."""
    try:
        await call
    except IntegrationError as error:
        logger.bind(code=error.code, detail=error.detail).info("telegram_answer_unshown")
        words = unshown(error)
        return texts.say(words) if words else ""
    return ""
