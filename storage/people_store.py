"""``engine.ports.people`` in SQLite."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import case, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.domain.ids import PrincipalId, TenantId
from engine.domain.tenant import Principal, Role
from storage.codec import instant
from storage.database import Database
from storage.tables import people
from storage.writes import Write, bound, compiled, inserting

_p = people.principals.c
_other = people.principals.alias("other").c
_raised = or_(_p.role == Role.OWNER.value, _p.role == Role.ADMIN.value)
_KEEP = inserting(
    people.principals,
    upsert(people.principals).on_conflict_do_update(
        index_elements=["user_id"],
        set_={
            # a look-up that began before somebody was made owner may end after it
            "role": case((_raised, _p.role), else_=bound("role")),
            "name": bound("name"),
            "seen_at": bound("seen_at"),
        },
        where=_p.tenant_id == bound("tenant_id"),
    ),
)
_LET_GO = compiled(
    update(people.principals)
    .where(_p.user_id == bound("b_user"), _p.role == Role.OWNER.value)
    .values(role=Role.NONE.value)
)
_MAKE_OWNER = compiled(
    update(people.principals)
    .where(
        _p.user_id == bound("b_user"),
        _p.tenant_id == bound("b_tenant"),
        ~select(_other.user_id)
        .where(
            _other.user_id != bound("b_user"),
            _other.tenant_id == bound("b_tenant"),
            _other.role == Role.OWNER.value,
            func.substr(_other.user_id, 1, func.length(bound("b_prefix"))) == bound("b_prefix"),
        )
        .exists(),
    )
    .values(role=Role.OWNER.value)
)


class SqlitePeople:
    """See ``engine.ports.people.People``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def known(self, user_id: PrincipalId) -> Principal | None:
        """See the port."""
        rows = await self._database.rows(select(people.principals).where(_p.user_id == user_id))
        if not rows:
            return None
        row = rows[0]
        return Principal(id=user_id, tenant_id=TenantId(row["tenant_id"]), role=Role(row["role"]), name=row["name"])

    async def keep(self, principal: Principal, at: datetime) -> None:
        """See the port."""
        await self._database.write([Write(_KEEP, _row(principal, at), None)])

    async def owners(self, tenant: TenantId, prefix: str) -> Sequence[PrincipalId]:
        """See the port."""
        query = select(_p.user_id).where(
            _p.tenant_id == tenant, _p.role == Role.OWNER.value, _p.user_id.startswith(prefix, autoescape=True)
        )
        return [PrincipalId(row["user_id"]) for row in await self._database.rows(query.order_by(_p.user_id))]

    async def make_owner(self, principal: Principal, at: datetime, prefix: str, former: Iterable[PrincipalId]) -> bool:
        """See the port."""
        named = {"b_user": principal.id, "b_tenant": principal.tenant_id, "b_prefix": prefix}
        return await self._database.write(
            [
                *(Write(_LET_GO, {"b_user": user}, 1) for user in former),
                Write(_KEEP, _row(replace(principal, role=Role.MEMBER), at), None),
                Write(_MAKE_OWNER, named, 1),
            ]
        )

    async def names(self, user_ids: Iterable[PrincipalId]) -> Mapping[PrincipalId, str]:
        """See the port."""
        wanted = sorted(set(user_ids))
        if not wanted:
            return {}
        rows = await self._database.rows(select(_p.user_id, _p.name).where(_p.user_id.in_(wanted), _p.name != ""))
        return {PrincipalId(row["user_id"]): row["name"] for row in rows}


def _row(principal: Principal, at: datetime) -> dict[str, str]:
    return {
        "user_id": principal.id,
        "tenant_id": principal.tenant_id,
        "role": principal.role.value,
        "name": principal.name,
        "seen_at": instant(at),
    }
