"""What an error of SQLite's means for whoever keeps data in it: pure, by its code, never by its text."""

from __future__ import annotations

import errno
import sqlite3
from dataclasses import dataclass
from enum import StrEnum

_UNDECODABLE = "Could not decode to UTF-8"
"""How Python's sqlite3 begins what it says of a text that is none; it has no code."""


class FaultKind(StrEnum):
    """What is wrong."""

    BUSY = "busy"
    """Somebody else holds the lock: another program has the database open."""
    FULL = "full"
    """No space is left on the disk."""
    IO = "io"
    """The disk, or what stands in its place, does not do what it is asked."""
    UNWRITABLE = "unwritable"
    """The file or its folder cannot be written or opened: permissions, or a file system that is read-only now."""
    MEMORY = "memory"
    """None is left."""
    CORRUPT = "corrupt"
    """What SQLite wrote is not what it reads."""
    GONE = "gone"
    """The file was deleted or replaced: what is written goes nowhere."""
    TAKEN_OVER = "taken_over"
    """A later process owns the database."""
    STATEMENT = "statement"
    """Nothing is wrong with the storage: our statement cannot be run."""


_BY_CODE = {
    sqlite3.SQLITE_BUSY: FaultKind.BUSY,
    sqlite3.SQLITE_LOCKED: FaultKind.BUSY,
    sqlite3.SQLITE_PROTOCOL: FaultKind.BUSY,
    sqlite3.SQLITE_INTERRUPT: FaultKind.BUSY,
    sqlite3.SQLITE_FULL: FaultKind.FULL,
    sqlite3.SQLITE_IOERR: FaultKind.IO,
    sqlite3.SQLITE_READONLY: FaultKind.UNWRITABLE,
    sqlite3.SQLITE_CANTOPEN: FaultKind.UNWRITABLE,
    sqlite3.SQLITE_PERM: FaultKind.UNWRITABLE,
    sqlite3.SQLITE_NOMEM: FaultKind.MEMORY,
    sqlite3.SQLITE_CORRUPT: FaultKind.CORRUPT,
    sqlite3.SQLITE_NOTADB: FaultKind.CORRUPT,
}
_BY_ERRNO = {
    errno.ENOSPC: FaultKind.FULL,
    errno.EDQUOT: FaultKind.FULL,
    errno.EACCES: FaultKind.UNWRITABLE,
    errno.EPERM: FaultKind.UNWRITABLE,
    errno.EROFS: FaultKind.UNWRITABLE,
}
_FATAL = frozenset({FaultKind.CORRUPT, FaultKind.GONE, FaultKind.TAKEN_OVER})
_ADVICE = {
    FaultKind.BUSY: "another program holds the lock on the database; end it",
    FaultKind.FULL: "no space is left on the disk; free some",
    FaultKind.IO: "the disk does not answer as it should; look at it and at its cables, mounts and quotas",
    FaultKind.UNWRITABLE: "the database or its folder cannot be opened or written; look at who owns them (chown), at their"
    " permissions and at the mount",
    FaultKind.MEMORY: "no memory is left; stop other programs",
    FaultKind.CORRUPT: "the database is damaged; stop, keep a copy of it, and bring back a backup with `tizmor restore FILE`",
    FaultKind.GONE: "the database was deleted or replaced while it was in use; bring back a backup with `tizmor restore FILE`",
    FaultKind.TAKEN_OVER: "a later process owns this home; this one may write nothing more",
    FaultKind.STATEMENT: "the statement is wrong; this is our bug",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that went wrong with the storage."""

    kind: FaultKind
    said: str
    """In SQLite's or the system's words."""

    @property
    def fatal(self) -> bool:
        """Is waiting useless? Then nothing more may be written, or acknowledged."""
        return self.kind in _FATAL

    @property
    def detail(self) -> str:
        """One sentence: what was seen, and what to do."""
        return f"The storage said {self.said!r}: {_ADVICE[self.kind]}."


class FaultError(Exception):
    """Raised where a fault was seen that SQLite did not tell of."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.detail)
        self.fault = fault


def fault_of(error: Exception) -> Fault:
    """Sort an error that came up while the database was read or written."""
    if isinstance(error, FaultError):
        return error.fault
    if isinstance(error, MemoryError):
        return Fault(FaultKind.MEMORY, "out of memory")
    if isinstance(error, OSError):
        return Fault(_BY_ERRNO.get(error.errno or 0, FaultKind.IO), error.strerror or type(error).__name__)
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    if code == sqlite3.SQLITE_READONLY_DBMOVED:
        return Fault(FaultKind.GONE, str(error))
    if code == sqlite3.SQLITE_IOERR_SHMSIZE:
        return Fault(FaultKind.FULL, str(error))
    return Fault(_BY_CODE.get(code & 0xFF, FaultKind.STATEMENT), str(error))


def is_undecodable(error: BaseException | None) -> bool:
    """Was a stored text not UTF-8? Then that row was damaged: we store nothing else."""
    return str(error).startswith(_UNDECODABLE)
