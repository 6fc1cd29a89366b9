"""Looks through a whole database, in use or not, without opening it for writing: what SQLite finds, and every row's sum."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Table, select
from sqlalchemy.dialects import sqlite

from storage.acknowledged import AcknowledgedFile
from storage.database import connect_for_reading
from storage.ownership import latest, what_is_missing
from storage.row_sums import ROW_SUM, is_damaged, is_summed
from storage.tables import metadata

MOST_NAMED = 5
"""Of each kind of damage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What was found."""

    structure: tuple[str, ...]
    """What is wrong with the file, in SQLite's words; empty: nothing."""
    damaged_rows: tuple[str, ...] = ()
    """Rows that are not what was written: table and execution, at most :data:`MOST_NAMED`."""
    put_aside: tuple[str, ...] = ()
    """Executions that were put aside because of such rows, the latest first, at most :data:`MOST_NAMED`."""
    missing: str = ""
    """What had been acknowledged and is not there; empty: nothing, or a process is running."""
    log_bytes: int = 0
    """Size of the write-ahead log."""


def inspect(path: Path, *, running: bool) -> Inspection:
    """Look through it. Blocking, and reads all of it.

    Args:
        path: a database of this program's schema.
        running: a process owns it: how far writing came changes while we look.

    Raises:
        sqlite3.Error: it could not be read, for a reason that is no damage.
    """
    log = path.with_name(f"{path.name}-wal")
    log_bytes = log.stat().st_size if log.exists() else 0
    try:
        with closing(connect_for_reading(path)) as connection:
            found = [str(row[0]) for row in connection.execute(f"PRAGMA quick_check({MOST_NAMED})")]
            if found != ["ok"]:
                return Inspection(structure=tuple(found), log_bytes=log_bytes)
            connection.text_factory = _any_text
            aside = connection.execute(
                "SELECT id FROM executions WHERE damaged IS NOT NULL ORDER BY updated_at DESC LIMIT ?", (MOST_NAMED,)
            )
            told = AcknowledgedFile(path.parent).read()
            return Inspection(
                structure=(),
                damaged_rows=tuple(_first(_damaged(connection), MOST_NAMED)),
                put_aside=tuple(row[0] for row in aside),
                missing="" if running else what_is_missing(latest(connection), told),
                log_bytes=log_bytes,
            )
    except UnicodeDecodeError as error:  # what SQLite says quotes what it read
        return Inspection(structure=(str(error),), log_bytes=log_bytes)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF not in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
            raise
        return Inspection(structure=(str(error),), log_bytes=log_bytes)


def _damaged(connection: sqlite3.Connection) -> Iterator[str]:
    for table in metadata.sorted_tables:
        if not is_summed(table):
            continue
        for execution, row in _rows(connection, table):
            if _is_damaged(table, row):
                yield f"{table.name} of {execution}"


def _rows(connection: sqlite3.Connection, table: Table) -> Iterator[tuple[str, dict[str, object]]]:
    names = [column.name for column in table.columns]
    owner = "id" if table.name == "executions" else "execution_id"
    query = str(select(table).where(table.columns[ROW_SUM].is_not(None)).compile(dialect=sqlite.dialect()))
    for values in connection.execute(query):
        row = dict(zip(names, values, strict=True))
        yield str(row[owner]), row


def _is_damaged(table: Table, row: dict[str, object]) -> bool:
    try:
        return is_damaged(table, row)
    except (TypeError, ValueError, OverflowError):
        return True


def _first(found: Iterator[str], most: int) -> Iterator[str]:
    for _, one in zip(range(most), found, strict=False):
        yield one


def _any_text(stored: bytes) -> str:
    return stored.decode("utf-8", "surrogateescape")
