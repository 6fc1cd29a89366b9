"""Whoever carries a code from one account to another is one person on both, and may what either may."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

import bot.linking
from bot.claims import LINK_LIFETIME
from bot.linking import Linking, Redeemed
from engine.domain.ids import PrincipalId, TenantId
from engine.domain.tenant import Principal, Role
from engine.errors import NotAllowedError, UnavailableError
from engine.safety.authoriser import Action, authorise
from tests.unit.bot.linked import Town, town

DANA_ID, DANA_TOO = PrincipalId("paper:dana"), PrincipalId("slate:dana")


async def danas(at: Town) -> tuple[Principal, Principal]:
    """A member of the one chat, whom the other does not know."""
    return await at.add(DANA_ID), await at.add(DANA_TOO, Role.NONE)


async def test_a_code_carried_over_makes_two_accounts_one_person(tmp_path: Path) -> None:
    async with town(tmp_path) as at:
        one, other = await danas(at)
        assert at.linking.also(one.id) == frozenset()
        assert await at.link(one, other) is Redeemed.LINKED
        assert (at.linking.also(one.id), at.linking.also(other.id)) == ({other.id}, {one.id})
        assert at.linking.linked("slate:") == {other.id}
        seen = await at.seen(other)
        assert (seen.id, seen.ids, seen.role) == (other.id, {one.id, other.id}, Role.MEMBER)
        authorise(seen, Action.DECIDE, tenant=seen.tenant_id, owner=one.id)
        authorise(await at.seen(one), Action.DECIDE, tenant=seen.tenant_id, owner=other.id)


async def test_links_outlive_a_restart_and_so_do_codes(tmp_path: Path) -> None:
    async with town(tmp_path) as at:
        one, other = await danas(at)
        await at.link(one, other)
        code = await at.linking.issue(one)
        third = await at.add("slate:third", Role.NONE)
    async with town(tmp_path) as at:
        assert at.linking.also(one.id) == {other.id}
        assert at.linking.carried.knows(code)
        assert await at.linking.redeem(third, code) is Redeemed.LINKED
        assert at.linking.also(third.id) == {one.id, other.id}


async def test_a_code_is_good_once_and_for_ten_minutes(tmp_path: Path) -> None:
    async with town(tmp_path) as at:
        one, other = await danas(at)
        third = await at.add("slate:third", Role.NONE)
        code, old = await at.linking.issue(one), await at.linking.issue(one)
        assert await at.linking.redeem(other, code) is Redeemed.LINKED
        assert await at.linking.redeem(third, code) is Redeemed.REFUSED
        at.clock.advance(LINK_LIFETIME)
        assert await at.linking.redeem(third, old) is Redeemed.REFUSED
        assert at.linking.also(third.id) == frozenset()


@pytest.mark.parametrize("wrong", ["", "nonsense", "x" * 43, "x" * 5_000, "\ud800", "שלום"])
async def test_what_is_no_code_links_nobody(tmp_path: Path, wrong: str) -> None:
    async with town(tmp_path) as at:
        one, other = await danas(at)
        await at.linking.issue(one)
        assert await at.linking.redeem(other, wrong) is Redeemed.REFUSED


@pytest.mark.parametrize("dress", ["`{}`", "\u2068{}\u2069", " {}\n", "<{}>"])
async def test_a_code_may_come_as_it_was_copied(tmp_path: Path, dress: str) -> None:
    async with town(tmp_path) as at:
        one, other = await danas(at)
        assert await at.linking.redeem(other, dress.format(await at.linking.issue(one))) is Redeemed.LINKED


async def test_an_account_cannot_use_its_own_code_and_it_stays_good(tmp_path: Path) -> None:
    async with town(tmp_path) as at:
        one, other = await danas(at)
        code = await at.linking.issue(one)
        assert await at.linking.redeem(one, code) is Redeemed.OWN
        assert await at.linking.redeem(other, code) is Redeemed.LINKED


async def test_another_tenants_code_is_no_code(tmp_path: Path) -> None:
    async with town(tmp_path) as at:
        one, _ = await danas(at)
        stranger = await at.add("slate:stranger", Role.NONE, TenantId("away"))
        assert await at.link(one, stranger) is Redeemed.REFUSED
        assert at.linking.also(one.id) == frozenset()


async def test_nobody_links_who_may_nothing(tmp_path: Path) -> None:
    async with town(tmp_path) as at:
        one, other = await danas(at)
        with pytest.raises(NotAllowedError):
            await at.linking.issue(other)
        code = await at.linking.issue(one)
        at.shut_out = {one.id}  # between the code and its use
        assert await at.linking.redeem(other, code) is Redeemed.REFUSED


async def test_a_code_cannot_be_foisted_on_somebody_who_may_more(tmp_path: Path) -> None:
    async with town(tmp_path) as at:
        mallory, owner = await at.add("paper:mallory"), await at.add("slate:owner", Role.OWNER)
        code = await at.linking.issue(mallory)
        assert await at.linking.redeem(owner, code) is Redeemed.OTHER_WAY
        assert (await at.seen(mallory)).role is Role.MEMBER
        assert at.linking.also(owner.id) == frozenset()
        assert await at.link(owner, mallory) is Redeemed.LINKED, "given by the one who may more, it is meant"
        assert (await at.seen(mallory)).role is Role.OWNER


async def test_a_code_used_just_before_a_crash_still_links_whoever_used_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with town(tmp_path) as at:
        one, other = await danas(at)
        third = await at.add("slate:third", Role.NONE)
        code, link = await at.linking.issue(one), at.people.link

        async def dies(*given: object) -> bool:
            raise UnavailableError("storage_unavailable", "killed here")

        monkeypatch.setattr(at.people, "link", dies)
        with pytest.raises(UnavailableError):
            await at.linking.redeem(other, code)
        monkeypatch.setattr(at.people, "link", link)
        at.clock.advance(timedelta(days=1))
        assert await at.linking.redeem(third, code) is Redeemed.REFUSED
        for _ in range(2):  # handled again, and again
            assert await at.linking.redeem(other, code) is Redeemed.LINKED
        assert at.linking.also(one.id) == {other.id}


async def test_two_accounts_with_one_code_at_once_are_not_both_linked(tmp_path: Path) -> None:
    async with town(tmp_path) as at:
        one, other = await danas(at)
        third, code = await at.add("slate:third", Role.NONE), await at.linking.issue(one)
        async with asyncio.TaskGroup() as group:
            tries = [group.create_task(at.linking.redeem(who, code)) for who in (other, third)]
        assert sorted(t.result() for t in tries) == [Redeemed.LINKED, Redeemed.REFUSED]
        assert len(at.linking.also(one.id)) == 1


# Unlinking.


async def test_an_unlinked_account_is_alone_and_no_code_leads_back(tmp_path: Path) -> None:
    async with town(tmp_path) as at:
        one, other = await danas(at)
        code, unused = await at.linking.issue(one), await at.linking.issue(one)
        await at.linking.redeem(other, code)
        theirs = await at.linking.issue(await at.seen(other))
        for _ in range(2):
            await at.linking.unlink(other)
            assert (at.linking.also(one.id), at.linking.also(other.id)) == (frozenset(), frozenset())
            assert (await at.seen(other)).role is Role.NONE
        for led_back in (code, unused, theirs):  # the first one was theirs to use again
            assert await at.linking.redeem(other, led_back) is Redeemed.REFUSED
            assert not at.linking.carried.knows(led_back)
        assert await Linking(at.people, at.codes, at.clock).carried.find(bot.linking.CodeKind.LINK, code, other) is None


async def test_whoever_watches_hears_of_links_made_and_ended(tmp_path: Path) -> None:
    async with town(tmp_path) as at:
        one, other = await danas(at)
        heard: list[int] = []

        def changed() -> None:
            heard.append(len(at.linking.linked("")))

        at.linking.watch(changed)
        await at.link(one, other)
        await at.linking.unlink(one)
        at.linking.unwatch(changed)
        await at.link(one, other)
        assert heard == [2, 0]


# What a person may.


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        (Role.OWNER, Role.NONE, Role.OWNER),
        (Role.OWNER, Role.MEMBER, Role.OWNER),
        (Role.ADMIN, Role.MEMBER, Role.ADMIN),
        (Role.OWNER, Role.ADMIN, Role.OWNER),
        (Role.MEMBER, Role.NONE, Role.MEMBER),
    ],
)
async def test_accounts_of_a_person_share_the_highest_role(
    tmp_path: Path, one: Role, other: Role, shared: Role
) -> None:
    async with town(tmp_path) as at:
        first, second = await at.add(DANA_ID, one), await at.add(DANA_TOO, other)
        await at.link(first, second)
        assert [(await at.seen(who)).role for who in (first, second)] == [shared, shared]
        assert (await at.people.known(second.id)) == second, "what is kept of each stays its own"


async def test_an_account_its_platform_shuts_out_lends_nothing_and_its_things_are_nobodys(tmp_path: Path) -> None:
    async with town(tmp_path) as at:
        one, other = await at.add(DANA_ID, Role.OWNER), await at.add(DANA_TOO, Role.MEMBER)
        await at.link(one, other)
        at.shut_out = {one.id}
        left = await at.seen(other)
        assert (left.role, left.ids) == (Role.MEMBER, {other.id})
        assert await at.linking.person(one.id) is None
        assert at.linking.also(other.id) == {one.id}, "the link itself stays, should they come back"
        at.shut_out = set()
        assert (await at.seen(other)).role is Role.OWNER


@pytest.mark.parametrize(
    "away",
    [UnavailableError("paper_unavailable", "away"), TimeoutError("slow"), RuntimeError("Session is closed")],
    ids=["away", "slow", "closed"],
)
async def test_while_a_platform_cannot_be_asked_what_is_kept_counts(tmp_path: Path, away: Exception) -> None:
    async with town(tmp_path) as at:
        one, other = await danas(at)
        await at.link(one, other)
        at.away = away
        assert (await at.seen(other)).role is Role.MEMBER


async def test_a_platform_that_does_not_answer_is_not_waited_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with town(tmp_path) as at:
        one, other = await danas(at)
        await at.link(one, other)
        monkeypatch.setattr(bot.linking, "VOUCHED_WITHIN", timedelta(milliseconds=10))

        async def silent(_: PrincipalId) -> bool:
            await asyncio.Event().wait()
            return False

        at.linking.vouch("paper:", silent)
        assert (await at.seen(other)).role is Role.MEMBER


async def test_somebody_without_links_is_looked_up_nowhere_else(tmp_path: Path) -> None:
    async with town(tmp_path) as at:
        one, other = await danas(at)
        assert await at.linking.joined(one) is one
        assert at.asked == []
        assert await at.linking.person(other.id) is None
        assert await at.linking.person(PrincipalId("slate:unmet")) is None
        known = await at.linking.person(one.id)
        assert known == one


async def test_an_owner_elsewhere_is_one_here_by_their_linked_account(tmp_path: Path) -> None:
    async with town(tmp_path) as at:
        one, other = await at.add(DANA_ID, Role.OWNER), await at.add(DANA_TOO, Role.NONE)
        assert await at.linking.linked_owners("slate:") == []
        await at.link(one, other)
        assert await at.linking.linked_owners("slate:") == [other.id]
        assert await at.linking.linked_owners("paper:") == [], "there they are one by themselves"
        at.shut_out = {one.id}
        assert await at.linking.linked_owners("slate:") == []
