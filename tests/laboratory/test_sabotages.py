"""The sweeps can fail: with a safeguard taken away, they say what is lost and what is done twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.laboratory.swept import swept


@pytest.mark.crash
@pytest.mark.timeout(200)
@pytest.mark.parametrize(
    ("sabotage", "scenario", "point", "what"),
    [
        ("no intent", "outcomes", "effect.after#4", "repeated"),
        ("completes first", "outcomes", "effect.before#4", "lost"),
        ("keys change", "outcomes", "effect.after#2", "repeated"),
        ("requests have no key", "fan_out", "inbox.handle.after#1", "wrong"),
    ],
)
def test_what_is_broken_is_found(sabotage: str, scenario: str, point: str, what: str, fast_path: Path) -> None:
    whole = swept(scenario, fast_path / "whole", at=point)
    assert (len(whole.verdicts), whole.violations) == (1, [])
    broken = swept(scenario, fast_path / "broken", at=point, sabotage=sabotage)
    [verdict] = broken.verdicts
    assert getattr(verdict, what), broken.violations
