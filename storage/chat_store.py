"""``bot.chat.ChatLog`` in SQLite: inbox, outbox and the local chat, each state change one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from loguru import logger
from sqlalchemy import RowMapping, delete, func, select, tuple_, update
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.domain.ids import DEFAULT_CONVERSATION, ConversationId, ExecutionId, PrincipalId, opaque
from engine.domain.json import JsonObject, content_hash
from engine.ports.chat_log import Delivery, Outgoing, ShownMessage
from storage.codec import decode, encode, instant, maybe_instant, maybe_parse, parse_instant
from storage.database import Database
from storage.rows import refuse_what_is_no_text
from storage.tables import chat, events, executions
from storage.writes import Write, bound, compiled, inserting

LOCAL = "chat"
"""Surface of the local chat, which is kept here too."""

_PAGE = 200
"""Lines of the local chat that are read at a time."""

_l = chat.local_chat
_next_seq = select(func.coalesce(func.max(_l.c.seq), 0) + 1).scalar_subquery()
_RECEIVE = inserting(chat.inbox, upsert(chat.inbox).on_conflict_do_nothing())
_SAY = compiled(
    upsert(_l)
    .values({c.name: _next_seq if c.name == "seq" else bound(c.name) for c in _l.columns})
    .on_conflict_do_update(index_elements=["id"], set_={"body": bound("body"), "seq": _next_seq})
)
_HANDLED = compiled(update(chat.inbox).where(chat.inbox.c.key == bound("b_key")).values(handled_at=bound("handled_at")))
_FORGET = compiled(delete(chat.inbox).where(chat.inbox.c.handled_at < bound("before")))
_SHOWN = inserting(
    chat.chat_messages,
    upsert(chat.chat_messages).on_conflict_do_update(
        index_elements=["execution_id", "conversation_id", "purpose"],
        set_={"rendered_seq": bound("rendered_seq"), "content_hash": bound("content_hash")},
    ),
)
_SHOWN_SEQ = compiled(
    update(chat.chat_messages)
    .where(chat.chat_messages.c.execution_id == bound("b_execution"), chat.chat_messages.c.purpose == "card")
    .values(rendered_seq=bound("rendered_seq"))
)


class SqliteChatLog:
    """See ``engine.ports.chat_log.ChatLog``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def receive(self, delivery: Delivery) -> bool:
        """See the port."""
        at = instant(delivery.received_at)
        body = {
            "user": delivery.user_id,
            "tenant": delivery.tenant_id,
            "text": delivery.text,
            "kind": delivery.kind,
            "conversation": delivery.conversation_id,
            "sent_at": maybe_instant(delivery.sent_at),
            "payload": delivery.payload,
        }
        row = {"key": delivery.key, "surface": delivery.surface, "received_at": at, "handled_at": None}
        receive = Write(_RECEIVE, {**row, "body": encode(body)}, 1)
        if delivery.surface != LOCAL:
            return await self._database.write([receive])
        line = _Line(
            id=opaque(delivery.key),
            conversation="local",
            user=delivery.user_id,
            role="person",
            kind="text",
            execution=None,
            at=at,
            body={"text": delivery.text},
        )
        return await self._database.write([receive, line.write()])

    async def waiting(self, surface: str, after: Delivery | None = None) -> Sequence[Delivery]:
        """See the port."""
        c = chat.inbox.c
        query = select(chat.inbox).where(c.handled_at.is_(None), c.surface == surface)
        if after is not None:
            place = (instant(after.received_at), after.key)
            query = query.where(tuple_(c.received_at, c.key) > place)
        query = query.order_by(c.received_at, c.key).limit(500)
        return [found for row in await self._database.rows(query) if (found := _maybe_delivery(row)) is not None]

    async def handled(self, key: str, at: datetime, answer: Outgoing | None = None) -> None:
        """See the port."""
        writes = [Write(_HANDLED, {"b_key": key, "handled_at": instant(at)}, 1)]
        if answer is not None:
            c = chat.inbox.c
            row = (await self._database.rows(select(chat.inbox).where(c.key == key)))[0]
            line = _Line(
                id=opaque(f"{key}/{answer.purpose}"),
                conversation="local",
                user=decode(row["body"])["user"],
                role="tizmor",
                kind=answer.kind,
                execution=None,
                at=instant(at),
                body=answer.body,
            )
            writes.append(line.write())
        await self._database.write(writes)

    async def forget(self, before: datetime) -> int:
        """See the port."""
        c = chat.inbox.c
        query = select(func.count().label("n")).where(c.handled_at < instant(before))
        found = int((await self._database.rows(query))[0]["n"])
        if found:
            await self._database.write([Write(_FORGET, {"before": instant(before)}, None)])
        return found

    async def behind(self, elsewhere: Sequence[str] = ()) -> Sequence[ExecutionId]:
        """See the port."""
        e, m = events.events.c, chat.chat_messages
        x = executions.executions.c
        last = select(e.execution_id, func.max(e.seq).label("seq")).group_by(e.execution_id).subquery()
        shown = (m.c.execution_id == x.id) & (m.c.conversation_id == x.conversation_id) & (m.c.purpose == "card")
        query = (
            select(last.c.execution_id)
            .join(executions.executions, x.id == last.c.execution_id)
            .outerjoin(m, shown)
            .where(func.coalesce(m.c.rendered_seq, 0) < last.c.seq)
            .where(*(~x.conversation_id.startswith(prefix, autoescape=True) for prefix in elsewhere))
            .order_by(last.c.execution_id)
        )
        return [ExecutionId(row["execution_id"]) for row in await self._database.rows(query)]

    async def shown(self, execution_id: ExecutionId) -> dict[str, str]:
        """See the port."""
        m, x = chat.chat_messages.c, executions.executions.c
        home = select(x.conversation_id).where(x.id == execution_id).scalar_subquery()
        query = select(m.purpose, m.content_hash).where(m.execution_id == execution_id, m.conversation_id == home)
        rows = await self._database.rows(query)
        return {row["purpose"]: row["content_hash"] for row in rows}

    async def show(
        self,
        execution_id: ExecutionId,
        conversation: tuple[ConversationId, PrincipalId],
        seq: int,
        messages: Sequence[Outgoing],
        at: datetime,
    ) -> None:
        """See the port."""
        where, user = conversation
        writes: list[Write] = []
        for message in messages:
            line = _Line(
                id=opaque(f"{execution_id}/{message.purpose}"),
                conversation=where,
                user=user,
                role="tizmor",
                kind=message.kind,
                execution=execution_id,
                at=instant(at),
                body=message.body,
            )
            shown = {
                "execution_id": execution_id,
                "conversation_id": where,
                "purpose": message.purpose,
                "rendered_seq": seq,
                "content_hash": content_hash(message.body),
                "ref": None,
                "sending_at": None,
            }
            writes += [line.write(), Write(_SHOWN, shown, 1)]
        writes.append(Write(_SHOWN_SEQ, {"b_execution": execution_id, "rendered_seq": seq}, None))
        await self._database.write(writes)

    async def since(self, user_id: PrincipalId, after: int) -> Sequence[ShownMessage]:
        """See the port."""
        while True:
            query = select(_l).where(_l.c.user_id == user_id, _l.c.seq > after).order_by(_l.c.seq).limit(_PAGE)
            rows = await self._database.rows(query)
            found = [line for row in rows if (line := _maybe_shown(row)) is not None]
            places = [row["seq"] for row in rows if isinstance(row["seq"], int)]
            if found or len(rows) < _PAGE or not places:
                return found
            after = max(places)  # of all these none can be read; there may be more behind them


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    id: str
    conversation: str
    user: str
    role: str
    kind: str
    execution: str | None
    at: str
    body: JsonObject

    def write(self) -> Write:
        """Say it, or change what was said."""
        values = {
            "id": self.id,
            "conversation_id": self.conversation,
            "user_id": self.user,
            "role": self.role,
            "kind": self.kind,
            "execution_id": self.execution,
            "at": self.at,
            "body": encode(self.body),
        }
        return Write(_SAY, values, 1)


def _maybe_shown(row: RowMapping) -> ShownMessage | None:
    """None where the row is damaged: those behind it are shown all the same."""
    try:
        refuse_what_is_no_text(row)
        return ShownMessage(
            id=row["id"],
            seq=int(row["seq"]),
            role=row["role"],
            kind=row["kind"],
            execution_id=None if row["execution_id"] is None else ExecutionId(row["execution_id"]),
            at=parse_instant(row["at"]),
            body=decode(row["body"]),
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        logger.bind(seq=row["seq"]).error("chat_line_damaged")
        return None


def _maybe_delivery(row: RowMapping) -> Delivery | None:
    """None where the row is damaged: those behind it are handled all the same."""
    try:
        return _delivery(row)
    except (ValueError, TypeError, KeyError, RecursionError):
        logger.bind(key=row["key"], surface=row["surface"]).error("delivery_damaged")
        return None


def _delivery(row: RowMapping) -> Delivery:
    body = decode(row["body"])
    return Delivery(
        key=row["key"],
        surface=row["surface"],
        user_id=PrincipalId(body["user"]),
        tenant_id=body["tenant"],
        text=body["text"],
        received_at=parse_instant(row["received_at"]),
        kind=body.get("kind", "message"),
        conversation_id=ConversationId(body.get("conversation", DEFAULT_CONVERSATION)),
        sent_at=maybe_parse(body.get("sent_at")),
        payload=body.get("payload", {}),
    )
