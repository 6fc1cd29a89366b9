"""The only thing that writes: one thread, one raw connection, group commit.

Whatever is queued while a commit flushes joins the next transaction, so many callers share one disk flush. A *unit* is a
list of writes that must all hit their row counts. A batch runs optimistically in one transaction; on any mismatch it
rolls back and replays unit by unit in savepoints, so that each unit learns whether it won and no unit harms another.

A fault of the storage is no answer: the batch is kept and tried again until it stands, so that its callers only wait. What
a failed COMMIT came to is unknown until it is read: each transaction counts itself in ``generations``, where a later process
is seen too. Where waiting is useless nobody is told anything but that: see :class:`storage.health.StorageState`.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engine.errors import InternalError, StorageAwayError, TizmorError
from engine.failpoints import failpoint
from storage.acknowledged import AcknowledgedFile, Mark
from storage.faults import Fault, FaultError, FaultKind, fault_of
from storage.health import StorageHealth, StorageState
from storage.held_files import HeldFiles
from storage.reserve import Reserve
from storage.row_sums import teach
from storage.writes import Write

MAX_BATCH = 256
"""Units in one transaction: bounds how long a caller waits for others."""

QUEUE_LIMIT = 10_000
"""Units waiting; a full queue is back-pressure: ``commit`` waits, or says that the storage is away where it is."""

POSTS_LIMIT = QUEUE_LIMIT // 4
"""Beyond it nothing more is taken that nobody waits for: what somebody waits for always finds room."""

LOCK_SECONDS = 5.0
"""How long SQLite itself waits for a lock that another program holds."""

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
"""Seconds between tries while the storage is away, doubling."""

CLOSING_SECONDS = 2.0
"""How long the process, when it ends, waits for a storage that is away."""

ROOM_SECONDS = 0.005
"""Between looks at a full queue."""

LOG_BYTES = 8 * 1024 * 1024
"""What the log is cut back to when it starts over after a long reader kept it growing."""

_COUNT = (
    "UPDATE generations SET commits = ? WHERE number = ?"
    " AND NOT EXISTS (SELECT 1 FROM generations AS later WHERE later.number > generations.number)"
)
_COUNTED = "SELECT commits FROM generations WHERE number = ?"

_abandoned: list[sqlite3.Connection] = []
"""Connections to files that are not in their place any more: closing one would delete the log of whatever is there now."""


@dataclass(slots=True)
class _Unit:
    writes: Sequence[Write]
    future: asyncio.Future[bool] | None
    """None: written behind, nobody waits."""
    error: InternalError | None = None
    """Why SQLite could not even take its values: our bug, and this unit's alone."""


class Writer:
    """Owns the write connection. ``open`` and ``close`` are called once each, by the database."""

    def __init__(self, path: Path, *, durable: bool = True, health: StorageHealth | None = None) -> None:
        self.generation = 0
        """Of this process, whose transactions are counted; 0: none is. Set before ``open``."""
        self._path = path
        self._durable = durable
        self._health = health or StorageHealth()
        self._held = HeldFiles(path)
        self._reserve = Reserve(path.parent)
        self._acknowledged = AcknowledgedFile(path.parent)
        self._commits = 0
        self._uncertain: list[bool] | None = None
        """What the batch came to, should its COMMIT, which raised, stand after all."""
        self._opened: sqlite3.Connection | None = None
        self._queue: queue.SimpleQueue[_Unit | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._wait_until = 0.0
        self._thread = threading.Thread(target=self._run, name="tizmor-writer", daemon=True)

    def open(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """Commit what is queued, checkpoint, close. Blocks until done, and not for long where the storage is away."""
        self.hurry()
        self._queue.put(None)
        self._thread.join()

    def hurry(self) -> None:
        """Give what waits for a storage that is away a last chance, and nothing that comes after it."""
        if not self._closing.is_set():
            self._wait_until = time.monotonic() + CLOSING_SECONDS
            self._closing.set()

    async def commit(self, writes: Sequence[Write]) -> bool:
        """Run one unit; True when every row count held and the transaction is durable. Waits while the storage is away.

        Raises:
            InternalError: ``write_invalid``: a value SQLite cannot take; nothing was changed.
            StorageAwayError: ``storage_unavailable``: the storage is lost, or was away when the process ended or too much
                waited already; what happened is unknown until read again.
        """
        future = asyncio.get_running_loop().create_future()
        unit = _Unit(writes, future)
        while not self._offer(unit, QUEUE_LIMIT):  # noqa: ASYNC110 - who makes room is a thread
            await asyncio.sleep(ROOM_SECONDS)
        # Cancelling the caller cancels only this future: the unit is on its way, and nobody hears how it went.
        return await future

    def post(self, writes: Sequence[Write]) -> bool:
        """Queue a unit nobody waits for: spans, measurements, log lines. False: too much waits, and it was dropped."""
        try:
            return self._offer(_Unit(writes, None), POSTS_LIMIT)
        except StorageAwayError:
            return False

    def keep_reserve(self) -> None:
        """Keep space back where the disk fills up; once it is roomy again after it was full, everything is taken again."""
        usable = self._reserve.keep()
        if usable and self._health.state is StorageState.LOW:
            self._health.become(StorageState.ANSWERS)

    def look(self) -> None:
        """See whether the files are still there, while nobody writes."""
        if (fault := self._held.moved()) is not None:
            self._health.become(StorageState.LOST, fault)

    def _offer(self, unit: _Unit, limit: int) -> bool:
        state = self._health.state
        full = self._queue.qsize() >= limit
        if state is StorageState.LOST or (full and state is not StorageState.ANSWERS and unit.future is not None):
            raise _away(self._health.standing.fault)
        if full:
            return False
        self._queue.put(unit)
        return True

    def _run(self) -> None:
        try:
            while (unit := self._queue.get()) is not None:
                batch, last = self._drain(unit)
                self._land(batch)
                if last:
                    break
        finally:
            self._leave()

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

    def _land(self, batch: list[_Unit]) -> None:
        """Commit a batch, however long that takes; the crash barrier of writing."""
        pause = FIRST_PAUSE
        while True:
            try:
                self._refuse_when_lost()
                self._commit(self._connected(), batch)
            except (sqlite3.Error, FaultError, OSError, MemoryError) as error:
                fault = fault_of(error)
            except Exception as error:  # noqa: BLE001 - a bug of ours ends one batch, never the only thread that writes
                fault = Fault(FaultKind.STATEMENT, repr(error))
            else:
                return
            self._roll_back()
            if fault.kind is FaultKind.STATEMENT and len(batch) > 1:
                for unit in batch:
                    self._land([unit])
                return
            if not self._waits_for(fault, pause):
                _refuse(batch, fault)
                return
            pause = min(pause * 2, LONGEST_PAUSE)

    def _commit(self, connection: sqlite3.Connection, batch: list[_Unit]) -> None:
        """Try once; raises what SQLite does, with nothing told to anybody."""
        won = self._uncertain
        if won is None or not self._stands(connection):
            won = self._run_batch(connection, batch)
        self._uncertain = None
        if (moved := self._held.database_moved()) is not None:
            raise FaultError(moved)
        self._acknowledged.note(Mark(self.generation, self._commits))
        self._answered()
        for unit, result in zip(batch, won, strict=True):
            _resolve(unit, unit.error or result)

    def _answered(self) -> None:
        standing = self._health.standing
        if standing.state is StorageState.AWAY:
            full = standing.fault is not None and standing.fault.kind is FaultKind.FULL
            self._health.become(StorageState.LOW if full else StorageState.ANSWERS, standing.fault if full else None)

    def _run_batch(self, connection: sqlite3.Connection, batch: list[_Unit]) -> list[bool]:
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
        self._count(connection)
        failpoint("store.commit.before")
        self._uncertain = won
        connection.execute("COMMIT")
        self._commits += 1
        failpoint("store.commit.after")
        return won

    def _count(self, connection: sqlite3.Connection) -> None:
        """Number the transaction: the number proves that it stands. Where a later process owns the database there is none."""
        if not self.generation:
            return
        counted = connection.execute(_COUNT, (self._commits + 1, self.generation))
        if counted.rowcount != 1:
            raise FaultError(Fault(FaultKind.TAKEN_OVER, f"generation {self.generation} is not the latest"))

    def _stands(self, connection: sqlite3.Connection) -> bool:
        """Does the transaction stand whose COMMIT raised?"""
        found = connection.execute(_COUNTED, (self.generation,)).fetchone() if self.generation else None
        if found is None or found[0] != self._commits + 1:
            return False
        self._commits += 1
        return True

    def _connected(self) -> sqlite3.Connection:
        if self._opened is None:
            opened = connect_for_writing(self._path, durable=self._durable)
            try:
                opened.execute("SELECT 1 FROM sqlite_schema").fetchone()  # only now SQLite opens the log and its index
                self._held.take()
            except (sqlite3.Error, OSError):
                opened.close()
                raise
            self._opened = opened
        return self._opened

    def _refuse_when_lost(self) -> None:
        standing = self._health.standing
        if standing.state is StorageState.LOST and standing.fault is not None:
            raise FaultError(standing.fault)

    def _roll_back(self) -> None:
        """Leave no transaction open. A connection that cannot do even that is left for a new one."""
        connection = self._opened
        if connection is None:
            return
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except sqlite3.Error:
            self._opened = None
            with suppress(sqlite3.Error):
                connection.close()

    def _waits_for(self, fault: Fault, pause: float) -> bool:
        """Is it worth trying again? Then only after a while."""
        if fault.kind is FaultKind.STATEMENT:
            return False
        if fault.fatal:
            self._health.become(StorageState.LOST, fault)
            return False
        if (fault.kind is FaultKind.FULL or self._reserve.is_needed()) and self._reserve.free():
            self._health.become(StorageState.LOW, fault)
            return True
        self._health.become(StorageState.AWAY, fault)
        if not self._closing.wait(pause):
            return True
        time.sleep(FIRST_PAUSE)
        return time.monotonic() < self._wait_until

    def _leave(self) -> None:
        connection, self._opened = self._opened, None
        self._acknowledged.close()
        if connection is None:
            return
        if self._held.database_moved() is not None:
            _abandoned.append(connection)
            return
        with suppress(sqlite3.Error):
            connection.close()


def connect_for_writing(path: Path, *, durable: bool) -> sqlite3.Connection:
    """Open the one connection that writes and checkpoints."""
    connection = sqlite3.connect(path, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA page_size=1024")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'OFF'}")
        connection.execute(f"PRAGMA journal_size_limit={LOG_BYTES}")
        connection.execute("PRAGMA foreign_keys=ON")
        teach(connection)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _run_unit(connection: sqlite3.Connection, unit: _Unit) -> bool:
    for write in unit.writes:
        try:
            cursor = connection.execute(write.sql, write.parameters)
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


def _away(fault: Fault | None) -> StorageAwayError:
    return StorageAwayError("storage_unavailable", "Too much waits to be written." if fault is None else fault.detail)


def _refuse(batch: list[_Unit], fault: Fault) -> None:
    for unit in batch:
        error = _away(fault)
        _resolve(unit, InternalError("write_invalid", error.detail) if fault.kind is FaultKind.STATEMENT else error)


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
