"""The state machine over random plans, failures, signals and deaths: a few runs of it, and proof that it can fail."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.laboratory.interleavings.sabotage import takes_nothing_over
from tests.laboratory.machines.machine import Engine, new_home

RUNS, STEPS = 15, 25
MOST_RUNS = 60
"""Before a broken guard counts as not found."""


@pytest.fixture(autouse=True)
def home() -> Generator[None]:
    place = Path("/dev/shm")
    work = Path(tempfile.mkdtemp(prefix="machines-", dir=place if place.is_dir() else None))
    Engine.template = new_home(work)
    yield
    shutil.rmtree(work)


def _run(runs: int, *phases: Phase) -> None:
    few = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)
    options = settings(
        max_examples=runs,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        derandomize=True,
        phases=phases or tuple(Phase),
        suppress_health_check=few,
    )
    run_state_machine_as_test(Engine, settings=options)


@pytest.mark.timeout(240)
def test_whatever_happens_what_must_hold_holds() -> None:
    Engine.tally.clear()
    _run(RUNS)
    assert Engine.tally["deaths"] > RUNS // 2
    assert Engine.tally["effects"] > RUNS // 4
    assert Engine.tally["signals taken"] > RUNS // 4


@pytest.mark.timeout(240)
def test_a_missing_guard_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    takes_nothing_over(monkeypatch)
    with pytest.raises(AssertionError, match=r"is left running|ended stuck"):
        _run(MOST_RUNS, Phase.generate)
