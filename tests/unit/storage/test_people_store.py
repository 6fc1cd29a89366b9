"""Accounts of one person: linked together with whatever either was linked with before, and never across tenants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.ids import DEFAULT_TENANT, PrincipalId, TenantId
from engine.domain.tenant import Principal, Role
from storage.codec import instant
from storage.database import open_database
from storage.people_store import SqlitePeople
from tests.lab import FakeClock

NOW = FakeClock().now()
AWAY = TenantId("away")
A, B, C, D = (PrincipalId(f"paper:{name}") for name in "abcd")


@pytest.fixture
async def people(tmp_path: Path) -> AsyncGenerator[SqlitePeople]:
    async with open_database(tmp_path, now=instant(NOW), durable=False) as database:
        people = SqlitePeople(database)
        for account in (A, B, C, D):
            await people.keep(somebody(account), NOW)
        yield people


def somebody(account: PrincipalId, role: Role = Role.MEMBER, tenant: TenantId = DEFAULT_TENANT) -> Principal:
    return Principal(id=account, tenant_id=tenant, role=role, name=account.upper())


async def test_two_accounts_are_one_persons_from_either_side(people: SqlitePeople) -> None:
    assert await people.links() == {}
    assert await people.link(A, B, NOW)
    assert await people.links() == {A: {B}, B: {A}}
    assert await people.link(B, A, NOW), "repeating is harmless"
    assert await people.links() == {A: {B}, B: {A}}


async def test_whatever_either_was_linked_with_is_the_same_persons_too(people: SqlitePeople) -> None:
    assert await people.link(A, B, NOW)
    assert await people.link(C, D, NOW)
    assert await people.link(B, C, NOW)
    assert await people.links() == {A: {B, C, D}, B: {A, C, D}, C: {A, B, D}, D: {A, B, C}}


async def test_an_account_that_is_unlinked_leaves_the_others_together(people: SqlitePeople) -> None:
    assert await people.link(A, B, NOW)
    assert await people.link(B, C, NOW)
    for _ in range(2):
        await people.unlink(B)
        assert await people.links() == {A: {C}, C: {A}}


async def test_whoever_was_unlinked_and_links_with_somebody_else_is_not_with_the_first_again(
    people: SqlitePeople,
) -> None:
    assert await people.link(A, B, NOW)
    await people.unlink(A)
    assert await people.link(A, C, NOW)
    assert await people.links() == {A: {C}, C: {A}}


async def test_an_account_is_never_linked_across_tenants_nor_with_one_nobody_met(people: SqlitePeople) -> None:
    elsewhere = PrincipalId("paper:elsewhere")
    await people.keep(somebody(elsewhere, tenant=AWAY), NOW)
    for one, other in (
        (A, elsewhere),
        (elsewhere, A),
        (A, PrincipalId("paper:unmet")),
        (PrincipalId("paper:unmet"), A),
    ):
        assert not await people.link(one, other, NOW)
    assert await people.links() == {}


async def test_an_account_alone_is_linked_with_nobody(people: SqlitePeople) -> None:
    assert await people.link(A, A, NOW)
    assert await people.links() == {}


async def test_a_new_name_takes_no_role_away_and_gives_none(people: SqlitePeople) -> None:
    await people.rename(somebody(A, Role.NONE), NOW)
    assert await people.known(A) == somebody(A)
    stranger = PrincipalId("paper:stranger")
    await people.rename(somebody(stranger, Role.NONE), NOW)
    await people.rename(Principal(id=stranger, tenant_id=DEFAULT_TENANT, role=Role.OWNER, name="Noa"), NOW)
    found = await people.known(stranger)
    assert found is not None
    assert (found.role, found.name) == (Role.NONE, "Noa")
    await people.rename(Principal(id=stranger, tenant_id=AWAY, role=Role.NONE, name="Avi"), NOW)
    assert await people.known(stranger) == found


# The same, whatever is done in whatever order.

STEPS = st.lists(st.tuples(st.sampled_from(["link", "unlink"]), st.integers(0, 5), st.integers(0, 5)), max_size=12)


def after(steps: Iterable[tuple[str, int, int]]) -> dict[int, set[int]]:
    """Who is with whom; the last two are of another tenant."""
    groups = {n: {n} for n in range(6)}
    for step, one, other in steps:
        if step == "unlink":
            groups[one].discard(one)
            groups[one] = {one}
        elif (one < 4) == (other < 4):
            together = groups[one] | groups[other]
            groups.update(dict.fromkeys(together, together))
    return {n: group - {n} for n, group in groups.items() if len(group) > 1}


def test_links_are_symmetric_and_transitive_and_stay_in_their_tenant(tmp_path: Path) -> None:
    with asyncio.Runner() as runner:
        stack, examples = AsyncExitStack(), iter(range(10_000))

        async def begin() -> SqlitePeople:
            return SqlitePeople(
                await stack.enter_async_context(open_database(tmp_path, now=instant(NOW), durable=False))
            )

        async def do(steps: Iterable[tuple[str, int, int]]) -> Mapping[int, set[int]]:
            mine = {n: PrincipalId(f"paper:{example}:{n}") for example in [next(examples)] for n in range(6)}
            for n, account in mine.items():
                await people.keep(somebody(account, tenant=DEFAULT_TENANT if n < 4 else AWAY), NOW)
            for step, one, other in steps:
                if step == "link":
                    assert await people.link(mine[one], mine[other], NOW) is ((one < 4) == (other < 4))
                else:
                    await people.unlink(mine[one])
            links, numbers = await people.links(), {account: n for n, account in mine.items()}
            return {numbers[a]: {numbers[o] for o in others} for a, others in links.items() if a in numbers}

        people = runner.run(begin())

        @settings(max_examples=60, deadline=None)
        @given(STEPS)
        def holds(steps: list[tuple[str, int, int]]) -> None:
            assert runner.run(do(steps)) == after(steps)

        holds()
        runner.run(stack.aclose())
