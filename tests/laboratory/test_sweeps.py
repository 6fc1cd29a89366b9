"""Every scenario killed at a sample of its points: the first of each name, one in so many others, and some restarts, too.

The sample holds nothing to chance: it changes with the points alone. ``make chaos`` kills at all of them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.laboratory.sweeping import sample, schedules
from tests.laboratory.swept import swept

ONE_IN = 24
DOUBLES = 4


@pytest.mark.crash
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "scenario", ["fan_out", "retries", "gates", "outcomes", "cancel", "pause", "replan", "follow_ups"]
)
def test_killed_wherever_it_is_what_was_wanted_happens_once(scenario: str, fast_path: Path) -> None:
    found = swept(scenario, fast_path / "work", one_in=ONE_IN, doubles=DOUBLES)
    assert found.violations == []
    assert len(found.verdicts) == found.schedules
    assert found.kills >= 0.6 * len(found.verdicts), "what is passed differs a little from run to run"


def test_the_sample_is_every_name_and_a_share_that_never_changes() -> None:
    points = [f"{name}#{n}" for n in range(1, 100) for name in ("a", "b", "c.before")]
    chosen = sample(points, 10)
    assert {"a#1", "b#1", "c.before#1"} <= set(chosen)
    assert chosen == sample(points, 10)
    assert 15 <= len(chosen) <= 60
    assert sample(points, 1) == points


def test_the_same_seed_kills_the_same_restarts() -> None:
    points = [f"a#{n}" for n in range(1, 50)]
    once = schedules(points, points[:3], 5, seed=7)
    assert once == schedules(points, points[:3], 5, seed=7)
    assert once != schedules(points, points[:3], 5, seed=8)
    assert [len(kills.points) for kills in once] == [1, 1, 1, 2, 2, 2, 2, 2]
