"""The database of one home: its lock, its schema, its one writer and its readers."""

from __future__ import annotations

import asyncio
import fcntl
import os
import sqlite3
import sys
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import RowMapping, Select, create_engine
from sqlalchemy.exc import DatabaseError, DBAPIError
from sqlalchemy.pool import QueuePool

from engine.errors import RequestError, StorageAwayError
from storage.acknowledged import AcknowledgedFile
from storage.backup import back_up_before, remove_unfinished
from storage.faults import Fault, FaultKind, fault_of, is_undecodable
from storage.health import StorageHealth, StorageState
from storage.ownership import Taking, take_ownership
from storage.writer import Writer, connect_for_writing
from storage.writes import Write

SWITCH_SECONDS = 0.001
"""How long a thread may keep the interpreter from the others. The writer gives it up around every statement; with Python's
5 ms it then waits behind a busy event loop, and a step of ten milliseconds ends two late (``make bench``, W3)."""

HEAD = "0005"
"""Newest migration this program knows."""

DATABASE_FILE = "tizmor.db"
RESTORING = f".{DATABASE_FILE}.restoring"
"""Begins the names of what a restore makes in a home before it is put in its place."""

READERS = 2
"""Read-only connections, each used by one thread at a time."""

Query = Select[*tuple[Any, ...]]
Rows = Sequence[RowMapping]


class HomeLockedError(RequestError):
    """Another process owns the home."""


class Database:
    """Reads and writes of one process that owns the home."""

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        self.path = path
        self.health = StorageHealth()
        """Whether it answers."""
        self.missing = ""
        """What an earlier process had committed and is not there any more, in one sentence; empty: nothing."""
        self._writer = Writer(path, durable=durable, health=self.health)
        self._readers = create_engine(
            "sqlite://",
            creator=partial(connect_for_reading, path),
            poolclass=QueuePool,
            pool_size=READERS,
            max_overflow=0,
        )
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="tizmor-reader")
        self.generation = 0
        """Number of this process among all that ever owned the database: the fence of everything it writes."""
        self.reads_fail = False
        """Did a read fail since this was last set to False?"""

    async def write(self, writes: Sequence[Write]) -> bool:
        """Commit one unit through the single writer."""
        return await self._writer.commit(writes)

    def write_behind(self, writes: Sequence[Write]) -> bool:
        """Queue a unit nobody waits for; False when it was dropped."""
        return self._writer.post(writes)

    async def rows(self, query: Query, **parameters: str) -> Rows:
        """All rows of one query, on a read-only connection. A query that is made once costs a third of one made each time."""
        return (await self.rows_together(query, **parameters))[0]

    async def rows_together(self, *queries: Query, **parameters: str) -> list[Rows]:
        """Rows of several queries with the same parameters as of one instant, in one hop to a reader thread.

        Raises:
            StorageAwayError: ``storage_unavailable``: SQLite refused.
        """
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, self._read, queries, parameters)
        except DatabaseError as error:
            raise self._unread(error) from error

    def _read(self, queries: Sequence[Query], parameters: Mapping[str, str]) -> list[Rows]:
        try:
            return self._rows(queries, parameters)
        except DatabaseError as error:
            if not is_undecodable(error.orig):
                raise
        return self._rows(queries, parameters, leniently=True)

    def _rows(self, queries: Sequence[Query], parameters: Mapping[str, str], *, leniently: bool = False) -> list[Rows]:
        with self._readers.connect() as connection, connection.begin():
            raw: Any = connection.connection.driver_connection
            raw.text_factory = _any_text if leniently else str
            if len(queries) > 1:
                connection.exec_driver_sql("BEGIN")  # Python's sqlite3 begins none to read in
            return [connection.execute(query, parameters).mappings().all() for query in queries]

    def _unread(self, error: DatabaseError) -> StorageAwayError:
        fault = Fault(FaultKind.IO, str(error)) if error.orig is None else fault_of(_as_exception(error.orig))
        if fault.fatal:
            self.health.become(StorageState.LOST, fault)
        self.reads_fail = True
        return StorageAwayError("storage_unavailable", fault.detail)

    def look_after(self) -> None:
        """See that the files are still there, and keep space back where the disk fills up. Blocking; once in a while."""
        self._writer.look()
        self._writer.keep_reserve()

    def start(self, now: str) -> None:
        """Take the next generation, close the books of the last one, and start the writer thread.

        Raises:
            RequestError: ``home_not_writable`` or ``database_corrupt``: it cannot be written.
        """
        taken = _take(self.path, now)
        self.generation, self.missing = taken.generation, taken.missing
        sys.setswitchinterval(SWITCH_SECONDS)
        self._writer.generation = self.generation
        self._writer.open()

    def hurry(self) -> None:
        """The process ends: from now on a storage that is away is not waited for, or not for long."""
        self._writer.hurry()

    async def stop(self) -> None:
        """Close readers first (the writer checkpoints last)."""
        self._threads.shutdown()
        self._readers.dispose()
        await asyncio.to_thread(self._writer.close)


@asynccontextmanager
async def open_database(home: Path, *, now: str, durable: bool = True) -> AsyncGenerator[Database]:
    """Own the home until the block ends.

    Raises:
        HomeLockedError: ``home_locked``: another process owns it.
        RequestError: ``home_not_writable`` or ``database_newer``; ``detail`` says what to do.
    """
    with own_home(home):
        clear_unfinished(home)
        path = home / DATABASE_FILE
        migrate(path)
        database = Database(path, durable=durable)
        database.start(now)
        try:
            yield database
        finally:
            await database.stop()


@contextmanager
def own_home(home: Path) -> Generator[None]:
    """Hold the home's lock file; the operating system drops it when the process dies, however it dies."""
    try:
        _make_folder(home)
        descriptor = os.open(home / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with suppress(OSError):  # it can be opened as it is
            give_to_owner_of(home, descriptor)
    except OSError as error:
        raise RequestError(
            "home_not_writable", f"The home {home} cannot be written ({error.strerror}); choose another with --home."
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise HomeLockedError(
            "home_locked", f"Another Tizmor process owns {home}; stop it, or choose another home with --home."
        ) from error
    try:
        yield
    finally:
        os.close(descriptor)


def clear_unfinished(home: Path) -> None:
    """Take away what a killed backup, restore or update of the schema left in a home, which may be as large as the database.
    Only who owns the home may; what stays is no failure."""
    with suppress(OSError):
        remove_unfinished(home)
        for left in home.glob(f"{RESTORING}*"):
            left.unlink(missing_ok=True)


def _make_folder(home: Path) -> None:
    """Make the home where it is missing. SQLite syncs the names in it; its own name is synced here."""
    missing = [folder for folder in (home, *home.parents) if not folder.exists()]
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        for made in reversed(missing):
            _sync_folder(made.parent)
    except OSError:
        with suppress(OSError):
            for made in missing:  # so that the next start makes and syncs them anew
                made.rmdir()
        raise


def give_to_owner_of(model: Path, made: Path | int) -> None:
    """Let what the superuser made be used by whom a file or folder belongs to: the service it is made for.

    Raises:
        OSError: ``made`` is another user's, and cannot be given away.
    """
    owner = model.stat()
    if os.stat(made).st_uid != owner.st_uid:  # noqa: PTH116 - perhaps a descriptor
        os.chown(made, owner.st_uid, owner.st_gid)


def _sync_folder(folder: Path) -> None:
    """One that may not be read is left to the file system."""
    try:
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except PermissionError:
        return
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def connect_for_reading(path: Path) -> sqlite3.Connection:
    """Open read-only, so that closing it never checkpoints; any character may stand in the path."""
    return sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, check_same_thread=False, isolation_level=None)


def schema_version(path: Path) -> str | None:
    """The migration a database stands at; None when it has no schema yet.

    Raises:
        RequestError: ``database_corrupt``; ``home_not_writable``: it cannot be opened or read, whatever may be in it.
    """
    try:
        if not path.exists():
            return None
        with closing(connect_for_reading(path)) as connection:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
        kind = FaultKind.CORRUPT if isinstance(error, UnicodeDecodeError) else fault_of(error).kind
        if kind is FaultKind.STATEMENT:  # there is no such table
            return None
        if kind is FaultKind.CORRUPT:
            detail = f"{path} is not a readable database ({error}); restore a backup or move it away."
            raise RequestError("database_corrupt", detail) from error
        raise _unusable(path, "read", error) from error
    return None if row is None else str(row[0])


def migrate(path: Path) -> None:
    """Bring the schema to HEAD, all of it or nothing, with a backup of what was there. Alembic is imported only when there is
    something to do.

    Raises:
        RequestError: ``database_newer`` when a newer program has been here; ``database_corrupt``; ``backup_failed``: the
            backup does not fit or cannot be trusted; ``home_not_writable``: the disk refuses. Nothing is changed.
    """
    version = schema_version(path)
    if version == HEAD:
        return
    if version is not None and version > HEAD:
        raise RequestError(
            "database_newer",
            f"{path} was written by a newer Tizmor (schema {version}, this one knows {HEAD}); install the newer version.",
        )
    if version is not None:
        back_up_before(path, HEAD)
    try:
        _upgrade(path)
    except (sqlite3.Error, DBAPIError, OSError) as error:
        reason = error.orig if isinstance(error, DBAPIError) else error
        if reason is None or fault_of(_as_exception(reason)).kind is FaultKind.STATEMENT:
            raise  # our bug
        raise _unusable(path, f"brought to schema {HEAD}", _as_exception(reason)) from error


def _upgrade(path: Path) -> None:
    connect_for_writing(path, durable=True).close()
    path.chmod(0o600)
    from alembic import command  # noqa: PLC0415 - costs 100 ms and is rarely needed
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["database"] = str(path)
    command.upgrade(config, "head")


def _take(path: Path, now: str) -> Taking:
    try:
        return take_ownership(path, now, AcknowledgedFile(path.parent))
    except (sqlite3.Error, OSError) as error:
        raise _unusable(path, "taken into use", error) from error


def _unusable(path: Path, done: str, error: Exception) -> RequestError:
    fault = fault_of(error)
    return RequestError(
        "database_corrupt" if fault.fatal else "home_not_writable", f"{path} cannot be {done}. {fault.detail}"
    )


def _as_exception(error: BaseException) -> Exception:
    return error if isinstance(error, Exception) else RuntimeError(str(error))


def _any_text(stored: bytes) -> str:
    """Text of a damaged row, so that the others beside it can be read."""
    return stored.decode("utf-8", "surrogateescape")
