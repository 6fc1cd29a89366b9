"""``engine.ports.people`` in SQLite."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from sqlalchemy import case, delete, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.domain.ids import PrincipalId, TenantId
from engine.domain.tenant import Principal, Role
from storage.codec import instant
from storage.database import Database
from storage.tables import people
from storage.writes import Write, bound, compiled, inserting

_p = people.principals.c
_other_table = people.principals.alias("other")
_other = _other_table.c
_ll = people.person_links.alias("linked").c
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
_RENAME = inserting(
    people.principals,
    upsert(people.principals).on_conflict_do_update(
        index_elements=["user_id"],
        set_={"name": bound("name"), "seen_at": bound("seen_at")},
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

_l = people.person_links.c
_PERSON = compiled(
    upsert(people.person_links)
    .from_select(
        ["account", "person", "linked_at"],
        select(_p.user_id, bound("b_person"), bound("b_at"))
        .join(_other_table, (_other.user_id == bound("b_other")) & (_other.tenant_id == _p.tenant_id))
        .where(_p.user_id == bound("b_account")),
    )
    # names the account again, so that the row counts where it was there before
    .on_conflict_do_update(index_elements=["account"], set_={"account": _l.account})
)
_MERGE = compiled(
    update(people.person_links)
    .where(_l.person == select(_ll.person).where(_ll.account == bound("b_other")).scalar_subquery())
    .values(person=select(_ll.person).where(_ll.account == bound("b_account")).scalar_subquery())
)
_UNLINK = compiled(delete(people.person_links).where(_l.account == bound("b_account")))


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

    async def rename(self, principal: Principal, at: datetime) -> None:
        """See the port."""
        await self._database.write([Write(_RENAME, _row(principal, at), None)])

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

    async def link(self, one: PrincipalId, other: PrincipalId, at: datetime) -> bool:
        """See the port. A person is named by chance: named after an account, they would keep its name when it is unlinked,
        and it would be theirs again with its next link."""
        person = {"b_person": uuid4().hex, "b_at": instant(at)}
        accounts = {"b_account": one, "b_other": other}
        return await self._database.write(
            [
                Write(_PERSON, {**person, **accounts}, 1),
                Write(_PERSON, {**person, "b_account": other, "b_other": one}, 1),
                Write(_MERGE, accounts, None),
            ]
        )

    async def unlink(self, user_id: PrincipalId) -> None:
        """See the port."""
        await self._database.write([Write(_UNLINK, {"b_account": user_id}, None)])

    async def links(self) -> Mapping[PrincipalId, frozenset[PrincipalId]]:
        """See the port."""
        rows = await self._database.rows(select(_l.person, _l.account))
        together: dict[str, set[PrincipalId]] = {}
        for row in rows:
            together.setdefault(row["person"], set()).add(PrincipalId(row["account"]))
        return {a: frozenset(accounts - {a}) for accounts in together.values() for a in accounts if len(accounts) > 1}


def _row(principal: Principal, at: datetime) -> dict[str, str]:
    return {
        "user_id": principal.id,
        "tenant_id": principal.tenant_id,
        "role": principal.role.value,
        "name": principal.name,
        "seen_at": instant(at),
    }
