"""A loop of kills: two thousand executions pass while their process dies every few seconds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.laboratory.part import Options, Report

ROOT = Path(__file__).parents[2]
LEAST = 2_000
"""Executions that pass in the longest soak; in a shorter one, as many fewer."""
LONGEST = 600.0
"""Seconds, whatever else there is time for."""
GRACE = 180.0


def soaked(work: Path, *, seconds: float, seed: int) -> dict[str, Any]:
    """Soak as a process of its own; what it found."""
    more = ("--seconds", str(seconds), "--seed", str(seed))
    command = [sys.executable, "-m", "tests.laboratory.soaking", str(work), *more]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=seconds + GRACE, check=False)
    assert run.returncode == 0, run.stderr[-4000:]
    found: dict[str, Any] = json.loads(run.stdout)
    return found


class Soak:
    """See the module."""

    name = "soak"

    def run(self, options: Options) -> Report:
        """See the part."""
        seconds = min(LONGEST, options.seconds)
        found = soaked(options.work / "soak", seconds=seconds, seed=options.seed)
        violations = [*found["lost"], *found["repeated"]]
        if found["executions"] < LEAST * seconds / LONGEST:
            violations.append(f"only {found['executions']} executions passed")
        if found["errors"]:
            violations.append(f"errors were logged: {found['errors']}")
        figures = {
            "executions": found["executions"],
            "kills": found["kills"],
            "deliveries": found["deliveries"],
            "lost": len(found["lost"]),
            "repeated": len(found["repeated"]),
            "rss_mb": float(found["rss_mb"]),
            "wal_mb": float(found["wal_mb"]),
        }
        return Report(name=self.name, figures=figures, violations=violations)


PART = Soak()
