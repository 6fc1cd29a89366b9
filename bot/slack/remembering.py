"""Keeps what everybody says in conversations we were asked something in, so that a step can read it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from loguru import logger

from bot.slack.address import Thread, principal_id, thread_of, user_of
from bot.slack.desk import Desk
from bot.slack.inbound.words import plain_words
from engine.domain.tenant import Principal
from engine.errors import IntegrationError
from engine.ports.chat_log import Delivery
from engine.ports.remarks import Remark

MOST_BEFORE = 200
"""Messages of a thread that are read once, when we are first asked something in it."""


class Remembering:
    """Remarks of one workspace's threads."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def keep(self, delivery: Delivery, principal: Principal) -> None:
        """Keep a message that is said to us, or in a thread in which something was asked; what was said in a thread before
        we were first spoken to is read once."""
        thread, ts = thread_of(delivery.conversation_id), str(delivery.payload.get("ts", ""))
        if thread is None or not ts:
            return
        known = bool(await self._desk.remarks.read(principal.tenant_id, delivery.conversation_id, limit=1))
        if not known and ts != thread.ts:
            await self.read_before(thread)
        remark = self._remark(thread, ts, user_of(principal.id) or "", principal.name, delivery.text)
        await self._desk.remarks.keep(remark)

    async def forget(self, delivery: Delivery) -> None:
        """A message was deleted: its words are not kept."""
        thread, ts = thread_of(delivery.conversation_id), str(delivery.payload.get("ts", ""))
        if thread is None or not ts:
            return
        if await self._desk.remarks.read(self._desk.tenant, delivery.conversation_id, limit=1):
            await self._desk.remarks.keep(self._remark(thread, ts, "", "", ""))

    async def read_before(self, thread: Thread) -> None:
        """Read once what a thread holds already; what cannot be read is left out."""
        try:
            said = await self._desk.web.replies(thread.channel, thread.ts, limit=MOST_BEFORE, newest=True)
        except IntegrationError as error:
            logger.bind(code=error.code, detail=error.detail).warning("thread_unread")
            return
        await self._desk.remarks.keep(*[r for message in said if (r := await self._earlier(thread, message))])

    async def _earlier(self, thread: Thread, message: Mapping[str, Any]) -> Remark | None:
        user, text = str(message.get("user") or ""), str(message.get("text") or "")
        if not user or message.get("bot_id") or not text:
            return None
        name = (await self._desk.people.principal(user)).name
        return self._remark(thread, str(message.get("ts")), user, name, plain_words(text))

    def _remark(self, thread: Thread, ts: str, user: str, name: str, text: str) -> Remark:
        return Remark(
            conversation_id=thread.conversation_id,
            id=ts,
            tenant_id=self._desk.tenant,
            author_id=principal_id(self._desk.team, user),
            author=name,
            text=text,
            at=_instant(ts, self._desk.clock.now()),
        )


def _instant(ts: str, otherwise: datetime) -> datetime:
    try:
        return datetime.fromtimestamp(float(ts), UTC)
    except (ValueError, OverflowError, OSError):
        return otherwise
