"""A process killed at any statement of a migration, or of the backup before it, leaves a database that the next start serves."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from engine.errors import RequestError
from storage import backup
from storage.database import HEAD, migrate, schema_version
from storage.inspection import inspect
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


def test_where_the_copy_has_no_room_nothing_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.db"
    populated(path)
    monkeypatch.setattr(backup.os, "link", _no_room)
    monkeypatch.setattr(backup.Path, "replace", _no_room)
    with pytest.raises(RequestError, match="free some"):
        migrate(path)
    assert schema_version(path) == "0004"
    assert not list(tmp_path.glob("*before*"))


def _no_room(*_arguments: object) -> None:
    raise OSError(28, "No space left on device")
