"""Who is measured at what: the engines, the workloads, the figures read from each, and the targets they are held to."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.bench.driving import Readings

ROOT = Path(__file__).parents[2]
PEERS_PYTHON = ROOT / ".venv-peers" / "bin" / "python"
"""Made by ``make bench-peers``."""

OURS, FLOOR, LANGGRAPH, DBOS = "tizmor", "floor", "langgraph", "dbos"
FLUSHED = (OURS, FLOOR, LANGGRAPH, DBOS)

Round = Mapping[str, Readings]
"""What each engine did in one round of one workload."""


@dataclass(frozen=True, slots=True)
class Competitor:
    """One engine: a module that runs one workload as a process of its own."""

    name: str
    module: str
    python: Path = Path(sys.executable)

    @property
    def installed(self) -> bool:
        """Is its environment there?"""
        return self.python.exists()


COMPETITORS = (
    Competitor(OURS, "tests.bench.tizmor_"),
    Competitor(FLOOR, "tests.bench.floor"),
    Competitor(LANGGRAPH, "tests.bench.peers.langgraph_", PEERS_PYTHON),
    Competitor(DBOS, "tests.bench.peers.dbos_", PEERS_PYTHON),
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A column of a workload's table."""

    heading: str
    value: Callable[[Readings], float]
    digits: int = 2
    against_floor: bool = False
    """Show it as a ratio to the floor's of the same round too."""


@dataclass(frozen=True, slots=True)
class Target:
    """What ours is held to, judged on the median over the rounds."""

    words: str
    value: Callable[[Round], float]
    """Of one round; a KeyError means that somebody it needs was not measured."""
    least: float | None = None
    most: float | None = None
    digits: int = 2

    def met(self, value: float) -> bool:
        """Is it?"""
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)


@dataclass(frozen=True, slots=True)
class Workload:
    """A row of tables: what is run, by whom, and what is read from it."""

    name: str
    title: str
    size: int
    figures: tuple[Figure, ...]
    targets: tuple[Target, ...]
    engines: tuple[str, ...] = FLUSHED
    phases: tuple[str, ...] = ()
    """Processes to start one after the other over one directory; every one but the last kills itself. The default is
    one, named like the workload."""


def wall(reading: Readings) -> float:
    """Milliseconds a run took."""
    return reading["wall"] * 1_000


def wall_step(reading: Readings) -> float:
    """Milliseconds a step took."""
    return wall(reading) / reading["steps"]


def cpu_step(reading: Readings) -> float:
    """Processor milliseconds a step took, user and system, all threads."""
    return reading["cpu"] * 1_000 / reading["steps"]


def rate(reading: Readings) -> float:
    """Executions a second."""
    return reading["executions"] / reading["wall"]


def stretch(reading: Readings) -> float:
    """Makespan in critical paths."""
    return reading["wall"] / reading["critical_path"]


def back(reading: Readings) -> float:
    """Milliseconds from a restart, imports done, to the recorded end of a first execution that waited: being ready is
    worth nothing while a scan still stands before every answer."""
    return (reading["ready"] + reading["first_resume"]) * 1_000


def of(key: str, factor: float = 1.0) -> Callable[[Readings], float]:
    """A reading as it is, or scaled."""
    return lambda reading: reading[key] * factor


def ours(value: Callable[[Readings], float]) -> Callable[[Round], float]:
    """Our own figure."""
    return lambda found: value(found[OURS])


def times(value: Callable[[Readings], float], over: str) -> Callable[[Round], float]:
    """Our figure in units of another's."""
    return lambda found: value(found[OURS]) / value(found[over])


def times_less(value: Callable[[Readings], float], than: str) -> Callable[[Round], float]:
    """How many times our figure fits into another's."""
    return lambda found: value(found[than]) / value(found[OURS])


def unevenness(found: Round) -> float:
    """Largest over smallest of our log bytes per step at the lengths measured."""
    readings = [value for key, value in found[OURS].items() if key.startswith("kb_step_")]
    return max(readings) / min(readings)


def most_logged(reading: Readings) -> float:
    """Worst log bytes per step, in KB, over the lengths measured."""
    return max(value for key, value in reading.items() if key.startswith("kb_step_"))


WORKLOADS = (
    Workload(
        "W1",
        "a chain of {size} steps",
        100,
        (
            Figure("ms/step", wall_step, 2, against_floor=True),
            Figure("CPU ms/step", cpu_step, 3, against_floor=True),
            Figure("MB", of("resident_mb"), 0),
        ),
        (
            Target("CPU at most 2.5 x the floor", times(cpu_step, FLOOR), most=2.5),
            Target("CPU at least 2.5 x less than langgraph", times_less(cpu_step, LANGGRAPH), least=2.5),
        ),
    ),
    Workload(
        "W2",
        "one step, {size} at once, one step",
        200,
        (Figure("total ms", wall, 1, against_floor=True), Figure("CPU ms/step", cpu_step, 3, against_floor=True)),
        (
            Target("time at most 5 x the floor", times(wall, FLOOR), most=5),
            Target("at least 4 x faster than langgraph", times_less(wall, LANGGRAPH), least=4),
            Target("at least 4 x faster than dbos", times_less(wall, DBOS), least=4),
        ),
    ),
    Workload(
        "W3",
        "{size} columns of {size} steps, another column slow in each layer",
        10,
        (
            Figure("makespan ms", wall, 0, against_floor=True),
            Figure("critical paths", stretch, 3),
            Figure("CPU ms/step", cpu_step, 3),
        ),
        (Target("makespan at most 1.10 x the critical path", ours(stretch), most=1.10, digits=3),),
        (OURS, FLOOR, LANGGRAPH),
    ),
    Workload(
        "W4",
        "{size} diamonds of five steps at once",
        500,
        (
            Figure("executions/s", rate, 0, against_floor=True),
            Figure("CPU ms/step", cpu_step, 3, against_floor=True),
            Figure("MB", of("resident_mb"), 0),
        ),
        (
            Target("at least 1/5 of the floor's executions/s", times(rate, FLOOR), least=0.2),
            Target("at least 5 x langgraph", times(rate, LANGGRAPH), least=5),
            Target("at least 5 x dbos", times(rate, DBOS), least=5),
        ),
    ),
    Workload(
        "W5",
        "{size} executions wait for approval; then the process is killed",
        5_000,
        (
            Figure("KB each", of("kb_each"), 2),
            Figure("idle CPU %", of("idle_percent"), 2),
            Figure("resume p50 ms", of("resume_p50", 1_000), 1),
            Figure("p95 ms", of("resume_p95", 1_000), 1),
            Figure("ready again ms", of("ready", 1_000), 0),
            Figure("first resume ms", of("first_resume", 1_000), 1),
        ),
        (
            Target("at most 1 KB each", ours(of("kb_each")), most=1.0),
            Target("no idle CPU (at most 0.5 %)", ours(of("idle_percent")), most=0.5),
            Target("resume p50 at most 5 ms", ours(of("resume_p50", 1_000)), most=5, digits=1),
            Target("a first one resumed at most 300 ms after imports", ours(back), most=300, digits=0),
        ),
        (OURS, FLOOR),
        ("W5", "W5again"),
    ),
    Workload(
        "W6",
        "a chain of {size} steps of 10 ms, killed when 50 have ended, started again",
        100,
        (
            Figure("ran again", of("again"), 0),
            Figure("first new step ms", of("first_step", 1_000), 0),
            Figure("done ms", of("done", 1_000), 0),
        ),
        (
            Target("no finished step again", ours(of("again")), most=0, digits=0),
            Target("first new step at most 500 ms after imports", ours(of("first_step", 1_000)), most=500, digits=0),
        ),
        phases=("W6", "W6again"),
    ),
    Workload(
        "W7",
        "{size} executions in flight; then the process is killed and started again",
        1_000,
        (
            Figure("in a step", of("halted"), 0),
            Figure("first step ms", of("first_step", 1_000), 0),
            Figure("all done ms", of("done", 1_000), 0),
        ),
        (
            Target("first step at most 2 s after imports", ours(of("first_step", 1_000)), most=2_000, digits=0),
            Target("all done at most 15 s after imports", ours(of("done", 1_000)), most=15_000, digits=0),
        ),
        (OURS,),
        ("W7", "W7again"),
    ),
    Workload(
        "W8",
        "{size} columns of 20 steps of 10 ms, stopped by a person when a quarter has begun",
        50,
        (
            Figure("kept ms", of("kept", 1_000), 1),
            Figure("last step began ms", of("last_begun", 1_000), 1),
            Figure("ended ms", of("ended", 1_000), 0),
            Figure("steps left", of("left"), 0),
        ),
        (Target("no step begins 500 ms after it", ours(of("last_begun", 1_000)), most=500, digits=1),),
        (OURS,),
    ),
    Workload(
        "WAL",
        "KB of write-ahead log per step of about 1 KB, in chains up to {size}",
        300,
        (
            Figure("20 steps", of("kb_step_20"), 1),
            Figure("100 steps", of("kb_step_100"), 1),
            Figure("300 steps", of("kb_step_300"), 1),
        ),
        (
            Target("at most 24 KB a step", ours(most_logged), most=24, digits=1),
            Target("flat: longest over shortest at most 1.25", unevenness, most=1.25),
        ),
    ),
)
