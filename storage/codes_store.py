"""``engine.ports.codes`` in SQLite: only hashes of codes are here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import RowMapping, and_, delete, func, or_, select, update

from engine.domain.ids import PrincipalId, TenantId
from engine.errors import StorageAwayError
from engine.ports.codes import Code, CodeKind
from storage.codec import instant, parse_instant
from storage.database import Database
from storage.tables import people
from storage.writes import Write, bound, compiled, inserting

_c = people.codes.c
_ADD = inserting(people.codes)
_good = or_(_c.used_by == bound("b_by"), and_(_c.used_by.is_(None), _c.expires_at > bound("b_now")))
_USE = compiled(update(people.codes).where(_c.token_hash == bound("b_hash"), _good).values(used_by=bound("b_by")))
_SPOIL = compiled(delete(people.codes).where(_c.token_hash == bound("b_hash")))
_VOID = compiled(delete(people.codes).where(or_(_c.issuer == bound("b_account"), _c.used_by == bound("b_account"))))
_FORGET = compiled(delete(people.codes).where(_c.expires_at < bound("before")))


class SqliteCodes:
    """See ``engine.ports.codes.Codes``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, token_hash: str, code: Code) -> None:
        """See the port."""
        row = {
            "token_hash": token_hash,
            "kind": code.kind.value,
            "issuer": code.issuer,
            "tenant_id": code.tenant_id,
            "expires_at": instant(code.expires_at),
            "used_by": code.used_by,
        }
        await self._database.write([Write(_ADD, row, 1)])

    async def find(self, token_hash: str, now: datetime, by: PrincipalId) -> Code | None:
        """See the port."""
        good = or_(_c.used_by == by, and_(_c.used_by.is_(None), _c.expires_at > instant(now)))
        rows = await self._database.rows(select(people.codes).where(_c.token_hash == token_hash, good))
        return _code(rows[0]) if rows else None

    async def use(self, token_hash: str, now: datetime, by: PrincipalId) -> bool:
        """See the port."""
        values = {"b_hash": token_hash, "b_now": instant(now), "b_by": by}
        return await self._database.write([Write(_USE, values, 1)])

    async def live(self, now: datetime) -> Mapping[str, Code]:
        """See the port."""
        query = select(people.codes).where(_c.used_by.is_(None), _c.expires_at > instant(now))
        return {row["token_hash"]: _code(row) for row in await self._database.rows(query)}

    def spoil(self, token_hash: str) -> None:
        """See the port: the one writer commits in the order in which it is given things."""
        if not self._database.write_behind([Write(_SPOIL, {"b_hash": token_hash}, None)]):
            raise StorageAwayError("storage_unavailable", "Too much waits to be written; a code could not be ended.")

    async def void(self, accounts: Iterable[PrincipalId]) -> None:
        """See the port."""
        writes = [Write(_VOID, {"b_account": account}, None) for account in sorted(set(accounts))]
        if writes:
            await self._database.write(writes)

    async def forget(self, before: datetime) -> int:
        """See the port."""
        query = select(func.count().label("n")).where(_c.expires_at < instant(before))
        found = int((await self._database.rows(query))[0]["n"])
        if found:
            await self._database.write([Write(_FORGET, {"before": instant(before)}, None)])
        return found


def _code(row: RowMapping) -> Code:
    return Code(
        kind=CodeKind(row["kind"]),
        issuer=PrincipalId(row["issuer"]),
        tenant_id=TenantId(row["tenant_id"]),
        expires_at=parse_instant(row["expires_at"]),
        used_by=None if row["used_by"] is None else PrincipalId(row["used_by"]),
    )
