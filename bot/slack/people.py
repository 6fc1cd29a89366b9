"""Who writes in Slack, and what they may: from Slack's own word on the person, never from a message's text."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from loguru import logger

from bot.access import OneTimeCodes, token_hash
from bot.slack.address import PREFIX, principal_id, user_of
from engine.domain.ids import DEFAULT_TENANT, PrincipalId
from engine.domain.tenant import Principal, Role
from engine.errors import RefusedError, UnavailableError
from engine.ports.clock import Clock
from engine.ports.people import People

KNOWN_FOR = timedelta(minutes=10)
"""How long Slack's word on a person is believed: somebody made a guest, or shut out, is found out within it."""
MOST_KNOWN = 5_000
CLAIM_LIFETIME = timedelta(hours=24)
MOST_SPOILT = 100
"""Texts remembered that held a code: a delivery may be handled again."""

_UNKNOWN = frozenset({"user_not_found", "user_not_visible"})
"""What Slack says of a person; whatever else it refuses, it says of us."""
_RAISED = frozenset({Role.OWNER, Role.ADMIN})
_CODE_CHARACTERS = 43
_CODELIKE = re.compile(r"[A-Za-z0-9_-]{43,75}")
"""A code, perhaps with letters or marks of emphasis that belong to what stands beside it."""


class Directory(Protocol):
    """Slack's own list of people."""

    async def user(self, user_id: str) -> Mapping[str, Any]:
        """A person as ``users.info`` gives them."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    principal: Principal
    locale: str
    at: datetime


class SlackPeople:
    """Principals of one workspace."""

    def __init__(self, directory: Directory, people: People, clock: Clock, team: str, codes: OneTimeCodes) -> None:
        """``codes``: those that make an owner."""
        self._directory = directory
        self._people = people
        self._clock = clock
        self._team = team
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._codes = codes
        self._claims = 0
        """How many there were: what was looked up before one is not believed after it."""
        self._spoilt: OrderedDict[str, None] = OrderedDict()
        self._complained: set[str] = set()

    async def principal(self, user: str, team: str = "") -> Principal:
        """Who a person is: a full member of this workspace may ask; guests, bots, and people of other workspaces may nothing.

        Args:
            user: as Slack names them, from a signed payload.
            team: of the person, where the payload says; another workspace's person is a stranger.

        Raises:
            IntegrationError: Slack cannot be asked now.
        """
        principal = (await self._found(user)).principal
        foreign = bool(team) and team != self._team
        return replace(principal, role=Role.NONE) if foreign else principal

    async def locale(self, user: str) -> str:
        """The language a person uses Slack in, as a tag; empty where Slack does not say. Raises as :meth:`principal`."""
        return (await self._found(user)).locale

    async def claim(self, principal: Principal, code: str) -> bool:
        """Make a member the owner, in the place of owners who are no members any more.

        Returns:
            False: the code is not good (any more), there is an owner, or they are no member.

        Raises:
            IntegrationError: it may or may not have been done; claim again.
        """
        if principal.role is Role.NONE or not self._codes.knows(code):
            return False
        if principal.role is not Role.OWNER:  # they are when this is handled again after a failure
            former = await self._people.owners(DEFAULT_TENANT, PREFIX)
            if await self._any_stands(former):
                return False
            try:
                if not await self._people.make_owner(principal, self._clock.now(), PREFIX, former):
                    return False
            finally:
                self._claims += 1
                self._known.clear()
        return self._codes.redeem(code) is not None

    async def has_owner(self) -> bool:
        """Is there an owner who still is a full member of this workspace? Slack is asked about each. Raises as
        :meth:`principal`."""
        return await self._any_stands(await self._people.owners(DEFAULT_TENANT, PREFIX))

    def holds_code(self, text: str) -> bool:
        """Does a live code stand somewhere in a text?"""
        return any(self._codes.knows(code) for code in _codelike(text))

    def spoil(self, text: str) -> bool:
        """Void every code where a text that others may have seen holds a live one.

        Returns:
            Whether it held one; the same however often the same text is handled.
        """
        seen = token_hash(text)
        if seen not in self._spoilt:
            if not self.holds_code(text):
                return False
            self._codes.void()
            self._spoilt[seen] = None
            while len(self._spoilt) > MOST_SPOILT:
                self._spoilt.popitem(last=False)
            logger.warning("claim_code_spoilt")
        return True

    async def _any_stands(self, owners: Sequence[PrincipalId]) -> bool:
        for owner in owners:
            user = user_of(owner) or ""
            if owner != principal_id(self._team, user):
                continue  # of a workspace we were in before
            if (await self._look_up(user, self._clock.now())).principal.role is Role.OWNER:
                return True
        return False

    async def _found(self, user: str) -> _Known:
        while True:
            now, claims = self._clock.now(), self._claims
            found = self._known.get(user)
            if found is not None and found.at + KNOWN_FOR >= now:
                return found
            found = await self._look_up(user, now)
            if claims == self._claims:
                break
        self._known[user] = found
        while len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        return found

    async def _look_up(self, user: str, now: datetime) -> _Known:
        try:
            person = await self._directory.user(user)
        except RefusedError as error:
            if error.parameters.get("reason") not in _UNKNOWN:
                raise self._unreadable(error) from error
            nobody = Principal(id=principal_id(self._team, user), tenant_id=DEFAULT_TENANT, role=Role.NONE)
            return _Known(principal=nobody, locale="", at=now)
        self._complained.clear()
        principal = await self._principal_of(user, person)
        return _Known(principal=principal, locale=str(person.get("locale") or ""), at=now)

    def _unreadable(self, error: RefusedError) -> UnavailableError:
        """A refusal that is about us, such as a missing permission: nobody is a stranger for that, and what they said waits
        until somebody mends it. Said once, until Slack speaks of people again."""
        reason = error.parameters.get("reason", "")
        if reason not in self._complained:
            self._complained.add(reason)
            told = logger.bind(method=error.parameters.get("method", ""), reason=reason, detail=error.detail)
            told.error("slack_people_unreadable")
        return UnavailableError("slack_unavailable", error.detail, error.parameters)

    async def _principal_of(self, user: str, person: Mapping[str, Any]) -> Principal:
        identifier = principal_id(self._team, user)
        kept = await self._people.known(identifier)
        member = is_member(person, self._team)
        role = Role.MEMBER if member else Role.NONE
        if member and kept is not None and kept.role in _RAISED:
            role = kept.role
        principal = Principal(id=identifier, tenant_id=DEFAULT_TENANT, role=role, name=name_of(person))
        raised = kept is not None and kept.role in _RAISED
        if kept is None or replace(principal, role=kept.role if raised else role) != kept:
            await self._people.keep(principal, self._clock.now())
        return principal


def is_member(person: Mapping[str, Any], team: str) -> bool:
    """A full member of this workspace: no guest, no stranger of a shared channel, no bot, not shut out.

    Source: the ``user`` object of Slack's Web API: ``is_restricted`` is a multi-channel guest, ``is_ultra_restricted`` a
    single-channel one, ``is_stranger`` somebody of another workspace met in a shared channel.
    """
    outside = ("deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_stranger", "is_workflow_bot")
    home = person.get("team_id") or team
    enterprise: Mapping[str, Any] = person.get("enterprise_user") or {}
    teams: Sequence[str] = enterprise.get("teams") or ()
    return not any(person.get(flag) for flag in outside) and (home == team or team in teams)


def _codelike(text: str) -> Iterator[str]:
    """What could be a code."""
    for run in _CODELIKE.findall(text):
        for start in range(len(run) - _CODE_CHARACTERS + 1):
            yield run[start : start + _CODE_CHARACTERS]


def name_of(person: Mapping[str, Any]) -> str:
    """What a person is called, for display."""
    profile: Mapping[str, Any] = person.get("profile") or {}
    names: tuple[Any, ...] = (
        profile.get("display_name"),
        profile.get("real_name"),
        person.get("real_name"),
        person.get("name"),
    )
    return next((" ".join(str(name).split())[:80] for name in names if name), "")
