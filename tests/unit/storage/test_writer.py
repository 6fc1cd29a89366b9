"""The single writer: units that win, lose or cannot be stored do not touch each other; together they share a flush."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from engine.errors import InternalError, UnavailableError
from storage.writer import Writer
from storage.writes import Write
from tests.laboratory.interleavings.storage import ScheduledWriter

INSERT = "INSERT INTO things (id, value) VALUES (:id, :value)"
UPDATE = "UPDATE things SET value = :value WHERE id = :id"


def put(key: str, value: object = 1) -> Write:
    return Write(INSERT, {"id": key, "value": value}, 1)


@pytest.fixture(params=[Writer, ScheduledWriter], ids=["thread", "loop"])
def make(request: pytest.FixtureRequest) -> type[Writer]:
    """The real one, and the one that schedules of interleavings stand on."""
    made: type[Writer] = request.param
    return made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    connection = sqlite3.connect(tmp_path / "x.db")
    connection.execute("CREATE TABLE things (id TEXT PRIMARY KEY, value)")
    connection.commit()
    connection.close()
    return tmp_path / "x.db"


def stored(path: Path) -> dict[str, object]:
    connection = sqlite3.connect(path)
    rows = dict(connection.execute("SELECT id, value FROM things ORDER BY id").fetchall())
    connection.close()
    return rows


async def together(writer: Writer, *units: list[Write]) -> list[bool | BaseException]:
    """Queue all before the thread starts, so that they share one batch."""
    results: list[bool | BaseException] = [False] * len(units)

    async def one(number: int, unit: list[Write]) -> None:
        try:
            results[number] = await writer.commit(unit)
        except (InternalError, UnavailableError) as error:
            results[number] = error

    async with asyncio.TaskGroup() as group:
        for number, unit in enumerate(units):
            group.create_task(one(number, unit))
        group.create_task(asyncio.to_thread(writer.open))
    return results


async def test_in_one_batch_every_unit_learns_its_own_fate(path: Path, make: type[Writer]) -> None:
    writer = make(path, durable=False)
    results = await together(
        writer,
        [put("a"), put("b")],
        [put("c"), Write(UPDATE, {"id": "nobody", "value": 2}, 1)],
        [put("a", 2)],
        [put("d", "\ud800")],
        [put("e", 2**70)],
        [put("f")],
    )
    writer.close()
    assert results[0] is True
    assert results[1] is False
    assert results[2] is False
    assert isinstance(results[3], InternalError)
    assert isinstance(results[4], InternalError)
    assert results[5] is True
    assert stored(path) == {"a": 1, "b": 1, "f": 1}


async def test_many_callers_share_few_flushes(path: Path, make: type[Writer]) -> None:
    from engine.failpoints import arm

    passed: list[str] = []
    arm(None, passed.append)
    try:
        writer = make(path, durable=False)
        results = await together(writer, *[[put(str(n))] for n in range(200)])
        writer.close()
    finally:
        arm(None)
    assert all(result is True for result in results)
    assert len([p for p in passed if p.startswith("store.commit.after")]) <= 3


async def test_a_statement_that_cannot_be_run_is_a_bug_of_one_unit_and_the_writer_lives(
    path: Path, make: type[Writer]
) -> None:
    writer = make(path, durable=False)
    gone = "INSERT INTO nothing_there VALUES (:id)"
    results = await together(writer, [put("before")], [Write(gone, {"id": "x"}, 1)], [put("beside")])
    assert results[0] is True
    assert isinstance(results[1], InternalError)
    assert results[2] is True
    assert await writer.commit([put("after")]) is True
    writer.close()
    assert stored(path) == {"after": 1, "before": 1, "beside": 1}
