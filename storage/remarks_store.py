"""``engine.ports.remarks`` in SQLite."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.domain.ids import ConversationId, PrincipalId, TenantId
from engine.ports.remarks import Remark
from storage.codec import instant, parse_instant
from storage.database import Database
from storage.tables import chat
from storage.writes import Write, bound, compiled, inserting

_r = chat.remarks.c
_KEEP = inserting(
    chat.remarks,
    upsert(chat.remarks).on_conflict_do_update(
        index_elements=["conversation_id", "id"],
        set_={"text": bound("text"), "author": bound("author")},
        where=_r.tenant_id == bound("tenant_id"),
    ),
)

_FORGET = compiled(delete(chat.remarks).where(_r.at < bound("before")))


class SqliteRemarks:
    """See ``engine.ports.remarks.RemarkBook``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, *remarks: Remark) -> None:
        """See the port."""
        writes = [
            Write(
                _KEEP,
                {
                    "conversation_id": remark.conversation_id,
                    "id": remark.id,
                    "tenant_id": remark.tenant_id,
                    "author_id": remark.author_id,
                    "author": remark.author,
                    "text": remark.text,
                    "at": instant(remark.at),
                },
                None,
            )
            for remark in remarks
        ]
        if writes:
            await self._database.write(writes)

    async def forget(self, before: datetime) -> int:
        """See the port."""
        query = select(func.count().label("n")).where(_r.at < instant(before))
        found = int((await self._database.rows(query))[0]["n"])
        if found:
            await self._database.write([Write(_FORGET, {"before": instant(before)}, None)])
        return found

    async def read(self, tenant: TenantId, conversation: ConversationId, *, limit: int) -> Sequence[Remark]:
        """See the port."""
        query = select(chat.remarks).where(_r.tenant_id == tenant, _r.conversation_id == conversation, _r.text != "")
        rows = await self._database.rows(query.order_by(_r.at.desc(), _r.id.desc()).limit(limit))
        return [
            Remark(
                conversation_id=conversation,
                id=row["id"],
                tenant_id=tenant,
                author_id=PrincipalId(row["author_id"]),
                author=row["author"],
                text=row["text"],
                at=parse_instant(row["at"]),
            )
            for row in reversed(rows)
        ]
