"""Tokens of principals and remembered HTTP answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import RowMapping, select
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.domain.ids import PrincipalId, TenantId
from engine.domain.tenant import Principal, Role
from storage.codec import decode, encode, instant
from storage.database import Database
from storage.tables import people
from storage.writes import Write, inserting

_TOKEN = inserting(people.api_tokens, upsert(people.api_tokens).on_conflict_do_nothing())
_REMEMBER = inserting(people.idempotency_keys, upsert(people.idempotency_keys).on_conflict_do_nothing())


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAnswer:
    """An HTTP answer given under an idempotency key."""

    route: str
    body_hash: str
    status: int
    body: dict[str, object]


class AccessStore:
    """Who has a token, and what was answered under which key."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_token(self, token_hash: str) -> Principal | None:
        """The principal of a token's hash, or None."""
        c = people.api_tokens.c
        rows = await self._database.rows(select(people.api_tokens).where(c.token_hash == token_hash))
        return _principal(rows[0]) if rows else None

    async def by_id(self, principal_id: PrincipalId) -> Principal | None:
        """The principal with this id, or None."""
        c = people.api_tokens.c
        rows = await self._database.rows(select(people.api_tokens).where(c.user_id == principal_id).limit(1))
        return _principal(rows[0]) if rows else None

    async def add_token(self, token_hash: str, principal: Principal) -> bool:
        """Give a principal a token; False when the hash is taken."""
        row = {
            "token_hash": token_hash,
            "tenant_id": principal.tenant_id,
            "user_id": principal.id,
            "role": principal.role.value,
            "name": principal.name,
        }
        return await self._database.write([Write(_TOKEN, row, 1)])

    async def recall(self, principal_id: PrincipalId, key: str) -> StoredAnswer | None:
        """What was answered under this key, or None."""
        c = people.idempotency_keys.c
        query = select(people.idempotency_keys).where(c.user_id == principal_id, c.key == key)
        rows = await self._database.rows(query)
        if not rows:
            return None
        row = rows[0]
        return StoredAnswer(
            route=row["route"], body_hash=row["body_hash"], status=row["status"], body=decode(row["body"])
        )

    async def remember(self, principal_id: PrincipalId, key: str, answer: StoredAnswer, at: datetime) -> None:
        """Keep an answer; the first one under a key stays."""
        row = {
            "user_id": principal_id,
            "key": key,
            "route": answer.route,
            "body_hash": answer.body_hash,
            "status": answer.status,
            "body": encode(answer.body),  # pyright: ignore[reportArgumentType] - JSON by contract
            "at": instant(at),
        }
        await self._database.write([Write(_REMEMBER, row, None)])


def _principal(row: RowMapping) -> Principal:
    return Principal(
        id=PrincipalId(row["user_id"]), tenant_id=TenantId(row["tenant_id"]), role=Role(row["role"]), name=row["name"]
    )
