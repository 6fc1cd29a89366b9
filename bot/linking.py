"""Which accounts are one person's, who proved it by carrying a one-time code from one to the other; decision 0013.

Links are held in memory, because every message asks for them: one process owns a home. What an account may follows from
all accounts of its person that still stand with their own platforms.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum

from loguru import logger

from bot.claims import LINK_LIFETIME, CarriedCodes
from engine.domain.ids import PrincipalId
from engine.domain.tenant import Principal, Role
from engine.errors import IntegrationError, NotAllowedError
from engine.ports.clock import Clock
from engine.ports.codes import CodeKind, Codes
from engine.ports.people import People

VOUCHED_WITHIN = timedelta(seconds=5)
"""Longest a platform is asked whether somebody still stands there; then what is kept counts."""

_NOBODY_ELSE: frozenset[PrincipalId] = frozenset()
_RANK = {Role.NONE: 0, Role.MEMBER: 1, Role.ADMIN: 2, Role.OWNER: 3}

Standing = Callable[[PrincipalId], Awaitable[bool]]
"""Does a platform still know an account as somebody who may be here? Raises IntegrationError."""


class Redeemed(StrEnum):
    """What became of a code; ``linking.<value>`` is the sentence for it."""

    LINKED = "linked"
    OWN = "own_code"
    """They brought their own code back to the account that made it."""
    OTHER_WAY = "other_way"
    """Whoever made it may less: a code lends what its maker may, never the other way, or it could be foisted on somebody."""
    REFUSED = "refused"
    """Unknown, used, too old, or of another tenant: never told apart."""


class Linking:
    """Links of one home.

    Args:
        people: where links and roles are kept.
        codes: where codes are.
        clock: when codes end.
    """

    def __init__(self, people: People, codes: Codes, clock: Clock) -> None:
        self._people = people
        self._clock = clock
        self.carried = CarriedCodes(codes, clock)
        """Its codes, and invitations: a code that is shown to others is looked for among all of them."""
        self._links: Mapping[PrincipalId, frozenset[PrincipalId]] = {}
        self._standing: dict[str, Standing] = {}
        self._watchers: list[Callable[[], None]] = []
        self._turn = asyncio.Lock()

    async def load(self) -> None:
        """Read what is kept; once, at the start, before anybody is asked who they are. Raises UnavailableError."""
        await self.carried.load()
        self._links = await self._people.links()

    def watch(self, changed: Callable[[], None]) -> None:
        """Tell somebody whenever a link was made or ended, until :meth:`unwatch`."""
        self._watchers.append(changed)

    def unwatch(self, changed: Callable[[], None]) -> None:
        """Tell them no more."""
        self._watchers.remove(changed)

    def vouch(self, prefix: str, standing: Standing) -> None:
        """From now on a platform is asked about its accounts, those whose id begins like this; the last one counts."""
        self._standing[prefix] = standing

    def also(self, account: PrincipalId) -> frozenset[PrincipalId]:
        """The other accounts of its person, whatever their platforms say of them."""
        return self._links.get(account, _NOBODY_ELSE)

    def linked(self, prefix: str) -> frozenset[PrincipalId]:
        """Linked accounts whose id begins like this."""
        return frozenset(account for account in self._links if account.startswith(prefix))

    async def joined(self, principal: Principal) -> Principal:
        """A principal with the other accounts of their person, and with the highest role that any of them was given.

        An account that its platform shuts out lends nothing, and what it asked for is not theirs to see. Not for principals
        whose own platform says that they are nobody: they stay it. Raises UnavailableError.
        """
        also = self.also(principal.id)
        if not also:
            return principal
        standing = frozenset([account for account in sorted(also) if await self._stands(account)])
        roles = [principal.role, *[await self._kept(account) for account in sorted(standing)]]
        return replace(principal, also=standing, role=max(roles, key=_RANK.__getitem__))

    async def person(self, account: PrincipalId) -> Principal | None:
        """Somebody who is not here to say anything, as they stand; None where they may nothing. Raises UnavailableError."""
        known = await self._people.known(account) if await self._stands(account) else None
        joined = None if known is None else await self.joined(known)
        return None if joined is None or joined.role is Role.NONE else joined

    async def linked_owners(self, prefix: str) -> list[PrincipalId]:
        """Linked accounts whose id begins like this and whose person is an owner by another account. Raises
        UnavailableError."""
        found: list[PrincipalId] = []
        for account in sorted(self.linked(prefix)):
            others = [other for other in sorted(self.also(account)) if await self._stands(other)]
            if Role.OWNER in [await self._kept(other) for other in others]:
                found.append(account)
        return found

    async def issue(self, principal: Principal) -> str:
        """A code that makes whoever brings it the same person as this one: good once, for ten minutes.

        Raises:
            NotAllowedError: they are nobody here.
            UnavailableError: storage is away.
        """
        if principal.role is Role.NONE:
            raise NotAllowedError("not_allowed", f"{principal.id} may not link accounts; ask the owner to be let in.")
        return await self.carried.issue(CodeKind.LINK, principal, LINK_LIFETIME)

    async def issuer(self, principal: Principal, code: str) -> PrincipalId | None:
        """Who made a code that would link somebody; None where it would not. Raises UnavailableError."""
        found = await self.carried.find(CodeKind.LINK, code, principal)
        return None if found is None else found.issuer

    async def redeem(self, principal: Principal, code: str) -> Redeemed:
        """Make whoever brings a code the same person as who made it; handled again it does no more. Raises
        UnavailableError."""
        found = await self.carried.find(CodeKind.LINK, code, principal)
        if found is None:
            return Redeemed.REFUSED
        if found.issuer == principal.id:
            return Redeemed.OWN
        if found.issuer in self.also(principal.id):
            return Redeemed.LINKED
        lender = await self.person(found.issuer)
        if lender is None:
            return Redeemed.REFUSED
        if _RANK[principal.role] > _RANK[lender.role]:
            return Redeemed.OTHER_WAY
        if not await self.carried.use(code, principal):
            return Redeemed.REFUSED
        return await self._link(found.issuer, principal.id)

    async def unlink(self, principal: Principal) -> None:
        """Make an account a person of its own again; repeating is harmless, and so is it where nothing was linked.

        Every code that any account of the person made ends as well: whoever has one could be back with it. Raises
        UnavailableError.
        """
        also = self.also(principal.id)
        async with self._turn:
            await self.carried.void(also | {principal.id})
            await self._people.unlink(principal.id)
            await self._read_again()
        logger.bind(account=principal.id, left=sorted(also)).info("account_unlinked")

    async def _link(self, one: PrincipalId, other: PrincipalId) -> Redeemed:
        async with self._turn:
            if not await self._people.link(one, other, self._clock.now()):
                return Redeemed.REFUSED
            await self._read_again()
        logger.bind(account=other, linked_with=one).info("account_linked")
        return Redeemed.LINKED

    async def _read_again(self) -> None:
        self._links = await self._people.links()
        for changed in self._watchers:
            changed()

    async def _kept(self, account: PrincipalId) -> Role:
        known = await self._people.known(account)
        return Role.NONE if known is None else known.role

    async def _stands(self, account: PrincipalId) -> bool:
        """Does its platform still know it? Where that cannot be asked, whatever is kept counts: nobody can bring that about
        who was shut out."""
        standing = next((ask for prefix, ask in self._standing.items() if account.startswith(prefix)), None)
        if standing is None:
            return True
        try:
            async with asyncio.timeout(VOUCHED_WITHIN.total_seconds()):
                return await standing(account)
        except (IntegrationError, TimeoutError, RuntimeError) as error:  # RuntimeError: its connection was just closed
            logger.bind(account=account, reason=str(error)).warning("account_not_vouched_for")
            return True
