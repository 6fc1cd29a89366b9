"""Telegram is closed by default: somebody is nobody until a code says otherwise, and a code says it once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from bot.access import OneTimeCodes
from bot.claims import CODE_SPOILT, INVITATION_LIFETIME, OWNER_CODE_SPOILT
from bot.telegram.address import PREFIX, principal_id
from bot.telegram.people import Joined, TelegramPeople
from engine.domain.ids import DEFAULT_TENANT, PrincipalId
from engine.domain.tenant import Principal, Role
from engine.errors import NotAllowedError, UnavailableError
from tests.unit.bot.linked import Town, town

DANA, AVI, NOA = 41, 42, 43
NOBODY = Principal(id=PrincipalId(PREFIX), tenant_id=DEFAULT_TENANT, role=Role.NONE)


@dataclass(slots=True)
class Bot:
    at: Town
    people: TelegramPeople
    owners: OneTimeCodes

    async def role(self, user: int) -> Role:
        return (await self.people.principal(user)).role

    async def start(self, user: int, code: str, *, meant: bool = False) -> Joined:
        return await self.people.start(await self.people.principal(user), code, meant=meant)

    async def owned_by(self, user: int) -> Principal:
        assert await self.start(user, self.owners.issue(NOBODY)[0]) is Joined.OWNER
        return await self.people.principal(user)

    async def invitation(self, user: int = DANA) -> str:
        return await self.people.invite(await self.people.principal(user))


@asynccontextmanager
async def opened(home: Path) -> AsyncGenerator[Bot]:
    async with town(home) as at:
        owners = OneTimeCodes(at.clock, timedelta(hours=1))
        yield Bot(at, TelegramPeople(at.people, at.clock, owners, at.linking), owners)


async def test_whoever_finds_the_bot_is_nobody_and_stays_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as bot:
        for _ in range(2):
            found = await bot.people.principal(DANA, "Dana  Levi\n", "he")
            assert (found.id, found.role, found.name) == (principal_id(DANA), Role.NONE, "Dana Levi")
        assert bot.people.locale(DANA) == "he"
        assert bot.people.locale(AVI) == ""
        for code in ("", "x" * 43, "claim", "\u2068\u2069"):
            assert await bot.start(DANA, code) is Joined.REFUSED
        assert await bot.role(DANA) is Role.NONE


async def test_a_name_is_kept_and_changes_with_the_person(tmp_path: Path) -> None:
    async with opened(tmp_path) as bot:
        for name, kept in (("Dana", "Dana"), ("", "Dana"), ("דנה", "דנה"), ("x" * 200, "x" * 80)):
            assert (await bot.people.principal(DANA, name)).name == kept
            assert await bot.at.people.names([principal_id(DANA)]) == {principal_id(DANA): kept}


# Ownership.


async def test_the_printed_code_makes_one_owner(tmp_path: Path) -> None:
    async with opened(tmp_path) as bot:
        code, other = bot.owners.issue(NOBODY)[0], bot.owners.issue(NOBODY)[0]
        assert not await bot.people.has_owner()
        assert await bot.start(DANA, code) is Joined.OWNER
        assert await bot.role(DANA) is Role.OWNER
        assert await bot.people.has_owner()
        for late in (code, other):
            assert await bot.start(AVI, late) is Joined.REFUSED
        assert await bot.role(AVI) is Role.NONE


async def test_who_owns_by_a_linked_account_leaves_nothing_to_claim(tmp_path: Path) -> None:
    async with opened(tmp_path) as bot:
        owner = await bot.at.add("paper:owner", Role.OWNER)
        assert await bot.start(DANA, await bot.at.linking.issue(owner)) is Joined.LINKED
        assert await bot.role(DANA) is Role.OWNER
        assert await bot.people.has_owner()
        assert await bot.start(AVI, bot.owners.issue(NOBODY)[0]) is Joined.REFUSED


# Invitations.


async def test_an_invitation_lets_one_person_in(tmp_path: Path) -> None:
    async with opened(tmp_path) as bot:
        await bot.owned_by(DANA)
        code = await bot.invitation()
        assert len(code) <= 64, "the longest that fits a link"
        for _ in range(2):  # handled again
            assert await bot.start(AVI, code) is Joined.MEMBER
            assert await bot.role(AVI) is Role.MEMBER
        assert await bot.start(NOA, code) is Joined.REFUSED
        assert await bot.role(NOA) is Role.NONE


async def test_an_invitation_outlives_a_restart_and_ends_after_a_day(tmp_path: Path) -> None:
    async with opened(tmp_path) as bot:
        await bot.owned_by(DANA)
        one, other = await bot.invitation(), await bot.invitation()
    async with opened(tmp_path) as bot:
        assert await bot.start(AVI, one) is Joined.MEMBER
        bot.at.clock.advance(INVITATION_LIFETIME)
        assert await bot.start(NOA, other) is Joined.REFUSED


async def test_somebody_who_is_in_uses_no_invitation_up(tmp_path: Path) -> None:
    async with opened(tmp_path) as bot:
        await bot.owned_by(DANA)
        code = await bot.invitation()
        assert await bot.start(DANA, code) is Joined.KNOWN
        assert await bot.role(DANA) is Role.OWNER
        assert await bot.start(AVI, code) is Joined.MEMBER


async def test_an_invitation_lets_nobody_in_once_its_maker_may_not_invite_any_more(tmp_path: Path) -> None:
    async with opened(tmp_path) as bot:
        admin = await bot.at.add("paper:admin", Role.ADMIN)
        assert await bot.start(DANA, await bot.at.linking.issue(admin)) is Joined.LINKED
        used, kept = await bot.invitation(), await bot.invitation()
        assert await bot.start(AVI, used) is Joined.MEMBER
        bot.at.shut_out = {admin.id}  # they left the company
        for user in (DANA, NOA):
            assert await bot.start(user, kept) is Joined.REFUSED
            assert await bot.role(user) is Role.NONE
        assert await bot.start(AVI, used) is Joined.MEMBER, "whoever was let in stays, handled again or not"
        bot.at.shut_out = set()
        assert await bot.start(NOA, kept) is Joined.MEMBER, "it was not used up"


async def test_an_invitation_is_worth_what_its_maker_may_when_it_is_used(tmp_path: Path) -> None:
    async with opened(tmp_path) as bot:
        await bot.owned_by(DANA)
        await bot.start(AVI, await bot.invitation())
        admin = await bot.at.add("paper:admin", Role.ADMIN)
        assert await bot.start(AVI, await bot.at.linking.issue(admin), meant=True) is Joined.LINKED
        code = await bot.invitation(AVI)
        bot.at.shut_out = {admin.id}
        assert await bot.role(AVI) is Role.MEMBER
        assert await bot.start(NOA, code) is Joined.REFUSED


async def test_only_owners_and_admins_invite(tmp_path: Path) -> None:
    async with opened(tmp_path) as bot:
        await bot.owned_by(DANA)
        await bot.start(AVI, await bot.invitation())
        for user in (AVI, NOA):
            with pytest.raises(NotAllowedError) as refused:
                await bot.invitation(user)
            assert refused.value.code == "only_owners_invite"
        admin = await bot.at.add("paper:admin", Role.ADMIN)
        assert await bot.start(NOA, await bot.at.linking.issue(admin)) is Joined.LINKED
        assert await bot.invitation(NOA)


async def test_an_invitation_used_just_before_a_crash_still_lets_them_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path) as bot:
        await bot.owned_by(DANA)
        code, keep = await bot.invitation(), bot.at.people.keep

        async def dies(*_: object) -> None:
            raise UnavailableError("storage_unavailable", "killed here")

        monkeypatch.setattr(bot.at.people, "keep", dies)
        with pytest.raises(UnavailableError):
            await bot.start(AVI, code)
        monkeypatch.setattr(bot.at.people, "keep", keep)
        bot.at.clock.advance(INVITATION_LIFETIME * 2)
        assert await bot.start(NOA, code) is Joined.REFUSED
        assert await bot.start(AVI, code) is Joined.MEMBER
        assert await bot.role(AVI) is Role.MEMBER


async def test_a_look_up_that_began_before_somebody_was_let_in_takes_it_back_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path) as bot:
        await bot.owned_by(DANA)
        code, known = await bot.invitation(), bot.at.people.known
        await bot.people.principal(AVI, "Avi")
        reached, go_on = asyncio.Event(), asyncio.Event()

        async def slowly(account: PrincipalId) -> Principal | None:
            monkeypatch.setattr(bot.at.people, "known", known)
            found = await known(account)
            reached.set()
            await go_on.wait()
            return found

        monkeypatch.setattr(bot.at.people, "known", slowly)
        async with asyncio.TaskGroup() as group:
            group.create_task(bot.people.principal(AVI, "Avi Cohen"))
            await reached.wait()
            assert await bot.start(AVI, code) is Joined.MEMBER
            go_on.set()
        kept = await known(principal_id(AVI))
        assert kept is not None
        assert (kept.role, kept.name) == (Role.MEMBER, "Avi Cohen")


# Links.


async def test_an_account_of_a_member_elsewhere_may_what_they_may(tmp_path: Path) -> None:
    async with opened(tmp_path) as bot:
        member = await bot.at.add("paper:dana")
        code = await bot.at.linking.issue(member)
        for _ in range(2):  # handled again
            assert await bot.start(DANA, code) is Joined.LINKED
        found = await bot.people.principal(DANA, "Dana")
        assert (found.role, found.ids) == (Role.MEMBER, {member.id, principal_id(DANA)})
        bot.at.shut_out = {member.id}  # they left the company
        assert await bot.role(DANA) is Role.NONE


async def test_following_a_link_makes_nobody_another_person_who_may_do_something_already(tmp_path: Path) -> None:
    async with opened(tmp_path) as bot:
        await bot.owned_by(DANA)
        await bot.start(AVI, await bot.invitation())
        mallory = await bot.at.add("paper:mallory")
        code = await bot.at.linking.issue(mallory)
        for _ in range(2):
            assert await bot.start(AVI, code) is Joined.CONFIRM
        avi = await bot.people.principal(AVI)
        assert await bot.people.made_by(avi, code) == "Mallory"
        assert avi.ids == {principal_id(AVI)}
        assert await bot.start(DANA, code, meant=True) is Joined.OTHER_WAY, "nobody gets an owner's rights like this"
        assert await bot.start(AVI, code, meant=True) is Joined.LINKED
        assert await bot.people.made_by(avi, "x" * 43) == ""


async def test_ones_own_code_is_named_as_such(tmp_path: Path) -> None:
    async with opened(tmp_path) as bot:
        owner = await bot.owned_by(DANA)
        assert await bot.start(DANA, await bot.at.linking.issue(owner)) is Joined.OWN_CODE


# Who is no person.


@pytest.mark.parametrize("user", [777000, 136817688, 1087968824, 0, -100123])
async def test_accounts_that_stand_for_many_are_nobody_whatever_code_they_bring(tmp_path: Path, user: int) -> None:
    async with opened(tmp_path) as bot:
        claim = bot.owners.issue(NOBODY)[0]
        assert await bot.start(user, claim, meant=True) is Joined.REFUSED
        assert await bot.people.claim(bot.people.nobody(user), claim) is False
        await bot.owned_by(DANA)
        link = await bot.at.linking.issue(await bot.at.add("paper:dana"))
        for code in (await bot.invitation(), link):
            assert await bot.start(user, code, meant=True) is Joined.REFUSED
        assert await bot.role(user) is Role.NONE
        assert await bot.at.people.known(principal_id(user)) is None


# Codes that were shown.


async def test_every_kind_of_code_is_void_once_a_group_has_seen_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as bot:
        claim = bot.owners.issue(NOBODY)[0]
        assert bot.people.spoil(f"/claim {claim}") == OWNER_CODE_SPOILT
        assert await bot.start(AVI, claim) is Joined.REFUSED
        owner = await bot.owned_by(DANA)
        for code in (await bot.invitation(), await bot.at.linking.issue(owner)):
            assert bot.people.holds_code(f"https://t.me/tizmor_bot?start={code}")
            assert bot.people.spoil(f"https://t.me/tizmor_bot?start={code}") == CODE_SPOILT
            assert await bot.start(AVI, code) is Joined.REFUSED
