"""The story, offline and with a model, its undoing, and a long step, killed at a sample of their points (see ``test_sweeps``)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.laboratory.swept import swept

ONE_IN = 36
DOUBLES = 3


@pytest.mark.crash
@pytest.mark.timeout(300)
@pytest.mark.parametrize("scenario", ["story", "story_model", "undo", "long_step"])
def test_killed_wherever_it_is_the_story_comes_to_the_same(scenario: str, fast_path: Path) -> None:
    found = swept(scenario, fast_path / "work", one_in=ONE_IN, doubles=DOUBLES)
    assert found.violations == []
    assert len(found.verdicts) == found.schedules
    assert found.kills >= 0.6 * len(found.verdicts), "what is passed differs a little from run to run"
