"""Copies of a database: made while it is in use, and put back where none is.

A copy is made through one read-only connection, which neither writes nor checkpoints, in one read transaction: it is the database
of one instant. It appears under its name only once it is whole, synced and looked through.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from engine.errors import RequestError
from storage.faults import FaultKind, fault_of

BEFORE = ".before-"
"""Between a database's name and the schema it was brought to, in the name of the copy that was made before."""
KEPT_BEFORE = 2
"""Copies from before migrations that are kept."""
UNFINISHED = ".tizmor-copy"
"""Ends the hidden name of a copy that is being made. Whoever makes it holds a lock on it, which dies with the process: one that
nobody holds was left by a process that was killed, and is taken away by the next that copies to its folder."""
_BESIDE = ("", "-journal", "-wal", "-shm")


def copy_database(source: Path, target: Path, *, replace: bool = False) -> None:
    """Copy a database that may be in use to a file of its own, mode 0600. Blocking.

    Args:
        source: which.
        target: where to; its folder is there.
        replace: put it in the place of a file that is there.

    Raises:
        RequestError: ``backup_exists``; ``backup_failed``: it could not be read or written, or is damaged. No file is left
            behind, and what is there is as it was.
    """
    if target.exists() and not replace:
        raise _exists(target)
    remove_unfinished(target.parent)
    try:
        with _making(target) as made:
            _copy(source, made)
            look_through(made)
            _sync(made)
            if replace:
                made.replace(target)
            else:
                _name(made, target)
        sync_folder(target.parent)
    except BlockingIOError as error:
        raise RequestError("backup_failed", f"Another process is copying to {target}; let it end.") from error
    except (sqlite3.Error, OSError) as error:
        fault = fault_of(error)
        raise RequestError("backup_failed", f"{source} was not copied to {target}. {fault.detail}") from error


def remove_unfinished(folder: Path) -> None:
    """Take away what killed processes left of copies to a folder; none that is being made. One that stays is no failure."""
    for left in folder.glob(f".*{UNFINISHED}"):
        with suppress(OSError), _held(left, os.O_RDWR):
            _remove(left)


def look_through(path: Path) -> None:
    """Read a whole database that nobody writes to, and see that it is one.

    Raises:
        RequestError: ``database_corrupt``: it is damaged, or no database.
        sqlite3.Error: it could not be read.
    """
    try:
        with closing(_open(path)) as connection:
            found = [str(row[0]) for row in connection.execute("PRAGMA quick_check(5)")]
    except UnicodeDecodeError as error:  # what SQLite says quotes what it read
        found = [str(error)]
    except sqlite3.DatabaseError as error:
        if fault_of(error).kind is not FaultKind.CORRUPT:
            raise
        found = [str(error)]
    if found != ["ok"]:
        raise RequestError("database_corrupt", f"{path} is damaged: {'; '.join(found)}.")


def sync_folder(folder: Path) -> None:
    """Make the names in it durable."""
    _sync(folder)


def back_up_before(path: Path, schema: str) -> Path:
    """Keep what is there before it is brought to another schema; the last few of such copies are kept.

    Raises:
        RequestError: as :func:`copy_database`.
    """
    target = path.with_name(f"{path.name}{BEFORE}{schema}")
    copy_database(path, target, replace=True)
    for older in sorted(path.parent.glob(f"{path.name}{BEFORE}*"))[:-KEPT_BEFORE]:
        with suppress(OSError):
            older.unlink()
    return target


@contextmanager
def _making(target: Path) -> Generator[Path]:
    """The file a copy is made in, empty and held; gone afterwards, or under its own name.

    Raises:
        BlockingIOError: another process makes it.
    """
    made = target.with_name(f".{target.name}{UNFINISHED}")
    with _held(made, os.O_RDWR | os.O_CREAT):
        try:
            os.truncate(made, 0)
            yield made
        finally:
            _remove(made)


@contextmanager
def _held(path: Path, flags: int) -> Generator[None]:
    """Hold a file until the block ends. Not closed before: that would take SQLite's own locks on it away.

    Raises:
        BlockingIOError: another process holds it.
    """
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not os.path.samestat(os.fstat(descriptor), path.stat()):
            raise BlockingIOError(path)  # who held it has just ended
        yield
    finally:
        os.close(descriptor)


def _copy(source: Path, target: Path) -> None:
    with closing(_open(source)) as reader, closing(sqlite3.connect(target, isolation_level=None)) as writer:
        reader.backup(writer)
        writer.execute("PRAGMA journal_mode=DELETE")  # one file, whole by itself


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)


def _name(made: Path, target: Path) -> None:
    try:
        os.link(made, target)  # unlike a rename, this replaces nothing
    except FileExistsError as error:
        raise _exists(target) from error
    except OSError:
        made.rename(target)  # a file system without links


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(made: Path) -> None:
    for suffix in _BESIDE:
        with suppress(OSError):
            Path(f"{made}{suffix}").unlink()


def _exists(target: Path) -> RequestError:
    return RequestError("backup_exists", f"{target} is there already; name another file.")
