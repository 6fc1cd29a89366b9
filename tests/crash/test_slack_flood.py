"""Ten thousand messages, one to five copies of each, shuffled, over three restarts: exactly ten thousand executions."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.crash.slack_flood import DEATHS, MESSAGES
from tests.crash.sweeping import ROOT


@pytest.mark.crash
@pytest.mark.timeout(900)
def test_ten_thousand_messages_delivered_again_and_again_are_each_executed_once(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.crash.slack_flood", str(tmp_path / "home")]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=880, check=False)
    assert run.returncode == 0, run.stderr[-4000:]
    found: dict[str, Any] = json.loads(run.stdout)
    assert found["codes"] == [-9] * DEATHS + [0], run.stderr[-4000:]
    assert (found["lost"], found["unasked"], found["twice"]) == ([], [], [])
    assert (found["executions"], found["outcomes"]) == (MESSAGES, {"succeeded": MESSAGES})
    assert (found["inbox"], found["unhandled"]) == (MESSAGES, 0)
    assert found["copies"] > 2 * MESSAGES
    assert found["only_repetitions"] > MESSAGES // 10
    assert min(found["by_process"].values()) > MESSAGES // 100  # every process did its share
