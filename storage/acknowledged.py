"""How far writing came, kept beside the database: what was told to be durable must be in it at the next start.

SQLite itself notices neither a write-ahead log that was cut short or deleted, nor an older copy put in the database's
place: either is a database, only an earlier one. So each transaction counts itself in ``generations``, and once it is durable
its number is written here, without being synced: a process that is killed loses nothing of it, and after a power cut it may
lag, never lead.
"""

from __future__ import annotations

import os
import struct
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from weakref import finalize

ACKNOWLEDGED_FILE = "acknowledged"

_FORMAT = struct.Struct("<4sQQL")
_MAGIC = b"TZA1"


class Mark(NamedTuple):
    """A transaction: the process that made it, and its number in it. Later ones are greater."""

    generation: int
    commits: int


NOTHING = Mark(0, 0)


class AcknowledgedFile:
    """The file of one home; used by one thread at a time."""

    def __init__(self, home: Path) -> None:
        self._path = home / ACKNOWLEDGED_FILE
        self._descriptor: int | None = None
        self._closing: finalize[[int], AcknowledgedFile] | None = None

    def read(self) -> Mark:
        """The last transaction that somebody was told of; :data:`NOTHING` where that is not known."""
        try:
            magic, generation, commits, check = _FORMAT.unpack(self._path.read_bytes())
        except (OSError, struct.error):
            return NOTHING
        return Mark(generation, commits) if (magic, check) == (_MAGIC, _check(generation, commits)) else NOTHING

    def note(self, mark: Mark) -> None:
        """Write it down, before anybody is told. A disk that refuses keeps nobody from being told: the row itself is durable."""
        with suppress(OSError):
            if self._descriptor is None:
                self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
                self._closing = finalize(self, os.close, self._descriptor)
            os.pwrite(self._descriptor, _FORMAT.pack(_MAGIC, *mark, _check(*mark)), 0)

    def close(self) -> None:
        """Leave the file; also done when nobody knows of this object any more."""
        self._descriptor = None
        if self._closing is not None:
            self._closing()


def _check(generation: int, commits: int) -> int:
    """A file that was half written is no mark."""
    return (generation * 31 + commits * 17 + 7) & 0xFFFFFFFF
