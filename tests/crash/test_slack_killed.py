"""The story in Slack with the product killed and started again: one card, one meeting, one invitation, every reply once."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.crash.slack_story import problems
from tests.crash.sweeping import ROOT


def swept(work: Path, which: str) -> dict[str, dict[str, Any]]:
    """Every story's verdict, by the place where its product was killed."""
    command = [sys.executable, "-m", "tests.crash.slack_sweep", str(work), which]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=580, check=False)
    assert run.returncode == 0, run.stderr[-4000:]
    verdicts = [json.loads(line) for line in run.stdout.splitlines()]
    return {verdict["case"]: verdict for verdict in verdicts}


def wrong(verdicts: Mapping[str, Mapping[str, Any]], killed: Collection[str]) -> dict[str, list[str]]:
    """What is not as it should be, by case; all ended well where it is empty."""
    found = {case: problems(dict(verdict), killed=case in killed) for case, verdict in verdicts.items()}
    return {case: words for case, words in found.items() if words}


@pytest.mark.crash
@pytest.mark.timeout(600)
def test_killed_at_the_worst_moments_the_story_in_slack_is_told_once(tmp_path: Path) -> None:
    verdicts = swept(tmp_path / "work", "named")
    assert len(verdicts) == 40
    assert wrong(verdicts, verdicts.keys()) == {}


@pytest.mark.crash
@pytest.mark.timeout(600)
def test_killed_at_any_point_of_the_chat_the_story_in_slack_is_told_once(tmp_path: Path) -> None:
    verdicts = swept(tmp_path / "work", "every")
    killed = {case for case, verdict in verdicts.items() if verdict["codes"][:1] == [-signal.SIGKILL]}
    # edits are coalesced, so a story may pass one point less than the one that was enumerated
    assert len(killed) >= max(20, 0.9 * len(verdicts))
    assert wrong(verdicts, killed) == {}
