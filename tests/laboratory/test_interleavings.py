"""Schedules of the engine on a deterministic loop: a share of them at every test run, and proof that they can fail."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path
from random import Random

import pytest

from tests.laboratory.interleavings.choosers import Walk
from tests.laboratory.interleavings.loop import InOrder, NeverAtRestError, ScheduledLoop
from tests.laboratory.interleavings.sabotage import SABOTAGES
from tests.laboratory.interleavings.scenarios import SCENARIOS
from tests.laboratory.interleavings.schedule import Laboratory
from tests.laboratory.interleavings.shares import ROOT

SEEDS = 12
"""Of each scenario: every chooser, strict and free."""

MOST_SEEDS = 120
"""Tried before a broken guard counts as not found."""

ONE_WAY = {"decide-or-remind", "nobody-answers", "one-delivery-twice"}
"""Scenarios that people see going one way only."""


@pytest.fixture(scope="module")
def laboratory() -> Generator[Laboratory]:
    place = Path("/dev/shm")
    work = Path(tempfile.mkdtemp(prefix="interleavings-", dir=place if place.is_dir() else None))
    yield Laboratory(work)
    shutil.rmtree(work)


@pytest.mark.parametrize("name", SCENARIOS)
def test_no_schedule_breaks_a_promise(name: str, laboratory: Laboratory) -> None:
    found = [laboratory.run(f"{name}:{seed}") for seed in range(SEEDS)]
    assert [f"{one.token}: {sentence}" for one in found for sentence in one.violations] == []
    assert len({one.trace_hash for one in found}) == SEEDS
    assert name in ONE_WAY or len({one.way for one in found}) > 1, "a race that is always won by the same is none"


@pytest.mark.parametrize("name", SABOTAGES)
def test_a_guard_that_is_missing_is_found_and_its_token_goes_the_same_way_again(
    name: str, laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    sabotage = SABOTAGES[name]
    sabotage.breaks(monkeypatch)
    tried = (laboratory.run(f"{sabotage.scenario}:{seed}") for seed in range(MOST_SEEDS))
    found = next((one for one in tried if any(sabotage.sign in v for v in one.violations)), None)
    assert found is not None
    assert laboratory.run(found.token) == found


def test_a_token_goes_the_same_way_in_another_process(laboratory: Laboratory, tmp_path: Path) -> None:
    token = "edit-or-stop:9"
    found = laboratory.run(token)
    command = [sys.executable, "-m", "tests.laboratory", "--only", "interleavings", "--replay", token]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert found.trace_hash in said


def test_the_loop_chooses_between_what_asyncio_leaves_open_and_only_that() -> None:
    """Two threads may end in any order; what one task does before it waits, comes before what another was made to do later."""

    async def story() -> str:
        said: list[str] = []

        async def speak(word: str) -> None:
            said.append(word)
            await asyncio.to_thread(lambda: None)
            said.append(word.upper())

        async with asyncio.TaskGroup() as group:
            group.create_task(speak("a"))
            group.create_task(speak("b"))
        return "".join(said)

    strict = {_told(ScheduledLoop(Walk(Random(seed))), story()) for seed in range(40)}
    assert strict == {"abAB", "abBA"}
    free = {_told(ScheduledLoop(Walk(Random(seed)), strict=False), story()) for seed in range(80)}
    assert free > strict


def test_whoever_waits_for_ever_is_told() -> None:
    async def wait() -> str:
        await asyncio.Event().wait()
        return ""

    with pytest.raises(NeverAtRestError, match="waits for ever"):
        _told(ScheduledLoop(InOrder()), wait())


def test_virtual_time_moves_by_itself() -> None:
    async def sleep() -> str:
        await asyncio.sleep(86_400)
        return "morning"

    loop = ScheduledLoop(InOrder())
    assert _told(loop, sleep()) == "morning"
    assert loop.time() == 86_400


def _told(loop: ScheduledLoop, story: object) -> str:
    assert asyncio.iscoroutine(story)
    try:
        told: str = loop.run_until_complete(story)
        return told
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_some(100)
        loop.close()
