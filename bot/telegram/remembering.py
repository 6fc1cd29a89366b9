"""Keeps what is said in conversations we were asked something in, so that a step can read it."""

from __future__ import annotations

from bot.telegram.address import Talk, principal_id
from bot.telegram.desk import Desk, number
from engine.domain.json import JsonObject
from engine.domain.tenant import Principal
from engine.ports.chat_log import Delivery
from engine.ports.remarks import Remark


class Remembering:
    """Remarks of one bot's conversations. A bot cannot read back: there is only what it heard."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def keep(self, delivery: Delivery, principal: Principal, talk: Talk) -> None:
        """Keep a message, and the one it replies to."""
        payload = delivery.payload
        kept: list[Remark] = []
        reply = payload.get("reply")
        if isinstance(reply, dict) and reply.get("message") and not reply.get("ours") and reply.get("text"):
            kept.append(self._replied(reply, talk, delivery))
        author, name = (principal.id, principal.name)
        if payload.get("forwarded"):  # whoever wrote it, it was not who sent it here
            author, name = principal_id(0), str(payload.get("from", ""))
        if delivery.text.strip():
            kept.append(
                Remark(
                    conversation_id=talk.conversation_id,
                    id=str(number(payload, "message")),
                    tenant_id=self._desk.tenant,
                    author_id=author,
                    author=name,
                    text=delivery.text,
                    at=delivery.sent_at or delivery.received_at,
                )
            )
        await self._desk.remarks.keep(*kept)

    def _replied(self, reply: JsonObject, talk: Talk, delivery: Delivery) -> Remark:
        return Remark(
            conversation_id=talk.conversation_id,
            id=str(number(reply, "message")),
            tenant_id=self._desk.tenant,
            author_id=principal_id(number(reply, "author_id")),
            author=str(reply.get("author", "")),
            text=str(reply.get("text", "")),
            at=delivery.sent_at or delivery.received_at,
        )
