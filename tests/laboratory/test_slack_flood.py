"""Two thousand messages, one to five copies of each, shuffled, over three restarts: exactly two thousand executions."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.laboratory.flood import flooded, violations

MESSAGES = 2_000


@pytest.mark.crash
@pytest.mark.timeout(300)
def test_messages_delivered_again_and_again_are_each_executed_once(fast_path: Path) -> None:
    found = flooded(fast_path / "home", MESSAGES, seconds=280)
    assert violations(found, MESSAGES) == []
    assert found["only_repetitions"] > MESSAGES // 10
