"""The real product with one of its syncs taken away: what the laboratory must find, or it shows nothing.

``python -m tests.laboratory.power_loss.weakened WHAT ARGUMENTS`` runs ``tizmor ARGUMENTS``. WHAT is ``OFF`` or ``NORMAL`` (how SQLite
syncs) or ``files`` (the workspace's files are put in place without being synced).
"""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

from bot.cli import main
from integrations.local_workspace import atomic
from storage import database, writer


def weaken(what: str) -> None:
    """Take a sync away from this process."""
    if what == "files":
        atomic.os = _WithoutSync(atomic.os)  # pyright: ignore[reportAttributeAccessIssue, reportArgumentType] - on purpose
        return
    opened = writer.connect_for_writing

    def connect(path: Path, *, durable: bool) -> sqlite3.Connection:
        connection = opened(path, durable=durable)
        connection.execute(f"PRAGMA synchronous={what}")
        return connection

    writer.connect_for_writing = connect
    database.connect_for_writing = connect


class _WithoutSync:
    """The module ``os`` for one other module, its ``fsync`` doing nothing."""

    def __init__(self, real: object) -> None:
        self._real = real

    def fsync(self, descriptor: int) -> None:
        del descriptor

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)


if __name__ == "__main__":
    weaken(sys.argv[1])
    main(sys.argv[2:])
