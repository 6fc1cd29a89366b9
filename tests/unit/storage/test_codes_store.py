"""Codes: good once, for one person, until they end; a crash in between leaves them to whoever used them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path

import pytest

from engine.domain.ids import DEFAULT_TENANT, PrincipalId
from engine.ports.codes import Code, CodeKind
from storage.codec import instant
from storage.codes_store import SqliteCodes
from storage.database import open_database
from tests.lab import FakeClock

NOW = FakeClock().now()
LATER = NOW + timedelta(minutes=10)
DANA, AVI, NOA = (PrincipalId(f"paper:{name}") for name in ("dana", "avi", "noa"))


def code(issuer: PrincipalId = DANA, kind: CodeKind = CodeKind.LINK) -> Code:
    return Code(kind=kind, issuer=issuer, tenant_id=DEFAULT_TENANT, expires_at=LATER)


@pytest.fixture
async def codes(tmp_path: Path) -> AsyncGenerator[SqliteCodes]:
    async with open_database(tmp_path, now=instant(NOW), durable=False) as database:
        codes = SqliteCodes(database)
        await codes.add("h1", code())
        yield codes


async def test_a_code_is_found_as_it_was_kept_and_stays(codes: SqliteCodes) -> None:
    for _ in range(2):
        assert await codes.find("h1", NOW, AVI) == code()
    assert await codes.find("h2", NOW, AVI) is None
    assert await codes.live(NOW) == {"h1": code()}


async def test_a_code_is_used_by_one_person_who_may_come_back_with_it(codes: SqliteCodes) -> None:
    assert await codes.use("h1", NOW, AVI)
    assert await codes.use("h1", LATER, AVI), "handled again after a crash, however late"
    found = await codes.find("h1", LATER + timedelta(days=1), AVI)
    assert found is not None
    assert found.used_by == AVI
    assert not await codes.use("h1", NOW, NOA)
    assert await codes.find("h1", NOW, NOA) is None
    assert await codes.live(NOW) == {}


async def test_two_people_with_one_code_at_once_are_not_both_let_in(codes: SqliteCodes) -> None:
    async with asyncio.TaskGroup() as group:
        tries = [group.create_task(codes.use("h1", NOW, who)) for who in (AVI, NOA)]
    assert sorted(one.result() for one in tries) == [False, True]


async def test_a_code_ends_when_it_is_too_old(codes: SqliteCodes) -> None:
    assert await codes.find("h1", LATER - timedelta(seconds=1), AVI) is not None
    assert await codes.find("h1", LATER, AVI) is None
    assert not await codes.use("h1", LATER, AVI)
    assert await codes.live(LATER) == {}


async def test_a_code_that_was_seen_is_gone_before_anything_that_is_written_later(codes: SqliteCodes) -> None:
    codes.spoil("h1")
    await codes.add("h2", code())
    assert await codes.find("h1", NOW, AVI) is None
    assert not await codes.use("h1", NOW, AVI)
    codes.spoil("unknown")


async def test_ending_what_somebody_made_or_used_leaves_other_peoples_codes(codes: SqliteCodes) -> None:
    await codes.add("h2", code(NOA, CodeKind.INVITATION))
    await codes.add("h3", code(NOA))
    assert await codes.use("h3", NOW, AVI)
    await codes.void([DANA, AVI])
    await codes.void([])
    assert await codes.find("h1", NOW, AVI) is None
    assert await codes.find("h3", NOW, AVI) is None
    assert await codes.live(NOW) == {"h2": code(NOA, CodeKind.INVITATION)}


async def test_old_codes_are_forgotten_used_or_not(codes: SqliteCodes) -> None:
    await codes.use("h1", NOW, AVI)
    assert await codes.forget(LATER) == 0
    assert await codes.forget(LATER + timedelta(seconds=1)) == 1
    assert await codes.find("h1", NOW, AVI) is None
