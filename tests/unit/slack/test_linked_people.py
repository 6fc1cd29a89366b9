"""A member of the workspace is the same person on other chats; somebody Slack shuts out is nobody, on any of them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.access import OneTimeCodes
from bot.claims import CODE_SPOILT
from bot.linking import Redeemed
from bot.slack.people import KNOWN_FOR, SlackPeople
from engine.domain.tenant import Role
from tests.unit.bot.linked import Town, town
from tests.unit.slack.test_people import NOBODY, TEAM, Company


def workspace(at: Town) -> tuple[Company, SlackPeople, OneTimeCodes]:
    company, codes = Company(), OneTimeCodes(at.clock, timedelta(hours=1))
    people = SlackPeople(company, at.people, at.clock, TEAM, codes, at.linking)
    at.linking.vouch("slack:", people.standing)
    return company, people, codes


async def test_a_link_counts_at_once_whatever_was_looked_up_before(tmp_path: Path) -> None:
    async with town(tmp_path) as at:
        company, people, _ = workspace(at)
        member, other = await people.principal("U1"), await at.add("slate:dana", Role.OWNER)
        assert member.ids == {member.id}
        assert await at.link(other, member) is Redeemed.LINKED
        linked = await people.principal("U1")
        assert (linked.role, linked.ids) == (Role.OWNER, {member.id, other.id})
        await at.linking.unlink(linked)
        assert await people.principal("U1") == member
        assert company.asked == ["U1"], "Slack was asked once"


async def test_whom_slack_calls_nobody_stays_it_whatever_their_other_account_may(tmp_path: Path) -> None:
    async with town(tmp_path) as at:
        company, people, _ = workspace(at)
        member, owner = await people.principal("U1"), await at.add("slate:owner", Role.OWNER)
        await at.link(owner, member)
        company.left = {"U1"}
        at.clock.advance(KNOWN_FOR * 2)
        left = await people.principal("U1")
        assert (left.role, left.ids) == (Role.NONE, {member.id})
        stranger = await people.principal("U1", team="T9")
        assert (stranger.role, stranger.ids) == (Role.NONE, {member.id})


async def test_who_left_the_workspace_lends_their_other_account_nothing_though_they_owned_it(tmp_path: Path) -> None:
    async with town(tmp_path) as at:
        company, people, codes = workspace(at)
        owner, phone = await people.principal("U1"), await at.add("slate:phone", Role.NONE)
        assert await people.claim(owner, codes.issue(NOBODY)[0])
        owner = await people.principal("U1")
        assert await at.link(owner, phone) is Redeemed.LINKED
        assert (await at.seen(phone)).role is Role.OWNER
        company.left = {"U1"}
        at.clock.advance(KNOWN_FOR * 2)
        seen = await at.seen(phone)
        assert (seen.role, seen.ids) == (Role.NONE, {phone.id})


async def test_somebody_of_a_workspace_we_were_in_before_lends_nothing(tmp_path: Path) -> None:
    async with town(tmp_path) as at:
        company, _, _ = workspace(at)
        before, phone = await at.add("slack:T0:U1", Role.OWNER), await at.add("slate:phone", Role.NONE)
        assert await at.people.link(before.id, phone.id, at.clock.now())
        await at.linking.load()
        assert (await at.seen(phone)).role is Role.NONE
        assert company.asked == []


async def test_a_member_whose_other_account_owns_is_the_owner_here_as_long_as_they_are_a_member(tmp_path: Path) -> None:
    async with town(tmp_path) as at:
        company, people, codes = workspace(at)
        member, owner = await people.principal("U1"), await at.add("slate:owner", Role.OWNER)
        await at.link(owner, member)
        assert await people.has_owner()
        assert not await people.claim(await people.principal("U2"), codes.issue(NOBODY)[0])
        company.left = {"U1"}
        assert not await people.has_owner()
        assert await people.claim(await people.principal("U2"), codes.issue(NOBODY)[0])


@pytest.mark.parametrize("shown", ["/tizmor link {}", "`{}`"])
async def test_a_link_code_shown_in_a_channel_is_void(tmp_path: Path, shown: str) -> None:
    async with town(tmp_path) as at:
        _, people, _ = workspace(at)
        code = await at.linking.issue(await people.principal("U1"))
        assert people.holds_code(shown.format(code))
        assert people.spoil(shown.format(code)) == CODE_SPOILT
        assert not people.holds_code(shown.format(code))
