"""Are the files a connection has open still the ones that stand under their names?

A database that was deleted or replaced goes on taking writes that nobody will ever read. They are never opened here to find out:
closing a file of SQLite's drops the locks it holds in this process.
"""

from __future__ import annotations

import os
from pathlib import Path

from storage.faults import Fault, FaultKind

_SUFFIXES = ("", "-wal", "-shm")


class HeldFiles:
    """The database, its log and the log's index."""

    def __init__(self, path: Path) -> None:
        self._paths = tuple(f"{path}{suffix}" for suffix in _SUFFIXES)
        self._held: dict[str, tuple[int, int]] = {}

    def take(self) -> None:
        """Remember which files they are now. Once a connection has them open; again after it was opened anew, which may not
        have made another database.

        Raises:
            OSError: one of them is not there.
        """
        found = {path: _identity(path) for path in self._paths}
        found[self._paths[0]] = self._held.get(self._paths[0], found[self._paths[0]])
        self._held = found

    def moved(self) -> Fault | None:
        """Which of them is gone or another one; None: all are as they were."""
        return self._first_moved(self._paths)

    def database_moved(self) -> Fault | None:
        """Is the database itself gone, or another one? Asked once a transaction: what its log holds, should only that be
        gone, is still written back to it in the end."""
        return self._first_moved(self._paths[:1])

    def _first_moved(self, paths: tuple[str, ...]) -> Fault | None:
        for path in paths:
            identity = self._held.get(path)
            try:
                if identity is None or _identity(path) == identity:
                    continue
                said = f"{path} was replaced"
            except FileNotFoundError:
                said = f"{path} was deleted"
            except OSError:
                continue  # the disk does not answer; the next write says so
            return Fault(FaultKind.GONE, said)
        return None


def _identity(path: str) -> tuple[int, int]:
    found = os.stat(path)  # noqa: PTH116 - asked once a transaction; a Path costs as much again
    return found.st_dev, found.st_ino
