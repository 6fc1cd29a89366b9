"""Copies are of one instant, whole, private and never in the place of another file; what they bring back is doubted."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.domain.approval import ApprovalKind, DecisionVerb
from engine.domain.effect import Effect
from engine.domain.execution import ExecutionOutcome
from engine.domain.ids import DEFAULT_TENANT, PrincipalId
from engine.errors import RequestError
from engine.ports.chat_log import Delivery
from storage.acknowledged import AcknowledgedFile
from storage.backup import copy_database
from storage.chat_store import SqliteChatLog
from storage.database import DATABASE_FILE, HomeLockedError, open_database
from storage.inspection import inspect
from storage.restore import restore
from tests.lab import Publish, World, open_lab, plan, step

NOW = "2026-11-23T08:00:00.000000Z"
LATER = "2026-11-24T08:00:00.000000Z"
SAID = Delivery(
    key="k",
    surface="slate",
    user_id=PrincipalId("slate:dana"),
    tenant_id=DEFAULT_TENANT,
    text="publish it",
    received_at=datetime(2026, 11, 23, 8, tzinfo=UTC),
)


def world(effect: Effect = Effect.KEYED) -> World:
    return World(lambda _: plan(step("a"), step("p", "Publisher", left="a")), tools=(Publish(effect),))


def executions(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT count(*) FROM executions").fetchone()[0])


async def test_a_copy_made_while_everything_runs_is_of_one_instant_and_whole(tmp_path: Path) -> None:
    home, copies = tmp_path / "home", [tmp_path / f"copy{n}" for n in range(4)]
    async with open_lab(home, world()) as lab, asyncio.TaskGroup() as group:
        for number in range(40):
            group.create_task(lab.orchestrator.start(f"publish {number}", "owner"))
        for copy in copies:
            await asyncio.to_thread(copy_database, home / DATABASE_FILE, copy)
    for copy in copies:
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
        assert inspect(copy, running=True).structure == ()
        assert inspect(copy, running=True).damaged_rows == ()
    assert executions(copies[0]) <= executions(copies[-1]) <= 40
    assert sorted(p.name for p in tmp_path.iterdir()) == ["copy0", "copy1", "copy2", "copy3", "home"], (
        "nothing else is left"
    )


async def test_a_copy_replaces_no_file_and_a_damaged_database_is_not_copied(tmp_path: Path) -> None:
    async with open_lab(tmp_path, world()):
        pass
    source, there = tmp_path / DATABASE_FILE, tmp_path / "there"
    there.write_text("somebody's")
    with pytest.raises(RequestError, match="is there already"):
        copy_database(source, there)
    assert there.read_text() == "somebody's"
    raw = bytearray(source.read_bytes())
    raw[1024 * 5 : 1024 * 6] = os.urandom(1024)
    source.write_bytes(raw)
    with pytest.raises(RequestError, match=r"damaged|malformed"):
        copy_database(source, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


async def test_a_restored_database_has_what_was_there_and_the_replaced_one_is_kept(tmp_path: Path) -> None:
    home, copy = tmp_path / "home", tmp_path / "copy"
    async with open_lab(home, world()) as lab:
        await lab.asked((await lab.orchestrator.start("before", "owner")).id)
        copy_database(home / DATABASE_FILE, copy)
        with pytest.raises(HomeLockedError):
            restore(home, copy, LATER)
        await lab.asked((await lab.orchestrator.start("after", "owner")).id)
    done = restore(home, copy, LATER)
    assert done.doubtful == 1
    assert done.aside is not None
    assert (executions(home / DATABASE_FILE), executions(done.aside), executions(copy)) == (1, 2, 1)
    assert restore(home, copy, LATER).aside == home / f"{DATABASE_FILE}.replaced-2"


async def test_after_a_restore_generations_go_on_above_everything_that_ever_wrote(tmp_path: Path) -> None:
    home, copy = tmp_path / "home", tmp_path / "copy"
    async with open_database(home, now=NOW, durable=False) as database:
        copy_database(home / DATABASE_FILE, copy)
        assert database.generation == 1
    for expected in (2, 3, 4):
        async with open_database(home, now=NOW, durable=False) as database:
            assert database.generation == expected
    restore(home, copy, LATER)
    async with open_database(home, now=LATER, durable=False) as database:
        assert database.generation > 4
        assert database.missing == ""
    (home / DATABASE_FILE).write_bytes(b"not a database any more" * 1_000)
    restore(home, copy, LATER)
    async with open_database(home, now=LATER, durable=False) as database:
        assert database.generation > 5, "known from beside the database"


@pytest.mark.parametrize("effect", [Effect.KEYED, Effect.LOOKUP, Effect.UNKNOWN])
async def test_what_was_done_after_the_copy_was_made_is_not_done_again_without_asking(
    tmp_path: Path, effect: Effect
) -> None:
    home, copy, outside = tmp_path / "home", tmp_path / "copy", world(effect)
    (publish,) = outside.tools
    async with open_lab(home, outside) as lab:
        execution = await lab.orchestrator.start("publish it", "owner")
        asked = await lab.asked(execution.id)
        copy_database(home / DATABASE_FILE, copy)
        await lab.answer(asked, DecisionVerb.APPROVE)
        await lab.done(execution.id)
    assert len(publish.ledger) == 1
    restore(home, copy, LATER)
    async with open_lab(home, outside) as lab:
        await lab.answer(await lab.asked(execution.id), DecisionVerb.APPROVE)
        if effect is Effect.UNKNOWN:
            question = await lab.asked(execution.id, 2)
            assert question.kind is ApprovalKind.UNKNOWN_OUTCOME
            assert len(publish.ledger) == 1
            await lab.answer(question, DecisionVerb.CHOOSE, choice="happened")
        assert (await lab.done(execution.id)).outcome is ExecutionOutcome.SUCCEEDED
    assert len({key for key, _ in publish.ledger}) == 1
    assert len(publish.ledger) == (2 if effect is Effect.KEYED else 1), (
        "under the same key, where the provider knows it"
    )


async def test_what_waited_to_be_begun_when_the_copy_was_made_is_left_and_answers_are_handled(tmp_path: Path) -> None:
    home, copy = tmp_path / "home", tmp_path / "copy"
    kinds = ("message", "command", "shortcut", "edited", "click", "form", "stopped", "member")
    async with open_database(home, now=NOW, durable=False) as database:
        log = SqliteChatLog(database)
        for kind in (*kinds, "damaged"):
            assert await log.receive(replace(SAID, key=kind, kind=kind))
        copy_database(home / DATABASE_FILE, copy)
        for kind in kinds:
            await log.handled(kind, SAID.received_at)
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        connection.execute("UPDATE inbox SET body = substr(body, 2) WHERE key = 'damaged'")
    assert restore(home, copy, LATER).left == 4
    async with open_database(home, now=LATER, durable=False) as database:
        waiting = await SqliteChatLog(database).waiting("slate")
        assert {delivery.kind for delivery in waiting} == {"click", "form", "stopped", "member"}
        assert not await SqliteChatLog(database).receive(replace(SAID, key="message")), "it is still known"


@pytest.mark.parametrize("broken", ["missing", "text", "cut", "newer", "foreign"])
async def test_what_cannot_be_restored_changes_nothing(tmp_path: Path, broken: str) -> None:
    home, copy = tmp_path / "home", tmp_path / "copy"
    async with open_lab(home, world()):
        if broken not in {"missing", "text", "foreign"}:
            copy_database(home / DATABASE_FILE, copy)
    match broken:
        case "text":
            copy.write_text("no database")
        case "cut":
            copy.write_bytes(copy.read_bytes()[:20_000])
        case "newer":
            with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
                connection.execute("UPDATE alembic_version SET version_num = '9999'")
        case "foreign":
            with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
                connection.execute("CREATE TABLE anything (x)")
        case _:
            pass
    before = (home / DATABASE_FILE).read_bytes()
    with pytest.raises(RequestError) as refused:
        restore(home, copy, LATER)
    assert refused.value.code == "backup_unusable"
    assert (home / DATABASE_FILE).read_bytes() == before
    assert not [p.name for p in home.iterdir() if "restoring" in p.name or "replaced" in p.name]


async def test_a_log_that_was_cut_short_or_deleted_is_noticed_and_what_was_under_way_is_doubted(tmp_path: Path) -> None:
    outside = world(Effect.UNKNOWN)
    (publish,) = outside.tools
    home, early = tmp_path / "home", tmp_path / "early"
    async with open_lab(home, outside) as lab:
        execution = await lab.orchestrator.start("publish it", "owner")
        asked = await lab.asked(execution.id)
        copy_database(home / DATABASE_FILE, early)
        await lab.answer(asked, DecisionVerb.APPROVE)
        await lab.done(execution.id)
    told = AcknowledgedFile(home).read()
    (home / DATABASE_FILE).write_bytes(early.read_bytes())  # as a database is whose log is gone
    assert "had been acknowledged" in inspect(home / DATABASE_FILE, running=False).missing
    async with open_database(home, now=LATER, durable=False) as database:
        assert f"{told.generation}/{told.commits}" in database.missing
    async with open_lab(home, outside) as lab:
        await lab.answer(await lab.asked(execution.id), DecisionVerb.APPROVE)
        assert (await lab.asked(execution.id, 2)).kind is ApprovalKind.UNKNOWN_OUTCOME
    assert len(publish.ledger) == 1


async def test_a_process_that_was_killed_leaves_nothing_missing_unless_its_log_is_cut(tmp_path: Path) -> None:
    async with open_lab(tmp_path / "home", world()) as lab:
        await lab.asked((await lab.orchestrator.start("publish it", "owner")).id)
        files = {
            name: (tmp_path / "home" / name).read_bytes()
            for name in (DATABASE_FILE, f"{DATABASE_FILE}-wal", "acknowledged")
        }
    for number, cut in enumerate((0, 1, 4_000, 20_000)):
        left = tmp_path / f"left{number}"
        left.mkdir()
        for name, content in files.items():
            (left / name).write_bytes(content[: len(content) - cut] if name.endswith("-wal") else content)
        async with open_database(left, now=LATER, durable=False) as database:
            assert bool(database.missing) == bool(cut)
