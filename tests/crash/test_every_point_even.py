"""The story killed at every even point (the other half has its own file, so that two cores share the work)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.sweeping import sweep


@pytest.mark.crash
@pytest.mark.timeout(600)
def test_killed_at_any_point_the_story_ends_once(tmp_path: Path) -> None:
    sweep(tmp_path, "0/2")
