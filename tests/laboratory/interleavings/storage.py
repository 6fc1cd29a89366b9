"""The product's database with its threads on the loop: each unit's commit, each read and each answer is a step of its own.

Everything else is the real thing: the SQL, the transactions, a file in WAL mode, one connection that writes and two that read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from queue import Empty

from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import QueuePool

from storage.database import READERS, Database, connect_for_reading
from storage.writer import Writer
from storage.writes import Write
from tests.laboratory.interleavings.loop import ScheduledLoop


class ScheduledWriter(Writer):
    """The single writer without its thread: what is queued is committed by steps of the loop, in groups as it comes.

    On a ``ScheduledLoop`` those steps are a thread's, so that any number of units may gather first; on any other loop they are
    callbacks.
    """

    _is_open = False
    _loop: asyncio.AbstractEventLoop | None = None

    def open(self) -> None:
        """See the real one."""
        self._is_open = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._work)

    def close(self) -> None:
        """See the real one."""
        self._closing.set()
        self._work()
        self._leave()

    def cut(self) -> None:
        """Commit nothing any more, not even what is half done: the process is dead, whatever its tasks still believe."""
        self._is_open = False
        self._leave()

    async def commit(self, writes: Sequence[Write]) -> bool:
        """See the real one."""
        self._soon()
        return await super().commit(writes)

    def post(self, writes: Sequence[Write]) -> bool:
        """See the real one."""
        self._soon()
        return super().post(writes)

    def _soon(self) -> None:
        """Have the queue looked at: by the time of that step, what comes now stands in it."""
        loop = self._loop = asyncio.get_running_loop()
        if isinstance(loop, ScheduledLoop):
            loop.run("writer", self._work)
        else:
            loop.call_soon(self._work)

    def _work(self) -> None:
        while self._is_open:
            try:
                unit = self._queue.get_nowait()
            except Empty:
                return
            if unit is not None:
                self._land(self._drain(unit)[0])


class ScheduledDatabase(Database):
    """The database over such a writer; its readers are the loop's ``run_in_executor``."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, durable=False)
        self._writer = self._scheduled = ScheduledWriter(path, durable=False, health=self.health)
        self._readers = _readers(path)

    def cut(self) -> None:
        """See the writer's."""
        self._scheduled.cut()

    async def stop(self) -> None:
        """Close everything, with nothing left on its way."""
        self._threads.shutdown()
        self._readers.dispose()
        self._writer.close()


@cache
def _readers(path: Path) -> Engine:
    """One for all databases that ever stand there: what SQLAlchemy compiled for one schedule is good for the next."""
    return create_engine(
        "sqlite://", creator=partial(connect_for_reading, path), poolclass=QueuePool, pool_size=READERS
    )
