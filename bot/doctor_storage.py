"""What the doctor says of the database and of the disk it stands on."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

from bot.finding import Finding
from engine.errors import RequestError
from storage.database import DATABASE_FILE, HEAD, schema_version
from storage.faults import fault_of
from storage.inspection import Inspection, inspect
from storage.reserve import RESERVE_FILE, ROOMY_ABOVE

SAFE_SINCE = (3, 51, 3)
"""First version of SQLite in which a log that starts over cannot damage the database."""
MUCH_LOG = 64 * 1024 * 1024
_RESTORE = "stop Tizmor and bring back a backup with `tizmor restore FILE`"


def examine_sqlite() -> Finding:
    """Is SQLite new enough, and does its fault concern us?"""
    version = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info < (3, 35):
        return Finding(name="sqlite", ok=False, detail=f"{version}: 3.35 or newer is needed")
    if sqlite3.sqlite_version_info < SAFE_SINCE:
        return Finding(
            name="sqlite",
            ok=True,
            detail=f"{version}: before 3.51.3 a database can be damaged where one connection starts the log over while another"
            " writes. Tizmor is safe from that: one connection alone does both, and all others only read. Write to the database"
            " with no other program while Tizmor runs",
        )
    return Finding(name="sqlite", ok=True, detail=version)


def examine_storage(home: Path, *, running: bool) -> Iterator[Finding]:
    """Look at the database, its files, and the disk. Reads all of the database, and opens it for reading only.

    Args:
        home: where it stands.
        running: a process owns it.
    """
    try:
        yield from _database(home, running=running)
    except (sqlite3.Error, OSError) as error:
        yield Finding(name="database", ok=False, detail=fault_of(error).detail)


def _database(home: Path, *, running: bool) -> Iterator[Finding]:
    path = home / DATABASE_FILE
    if home.is_dir():
        yield _space(home)
    if not path.exists():
        yield Finding(name="database", ok=True, detail="not made yet; the first start makes it")
        return
    yield from _permissions(path)
    try:
        version = schema_version(path)
    except RequestError as error:
        more = f" To do so, {_RESTORE}" if error.code == "database_corrupt" else ""
        yield Finding(name="database", ok=False, detail=f"{error.detail}{more}")
        return
    if version is None or version > HEAD:
        newer = f"schema {version} is newer than {HEAD}: install the newer Tizmor"
        yield Finding(name="database", ok=False, detail=newer if version else f"{path} has no schema; move it away")
        return
    if version < HEAD:
        yield Finding(
            name="database", ok=True, detail=f"schema {version}; the next start brings it to {HEAD} and keeps a copy"
        )
        return
    yield from _findings(inspect(path, running=running))


def _findings(found: Inspection) -> Iterator[Finding]:
    if found.structure:
        yield Finding(name="database", ok=False, detail=f"damaged: {'; '.join(found.structure)}; {_RESTORE}")
        return
    yield Finding(name="database", ok=True, detail=f"schema {HEAD}, whole")
    if found.damaged_rows:
        yield Finding(
            name="database rows",
            ok=False,
            detail=f"not what was written: {', '.join(found.damaged_rows)}. Those requests are put aside when they are next"
            f" looked at, all others run; to have them back, {_RESTORE}",
        )
    elif found.put_aside:
        aside = ", ".join(found.put_aside)
        yield Finding(
            name="database rows",
            ok=False,
            detail=f"put aside, their rows being damaged: {aside}; to have them back, {_RESTORE}",
        )
    if found.missing:
        yield Finding(
            name="database log",
            ok=False,
            detail=f"{found.missing}. The next start goes on from there and does nothing again without asking that may have been"
            f" done; if there is a newer copy, {_RESTORE}",
        )
    elif found.log_bytes > MUCH_LOG:
        yield Finding(
            name="database log",
            ok=False,
            detail=f"{found.log_bytes:,} bytes: a program has been reading the database for long; end it",
        )


def _space(home: Path) -> Finding:
    free = shutil.disk_usage(home).free
    kept = f", and {RESERVE_FILE} keeps some back" if (home / RESERVE_FILE).exists() else ""
    enough = free > ROOMY_ABOVE
    return Finding(
        name="disk",
        ok=enough,
        detail=f"{free // 1024 // 1024:,} MB free{kept}"
        + ("" if enough else "; free some: nothing new is taken on a full disk"),
    )


def _permissions(path: Path) -> Iterator[Finding]:
    if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        yield Finding(
            name="database file",
            ok=False,
            detail=f"{path} or its folder cannot be written by this user; look at who owns it (chown) and at the mount",
        )
    elif stat.S_IMODE(path.stat().st_mode) & 0o077:
        yield Finding(name="database file", ok=False, detail=f"others can read {path}; run: chmod 600 {path}")
