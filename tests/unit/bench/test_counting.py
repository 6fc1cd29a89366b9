"""What the benchmark counts and how it judges."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.bench import report
from tests.bench.contest import COMPETITORS, FLOOR, LANGGRAPH, OURS, WORKLOADS, Competitor, Workload
from tests.bench.driving import Run, logged, recovered
from tests.bench.floor import open_floor
from tests.bench.harness import Results, RunFailedError, file_system, hold, run
from tests.bench.workloads import TEXT, Journal, Shape, Work, chain, critical_path, diamond, fan, skewed

BY_NAME = {workload.name: workload for workload in WORKLOADS}
ENGINES = {competitor.name: competitor for competitor in COMPETITORS}


def small(name: str, size: int) -> Workload:
    from dataclasses import replace

    return replace(BY_NAME[name], size=size)


class Amnesiac:
    """An engine that starts over after a crash."""

    def __init__(self, work: Work) -> None:
        self.database = Path()
        self._work = work

    async def prepare(self, shape: Shape) -> Run:
        raise NotImplementedError

    async def recovered(self, shape: Shape) -> None:
        for node in shape:
            await self._work(node.id)


@asynccontextmanager
async def open_amnesiac(home: Path, work: Work) -> AsyncGenerator[Amnesiac]:
    yield Amnesiac(work)


def test_the_shapes_are_what_the_documentation_says() -> None:
    assert len(TEXT) == 1_000
    assert [node.after for node in chain(3)] == [(), ("s0",), ("s1",)]
    assert len(fan(200)) == 202
    assert len(fan(200)[-1].after) == 200
    assert len(diamond()) == 5
    assert critical_path(skewed(10)) == pytest.approx(0.29)


async def test_a_finished_step_that_runs_again_after_a_kill_is_counted(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    journal.ended("s0")
    journal.ended("s1")
    found = await recovered(open_amnesiac, tmp_path, 3)
    assert found["again"] == 2


def test_the_floor_goes_on_after_a_kill_and_runs_no_finished_step_again(tmp_path: Path) -> None:
    found = run(ENGINES[FLOOR], small("W6", 6), tmp_path)
    assert found["again"] == 0
    assert found["first_step"] < found["done"]
    assert list(tmp_path.iterdir()) == []


async def test_every_byte_of_the_log_is_counted_however_long_the_chain(tmp_path: Path) -> None:
    found = await logged(open_floor, tmp_path, 100)
    assert set(found) == {"kb_step_20", "kb_step_100"}
    assert found["kb_step_20"] > 2 * len(TEXT) / 1_000  # as an artifact, and again in the result
    assert found["kb_step_100"] > 0.8 * found["kb_step_20"]  # and yet it is past the size at which a log starts over


def test_a_child_that_breaks_is_reported_and_not_asked_again(tmp_path: Path) -> None:
    broken = Competitor(OURS, "tests.bench.no_such_module")
    with pytest.raises(RunFailedError, match="no_such_module"):
        run(broken, small("W1", 2), tmp_path)


def test_an_engine_whose_environment_is_not_there_is_named_and_its_targets_are_open() -> None:
    result = Results(BY_NAME["W1"], rounds=[{OURS: {"wall": 0.2, "cpu": 0.1, "steps": 100, "resident_mb": 60}}])
    result.failures[LANGGRAPH] = "not installed"
    text = report.table(result)
    assert "langgraph  not installed" in text
    assert "?      CPU at least 2.5 x less than langgraph: not measured" in text


def test_ratios_are_taken_within_a_round_and_judged_on_their_median() -> None:
    quick: dict[str, float] = {"wall": 0.1, "cpu": 0.1, "steps": 100, "resident_mb": 60}
    slow = quick | {"wall": 0.3, "cpu": 0.3}
    result = Results(
        BY_NAME["W1"], rounds=[{OURS: slow, FLOOR: quick}, {OURS: slow, FLOOR: slow}, {OURS: slow, FLOOR: quick}]
    )
    text = report.table(result)
    assert "MISSED CPU at most 2.5 x the floor: 3.00 (1.00..3.00)" in text
    (line,) = [line for line in text.splitlines() if line.startswith(OURS)]
    assert line.count("3.00 (1.00..3.00)") == 2  # time and CPU
    judged = report.as_json([result])["W1"]["targets"]["CPU at most 2.5 x the floor"]
    assert judged == {"met": False, "values": pytest.approx([3.0, 1.0, 3.0])}


def test_the_engines_take_turns_and_the_peers_need_their_own_environment(tmp_path: Path) -> None:
    (result,) = hold([small("W1", 2)], 1, (FLOOR,), tmp_path)
    assert set(result.rounds[0]) == {FLOOR}
    assert result.of(FLOOR)[0]["steps"] == 2
    assert all("venv-peers" in str(ENGINES[name].python) for name in (LANGGRAPH, "dbos"))


def test_memory_disks_are_recognised() -> None:
    assert file_system(Path("/dev/shm")) == "tmpfs"
