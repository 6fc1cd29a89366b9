"""``engine.ports.message_log`` in SQLite: which state of each message is shown, and where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from loguru import logger
from sqlalchemy import case, func, or_, select
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.domain.ids import ConversationId, ExecutionId, PrincipalId
from engine.ports.message_log import LoggedMessage, MessageKey
from storage.codec import instant, readable_instant
from storage.database import Database
from storage.tables import approvals, chat, events, executions
from storage.writes import Write, bound, inserting

_m, _e, _ev = chat.chat_messages.c, executions.executions.c, events.events.c
_ap = approvals.pending_approvals.c
_UP_TO_DATE = "up_to_date"
"""Purpose of the row that says how far everything of an execution is shown; no message."""
_PUT = inserting(
    chat.chat_messages,
    upsert(chat.chat_messages).on_conflict_do_update(
        index_elements=["execution_id", "conversation_id", "purpose"],
        set_={
            "ref": bound("ref"),
            "sending_at": bound("sending_at"),
            "content_hash": bound("content_hash"),
            "rendered_seq": bound("rendered_seq"),
        },
    ),
)
_last = select(_ev.execution_id, func.max(_ev.seq).label("seq")).group_by(_ev.execution_id).subquery()
"""The last event of every execution."""
_HEARD = inserting(
    chat.surfaces,
    upsert(chat.surfaces).on_conflict_do_update(index_elements=["name"], set_={"heard_at": bound("heard_at")}),
)
_MOVE_CURSOR = inserting(
    chat.surfaces,
    upsert(chat.surfaces).on_conflict_do_update(
        index_elements=["name"], set_={"heard_at": bound("heard_at"), "cursor": bound("cursor")}
    ),
)


class SqliteMessageLog:
    """See ``engine.ports.message_log.MessageLog``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def messages(self, execution_id: ExecutionId, conversation_id: ConversationId) -> Mapping[str, LoggedMessage]:
        """See the port."""
        query = select(chat.chat_messages).where(
            _m.execution_id == execution_id, _m.conversation_id == conversation_id, _m.purpose != _UP_TO_DATE
        )
        return {
            row["purpose"]: LoggedMessage(
                ref=row["ref"],
                content_hash=row["content_hash"],
                uncertain=row["ref"] is None and row["sending_at"] is not None,
                sending_at=_told_instant(row["sending_at"], message=row["purpose"]),
            )
            for row in await self._database.rows(query)
        }

    async def posting(self, key: MessageKey, at: datetime) -> None:
        """See the port."""
        await self._put(key, ref=None, sending_at=instant(at))

    async def shown(self, key: MessageKey, ref: str | None, content_hash: str) -> None:
        """See the port."""
        await self._put(key, ref=ref, content_hash=content_hash)

    async def lost(self, key: MessageKey) -> None:
        """See the port."""
        await self._put(key, ref=None)

    async def up_to_date(self, execution_id: ExecutionId, conversation_id: ConversationId, seq: int) -> None:
        """See the port."""
        key = MessageKey(execution_id=execution_id, conversation_id=conversation_id, purpose=_UP_TO_DATE)
        await self._put(key, ref=None, rendered_seq=seq)

    async def behind(self, prefix: str) -> Sequence[ExecutionId]:
        """See the port."""
        home = (_m.execution_id == _e.id) & (_m.conversation_id == _e.conversation_id) & (_m.purpose == _UP_TO_DATE)
        query = (
            select(_e.id)
            .join(_last, _last.c.execution_id == _e.id)
            .outerjoin(chat.chat_messages, home)
            .where(_e.conversation_id.startswith(prefix, autoescape=True))
            .where(func.coalesce(_m.rendered_seq, 0) < _last.c.seq)
            .order_by(_e.created_at, _e.id)
        )
        return [ExecutionId(row["id"]) for row in await self._database.rows(query)]

    async def behind_elsewhere(self, prefix: str, askers: Iterable[PrincipalId]) -> Sequence[ExecutionId]:
        """See the port."""
        up_to = func.max(case((_m.purpose == _UP_TO_DATE, _m.rendered_seq), else_=0)).label("seq")
        shown = (
            select(_m.execution_id, _m.conversation_id, up_to)
            .where(_m.conversation_id.startswith(prefix, autoescape=True))
            .group_by(_m.execution_id, _m.conversation_id)
            .subquery()
        )
        asked = select(_ap.id).where(_ap.execution_id == _e.id, _ap.status == "pending").exists()
        query = (
            select(_e.id)
            .join(_last, _last.c.execution_id == _e.id)
            .outerjoin(shown, shown.c.execution_id == _e.id)
            .where(~_e.conversation_id.startswith(prefix, autoescape=True), _e.user_id.in_(sorted(set(askers))))
            .where(or_(shown.c.seq < _last.c.seq, shown.c.execution_id.is_(None) & asked))
            .group_by(_e.id)
            .order_by(_e.created_at, _e.id)
        )
        return [ExecutionId(row["id"]) for row in await self._database.rows(query)]

    async def at(self, prefix: str, ref: str) -> tuple[ExecutionId, ConversationId] | None:
        """See the port."""
        query = select(_m.execution_id, _m.conversation_id).where(
            _m.ref == ref, _m.conversation_id.startswith(prefix, autoescape=True), _m.purpose != _UP_TO_DATE
        )
        rows = await self._database.rows(query.limit(1))
        return (ExecutionId(rows[0]["execution_id"]), ConversationId(rows[0]["conversation_id"])) if rows else None

    async def heard(self, surface: str, at: datetime) -> None:
        """See the port."""
        row = {"name": surface, "heard_at": instant(at), "cursor": None}
        self._database.write_behind([Write(_HEARD, row, None)])

    async def last_heard(self, surface: str) -> datetime | None:
        """See the port."""
        rows = await self._database.rows(select(chat.surfaces.c.heard_at).where(chat.surfaces.c.name == surface))
        return _told_instant(rows[0]["heard_at"], surface=surface) if rows else None

    async def cursor(self, surface: str) -> str | None:
        """See the port."""
        rows = await self._database.rows(select(chat.surfaces.c.cursor).where(chat.surfaces.c.name == surface))
        return rows[0]["cursor"] if rows else None

    async def move_cursor(self, surface: str, cursor: str, at: datetime) -> None:
        """See the port."""
        row = {"name": surface, "heard_at": instant(at), "cursor": cursor}
        await self._database.write([Write(_MOVE_CURSOR, row, 1)])

    async def _put(
        self,
        key: MessageKey,
        *,
        ref: str | None,
        sending_at: str | None = None,
        content_hash: str = "",
        rendered_seq: int = 0,
    ) -> None:
        row = {
            "execution_id": key.execution_id,
            "conversation_id": key.conversation_id,
            "purpose": key.purpose,
            "rendered_seq": rendered_seq,
            "content_hash": content_hash,
            "ref": ref,
            "sending_at": sending_at,
        }
        await self._database.write([Write(_PUT, row, 1)])


def _told_instant(stored: str | None, **of: str) -> datetime | None:
    """None where it is damaged too, which the log is told: whoever asks does as if nobody knew."""
    found = readable_instant(stored)
    if found is None and stored is not None:
        logger.bind(**of).error("instant_damaged")
    return found
