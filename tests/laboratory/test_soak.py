"""Twelve seconds of kills while people keep asking: nothing is lost, nothing happens twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.laboratory.soak import soaked

SECONDS = 12


@pytest.mark.crash
@pytest.mark.timeout(150)
def test_killed_every_few_seconds_nothing_is_lost_or_done_twice(fast_path: Path) -> None:
    found = soaked(fast_path / "work", seconds=SECONDS, seed=1)
    assert (found["lost"], found["repeated"], found["errors"]) == ([], [], "")
    assert found["kills"] >= 2
    assert found["executions"] >= 10
