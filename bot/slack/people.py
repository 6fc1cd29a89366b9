"""Who writes in Slack, and what they may: from Slack's own word on the person, never from a message's text."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from loguru import logger

from bot.access import OneTimeCodes
from bot.claims import Claims, Ownership
from bot.linking import Linking
from bot.slack.address import PREFIX, principal_id, user_of
from engine.domain.ids import DEFAULT_TENANT, PrincipalId
from engine.domain.tenant import Principal, Role
from engine.errors import RefusedError, UnavailableError
from engine.ports.clock import Clock
from engine.ports.people import People

KNOWN_FOR = timedelta(minutes=10)
"""How long Slack's word on a person is believed: somebody made a guest, or shut out, is found out within it."""
MOST_KNOWN = 5_000

_UNKNOWN = frozenset({"user_not_found", "user_not_visible"})
"""What Slack says of a person; whatever else it refuses, it says of us."""
_RAISED = frozenset({Role.OWNER, Role.ADMIN})


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

    def __init__(
        self,
        directory: Directory,
        people: People,
        clock: Clock,
        team: str,
        codes: OneTimeCodes,
        linking: Linking | None = None,
    ) -> None:
        """``codes``: those that make an owner; ``linking``: what accounts elsewhere are the same person's."""
        self._directory = directory
        self._people = people
        self._clock = clock
        self._team = team
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._claims = 0
        """How many there were: what was looked up before one is not believed after it."""
        self._complained: set[str] = set()
        self._linking = linking
        ownership = Ownership(
            people=people,
            clock=clock,
            tenant=DEFAULT_TENANT,
            prefix=PREFIX,
            stands=self._stands,
            linked_owners=self._linked_owners,
            changed=self._forget,
        )
        self._owner = Claims(codes, linking.carried if linking is not None else None, ownership)

    async def principal(self, user: str, team: str = "") -> Principal:
        """Who a person is: a full member of this workspace may ask; guests, bots, and people of other workspaces may nothing.
        A member is the same person on every account they linked, and may what any of them may.

        Args:
            user: as Slack names them, from a signed payload.
            team: of the person, where the payload says; another workspace's person is a stranger.

        Raises:
            IntegrationError: Slack cannot be asked now.
        """
        principal = (await self._found(user)).principal
        if team and team != self._team:
            return replace(principal, role=Role.NONE)
        if self._linking is None or principal.role is Role.NONE:
            return principal
        return await self._linking.joined(principal)

    async def locale(self, user: str) -> str:
        """The language a person uses Slack in, as a tag; empty where Slack does not say. Raises as :meth:`principal`."""
        return (await self._found(user)).locale

    async def standing(self, account: PrincipalId) -> bool:
        """``bot.linking.Standing``: is somebody a full member now? Believed as long as :data:`KNOWN_FOR`. Raises as
        :meth:`principal`."""
        user = user_of(account) or ""
        if account != principal_id(self._team, user):
            return False
        return (await self._found(user)).principal.role is not Role.NONE

    async def claim(self, principal: Principal, code: str) -> bool:
        """Make a member the owner, in the place of owners who are no members any more.

        Returns:
            False: the code is not good (any more), there is an owner, or they are no member.

        Raises:
            IntegrationError: it may or may not have been done; claim again.
        """
        return principal.role is not Role.NONE and await self._owner.claim(principal, code)

    async def has_owner(self) -> bool:
        """Is there an owner who still is a full member of this workspace? Slack is asked about each. Raises as
        :meth:`principal`."""
        return await self._owner.has_owner()

    def holds_code(self, text: str) -> bool:
        """Does a live code stand somewhere in a text?"""
        return self._owner.holds_code(text)

    def spoil(self, text: str) -> str:
        """Void what a text that others may have seen shows: see :meth:`bot.claims.Claims.spoil`."""
        return self._owner.spoil(text)

    def _forget(self) -> None:
        self._claims += 1
        self._known.clear()

    async def _stands(self, owner: PrincipalId) -> bool:
        """Asked anew: a new owner takes the place of one who left a minute ago."""
        user = user_of(owner) or ""
        if owner != principal_id(self._team, user):
            return False  # of a workspace we were in before
        return (await self._look_up(user, self._clock.now())).principal.role is not Role.NONE

    async def _linked_owners(self) -> Sequence[PrincipalId]:
        return await self._linking.linked_owners(PREFIX) if self._linking is not None else ()

    async def _found(self, user: str) -> _Known:
        while True:
            now, claims = self._clock.now(), self._claims
            found = self._known.get(user)
            if found is not None and timedelta() <= now - found.at <= KNOWN_FOR:
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
