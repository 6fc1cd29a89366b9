"""People of chats: what they are called, and who has been made owner."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from engine.domain.ids import PrincipalId, TenantId
from engine.domain.tenant import Principal


class People(Protocol):
    """Principals that doors have met."""

    async def known(self, user_id: PrincipalId) -> Principal | None:
        """The principal as it was kept, or None."""
        ...

    async def keep(self, principal: Principal, at: datetime) -> None:
        """Add or bring up to date; durable on return. Who is kept as owner or admin stays it, whatever role is given."""
        ...

    async def rename(self, principal: Principal, at: datetime) -> None:
        """Add, or bring only the name up to date: whatever role is given, the kept one stays. Durable on return."""
        ...

    async def owners(self, tenant: TenantId, prefix: str) -> Sequence[PrincipalId]:
        """Those whose id begins like this that have been made owner, sorted."""
        ...

    async def make_owner(self, principal: Principal, at: datetime, prefix: str, former: Iterable[PrincipalId]) -> bool:
        """Make somebody the owner in the place of the former ones, who may nothing from now on; durable on return.

        Returns:
            False where meanwhile somebody else whose id begins like this is owner; nothing is changed then.
        """
        ...

    async def names(self, user_ids: Iterable[PrincipalId]) -> Mapping[PrincipalId, str]:
        """What they are called; those without a name are left out."""
        ...

    async def link(self, one: PrincipalId, other: PrincipalId, at: datetime) -> bool:
        """Two accounts are one person's from now on, and so is whatever either was linked with before; durable on return,
        repeating is harmless. Their ids stay what they are.

        Returns:
            False where one of them was never kept, or they are of different tenants; nothing is changed then.
        """
        ...

    async def unlink(self, user_id: PrincipalId) -> None:
        """An account is a person of its own again; repeating is harmless."""
        ...

    async def links(self) -> Mapping[PrincipalId, frozenset[PrincipalId]]:
        """Every linked account with the other accounts of its person."""
        ...
