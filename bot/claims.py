"""One-time codes as people carry them: the one that makes an owner, invitations, proofs that two accounts are one person's.

Whoever has a code is whom it is for, so a code that others may have read is good for nothing any more. Shared by the chats
outside; only hashes are held.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from loguru import logger

from bot.access import CODE_CHARACTERS, MAX_TOKEN_CHARACTERS, OneTimeCodes, new_code, token_hash
from engine.domain.ids import PrincipalId, TenantId
from engine.domain.tenant import Principal, Role
from engine.ports.clock import Clock
from engine.ports.codes import Code, CodeKind, Codes
from engine.ports.people import People

CLAIM_LIFETIME = timedelta(hours=24)
INVITATION_LIFETIME = timedelta(hours=24)
LINK_LIFETIME = timedelta(minutes=10)
MOST_SPOILT = 100
"""Texts remembered that held a code: a delivery may be handled again."""

OWNER_CODE_SPOILT = "conversation.code_spoilt"
CODE_SPOILT = "linking.spoilt"
"""Sentences for whoever showed a code: the owner's, and any other."""

_CODELIKE = re.compile(r"[A-Za-z0-9_-]{43,75}")
"""A code, perhaps with letters or marks of emphasis that belong to what stands beside it."""
_NO_PART = re.compile(r"[^A-Za-z0-9_-]+")


class CarriedCodes:
    """Codes that outlive a restart. Those that are good are known here besides, so that a text is searched at once.

    Args:
        codes: where they are kept.
        clock: when they end.
    """

    def __init__(self, codes: Codes, clock: Clock) -> None:
        self._codes = codes
        self._clock = clock
        self._live: dict[str, Code] = {}

    async def load(self) -> None:
        """Learn of those that an earlier process made; once, at the start. Raises UnavailableError."""
        self._live = dict(await self._codes.live(self._clock.now()))

    async def issue(self, kind: CodeKind, issuer: Principal, lifetime: timedelta) -> str:
        """Make a code; durable on return. Raises UnavailableError."""
        code, now = new_code(), self._clock.now()
        made = Code(kind=kind, issuer=issuer.id, tenant_id=issuer.tenant_id, expires_at=now + lifetime)
        await self._codes.add(token_hash(code), made)
        self._live = {name: known for name, known in self._live.items() if known.expires_at > now}
        self._live[token_hash(code)] = made
        return code

    async def find(self, kind: CodeKind, code: str, by: Principal) -> Code | None:
        """A code of this kind and of the principal's tenant that is good for them, or that they used up. Raises
        UnavailableError."""
        found = await self._codes.find(_hash_of(code), self._clock.now(), by.id)
        fits = found is not None and found.kind is kind and found.tenant_id == by.tenant_id
        return found if fits else None

    async def use(self, code: str, by: Principal) -> bool:
        """Use it up; durable on return, repeating is harmless. False: somebody else did, or it ended. Raises
        UnavailableError."""
        self._live.pop(_hash_of(code), None)
        return await self._codes.use(_hash_of(code), self._clock.now(), by.id)

    async def void(self, accounts: Iterable[PrincipalId]) -> None:
        """End every code that one of these made; durable on return. Raises UnavailableError."""
        gone = frozenset(accounts)
        await self._codes.void(gone)
        self._live = {name: known for name, known in self._live.items() if known.issuer not in gone}

    def knows(self, code: str) -> bool:
        """Is a code good for somebody? It stays so."""
        known = self._live.get(_hash_of(code))
        return known is not None and known.expires_at > self._clock.now()

    def spoil(self, code: str) -> None:
        """End a code that others have seen. Raises UnavailableError: it stays good; call again."""
        self._codes.spoil(_hash_of(code))
        self._live.pop(_hash_of(code), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """What decides who may become the owner on one surface."""

    people: People
    clock: Clock
    tenant: TenantId
    prefix: str
    """How the ids of its people begin."""
    stands: Callable[[PrincipalId], Awaitable[bool]]
    """Is somebody still one of its people, by the platform's own word?"""
    linked_owners: Callable[[], Awaitable[Iterable[PrincipalId]]]
    """Its accounts whose person is an owner on another surface."""
    changed: Callable[[], None]
    """Told when roles may have changed."""


class Claims:
    """The owner's codes of one surface; and what is done about codes of any kind that others may have read.

    Args:
        codes: those that make an owner.
        carried: the others.
        ownership: who may become the owner.
    """

    def __init__(self, codes: OneTimeCodes, carried: CarriedCodes | None, ownership: Ownership) -> None:
        self._codes = codes
        self._carried = carried
        self._ownership = ownership
        self._spoilt: OrderedDict[str, str] = OrderedDict()

    async def claim(self, principal: Principal, code: str) -> bool:
        """Make somebody the owner, in the place of owners who are none of the surface's people any more.

        Returns:
            False: the code is not good (any more), or there is an owner.

        Raises:
            IntegrationError: it may or may not have been done; claim again.
        """
        its = self._ownership
        if not self._codes.knows(code):
            return False
        if principal.role is not Role.OWNER:  # they are when this is handled again after a failure
            former = await its.people.owners(its.tenant, its.prefix)
            if await self._any_stands(former):
                return False
            try:
                if not await its.people.make_owner(principal, its.clock.now(), its.prefix, former):
                    return False
            finally:
                its.changed()
        return self._codes.redeem(code) is not None

    async def has_owner(self) -> bool:
        """Is there an owner who still stands: made here, or on another surface by the same person? Raises IntegrationError."""
        its = self._ownership
        return await self._any_stands(await its.people.owners(its.tenant, its.prefix))

    def holds_code(self, text: str) -> bool:
        """Does a live code stand somewhere in a text?"""
        return any(self._codes.knows(code) or self._carries(code) for code in _codelike(text))

    def spoil(self, text: str) -> str:
        """Void what a text that others may have seen shows: every code of the owner's where it holds one, and each other code.

        Returns:
            The key of the sentence that says so; empty where it held none. The same however often a text is handled.

        Raises:
            UnavailableError: it could not be done now; call again.
        """
        seen = token_hash(text)
        if seen not in self._spoilt:
            said = self._void(text)
            if not said:
                return ""
            self._spoilt[seen] = said
            while len(self._spoilt) > MOST_SPOILT:
                self._spoilt.popitem(last=False)
            logger.warning("claim_code_spoilt" if said == OWNER_CODE_SPOILT else "code_spoilt")
        return self._spoilt[seen]

    def _void(self, text: str) -> str:
        said = ""
        for code in _codelike(text):
            if self._codes.knows(code):
                self._codes.void()
                said = OWNER_CODE_SPOILT
            elif self._carried is not None and self._carries(code):
                self._carried.spoil(code)
                said = said or CODE_SPOILT
        return said

    def _carries(self, code: str) -> bool:
        return self._carried is not None and self._carried.knows(code)

    async def _any_stands(self, owners: Iterable[PrincipalId]) -> bool:
        its = self._ownership
        for owner in owners:
            if await its.stands(owner):
                return True
        for owner in await its.linked_owners():
            if await its.stands(owner):
                return True
        return False


def plain_code(text: str) -> str:
    """A code without whatever came along when it was copied: spaces, quotes, marks of code or of direction."""
    return _NO_PART.sub("", text[:MAX_TOKEN_CHARACTERS])


def may_hold_code(text: str) -> bool:
    """Does anything stand in a text that could be a code, whether or not it is one?"""
    return _CODELIKE.search(text) is not None


def _hash_of(code: str) -> str:
    return token_hash(plain_code(code))


def _codelike(text: str) -> Iterator[str]:
    """What could be a code."""
    for run in _CODELIKE.findall(text):
        for start in range(len(run) - CODE_CHARACTERS + 1):
            yield run[start : start + CODE_CHARACTERS]
