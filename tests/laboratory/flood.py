"""Ten thousand messages of Slack's, delivered again and again over three restarts: exactly ten thousand executions."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.laboratory.part import Options, Report

ROOT = Path(__file__).parents[2]
MESSAGES = 10_000
DEATHS = 3


def flooded(home: Path, messages: int, seconds: float) -> dict[str, Any]:
    """Flood in processes of their own; what there is afterwards (``tests.laboratory.slack_flood``)."""
    command = [sys.executable, "-m", "tests.laboratory.slack_flood", str(home), str(messages)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=seconds, check=False)
    assert run.returncode == 0, run.stderr[-4000:]
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def violations(found: dict[str, Any], messages: int) -> list[str]:
    """What is not as it should be."""
    wanted = {
        "codes": [-signal.SIGKILL] * DEATHS + [0],
        "lost": [],
        "unasked": [],
        "twice": [],
        "executions": messages,
        "outcomes": {"succeeded": messages},
        "inbox": messages,
        "unhandled": 0,
    }
    wrong = [f"{name}: {found[name]!r}" for name, value in wanted.items() if found[name] != value]
    if found["copies"] <= 2 * messages:
        wrong.append(f"only {found['copies']} copies were delivered")
    if min(found["by_process"].values()) <= messages // 100:
        wrong.append(f"not every process did its share: {found['by_process']}")
    return wrong


class Flood:
    """See the module."""

    name = "flood"

    def run(self, options: Options) -> Report:
        """See the part."""
        found = flooded(options.work / "home", MESSAGES, options.seconds)
        figures = {
            "messages": MESSAGES,
            "copies": found["copies"],
            "kills": DEATHS,
            "lost": len(found["lost"]),
            "repeated": len(found["twice"]),
        }
        return Report(name=self.name, figures=figures, violations=violations(found, MESSAGES))


PART = Flood()
