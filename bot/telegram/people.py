"""Who writes in Telegram, and what they may: closed by default, because anybody can find a bot.

An account is nobody until it claimed ownership with the code that ``tizmor run`` prints, was invited, or proved to be the
same person as an account that may do something. Telegram itself says nothing of people but their number and name.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

from loguru import logger

from bot.access import OneTimeCodes
from bot.claims import INVITATION_LIFETIME, Claims, Ownership, plain_code
from bot.linking import Linking, Redeemed
from bot.telegram.address import PREFIX, STAND_INS, principal_id, user_of
from engine.domain.ids import DEFAULT_TENANT, PrincipalId
from engine.domain.tenant import Principal, Role
from engine.errors import NotAllowedError
from engine.ports.clock import Clock
from engine.ports.codes import CodeKind
from engine.ports.people import People

MOST_KNOWN = 5_000
"""People whose language is remembered."""
NAME_CHARACTERS = 80

_INVITE = frozenset({Role.OWNER, Role.ADMIN})


class Joined(StrEnum):
    """What a code led to; but for ``OWNER`` and ``MEMBER``, ``linking.<value>`` is the sentence for it."""

    OWNER = "owner"
    """They are the owner now."""
    MEMBER = "member"
    """They are let in now."""
    KNOWN = "known"
    """It is an invitation, but they are in already; it stays good for somebody else."""
    LINKED = "linked"
    """They are the same person as whoever made it."""
    CONFIRM = "confirm"
    """It would make them that (:meth:`TelegramPeople.made_by` says whom), and they may do something here already: that is not
    done by following a link which anybody may have sent, but by a command that they write themselves."""
    OWN_CODE = "own_code"
    OTHER_WAY = "other_way"
    """See :class:`bot.linking.Redeemed`."""
    REFUSED = "refused"
    """No code that is good for them: which ones exist is never told."""


_LINKED = {
    Redeemed.LINKED: Joined.LINKED,
    Redeemed.OWN: Joined.OWN_CODE,
    Redeemed.OTHER_WAY: Joined.OTHER_WAY,
    Redeemed.REFUSED: Joined.REFUSED,
}


class TelegramPeople:
    """Principals of one bot.

    Args:
        people: where roles and names are kept.
        clock: when codes end.
        codes: those that make an owner.
        linking: whose accounts are one person's; holds the other codes.
    """

    def __init__(self, people: People, clock: Clock, codes: OneTimeCodes, linking: Linking) -> None:
        self._people = people
        self._clock = clock
        self._linking = linking
        self._languages: OrderedDict[int, str] = OrderedDict()
        ownership = Ownership(
            people=people,
            clock=clock,
            tenant=DEFAULT_TENANT,
            prefix=PREFIX,
            stands=_is_person,
            linked_owners=self._linked_owners,
            changed=_nothing_is_remembered,
        )
        self._owner = Claims(codes, linking.carried, ownership)

    async def principal(self, user: int, name: str = "", language: str = "") -> Principal:
        """Who a person is, from a genuine update; their name is kept.

        Args:
            user: as Telegram numbers them.
            name: to display.
            language: the tag their Telegram is set to, where it says.

        Raises:
            UnavailableError: storage is away.
        """
        identifier = principal_id(user)
        if not await _is_person(identifier):
            return self.nobody(user)
        self._remember(user, language)
        known, name = await self._people.known(identifier), _shown(name)
        role = known.role if known is not None else Role.NONE
        principal = Principal(id=identifier, tenant_id=DEFAULT_TENANT, role=role, name=name)
        if known is None or (name and name != known.name):
            await self._people.rename(principal, self._clock.now())
        elif not name:
            principal = known
        return await self._linking.joined(principal)

    def nobody(self, user: int) -> Principal:
        """Somebody who may nothing, whoever they are: a bot, or an admin who does not say who."""
        return Principal(id=principal_id(user), tenant_id=DEFAULT_TENANT, role=Role.NONE)

    def locale(self, user: int) -> str:
        """The language a person uses Telegram in, as a tag; empty where it is not known."""
        return self._languages.get(user, "")

    async def start(self, principal: Principal, code: str, *, meant: bool = False) -> Joined:
        """Take a code for whatever it is good for: ownership, else an invitation, else a link. Handled again it comes to the
        same.

        Args:
            principal: who brings it.
            code: as it was sent.
            meant: with a command that says what it is for, not by following a link.

        Raises:
            IntegrationError: it may or may not have been done; do it again.
        """
        code = plain_code(code)
        if not code or not await _is_person(principal.id):
            return Joined.REFUSED
        if await self.claim(principal, code):
            return Joined.OWNER
        joined = await self.accept(principal, code)
        if joined is not Joined.REFUSED:
            return joined
        if not meant and principal.role is not Role.NONE:
            issuer = await self._linking.issuer(principal, code)
            if issuer is not None and issuer not in principal.ids:
                return Joined.CONFIRM
        return _LINKED[await self._linking.redeem(principal, code)]

    async def made_by(self, principal: Principal, code: str) -> str:
        """The name of whoever made a code that would link somebody; empty where it would not, or they have none. Raises
        UnavailableError."""
        issuer = await self._linking.issuer(principal, plain_code(code))
        return "" if issuer is None else (await self._people.names([issuer])).get(issuer, "")

    async def claim(self, principal: Principal, code: str) -> bool:
        """Make somebody the owner. False: the code is not good (any more), or there is an owner. Raises as :meth:`start`."""
        return await _is_person(principal.id) and await self._owner.claim(principal, code)

    async def has_owner(self) -> bool:
        """Did anybody become the owner, here or by an account that is linked with one of Telegram's? Raises as
        :meth:`start`."""
        return await self._owner.has_owner()

    async def invite(self, principal: Principal) -> str:
        """A code that lets in whoever brings it: good once, for a day.

        Raises:
            NotAllowedError: ``only_owners_invite``.
            UnavailableError: storage is away.
        """
        if principal.role not in _INVITE:
            raise NotAllowedError("only_owners_invite", f"{principal.id} may not invite; ask an owner or an admin to.")
        return await self._linking.carried.issue(CodeKind.INVITATION, principal, INVITATION_LIFETIME)

    async def accept(self, principal: Principal, code: str) -> Joined:
        """Let somebody in by an invitation: ``MEMBER``, ``KNOWN`` or ``REFUSED``. Handled again it comes to the same. It is good
        as long as whoever made it may still invite: else somebody who was shut out could let themselves in again. Raises
        UnavailableError."""
        found = await self._linking.carried.find(CodeKind.INVITATION, code, principal)
        if found is None:
            return Joined.REFUSED
        if principal.role is not Role.NONE and found.used_by is None:
            return Joined.KNOWN
        if principal.role is Role.NONE and not await self._may_invite(found.issuer):
            logger.bind(account=principal.id, by=found.issuer).warning("invitation_refused")
            return Joined.REFUSED
        if not await self._linking.carried.use(code, principal):
            return Joined.REFUSED
        # never takes a higher role away, should they have got one meanwhile
        await self._people.keep(replace(principal, role=Role.MEMBER, also=frozenset()), self._clock.now())
        logger.bind(account=principal.id, by=found.issuer).info("account_invited")
        return Joined.MEMBER

    def holds_code(self, text: str) -> bool:
        """Does a live code stand somewhere in a text?"""
        return self._owner.holds_code(text)

    def spoil(self, text: str) -> str:
        """Void what a text that others may have seen shows: see :meth:`bot.claims.Claims.spoil`."""
        return self._owner.spoil(text)

    async def _may_invite(self, account: PrincipalId) -> bool:
        person = await self._linking.person(account)
        return person is not None and person.role in _INVITE

    async def _linked_owners(self) -> Sequence[PrincipalId]:
        return await self._linking.linked_owners(PREFIX)

    def _remember(self, user: int, language: str) -> None:
        if language:
            self._languages[user] = language
            self._languages.move_to_end(user)
        while len(self._languages) > MOST_KNOWN:
            self._languages.popitem(last=False)


async def _is_person(account: PrincipalId) -> bool:
    """Does an account stand for one person? Groups and channels that write have numbers below zero."""
    user = user_of(account) or 0
    return user > 0 and user not in STAND_INS


def _nothing_is_remembered() -> None:
    """Roles are read anew for every update."""


def _shown(name: str) -> str:
    return " ".join(name.split())[:NAME_CHARACTERS]
