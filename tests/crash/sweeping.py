"""Runs a share of the sweep in a process of its own (it forks) and judges every line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def sweep(work: Path, share: str) -> None:
    """Every point of the share: killed there, it ended, with one event, one mail and one agenda."""
    command = [sys.executable, "-m", "tests.crash.sweep", str(work / "sweep"), share]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=580, check=False)
    assert run.returncode == 0, run.stderr[-4000:]
    verdicts = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(verdicts) > 100
    wrong = [v for v in verdicts if not v["ended"] or (v["events"], v["mails"], v["agendas"]) != (1, 1, 1)]
    assert wrong == []
    assert sum(v["killed"] for v in verdicts) > 0.9 * len(verdicts)
