"""Every scenario killed at a sample of its points: the first of half of the names, one in so many others, and some restarts.

The sample holds nothing to chance: it changes with the points alone. ``make chaos`` kills at all of them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.laboratory.sweeping import sample, schedules
from tests.laboratory.swept import swept

ONE_IN = 36
DOUBLES = 3


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


def test_the_sample_is_a_share_that_never_changes_and_has_every_name_in_some_scenario() -> None:
    names = [f"name-{letter}" for letter in "abcdefghijklmnopqrst"]
    points = [f"{name}#{n}" for n in range(1, 20) for name in names]
    chosen = {
        scenario: sample(points, 10, scenario) for scenario in ("gates", "undo", "replan", "retries", "cancel", "pause")
    }
    firsts = [{point for point in found if point.endswith("#1")} for found in chosen.values()]
    assert set().union(*firsts) == {f"{name}#1" for name in names}
    assert all(5 <= len(found) <= 15 for found in firsts)
    assert all(20 <= len(found) <= 75 for found in chosen.values())
    assert chosen["gates"] == sample(points, 10, "gates")
    assert sample(points, 1, "gates") == points


def test_the_same_seed_kills_the_same_restarts() -> None:
    points = [f"a#{n}" for n in range(1, 50)]
    once = schedules(points, points[:3], 5, seed=7)
    assert once == schedules(points, points[:3], 5, seed=7)
    assert once != schedules(points, points[:3], 5, seed=8)
    assert [len(kills.points) for kills in once] == [1, 1, 1, 2, 2, 2, 2, 2]
