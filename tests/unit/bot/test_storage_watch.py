"""The operator hears of the storage's troubles: of each once, as soon as somebody can be told, and of none that is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot import storage_watch
from bot.admission import Admission
from bot.storage_watch import StorageWatch
from storage.acknowledged import AcknowledgedFile, Mark
from storage.database import Database, open_database
from storage.faults import Fault, FaultKind
from storage.health import StorageState
from tests.waiting import until

NOW = "2026-11-23T08:00:00.000000Z"
BUSY = Fault(FaultKind.BUSY, "database is locked")


@dataclass(slots=True)
class Operator:
    """Somebody who cannot always be reached."""

    there: bool = True
    told: list[str] = field(default_factory=list[str])
    tried: int = 0

    async def tell(self, what: str) -> bool:
        """As surfaces do."""
        self.tried += 1
        if self.there:
            self.told.append(what)
        return self.there


class Turns(Admission):
    """Counts how often it was told that nothing may be taken in."""

    refused = 0

    def refuse(self, detail: str, *, full: bool = False) -> None:
        """See the class."""
        self.refused += 1
        super().refuse(detail, full=full)


def watching(database: Database, operator: Operator, admission: Admission) -> StorageWatch:
    async def again() -> None:
        pass

    return StorageWatch(database, admission, again, operator.tell)


@asynccontextmanager
async def running(watch: StorageWatch) -> AsyncGenerator[None]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(watch.run())
        yield
        task.cancel()


async def tries(operator: Operator, more: int) -> None:
    wanted = operator.tried + more

    async def seen() -> int:
        return operator.tried

    await until(seen, lambda found: found >= wanted)


async def heard(operator: Operator, *told: str) -> None:
    async def seen() -> list[str]:
        return operator.told

    await until(seen, lambda found: found == list(told))


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOOKED_AT_EVERY", "FIRST_PAUSE", "LONGEST_PAUSE", "TOLD_AGAIN_AFTER"):
        monkeypatch.setattr(storage_watch, name, 0.01)


def lost_commits(home: Path) -> None:
    """As after a log that was cut short."""
    acknowledged = AcknowledgedFile(home)
    acknowledged.note(Mark(7, 7))
    acknowledged.close()


async def test_that_commits_are_missing_is_owed_until_somebody_can_be_told_and_then_told_once(tmp_path: Path) -> None:
    lost_commits(tmp_path)
    operator = Operator(there=False)
    async with open_database(tmp_path, now=NOW, durable=False) as database:
        watch = watching(database, operator, Admission())
        async with running(watch):
            await tries(operator, 3)
        async with running(watch):  # as after it broke
            operator.there = True
            await heard(operator, "missing")
            database.health.become(StorageState.AWAY, BUSY)
            await heard(operator, "missing", "away")
            database.health.become(StorageState.ANSWERS)
            await heard(operator, "missing", "away", "answers")


async def test_of_trouble_that_is_over_before_anybody_could_be_told_nobody_is(tmp_path: Path) -> None:
    operator = Operator(there=False)
    async with (
        open_database(tmp_path, now=NOW, durable=False) as database,
        running(watching(database, operator, Admission())),
    ):
        database.health.become(StorageState.AWAY, BUSY)
        await tries(operator, 2)
        database.health.become(StorageState.ANSWERS)
        operator.there = True
        database.health.become(StorageState.AWAY, BUSY)
        await heard(operator, "away")
        database.health.become(StorageState.ANSWERS)
        await heard(operator, "away", "answers")


async def test_a_watch_that_is_started_again_hears_of_everything_once(tmp_path: Path) -> None:
    turns, operator = Turns(), Operator()
    async with open_database(tmp_path, now=NOW, durable=False) as database:
        watch = watching(database, operator, turns)
        for _ in range(3):
            async with running(watch):
                await asyncio.to_thread(database.look_after)
        async with running(watch):
            database.health.become(StorageState.AWAY, BUSY)
            assert turns.refused == 1
            await heard(operator, "away")
