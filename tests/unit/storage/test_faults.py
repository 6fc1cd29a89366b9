"""Faults of the storage: what was asked waits and is done once, or nobody is told that it was."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from engine.errors import StorageAwayError
from storage import reserve, writer
from storage.faults import FaultKind
from storage.health import Standing, StorageHealth, StorageState
from storage.writer import Writer
from storage.writes import Write
from tests.surfaces.serving import clean_environment
from tests.waiting import until

INSERT = "INSERT INTO things (id, value) VALUES (:id, :value)"
UPDATE = "UPDATE things SET value = :value WHERE id = :id"


def put(key: str, value: object = 1) -> list[Write]:
    return [Write(INSERT, {"id": key, "value": value}, 1)]


def make(folder: Path) -> Path:
    path = folder / "x.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE things (id TEXT PRIMARY KEY, value)")
        connection.execute("CREATE TABLE generations (number INTEGER PRIMARY KEY, commits INTEGER)")
        connection.execute("INSERT INTO generations VALUES (1, 0)")
    return path


def stored(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT id FROM things ORDER BY rowid")]


@asynccontextmanager
async def writing(path: Path, heard: list[Standing] | None = None) -> AsyncGenerator[tuple[Writer, StorageHealth]]:
    health = StorageHealth()
    if heard is not None:
        health.watch(heard.append)
    opened = Writer(path, durable=False, health=health)
    opened.generation = 1
    opened.open()
    try:
        yield opened, health
    finally:
        await asyncio.to_thread(opened.close)


async def becomes(health: StorageHealth, state: StorageState) -> None:
    async def look() -> StorageState:
        return health.state

    await until(look, lambda found: found is state)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "LOCK_SECONDS", 0.02)
    monkeypatch.setattr(writer, "CLOSING_SECONDS", 0.2)


@pytest.fixture
def small_disk(tmp_path: Path) -> Generator[Path]:
    """Half a megabyte that can be filled to the last byte."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "none", place], check=False)
    if mounted.returncode:
        pytest.skip("file systems cannot be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def fill(place: Path) -> Path:
    filler = place / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            return filler


@pytest.mark.usefixtures("impatient")
async def test_while_another_program_holds_the_lock_callers_wait_and_then_everything_is_done_once(
    tmp_path: Path,
) -> None:
    path, heard = make(tmp_path), list[Standing]()
    async with writing(path, heard) as (opened, health), asyncio.TaskGroup() as group:
        assert await opened.commit(put("before"))
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            waiting = [group.create_task(opened.commit(put(f"w{n}"))) for n in range(20)]
            await becomes(health, StorageState.AWAY)
            assert health.standing.fault is not None
            assert health.standing.fault.kind is FaultKind.BUSY
            other.execute("ROLLBACK")
        assert all([await task for task in waiting])
        assert health.state is StorageState.ANSWERS
    assert stored(path) == ["before", *(f"w{n}" for n in range(20))]
    assert [standing.state for standing in heard] == [StorageState.AWAY, StorageState.ANSWERS], "told once each"


@pytest.mark.usefixtures("impatient")
async def test_on_a_full_disk_callers_wait_and_go_on_by_themselves_when_there_is_room(small_disk: Path) -> None:
    path = make(small_disk)
    async with writing(path) as (opened, health), asyncio.TaskGroup() as group:
        assert await opened.commit(put("before"))
        filler = fill(small_disk)
        waiting = [group.create_task(opened.commit(put(f"w{n}", "x" * 2_000))) for n in range(20)]
        await becomes(health, StorageState.AWAY)
        assert not waiting[-1].done()
        filler.unlink()
        assert all([await task for task in waiting])
        opened.keep_reserve()
        assert health.state is StorageState.ANSWERS
    assert stored(path) == ["before", *(f"w{n}" for n in range(20))]


async def test_the_reserve_is_freed_for_what_must_be_recorded_and_kept_again_when_there_is_room(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reserve, "RESERVE_BYTES", 128 * 1024)
    monkeypatch.setattr(reserve, "ROOMY_ABOVE", 256 * 1024)
    path, heard = make(small_disk), list[Standing]()
    async with writing(path, heard) as (opened, health):
        assert await opened.commit(put("before"))
        opened.keep_reserve()
        assert (small_disk / "reserve").stat().st_blocks * 512 >= 128 * 1024
        filler = fill(small_disk)
        for n in range(5):
            assert await opened.commit(put(f"w{n}", "x" * 2_000))
        assert health.state is StorageState.LOW
        opened.keep_reserve()
        assert health.state is StorageState.LOW, "nothing new is taken while the disk is full"
        filler.unlink()
        opened.keep_reserve()
        assert health.state is StorageState.ANSWERS
        assert (small_disk / "reserve").exists()
    assert len(stored(path)) == 6
    assert [standing.state for standing in heard] == [StorageState.LOW, StorageState.ANSWERS]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("what", ["deleted", "replaced", "log deleted"])
async def test_nothing_is_acknowledged_once_the_file_is_not_there_any_more(tmp_path: Path, what: str) -> None:
    path = make(tmp_path)
    async with writing(path) as (opened, health):
        assert await opened.commit(put("before"))
        match what:
            case "deleted":
                path.unlink()
            case "replaced":
                path.rename(tmp_path / "aside")
                make(tmp_path)
            case _:
                Path(f"{path}-wal").unlink()
                assert await opened.commit(put("written to the log that is gone"))
                await asyncio.to_thread(opened.look)  # as happens every second
        with pytest.raises(StorageAwayError, match=r"deleted|replaced"):
            await opened.commit(put("after"))
        assert health.state is StorageState.LOST
        with pytest.raises(StorageAwayError):
            await opened.commit(put("later"))
        assert opened.post(put("behind")) is False
    if what == "replaced":
        assert stored(path) == [], "nothing was done to the database that is there now"
    if what == "log deleted":
        assert stored(path) == ["before", "written to the log that is gone"], "written back in the end"


async def test_it_is_noticed_that_the_file_is_gone_while_nobody_writes(tmp_path: Path) -> None:
    path = make(tmp_path)
    async with writing(path) as (opened, health):
        assert await opened.commit(put("before"))
        opened.look()
        assert health.state is StorageState.ANSWERS
        path.unlink()
        opened.look()
        assert health.state is StorageState.LOST


async def test_what_a_process_writes_whose_database_was_taken_over_is_refused(tmp_path: Path) -> None:
    path = make(tmp_path)
    async with writing(path) as (zombie, health):
        assert await zombie.commit(put("mine"))
        with closing(sqlite3.connect(path, isolation_level=None)) as successor:
            successor.execute("INSERT INTO generations VALUES (2, 0)")
        with pytest.raises(StorageAwayError, match="later process owns"):
            await zombie.commit(put("late"))
        assert health.state is StorageState.LOST
    assert stored(path) == ["mine"]


@pytest.mark.usefixtures("impatient")
async def test_a_damaged_database_is_written_to_no_more(tmp_path: Path) -> None:
    path = make(tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    raw = bytearray(path.read_bytes())
    raw[4096:4196] = b"\xff" * 100  # the head of the first table's page
    path.write_bytes(raw)
    async with writing(path) as (opened, health):
        with pytest.raises(StorageAwayError, match="tizmor restore"):
            await opened.commit(put("a"))
        assert health.state is StorageState.LOST


@pytest.mark.usefixtures("impatient")
async def test_what_waits_while_the_storage_is_away_has_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "QUEUE_LIMIT", 8)
    monkeypatch.setattr(writer, "POSTS_LIMIT", 2)
    path = make(tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        async with writing(path) as (opened, health), asyncio.TaskGroup() as group:
            assert await opened.commit(put("before"))
            other.execute("BEGIN IMMEDIATE")
            first = group.create_task(opened.commit(put("first")))
            await becomes(health, StorageState.AWAY)
            waiting = [group.create_task(opened.commit(put(f"w{n}"))) for n in range(8)]
            await asyncio.sleep(0)
            with pytest.raises(StorageAwayError):
                await opened.commit(put("too many"))
            assert opened.post(put("behind")) is False
            other.execute("ROLLBACK")
            assert all([await task for task in (first, *waiting)])
    assert len(stored(path)) == 10


@pytest.mark.usefixtures("impatient")
async def test_a_process_that_ends_while_the_storage_is_away_does_not_wait_for_it_for_long(tmp_path: Path) -> None:
    path = make(tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        async with writing(path) as (opened, health):
            assert await opened.commit(put("before"))
            other.execute("BEGIN IMMEDIATE")
            waiting = asyncio.ensure_future(opened.commit(put("never")))  # noqa: TID251 - outlives the block on purpose
            await becomes(health, StorageState.AWAY)
        with pytest.raises(StorageAwayError):
            await waiting


@pytest.mark.parametrize(
    ("calls", "when"),
    [
        ("fdatasync,fsync", "2+3"),
        ("fdatasync,fsync", "3"),
        ("pwrite64", "9+41"),
        ("pwrite64", "12+29"),
        ("ftruncate", "1"),
    ],
)
def test_whatever_call_fails_each_unit_that_was_told_of_is_there_once(tmp_path: Path, calls: str, when: str) -> None:
    if subprocess.run(["strace", "-V"], check=False, capture_output=True).returncode:
        pytest.skip("strace is not here")
    path, traced = make(tmp_path), tmp_path / "strace"
    command = [
        "strace",
        "-f",
        "-qq",
        "-o",
        str(traced),
        "-e",
        f"trace={calls}",
        "-e",
        f"inject={calls}:error=EIO:when={when}",
    ]
    done = subprocess.run(
        [*command, sys.executable, "-m", "tests.unit.storage.committing", str(path)],
        cwd=Path(__file__).parents[3],
        check=False,
        capture_output=True,
        timeout=60,
        env=clean_environment(),
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode().split() == [f"w{n}" for n in range(12)], "each was told that it won"
    assert calls == "ftruncate" or "INJECTED" in traced.read_text()
    assert stored(path) == [f"w{n}" for n in range(12)]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT commits FROM generations").fetchall() == [(12,)]
