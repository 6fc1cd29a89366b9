"""People of two chats, one of which says who is still there."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.linking import Linking, Redeemed
from engine.domain.ids import DEFAULT_TENANT, PrincipalId, TenantId
from engine.domain.tenant import Principal, Role
from storage.codec import instant
from storage.codes_store import SqliteCodes
from storage.database import Database, open_database
from storage.people_store import SqlitePeople
from tests.lab import FakeClock


@dataclass(slots=True)
class Town:
    """``paper:`` says who stands; ``slate:`` says nothing of anybody."""

    database: Database
    people: SqlitePeople
    codes: SqliteCodes
    linking: Linking
    clock: FakeClock
    shut_out: set[PrincipalId] = field(default_factory=set[PrincipalId])
    away: Exception | None = None
    """Raised instead of an answer about standing."""
    asked: list[PrincipalId] = field(default_factory=list[PrincipalId])

    async def standing(self, account: PrincipalId) -> bool:
        self.asked.append(account)
        if self.away is not None:
            raise self.away
        return account not in self.shut_out

    async def add(self, name: str, role: Role = Role.MEMBER, tenant: TenantId = DEFAULT_TENANT) -> Principal:
        somebody = Principal(id=PrincipalId(name), tenant_id=tenant, role=role, name=name.partition(":")[2].title())
        await self.people.keep(somebody, self.clock.now())
        return somebody

    async def link(self, issuer: Principal, other: Principal) -> Redeemed:
        """Carry a code from one to the other."""
        return await self.linking.redeem(other, await self.linking.issue(issuer))

    async def seen(self, somebody: Principal) -> Principal:
        """As their door would make them now."""
        known = await self.people.known(somebody.id)
        assert known is not None
        return await self.linking.joined(known)


@asynccontextmanager
async def town(home: Path) -> AsyncGenerator[Town]:
    clock = FakeClock()
    async with open_database(home, now=instant(clock.now()), durable=False) as database:
        people, codes = SqlitePeople(database), SqliteCodes(database)
        linking = Linking(people, codes, clock)
        await linking.load()
        made = Town(database, people, codes, linking, clock)
        linking.vouch("paper:", made.standing)
        yield made
