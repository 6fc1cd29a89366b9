"""The story in Slack with the product killed and started again: one card, one meeting, one invitation, every reply once."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.crash.slack_story import problems
from tests.crash.sweeping import swept, wrong

SWEEP = "tests.crash.slack_sweep"


@pytest.mark.crash
@pytest.mark.timeout(600)
def test_killed_at_the_worst_moments_the_story_in_slack_is_told_once(tmp_path: Path) -> None:
    verdicts = swept(SWEEP, tmp_path / "work", "named")
    assert len(verdicts) == 40
    assert wrong(verdicts, verdicts.keys(), problems) == {}


@pytest.mark.crash
@pytest.mark.timeout(600)
def test_killed_at_any_point_of_the_chat_the_story_in_slack_is_told_once(tmp_path: Path) -> None:
    verdicts = swept(SWEEP, tmp_path / "work", "every")
    killed = {case for case, verdict in verdicts.items() if verdict["codes"][:1] == [-signal.SIGKILL]}
    # edits are coalesced, so a story may pass one point less than the one that was enumerated
    assert len(killed) >= max(20, 0.9 * len(verdicts))
    assert wrong(verdicts, killed, problems) == {}
