"""A process killed at any statement of a migration, or of the backup before it, leaves a database that the next start serves."""

from __future__ import annotations

import fcntl
import os
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from engine.errors import RequestError
from storage import backup
from storage.backup import copy_database
from storage.database import DATABASE_FILE, HEAD, RESTORING, migrate, open_database, schema_version
from storage.inspection import inspect
from storage.restore import restore
from tests.migrations.test_schema import migrated_to

NOW = "2026-01-01T00:00:00.000000Z"
EXECUTION = (
    "INSERT INTO executions (id, tenant_id, user_id, conversation_id, request, locale, timezone, dry_run, status, created_at,"
    " updated_at, plan_version, epoch, fence, paused, cancelled) VALUES (?, 'local', 'owner', 'main', 'בקשה', 'he', 'UTC', 0,"
    " 'waiting', ?, ?, 1, 3, 2, 0, 0)"
)


def populated(path: Path, revision: str = "0004") -> None:
    """A database of an earlier release that was in use."""
    connection = migrated_to(path, revision)
    for number in range(50):
        connection.execute(EXECUTION, (f"e{number}", NOW, NOW))
        connection.execute("INSERT INTO plans VALUES (?, 1, 1, '{}')", (f"e{number}",))
    connection.commit()
    connection.close()


def dies(work: Callable[[], None]) -> bool:
    """Do it in a forked process; was that killed on the way?"""
    pid = os.fork()
    if not pid:
        try:
            work()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


def killed_at(number: int, path: Path) -> Callable[[], None]:
    """Migrate, and die before the statement of this number."""

    def work() -> None:
        seen = 0

        def before(*_arguments: object) -> None:
            nonlocal seen
            seen += 1
            if seen == number:
                os.kill(os.getpid(), signal.SIGKILL)

        event.listen(Engine, "before_cursor_execute", before)
        event.listen(Engine, "commit", before)
        migrate(path)

    return work


@pytest.mark.parametrize("revision", ["0003", "0004"])
def test_whatever_statement_it_dies_at_nothing_or_all_of_it_was_done(tmp_path: Path, revision: str) -> None:
    populated(tmp_path / "first.db", revision)
    whole, number = (tmp_path / "first.db").read_bytes(), 0
    while True:
        number += 1
        path = tmp_path / str(number) / "x.db"
        path.parent.mkdir()
        path.write_bytes(whole)
        killed = dies(killed_at(number, path))
        assert schema_version(path) == (revision if killed else HEAD)
        migrate(path)
        assert schema_version(path) == HEAD
        found = inspect(path, running=False)
        assert (found.structure, found.damaged_rows) == ((), ())
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("SELECT count(*), count(row_sum) FROM executions").fetchone() == (50, 50)
        if not killed:
            break
    assert number > 20, "each statement was tried"


def test_what_was_there_is_kept_before_and_only_the_last_few_of_such_copies(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    for old in ("0002", "0003"):
        (tmp_path / f"x.db{backup.BEFORE}{old}").write_text("old")
    populated(path)
    migrate(path)
    kept = tmp_path / f"x.db{backup.BEFORE}{HEAD}"
    assert schema_version(kept) == "0004"
    assert sorted(p.name for p in tmp_path.glob(f"x.db{backup.BEFORE}*")) == [f"x.db{backup.BEFORE}0003", kept.name]
    migrate(path)
    assert schema_version(kept) == "0004", "nothing to do, nothing copied"


@pytest.mark.parametrize("work", ["backup", "restore", "update"])
def test_however_often_copying_is_killed_one_copy_is_left_at_most_and_the_next_that_ends_takes_it_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, work: str
) -> None:
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    home.mkdir()
    elsewhere.mkdir()
    populated(home / DATABASE_FILE)
    populated(tmp_path / "copy")

    def tried(number: int) -> None:
        match work:
            case "backup":
                copy_database(home / DATABASE_FILE, elsewhere / f"of-{number}")
            case "restore":
                restore(home, tmp_path / "copy", NOW)
            case _:
                migrate(home / DATABASE_FILE)

    before = {path.name for place in (home, elsewhere) for path in place.iterdir()}

    def left() -> set[str]:
        found = {path.name for place in (home, elsewhere) for path in place.iterdir()}
        return {name for name in found - before if name.startswith(".")}

    with monkeypatch.context() as patched:
        patched.setattr(backup, "_sync", _killed)
        for number in range(3):
            assert dies(partial(tried, number))
            assert len(left()) == 1
    tried(9)
    assert left() == set()


def test_a_copy_that_another_process_makes_is_left_alone(tmp_path: Path) -> None:
    populated(tmp_path / "x.db")
    made = tmp_path / f".copy{backup.UNFINISHED}"
    with made.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        copy_database(tmp_path / "x.db", tmp_path / "another")
        with pytest.raises(RequestError, match="Another process"):
            copy_database(tmp_path / "x.db", tmp_path / "copy")
        assert made.exists()
    copy_database(tmp_path / "x.db", tmp_path / "copy")
    assert not made.exists()


async def test_a_start_takes_away_what_a_killed_restore_left(tmp_path: Path) -> None:
    for name in (f"{RESTORING}-wal", RESTORING, f".{RESTORING}{backup.UNFINISHED}"):
        (tmp_path / name).write_text("left")
    async with open_database(tmp_path, now=NOW, durable=False):
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("damage", "row"),
    [
        ("UPDATE executions SET request = CAST(x'70ff80' AS TEXT) WHERE id = 'e7'", "executions of e7"),
        ("UPDATE plans SET body = CAST(x'7bc328' AS TEXT) WHERE execution_id = 'e7'", "plans of e7"),
    ],
)
def test_a_text_that_is_none_is_found_to_be_damaged_and_keeps_nothing_else_from_being_brought_up_to_date(
    tmp_path: Path, damage: str, row: str
) -> None:
    path = tmp_path / "x.db"
    populated(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        assert connection.execute(damage).rowcount == 1
    migrate(path)
    assert schema_version(path) == HEAD
    assert inspect(path, running=False).damaged_rows == (row,)


def test_where_the_copy_has_no_room_nothing_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.db"
    populated(path)
    monkeypatch.setattr(backup.os, "link", _no_room)
    monkeypatch.setattr(backup.Path, "replace", _no_room)
    with pytest.raises(RequestError, match="free some"):
        migrate(path)
    assert schema_version(path) == "0004"
    assert not list(tmp_path.glob("*before*"))


def _killed(_path: Path) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _no_room(*_arguments: object) -> None:
    raise OSError(28, "No space left on device")
