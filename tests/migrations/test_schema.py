"""The migrated schema is the declared one; databases this program cannot serve are refused untouched."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, select

from engine.errors import RequestError
from storage.database import DATABASE_FILE, HEAD, HomeLockedError, migrate, open_database, own_home, schema_version
from storage.tables import metadata
from storage.writer import connect_for_writing

ROOT = Path(__file__).parents[2]
NOW = "2026-01-01T00:00:00.000000Z"


def test_the_migrated_schema_equals_the_tables(tmp_path: Path) -> None:
    migrate(tmp_path / "x.db")
    engine = create_engine(f"sqlite:///{tmp_path / 'x.db'}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()
    assert schema_version(tmp_path / "x.db") == HEAD


def migrated_to(path: Path, revision: str) -> sqlite3.Connection:
    """A database as an earlier program left it."""
    connect_for_writing(path, durable=False).close()
    config = Config()
    config.set_main_option("script_location", str(ROOT / "storage" / "migrations"))
    config.attributes["database"] = str(path)
    command.upgrade(config, revision)
    return sqlite3.connect(path)


@pytest.mark.parametrize("revision", ["0001", "0002", "0003"])
def test_every_earlier_schema_becomes_this_one(tmp_path: Path, revision: str) -> None:
    path = tmp_path / "x.db"
    migrated_to(path, revision).close()
    migrate(path)
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_what_was_known_of_chats_before_they_were_linked_stays(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    earlier = migrated_to(path, "0003")
    earlier.execute("INSERT INTO surfaces VALUES ('slack', ?)", (NOW,))
    earlier.execute("INSERT INTO chat_messages VALUES ('e', 'slack:T:C:1', 'card', 3, 'h', 'C/1', NULL)")
    earlier.execute("INSERT INTO principals VALUES ('slack:T:U', 'local', 'owner', 'Dana', ?)", (NOW,))
    earlier.commit()
    earlier.close()
    migrate(path)
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT name, heard_at, cursor FROM surfaces").fetchall() == [("slack", NOW, None)]
    assert connection.execute("SELECT ref FROM chat_messages").fetchall() == [("C/1",)]
    assert connection.execute("SELECT role FROM principals").fetchall() == [("owner",)]
    plan = connection.execute("EXPLAIN QUERY PLAN SELECT 1 FROM chat_messages WHERE ref = 'C/1'").fetchall()
    assert "ix_chat_messages_ref" in str(plan), "looked up for every reply"
    connection.close()


DYING = """
import os, signal, sys
from pathlib import Path
import alembic.op
create_index = alembic.op.create_index
def die(name, *arguments, **options):
    if name == "ix_executions_moving":
        os.kill(os.getpid(), signal.SIGKILL)
    return create_index(name, *arguments, **options)
alembic.op.create_index = die
from storage.database import migrate
migrate(Path(sys.argv[1]))
"""


def test_a_process_killed_in_the_middle_of_a_migration_leaves_a_database_that_the_next_start_migrates(
    tmp_path: Path,
) -> None:
    path = tmp_path / "x.db"
    killed = subprocess.run([sys.executable, "-c", DYING, str(path)], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    migrate(path)
    assert schema_version(path) == HEAD


def test_a_newer_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    migrate(path)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    with pytest.raises(RequestError, match="newer"):
        migrate(path)
    assert schema_version(path) == "9999"


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / DATABASE_FILE
    path.write_bytes(b"not a database at all, but long enough to be looked at" * 100)
    with pytest.raises(RequestError, match="not a readable database"):
        migrate(path)


def test_a_home_has_one_owner(tmp_path: Path) -> None:
    with own_home(tmp_path), pytest.raises(HomeLockedError, match="Another Tizmor"), own_home(tmp_path):
        pass
    with own_home(tmp_path):
        pass


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(RequestError, match="cannot be written"), own_home(blocked / "home"):
        pass


async def test_any_character_may_stand_in_the_path_of_a_home(tmp_path: Path) -> None:
    async with open_database(tmp_path / "a #b?c%20 בית", now=NOW, durable=False) as database:
        assert database.generation == 1
        assert [dict(r) for r in await database.rows(select(metadata.tables["generations"].c.number))] == [
            {"number": 1}
        ]


async def test_every_owner_has_a_higher_fence(tmp_path: Path) -> None:
    generations: list[int] = []
    for _ in range(3):
        async with open_database(tmp_path, now=NOW, durable=False) as database:
            generations.append(database.generation)
    assert generations == [1, 2, 3]
