"""Who somebody is comes from Slack; who the owner is, from one code that was seen by nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.access import OneTimeCodes
from bot.slack.address import PREFIX, principal_id
from bot.slack.people import KNOWN_FOR, SlackPeople
from engine.domain.ids import DEFAULT_TENANT, PrincipalId
from engine.domain.tenant import Principal, Role
from engine.errors import RefusedError, UnavailableError
from storage.codec import instant
from storage.database import open_database
from storage.people_store import SqlitePeople
from tests.lab import FakeClock
from tests.surfaces.slack.intake import logged

TEAM = "T1"
NOBODY = Principal(id=PrincipalId(PREFIX), tenant_id=DEFAULT_TENANT, role=Role.NONE)


@dataclass
class Company:
    """Slack's list of people: everybody is a member, save who is named here."""

    left: set[str] = field(default_factory=set[str])
    refused: str = ""
    """Why Slack says nothing of anybody."""
    asked: list[str] = field(default_factory=list[str])
    named: str = ""

    async def user(self, user_id: str) -> Mapping[str, Any]:
        self.asked.append(user_id)
        if self.refused:
            detail, why = f"users.info: {self.refused}.", {"method": "users.info", "reason": self.refused}
            raise RefusedError("slack_refused", detail, why)
        return {"id": user_id, "team_id": TEAM, "name": self.named or user_id, "deleted": user_id in self.left}


@dataclass(slots=True)
class Office:
    company: Company
    people: SlackPeople
    kept: SqlitePeople
    codes: OneTimeCodes
    clock: FakeClock

    def code(self) -> str:
        return self.codes.issue(NOBODY)[0]

    async def role(self, user: str) -> Role:
        """What is kept of somebody."""
        found = await self.kept.known(principal_id(TEAM, user))
        return found.role if found is not None else Role.NONE

    async def claim(self, user: str, code: str) -> bool:
        return await self.people.claim(await self.people.principal(user), code)


@asynccontextmanager
async def office(home: Path, team: str = TEAM) -> AsyncGenerator[Office]:
    company, clock = Company(), FakeClock()
    async with open_database(home, now=instant(clock.now()), durable=False) as database:
        kept, codes = SqlitePeople(database), OneTimeCodes(clock, timedelta(hours=1))
        yield Office(company, SlackPeople(company, kept, clock, team, codes), kept, codes, clock)


# Becoming the owner.


@pytest.mark.parametrize("slow", ["user", "known", "keep"])
async def test_a_look_up_that_began_before_the_claim_takes_it_back_neither_in_memory_nor_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slow: str
) -> None:
    async with office(tmp_path) as at:
        asker, reached, go_on = await at.people.principal("U1"), asyncio.Event(), asyncio.Event()
        where: Any = at.company if slow == "user" else at.kept
        real = getattr(where, slow)

        async def slowly(*given: Any) -> Any:
            monkeypatch.setattr(where, slow, real)
            found = None if slow == "keep" else await real(*given)
            reached.set()
            await go_on.wait()
            return await real(*given) if slow == "keep" else found

        at.company.named = "Dana"  # so that there is something to keep
        at.clock.advance(KNOWN_FOR * 2)
        monkeypatch.setattr(where, slow, slowly)
        async with asyncio.TaskGroup() as group:
            looking = group.create_task(at.people.principal("U1"))
            await reached.wait()
            assert await at.people.claim(asker, at.code())
            go_on.set()
        assert looking.result().role is Role.OWNER
        assert (await at.people.principal("U1")).role is Role.OWNER
        assert await at.role("U1") is Role.OWNER


async def test_whatever_is_kept_of_an_owner_later_they_stay_it(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        assert await at.claim("U1", at.code())
        for role in (Role.MEMBER, Role.NONE, Role.ADMIN):
            told = Principal(id=principal_id(TEAM, "U1"), tenant_id=DEFAULT_TENANT, role=role, name=role.value)
            await at.kept.keep(told, at.clock.now())
            found = await at.kept.known(told.id)
            assert found is not None
            assert (found.role, found.name) == (Role.OWNER, role.value)


async def test_two_codes_claimed_at_once_make_one_owner(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        first, second = at.code(), at.code()
        async with asyncio.TaskGroup() as group:
            one = group.create_task(at.claim("U1", first))
            two = group.create_task(at.claim("U2", second))
        assert sorted([one.result(), two.result()]) == [False, True]
        assert sorted([await at.role("U1"), await at.role("U2")]) == [Role.MEMBER, Role.OWNER]


async def test_a_code_is_good_once_and_only_while_there_is_no_owner(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        code, other = at.code(), at.code()
        assert not await at.claim("U1", "no such code")
        assert await at.claim("U1", code)
        assert not await at.claim("U2", code)
        assert not await at.claim("U2", other)
        assert await at.role("U2") is Role.MEMBER


async def test_a_claim_that_could_not_be_written_can_be_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with office(tmp_path) as at:
        code, asker = at.code(), await at.people.principal("U1")
        real = at.kept.make_owner

        async def lost(*given: Any) -> bool:
            await real(*given)
            raise UnavailableError("storage_unavailable", "nobody knows whether it was written")

        monkeypatch.setattr(at.kept, "make_owner", lost)
        with pytest.raises(UnavailableError):
            await at.people.claim(asker, code)
        monkeypatch.setattr(at.kept, "make_owner", real)
        assert await at.claim("U1", code)
        assert not await at.claim("U1", code)


# An owner who left.


async def test_somebody_else_can_become_the_owner_once_the_owner_is_no_member_any_more(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        assert await at.claim("U1", at.code())
        assert await at.people.has_owner()
        at.company.left = {"U1"}
        assert not await at.people.has_owner()
        assert await at.claim("U2", at.code())
        assert await at.people.has_owner()
        at.company.left = set()
        at.clock.advance(KNOWN_FOR * 2)
        assert (await at.people.principal("U1")).role is Role.MEMBER  # who came back is not the owner besides
        assert (await at.people.principal("U2")).role is Role.OWNER


async def test_an_owner_of_another_workspace_is_none_here(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        elsewhere = Principal(id=principal_id("T2", "U9"), tenant_id=DEFAULT_TENANT, role=Role.OWNER)
        assert await at.kept.make_owner(elsewhere, at.clock.now(), PREFIX, ())
        assert not await at.people.has_owner()
        assert at.company.asked == []
        assert await at.claim("U1", at.code())


async def test_nobody_becomes_the_owner_while_slack_does_not_say_whether_there_is_one(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        assert await at.claim("U1", at.code())
        second, code = await at.people.principal("U2"), at.code()
        at.company.refused = "missing_scope"
        with pytest.raises(UnavailableError):
            await at.people.claim(second, code)
        at.company.refused = ""
        assert not await at.people.claim(second, code)


# A code that was shown.


@pytest.mark.parametrize(
    "shown",
    [
        "clam {}",
        "`claim {}`",
        "/tizmor claim {}",
        "{}",
        "owner:{}.",
        "_{}_",
        "*claim* <{}>",
        "one\ntwo ```{}```",
        "claim{}",
    ],
)
async def test_a_text_that_holds_a_live_code_is_known_and_voids_every_code(tmp_path: Path, shown: str) -> None:
    async with office(tmp_path) as at:
        code, other = at.code(), at.code()
        text = shown.format(code)
        assert at.people.holds_code(text)
        assert at.people.spoil(text)
        assert at.people.spoil(text)  # handled again
        assert not at.people.holds_code(text)
        assert not await at.claim("U1", code)
        assert not await at.claim("U1", other)
        assert await at.claim("U2", at.code())


async def test_other_words_void_nothing(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        code = at.code()
        for text in ("", "set up a meeting", code[:-1], code.swapcase(), "x" * 43, "a" * 40_000, "claim `CODE`"):
            assert not at.people.holds_code(text)
            assert not at.people.spoil(text)
        assert await at.claim("U1", code)


async def test_a_code_that_is_too_old_is_no_code(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        code = at.code()
        at.clock.advance(timedelta(hours=2))
        assert not at.people.spoil(f"clam {code}")


# What Slack does not say.


@pytest.mark.parametrize("reason", ["user_not_found", "user_not_visible"])
async def test_somebody_slack_does_not_know_is_a_stranger(tmp_path: Path, reason: str) -> None:
    async with office(tmp_path) as at:
        at.company.refused = reason
        assert (await at.people.principal("U1")).role is Role.NONE


async def test_nobody_is_a_stranger_because_a_permission_of_ours_is_missing_and_it_is_said_once(tmp_path: Path) -> None:
    async with logged() as lines, office(tmp_path) as at:
        at.company.refused = "missing_scope"
        for user in ("U1", "U1", "U2"):
            with pytest.raises(UnavailableError) as told:
                await at.people.principal(user)
            assert told.value.parameters["reason"] == "missing_scope"
        errors = [line for line in lines if line.startswith("ERROR slack_people_unreadable")]
        assert len(errors) == 1
        assert "users.info" in errors[0]
        assert "missing_scope" in errors[0]
        at.company.refused = ""
        assert (await at.people.principal("U1")).role is Role.MEMBER
        at.company.refused = "missing_scope"
        with pytest.raises(UnavailableError):
            await at.people.principal("U2")
        assert len([line for line in lines if line.startswith("ERROR slack_people_unreadable")]) == 2
