"""The floor is a floor of our engine only while it writes the same rows.

Every row of every table is compared, instants apart. By design only ``execution_steps.argument_hash`` differs (the floor
makes one up, as long), what our writer adds so that damage and loss are noticed, and the order in which steps that run at once are told of. The tables of spans, figures and log
lines are empty on both sides: the lab keeps its telemetry in memory.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from storage.database import DATABASE_FILE
from tests.bench.driving import Open, Parking
from tests.bench.floor import open_floor
from tests.bench.tizmor_ import open_tizmor
from tests.bench.workloads import Shape, Work, chain, diamond, fan

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
UNTOLD = {"events": {"seq"}, "execution_steps": {"argument_hash"}, "generations": {"commits"}}
SUM = "row_sum"

Tables = dict[str, list[str]]


def written(home: Path) -> Tables:
    """Every row of a database as text, sorted, by table, without instants."""
    with closing(sqlite3.connect(home / DATABASE_FILE)) as connection:
        connection.row_factory = sqlite3.Row
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            name: sorted(
                INSTANT.sub("T", str(dict(_told(name, row)))) for row in connection.execute(f"SELECT * FROM {name}")
            )
            for name in names
        }


def sequences(home: Path) -> list[list[int]]:
    """The numbers of the events of each execution."""
    with closing(sqlite3.connect(home / DATABASE_FILE)) as connection:
        found: dict[str, list[int]] = {}
        for execution, seq in connection.execute("SELECT execution_id, seq FROM events ORDER BY seq"):
            found.setdefault(execution, []).append(seq)
        return list(found.values())


async def both(tmp_path: Path, shape: Shape) -> tuple[Tables, Tables]:
    """What our engine and the floor have written after one execution of a shape."""
    found: list[Tables] = []
    for home, open_engine in engines(tmp_path):
        async with open_engine(home, Work()) as engine:
            await (await engine.prepare(shape))()
        found.append(written(home))
        assert all(seq == list(range(1, len(seq) + 1)) for seq in sequences(home))
    return found[0], found[1]


def engines(tmp_path: Path) -> Iterator[tuple[Path, Open]]:
    """Ours, then the floor, each with a directory of its own."""
    opens: dict[str, Open] = {"tizmor": open_tizmor, "floor": open_floor}
    for name, open_engine in opens.items():
        home = tmp_path / name
        home.mkdir()
        yield home, open_engine


@pytest.mark.parametrize("shape", [chain(4), fan(3), diamond()], ids=["chain", "fan", "diamond"])
async def test_the_floor_writes_the_rows_our_engine_writes(tmp_path: Path, shape: Shape) -> None:
    ours, floor = await both(tmp_path, shape)
    assert {name: len(rows) for name, rows in floor.items()} == {name: len(rows) for name, rows in ours.items()}
    assert floor == ours
    assert len(ours["shared_context"]) == len(shape)
    assert len(ours["attempts"]) == len(shape)


async def test_the_floor_waits_for_approval_with_the_rows_our_engine_waits_with(tmp_path: Path) -> None:
    waiting: list[Tables] = []
    ended: list[Tables] = []
    for home, open_engine in engines(tmp_path):
        async with open_engine(home, Work()) as engine:
            assert isinstance(engine, Parking)
            await engine.park(1)
            waiting.append(written(home))
            (parked,) = await engine.parked(10)
            await engine.resume(parked)
            assert await engine.parked(10) == []
        ended.append(written(home))
    assert waiting[1] == waiting[0]
    assert ended[1] == ended[0]


def _told(name: str, row: sqlite3.Row) -> Iterator[tuple[str, object]]:
    columns = zip(row.keys(), tuple(row), strict=True)
    return ((key, value) for key, value in columns if key != SUM and key not in UNTOLD.get(name, ()))
