"""A code of any kind that others may have read is good for nothing any more."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from bot.access import CODE_CHARACTERS, OneTimeCodes, new_code
from bot.claims import CODE_SPOILT, OWNER_CODE_SPOILT, Claims, Ownership, plain_code
from bot.linking import Redeemed
from bot.slack.markup.escape import escape, inline
from engine.domain.ids import DEFAULT_TENANT, PrincipalId
from engine.domain.tenant import Principal, Role
from engine.errors import UnavailableError
from engine.ports.codes import CodeKind
from tests.unit.bot.linked import Town, town

NOBODY = Principal(id=PrincipalId("slate:"), tenant_id=DEFAULT_TENANT, role=Role.NONE)


@asynccontextmanager
async def guarded(home: Path) -> AsyncGenerator[tuple[Town, Claims, OneTimeCodes]]:
    async with town(home) as at:
        owners = OneTimeCodes(at.clock, timedelta(hours=1))

        async def stands(_: PrincipalId) -> bool:
            return True

        async def linked() -> list[PrincipalId]:
            return await at.linking.linked_owners("slate:")

        ownership = Ownership(
            people=at.people,
            clock=at.clock,
            tenant=DEFAULT_TENANT,
            prefix="slate:",
            stands=stands,
            linked_owners=linked,
            changed=lambda: None,
        )
        yield at, Claims(owners, at.linking.carried, ownership), owners


SHOWN = ["{}", "link {}", "`/tizmor link {}`", "https://t.me/tizmor_bot?start={}", "_{}_", "link{}", "שלום {} תודה"]


@pytest.mark.parametrize("shown", SHOWN)
async def test_a_link_code_that_is_shown_is_void_and_the_others_are_not(tmp_path: Path, shown: str) -> None:
    async with guarded(tmp_path) as (at, claims, _):
        dana, other = await at.add("paper:dana"), await at.add("slate:dana", Role.NONE)
        code, unseen = await at.linking.issue(dana), await at.linking.issue(dana)
        text = shown.format(code)
        assert claims.holds_code(text)
        for _ in range(2):  # handled again
            assert claims.spoil(text) == CODE_SPOILT
        assert not claims.holds_code(text)
        assert await at.linking.redeem(other, code) is Redeemed.REFUSED
        assert await at.linking.redeem(other, unseen) is Redeemed.LINKED


@pytest.mark.parametrize("shown", SHOWN)
async def test_so_is_an_invitation_also_after_a_restart(tmp_path: Path, shown: str) -> None:
    async with guarded(tmp_path) as (at, _, _):
        owner = await at.add("paper:owner", Role.OWNER)
        code = await at.linking.carried.issue(CodeKind.INVITATION, owner, timedelta(hours=24))
    async with guarded(tmp_path) as (at, claims, _):
        assert claims.spoil(shown.format(code)) == CODE_SPOILT
    async with guarded(tmp_path) as (at, claims, _):
        assert not claims.holds_code(shown.format(code))
        assert await at.linking.carried.find(CodeKind.INVITATION, code, NOBODY) is None


async def test_the_owners_code_is_told_of_first_and_takes_all_of_its_kind_along(tmp_path: Path) -> None:
    async with guarded(tmp_path) as (at, claims, owners):
        dana = await at.add("paper:dana")
        mine, other = owners.issue(NOBODY)[0], owners.issue(NOBODY)[0]
        link = await at.linking.issue(dana)
        assert claims.spoil(f"{link} {mine}") == OWNER_CODE_SPOILT
        assert not any(claims.holds_code(code) for code in (mine, other, link))


async def test_other_words_and_codes_that_ended_void_nothing(tmp_path: Path) -> None:
    async with guarded(tmp_path) as (at, claims, _):
        code = await at.linking.issue(await at.add("paper:dana"))
        for text in ("", "set up a meeting", code[:-1], code.swapcase(), "x" * 43, "a" * 40_000):
            assert not claims.spoil(text)
        at.clock.advance(timedelta(minutes=10))
        assert not claims.spoil(code)


async def test_a_code_that_could_not_be_ended_is_still_known_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with guarded(tmp_path) as (at, claims, _):
        code = await at.linking.issue(await at.add("paper:dana"))
        write = at.database.write_behind

        def full(_: object) -> bool:
            return False

        monkeypatch.setattr(at.database, "write_behind", full)
        with pytest.raises(UnavailableError):
            claims.spoil(code)
        monkeypatch.setattr(at.database, "write_behind", write)
        assert claims.spoil(code) == CODE_SPOILT


async def test_an_owner_by_a_linked_account_leaves_nothing_to_claim(tmp_path: Path) -> None:
    async with guarded(tmp_path) as (at, claims, owners):
        owner, other = await at.add("paper:owner", Role.OWNER), await at.add("slate:owner", Role.NONE)
        avi = await at.add("slate:avi", Role.NONE)
        assert not await claims.has_owner()
        await at.link(owner, other)
        assert await claims.has_owner()
        assert not await claims.claim(avi, owners.issue(NOBODY)[0])
        await at.linking.unlink(other)
        assert not await claims.has_owner()
        assert await claims.claim(avi, owners.issue(NOBODY)[0])
        assert await claims.has_owner()


def test_no_chat_changes_what_a_code_says() -> None:
    for code in (new_code() for _ in range(200)):
        assert len(code) == CODE_CHARACTERS
        assert escape(code) == inline(code) == plain_code(code) == code


def test_a_code_is_found_in_what_came_along_with_it() -> None:
    code = new_code()
    for text in (f" {code}\n", f"`{code}`", f"\u2068{code}\u2069"):
        assert plain_code(text) == code
