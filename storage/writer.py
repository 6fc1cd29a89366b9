"""The only thing that writes: one thread, one raw connection, group commit.

Whatever is queued while a commit flushes joins the next transaction, so many callers share one disk flush. A *unit* is a
list of writes that must all hit their row counts. A batch runs optimistically in one transaction; on any mismatch it
rolls back and replays unit by unit in savepoints, so that each unit learns whether it won and no unit harms another.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import InternalError, TizmorError, UnavailableError
from engine.failpoints import failpoint
from storage.writes import Write

MAX_BATCH = 256
"""Units in one transaction: bounds how long a caller waits for others."""

QUEUE_LIMIT = 10_000
"""Units waiting; a full queue is back-pressure: ``commit`` waits."""


@dataclass(slots=True)
class _Unit:
    writes: Sequence[Write]
    future: asyncio.Future[bool] | None
    """None: written behind, nobody waits."""
    error: InternalError | None = None
    """Why SQLite could not even take its values: our bug, and this unit's alone."""


class Writer:
    """Owns the write connection. ``open`` and ``close`` are called once each, by the database."""

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        self._path = path
        self._durable = durable
        self._queue: queue.Queue[_Unit | None] = queue.Queue(QUEUE_LIMIT)
        self._thread = threading.Thread(target=self._run, name="tizmor-writer", daemon=True)

    def open(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """Commit what is queued, checkpoint, close. Blocks until done."""
        self._queue.put(None)
        self._thread.join()

    async def commit(self, writes: Sequence[Write]) -> bool:
        """Run one unit; True when every row count held and the transaction is durable.

        Raises:
            InternalError: ``write_invalid``: a value SQLite cannot take; nothing was changed.
            UnavailableError: ``storage_unavailable``: SQLite refused; what happened is unknown until read again.
        """
        future = asyncio.get_running_loop().create_future()
        unit = _Unit(writes, future)
        try:
            self._queue.put_nowait(unit)
        except queue.Full:
            await asyncio.to_thread(self._queue.put, unit)
        # Cancelling the caller cancels only this future: the unit is on its way, and nobody hears how it went.
        return await future

    def post(self, writes: Sequence[Write]) -> bool:
        """Queue a unit nobody waits for: spans, measurements, log lines. False: the queue is full and it was dropped."""
        try:
            self._queue.put_nowait(_Unit(writes, None))
        except queue.Full:
            return False
        return True

    def _run(self) -> None:
        connection = connect_for_writing(self._path, durable=self._durable)
        try:
            while (unit := self._queue.get()) is not None:
                batch, last = self._drain(unit)
                self._commit(connection, batch)
                if last:
                    break
        finally:
            connection.close()

    def _drain(self, first: _Unit) -> tuple[list[_Unit], bool]:
        batch = [first]
        while len(batch) < MAX_BATCH:
            try:
                unit = self._queue.get_nowait()
            except queue.Empty:
                break
            if unit is None:
                return batch, True
            batch.append(unit)
        return batch, False

    def _commit(self, connection: sqlite3.Connection, batch: list[_Unit]) -> None:
        try:
            won = _run_batch(connection, batch)
        except sqlite3.Error as error:
            _roll_back(connection)
            for unit in batch:
                _resolve(unit, UnavailableError("storage_unavailable", f"The database refused a write: {error}."))
            return
        for unit, result in zip(batch, won, strict=True):
            _resolve(unit, unit.error or result)


def connect_for_writing(path: Path, *, durable: bool) -> sqlite3.Connection:
    """Open the one connection that writes and checkpoints."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA page_size=1024")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'OFF'}")
    connection.execute("PRAGMA busy_timeout=5000")
    connection.execute("PRAGMA foreign_keys=ON")
    return connection


def _run_batch(connection: sqlite3.Connection, batch: list[_Unit]) -> list[bool]:
    connection.execute("BEGIN IMMEDIATE")
    if all(_run_unit(connection, unit) for unit in batch):
        won = [True] * len(batch)
    elif len(batch) == 1:
        connection.execute("ROLLBACK")
        return [False]
    else:
        connection.execute("ROLLBACK")
        connection.execute("BEGIN IMMEDIATE")
        won = [_run_in_savepoint(connection, unit) for unit in batch]
    failpoint("store.commit.before")
    connection.execute("COMMIT")
    failpoint("store.commit.after")
    return won


def _run_unit(connection: sqlite3.Connection, unit: _Unit) -> bool:
    for write in unit.writes:
        try:
            cursor = connection.execute(write.statement.sql, write.parameters)
        except sqlite3.IntegrityError:
            return False
        except (ValueError, OverflowError, sqlite3.ProgrammingError, sqlite3.InterfaceError) as error:
            unit.error = InternalError("write_invalid", f"A value cannot be stored: {error}.")
            return False
        if write.rows is not None and cursor.rowcount != write.rows:
            return False
    return True


def _run_in_savepoint(connection: sqlite3.Connection, unit: _Unit) -> bool:
    connection.execute("SAVEPOINT unit")
    won = _run_unit(connection, unit)
    if not won:
        connection.execute("ROLLBACK TO unit")
    connection.execute("RELEASE unit")
    return won


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _resolve(unit: _Unit, result: bool | TizmorError) -> None:  # noqa: FBT001 - the value itself
    future = unit.future
    if future is None:
        return

    def settle() -> None:
        if future.done():
            return
        if isinstance(result, TizmorError):
            future.set_exception(result)
        else:
            future.set_result(result)

    try:
        future.get_loop().call_soon_threadsafe(settle)
    except RuntimeError:
        return  # the loop is closed: nobody waits any more; the row is durable all the same
