"""Takes updates in, over whichever way they come: each is read and committed, or left out for a reason that is told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from loguru import logger

from bot.housekeeping import KEYS_KEPT
from bot.payloads import mapping
from bot.telegram.inbound.envelope import Ours
from bot.telegram.inbound.updates import delivery_of, update_id
from engine.errors import TizmorError, UnavailableError
from engine.ports.chat_log import Delivery
from engine.ports.clock import Clock

Receive = Callable[[Delivery], Awaitable[None]]
"""Commits a delivery; durable on return. Raises ``UnavailableError`` when that cannot be done now."""

_MOST_KINDS = 100


class Intake:
    """The crash barrier of updates: one that cannot be read or kept is told in the log, without its words, and left out.
    Telegram would otherwise send it again for ever, and everything behind it would wait."""

    def __init__(self, receive: Receive, ours: Ours, clock: Clock) -> None:
        self._receive = receive
        self._ours = ours
        self._clock = clock
        self._left_alone: set[str] = set()

    def read(self, update: object) -> Delivery | None:
        """What an update is to us; None where nothing is to be committed.

        What was sent longer ago than the inbox remembers is left out: Telegram keeps an update for a day, so that only
        something that was taken before can be so old, and nobody would know it again.
        """
        now = self._clock.now()
        try:
            found = delivery_of(update, self._ours, now)
        except Exception as error:  # noqa: BLE001 - the crash barrier of updates; a traceback may hold people's words
            logger.bind(update=update_id(update), error=type(error).__name__).error("telegram_update_broke")
            return None
        if found is None:
            self._note(update)
        elif found.sent_at is not None and now - found.sent_at > KEYS_KEPT:
            logger.bind(key=found.key, sent_at=found.sent_at.isoformat()).warning("telegram_update_too_old")
            return None
        return found

    async def commit(self, delivery: Delivery) -> None:
        """Keep a delivery; durable on return, repeating is harmless.

        Raises:
            UnavailableError: it may or may not have been kept; do it again.
        """
        try:
            await self._receive(delivery)
        except UnavailableError:
            raise
        except TizmorError as error:
            logger.bind(key=delivery.key, code=error.code).error("telegram_update_not_kept")

    def _note(self, update: object) -> None:
        """Say once of each kind that it comes and is left alone."""
        kind = ".".join(sorted(str(part)[:40] for part in mapping(update) if part != "update_id"))[:100]
        if kind not in self._left_alone and len(self._left_alone) < _MOST_KINDS:
            self._left_alone.add(kind)
            logger.bind(kind=kind).debug("telegram_left_alone")
