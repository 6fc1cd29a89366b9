"""Puts a copy in the place of a home's database. Only where no process owns the home.

A copy is older than what was done since it was made: those effects are not recorded in it. So whatever was under way in it is
doubted from then on (``storage.doubt``), and its generations go on above every one that ever wrote to this home, so that no
process of the time in between can write to it.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from engine.errors import RequestError
from storage.acknowledged import ACKNOWLEDGED_FILE, AcknowledgedFile
from storage.backup import copy_database, look_through, sync_folder
from storage.database import (
    DATABASE_FILE,
    HEAD,
    RESTORING,
    clear_unfinished,
    connect_for_reading,
    give_to_owner_of,
    migrate,
    own_home,
    schema_version,
)
from storage.doubt import doubt_everything_under_way
from storage.faults import fault_of
from storage.ownership import latest
from storage.writer import connect_for_writing

ASIDE = ".replaced"
"""Behind the name of a database that was replaced, with a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was done."""

    aside: Path | None
    """Where the database that was there is now, its log beside it; None where there was none."""
    doubtful: int
    """How many executions are under way in the copy: of those, something may have been done that it knows nothing of."""
    left: int
    """How many messages wait in the copy to be begun: they may have been acted on, and are not handled."""


def restore(home: Path, copy: Path, now: str) -> Restored:
    """Restore. The copy itself stays as it is; the database that was there is kept aside. Blocking.

    Args:
        home: whose database is replaced.
        copy: made by ``tizmor backup``, or any closed database of Tizmor's.
        now: as ``storage.codec.instant`` writes it.

    Raises:
        RequestError: ``home_locked``: a process is running; ``backup_unusable``: it is missing, damaged, newer or no
            database of ours; ``backup_failed``: there is no room for it, or the disk refuses. Nothing is changed.
    """
    with own_home(home):
        _check(copy)
        path = home / DATABASE_FILE
        made = home / RESTORING
        clear_unfinished(home)
        try:
            copy_database(copy, made)
            _bring_up_to_date(copy, made)
            generation = max(_known_generation(path), AcknowledgedFile(home).read().generation)
            doubtful, left = _doubt(made, generation, now)
            give_to_owner_of(path if path.exists() else home, made)
            aside = _put_aside(path)
            made.replace(path)
            sync_folder(home)
            (home / ACKNOWLEDGED_FILE).unlink(missing_ok=True)
        except (sqlite3.Error, OSError) as error:
            raise RequestError("backup_failed", f"{copy} was not restored. {fault_of(error).detail}") from error
        finally:
            clear_unfinished(home)
        return Restored(aside=aside, doubtful=doubtful, left=left)


def _check(copy: Path) -> None:
    if not copy.is_file():
        raise RequestError("backup_unusable", f"{copy} is not there.")
    try:
        look_through(copy)
        version = schema_version(copy)
    except (RequestError, sqlite3.Error) as error:
        raise RequestError("backup_unusable", f"{copy} cannot be restored: {error}") from error
    if version is None:
        raise RequestError("backup_unusable", f"{copy} is no database of Tizmor's.")
    if version > HEAD:
        raise RequestError(
            "backup_unusable",
            f"{copy} was written by a newer Tizmor (schema {version}, this one knows {HEAD}); install that.",
        )


def _bring_up_to_date(copy: Path, made: Path) -> None:
    try:
        migrate(made)
    except RequestError as error:
        raise RequestError("backup_failed", f"{copy} was not restored. {error.detail}") from error


def _known_generation(path: Path) -> int:
    """Of the database that is there, as far as it can be read."""
    if not path.exists():
        return 0
    try:
        with closing(connect_for_reading(path)) as connection:
            return latest(connection).generation
    except sqlite3.Error:
        return 0


def _doubt(made: Path, generation: int, now: str) -> tuple[int, int]:
    """How many executions are doubted, and how many messages left."""
    with closing(connect_for_writing(made, durable=True)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        doubtful = connection.execute("SELECT count(*) FROM executions WHERE status <> 'done'").fetchone()[0]
        left = doubt_everything_under_way(connection, now)
        number = max(latest(connection).generation, generation) + 1
        connection.execute("INSERT INTO generations (number, started_at) VALUES (?, ?)", (number, now))
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode=DELETE")  # one file, whole by itself: it is put in place in one step
    return int(doubtful), left


def _put_aside(path: Path) -> Path | None:
    """Keep what is there under another name too; it stays in its place until the copy replaces it in one step."""
    if not path.exists():
        return None
    with suppress(sqlite3.Error):  # whole by itself, where it can be: closing takes the log away
        connect_for_writing(path, durable=True).close()
    number = 1
    while (aside := path.with_name(f"{path.name}{ASIDE}-{number}")).exists():
        number += 1
    _keep(path, aside)
    log = Path(f"{path}-wal")
    if log.exists():  # it is damaged: its log is kept with it, and must not lie beside the copy
        _keep(log, Path(f"{aside}-wal"))
        log.unlink()
    Path(f"{path}-shm").unlink(missing_ok=True)
    return aside


def _keep(path: Path, under: Path) -> None:
    try:
        os.link(path, under)
    except OSError:
        shutil.copyfile(path, under)  # a file system without links
        under.chmod(0o600)
        give_to_owner_of(path, under)
