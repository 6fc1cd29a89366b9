"""Runs one workload on one engine in this process and prints the readings as one line of JSON.

Every engine, ours, the floor and the peers, is driven by the same code: only the :class:`Engine` differs. Standard
library only, see ``workloads``.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import sqlite3
import statistics
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextlib import AbstractAsyncContextManager, closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from tests.bench.workloads import (
    KILLED_AFTER,
    Journal,
    Shape,
    Work,
    chain,
    columns,
    critical_path,
    diamond,
    fan,
    skewed,
)

Readings = dict[str, float]
Run = Callable[[], Awaitable[None]]
"""One execution, from the request to its recorded end."""

IDLE_SECONDS = 3.0
RESUMES = 200
WAL_LENGTHS = (20, 100, 300)
IN_FLIGHT_STEPS = 3
CANCELLED_LENGTH = 20


class Engine(Protocol):
    """What can be driven."""

    @property
    def database(self) -> Path:
        """Its SQLite file."""
        ...

    async def prepare(self, shape: Shape) -> Run:
        """Get ready, outside the time measured, to run executions of this shape. The run raises unless every step
        succeeded."""
        ...


@runtime_checkable
class Recovering(Protocol):
    """An engine whose executions outlive its process."""

    async def recovered(self, shape: Shape) -> None:
        """Wait until the one execution, of this shape, that an earlier process left undone is done."""
        ...


@runtime_checkable
class Accepting(Protocol):
    """An engine that says how many executions it has taken in."""

    async def accepted(self) -> int:
        """So many, durable."""
        ...


@runtime_checkable
class Parking(Protocol):
    """An engine whose executions can wait for a person."""

    async def park(self, number: int) -> None:
        """Start so many one-step executions; returns when each has asked and is at rest."""
        ...

    async def parked(self, limit: int) -> list[str]:
        """What :meth:`resume` takes, for so many of those that wait."""
        ...

    async def resume(self, parked: str) -> None:
        """Decide, and wait for the recorded end of the execution."""
        ...


@runtime_checkable
class Stopping(Protocol):
    """An engine whose execution can be stopped by a person."""

    async def stop(self) -> None:
        """Stop the one that runs; returns when that is durable."""
        ...


Open = Callable[[Path, Work], AbstractAsyncContextManager[Engine]]
"""Opens an engine over a directory, and recovers what it finds there."""


def main(open_engine: Open) -> None:
    """``python -m MODULE WORKLOAD DIRECTORY SIZE``: what the harness starts."""
    name, home, size = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    gc.freeze()  # what was imported is nobody's garbage: the product keeps it out of collections when it starts
    print(json.dumps(asyncio.run(WORKLOADS[name](open_engine, home, size))), flush=True)


class Stopwatch:
    """Wall time and processor time of this process with all its threads, in seconds."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def read(self) -> Readings:
        """Since it was made."""
        return {"wall": time.perf_counter() - self._wall, "cpu": time.process_time() - self._cpu}


async def repeated(open_engine: Open, home: Path, shape: Shape, times: int) -> Readings:
    """Medians over several executions of a shape, after one diamond that warms the process up."""
    readings: list[Readings] = []
    work = Work()
    async with open_engine(home, work) as engine:
        await (await engine.prepare(diamond()))()
        work.follow(shape)
        run = await engine.prepare(shape)
        for _ in range(times):
            gc.collect()
            watch = Stopwatch()
            await run()
            readings.append(watch.read())
    medians = {key: statistics.median(reading[key] for reading in readings) for key in readings[0]}
    return {**medians, "steps": len(shape), "resident_mb": resident_kb() / 1_000}


async def chained(open_engine: Open, home: Path, size: int) -> Readings:
    """W1."""
    return await repeated(open_engine, home, chain(size), 5)


async def fanned(open_engine: Open, home: Path, size: int) -> Readings:
    """W2."""
    return await repeated(open_engine, home, fan(size), 5)


async def skew(open_engine: Open, home: Path, size: int) -> Readings:
    """W3."""
    shape = skewed(size)
    return {**await repeated(open_engine, home, shape, 3), "critical_path": critical_path(shape)}


async def crowded(open_engine: Open, home: Path, size: int) -> Readings:
    """W4."""
    async with open_engine(home, Work()) as engine:
        run = await engine.prepare(diamond())
        await run()
        gc.collect()
        watch = Stopwatch()
        async with asyncio.TaskGroup() as group:
            for _ in range(size):
                group.create_task(_awaited(run))
        return {**watch.read(), "executions": size, "steps": size * 5, "resident_mb": resident_kb() / 1_000}


async def _awaited(run: Run) -> None:
    await run()


async def waiting(open_engine: Open, home: Path, size: int) -> Readings:
    """W5 up to its unclean end. Memory is a slope, between a fifth of the executions and all, so that what the process
    needs anyway is not counted."""
    async with open_engine(home, Work()) as engine:
        if not isinstance(engine, Parking):
            raise SystemExit("its executions cannot wait for a person")
        few = max(size // 5, 1)
        await engine.park(few)
        before = resident_kb()
        await engine.park(size - few)
        after = resident_kb()
        idle = Stopwatch()
        await asyncio.sleep(IDLE_SECONDS)
        burned = idle.read()
        times: list[float] = []
        for parked in await engine.parked(min(RESUMES, size // 2)):
            watch = Stopwatch()
            await engine.resume(parked)
            times.append(watch.read()["wall"])
        print(
            json.dumps(
                {
                    "kb_each": (after - before) / max(size - few, 1),
                    "idle_percent": 100 * burned["cpu"] / burned["wall"],
                    "resume_p50": statistics.median(times),
                    "resume_p95": sorted(times)[int(len(times) * 0.95)],
                }
            ),
            flush=True,
        )
        os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("outlived its own end")


async def woken(open_engine: Open, home: Path, size: int) -> Readings:
    """W5 after the unclean end: imports are done when this begins."""
    watch = Stopwatch()
    async with open_engine(home, Work()) as engine:
        ready = watch.read()
        assert isinstance(engine, Parking)
        parked = await engine.parked(min(20, size // 4))
        resumes: list[float] = []
        for token in parked:
            one = Stopwatch()
            await engine.resume(token)
            resumes.append(one.read()["wall"])
    return {"ready": ready["wall"], "first_resume": resumes[0], "later_resume": statistics.median(resumes[1:])}


async def killed(open_engine: Open, home: Path, size: int) -> Readings:
    """W6 up to its unclean end."""
    work = Work()
    shape = chain(size, 0.01)
    async with open_engine(home, work) as engine:
        work.follow(shape)
        work.journal = Journal(home / "journal", kill_after=min(KILLED_AFTER, size // 2))
        await (await engine.prepare(shape))()
    raise AssertionError("outlived its own end")


async def recovered(open_engine: Open, home: Path, size: int) -> Readings:
    """W6 after the unclean end: imports are done when this begins."""
    work, shape = Work(), chain(size, 0.01)
    work.follow(shape)
    work.journal = Journal(home / "journal")
    began = time.perf_counter()
    async with open_engine(home, work) as engine:
        if not isinstance(engine, Recovering):
            raise SystemExit("its executions do not outlive it")
        await engine.recovered(shape)
        done = time.perf_counter() - began
    ran = Counter((home / "journal").read_text("utf-8").split())
    assert len(ran) == size, f"{len(ran)} of {size} steps ran"
    assert work.journal.first is not None, "nothing was left to do"
    return {"again": sum(ran.values()) - size, "first_step": work.journal.first - began, "done": done}


async def cancelled(open_engine: Open, home: Path, size: int) -> Readings:
    """W8: ``size`` chains of steps of 10 ms, stopped when a quarter of the steps have begun."""
    work, shape = Work(), columns(size, CANCELLED_LENGTH, lambda _layer, _column: 0.01)
    async with open_engine(home, work) as engine:
        if not isinstance(engine, Stopping):
            raise SystemExit("its executions cannot be stopped")
        work.follow(shape)
        run = await engine.prepare(shape)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(_whatever_its_end(run))
            while work.begun < len(shape) // 4:
                await asyncio.sleep(0.001)
            asked = time.perf_counter()
            await engine.stop()
            kept = time.perf_counter()
            await running
            ended = time.perf_counter()
        return {
            "kept": kept - asked,
            "last_begun": max(work.last_begun - asked, 0.0),
            "ended": ended - asked,
            "left": len(shape) - work.begun,
        }


async def _whatever_its_end(run: Run) -> None:
    with suppress(RuntimeError):
        await run()


async def in_flight(open_engine: Open, home: Path, size: int) -> Readings:
    """W7 up to its unclean end: all are taken in, and as many as the engine runs at once stand in the middle of a step."""
    work, shape = Work(), chain(IN_FLIGHT_STEPS)
    async with open_engine(home, work) as engine:
        if not isinstance(engine, Accepting):
            raise SystemExit("it does not say what it has taken in")
        work.halts_at = shape[1].id
        run = await engine.prepare(shape)
        async with asyncio.TaskGroup() as group:
            for _ in range(size):
                group.create_task(_awaited(run))
            while await engine.accepted() < size or not work.halted:
                await asyncio.sleep(0.05)
            halted = -1
            while halted < work.halted:  # nothing more begins
                halted = work.halted
                await asyncio.sleep(1)
            print(json.dumps({"halted": halted}), flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("outlived its own end")


async def resumed(open_engine: Open, home: Path, size: int) -> Readings:
    """W7 after the unclean end: imports are done when this begins."""
    work, shape = Work(), chain(IN_FLIGHT_STEPS)
    work.journal = Journal(home / "journal")
    began = time.perf_counter()
    async with open_engine(home, work) as engine:
        assert isinstance(engine, Recovering)
        await engine.recovered(shape)
        done = time.perf_counter() - began
    assert work.journal.first is not None, "nothing was left to do"
    return {"executions": size, "first_step": work.journal.first - began, "done": done}


async def logged(open_engine: Open, home: Path, size: int) -> Readings:
    """Bytes of write-ahead log per step of a chain, at several lengths up to ``size``.

    A reader that never ends its transaction keeps the log from starting over, so that its file holds everything that
    was ever committed; nothing is timed here.
    """
    readings: Readings = {}
    async with open_engine(home, Work()) as engine:
        await (await engine.prepare(diamond()))()
        with held_log(engine.database) as log:
            for length in (n for n in WAL_LENGTHS if n <= size):
                run = await engine.prepare(chain(length))
                before = log()
                await run()
                readings[f"kb_step_{length}"] = (log() - before) / length / 1_000
    return readings


@contextmanager
def held_log(database: Path) -> Generator[Callable[[], int]]:
    """Gives what reads the size of a database's write-ahead log, in bytes, kept from starting over meanwhile."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
        yield lambda: Path(f"{database}-wal").stat().st_size


def resident_kb() -> float:
    """Resident memory of this process, after a collection, in units of 1,000 bytes."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text("utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1_000


WORKLOADS: dict[str, Callable[[Open, Path, int], Coroutine[Any, Any, Readings]]] = {
    "W1": chained,
    "W2": fanned,
    "W3": skew,
    "W4": crowded,
    "W5": waiting,
    "W5again": woken,
    "W6": killed,
    "W6again": recovered,
    "W7": in_flight,
    "W7again": resumed,
    "W8": cancelled,
    "WAL": logged,
}
"""By the name the harness calls them."""
