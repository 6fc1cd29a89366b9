"""``engine.ports.drafts`` in SQLite."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.domain.json import JsonObject
from storage.codec import encode, instant, maybe_decode
from storage.database import Database
from storage.tables import chat
from storage.writes import Write, bound, compiled, inserting

_f = chat.form_drafts.c
_KEEP = inserting(
    chat.form_drafts,
    upsert(chat.form_drafts).on_conflict_do_update(
        index_elements=["name"], set_={"body": bound("body"), "at": bound("at")}
    ),
)
_DROP = compiled(delete(chat.form_drafts).where(_f.name == bound("b_name")))
_FORGET = compiled(delete(chat.form_drafts).where(_f.at < bound("before")))


class SqliteFormDrafts:
    """See ``engine.ports.drafts.FormDrafts``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, name: str) -> JsonObject | None:
        """See the port."""
        rows = await self._database.rows(select(_f.body).where(_f.name == name))
        return maybe_decode(rows[0]["body"]) if rows else None

    async def keep(self, name: str, form: JsonObject, at: datetime) -> None:
        """See the port."""
        await self._database.write([Write(_KEEP, {"name": name, "body": encode(form), "at": instant(at)}, 1)])

    async def drop(self, name: str) -> None:
        """See the port."""
        await self._database.write([Write(_DROP, {"b_name": name}, None)])

    async def forget(self, before: datetime) -> int:
        """See the port."""
        query = select(func.count().label("n")).where(_f.at < instant(before))
        found = int((await self._database.rows(query))[0]["n"])
        if found:
            await self._database.write([Write(_FORGET, {"before": instant(before)}, None)])
        return found
