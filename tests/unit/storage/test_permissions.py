"""A database that cannot be opened or written is neither taken for an empty one nor for a broken program."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import stat
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from bot.doctor_storage import examine_storage
from engine.errors import RequestError
from storage.backup import copy_database
from storage.database import DATABASE_FILE, migrate, own_home, schema_version
from storage.restore import restore
from tests.migrations.test_killed import dies, populated

NOW = "2026-11-23T08:00:00.000000Z"
SERVICE = 65534
"""A user who is not the one who runs this."""


def as_service(work: Callable[[], str]) -> str:
    """What comes of it, done by the service's user; also its error, whose type comes first."""
    os.seteuid(SERVICE)
    try:
        return work()
    except (RequestError, OSError, sqlite3.Error) as error:
        return f"{type(error).__name__} {error}"
    finally:
        os.seteuid(0)


def migrated(home: Path) -> str:
    with own_home(home):
        migrate(home / DATABASE_FILE)
    return "migrated"


def examined(home: Path) -> str:
    return "\n".join(f"{found.ok} {found.name}: {found.detail}" for found in examine_storage(home, running=False))


@pytest.fixture
def home(tmp_path: Path) -> Generator[Path]:
    """The service's, in which it has a database."""
    if os.geteuid() != 0:
        pytest.skip("only root can be somebody else for a while")
    for folder in reversed(tmp_path.parents[:3]):
        if folder.stat().st_uid == 0 and folder != Path("/tmp"):
            folder.chmod(0o755)
    tmp_path.chmod(0o755)
    place = tmp_path / "home"
    place.mkdir()
    os.chown(place, SERVICE, SERVICE)
    assert as_service(lambda: migrated(place)) == "migrated"
    yield place
    place.chmod(0o755)


def test_what_root_restores_still_belongs_to_the_service(home: Path, tmp_path: Path) -> None:
    copy_database(home / DATABASE_FILE, tmp_path / "copy")
    (home / "lock").unlink()
    restore(home, tmp_path / "copy", NOW)
    assert {(found.name, found.stat().st_uid) for found in home.iterdir()} == {
        (name, SERVICE) for name in (DATABASE_FILE, f"{DATABASE_FILE}.replaced-1", "lock")
    }
    assert stat.S_IMODE((home / DATABASE_FILE).stat().st_mode) == 0o600
    assert as_service(lambda: migrated(home)) == "migrated"


def test_a_database_of_somebody_else_is_named_and_whose_it_is_asked(home: Path) -> None:
    os.chown(home / DATABASE_FILE, 0, 0)
    assert as_service(lambda: migrated(home)).startswith("RequestError home_not_writable")
    assert "look at who owns them" in as_service(lambda: examined(home))


@pytest.mark.parametrize("mode", [0o555, 0o000], ids=["read only", "closed"])
def test_a_folder_that_cannot_be_written_holds_no_database_without_a_schema(home: Path, mode: int) -> None:
    os.chown(home, 0, 0)
    home.chmod(mode)
    found = as_service(lambda: examined(home))
    assert "False database: " in found
    assert "no schema" not in found
    assert "not made yet" not in found
    assert "look at who owns them" in found
    assert as_service(lambda: schema_version(home / DATABASE_FILE) or "").startswith("RequestError home_not_writable")


def test_a_disk_that_refuses_in_the_middle_of_an_update_is_said_to_and_nothing_is_changed(tmp_path: Path) -> None:
    path = tmp_path / DATABASE_FILE
    populated(path)
    told = tmp_path / "told"

    def refuse(*_arguments: object) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, resource.RLIM_INFINITY))

    def work() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        event.listen(Engine, "begin", refuse)
        try:
            migrate(path)
        except RequestError as error:
            told.write_text(f"{error.code} {error.detail}")

    assert not dies(work)
    assert told.read_text().startswith(f"home_not_writable {path} cannot be brought to schema")
    assert schema_version(path) == "0004"
