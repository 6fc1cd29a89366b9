"""A twenty-second step killed at any second resumes with at most five seconds of its work redone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.crash.sweeping import ROOT


@pytest.mark.crash
def test_a_long_step_killed_at_any_second_redoes_little(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.crash.long_step", str(tmp_path / "work")]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert run.returncode == 0, run.stdout + run.stderr[-3000:]
