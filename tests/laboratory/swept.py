"""Run a sweep as a process of its own, and read what it found."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.laboratory.sweeping import Verdict

ROOT = Path(__file__).parents[2]
GRACE = 120.0
"""Seconds a sweep may take to end once it begins nothing more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What a sweep of one scenario found."""

    points: int
    """That an undisturbed run passes."""
    schedules: int
    """Of kills, that there were to be."""
    verdicts: list[Verdict]

    @property
    def kills(self) -> int:
        """Processes that were killed."""
        return sum(verdict.kills for verdict in self.verdicts)

    @property
    def violations(self) -> list[str]:
        """Everything that is wrong."""
        return [words for verdict in self.verdicts for words in verdict.violations]


def swept(scenario: str, work: Path, *, seconds: float = 600, sabotage: str = "", **chosen: str | int) -> Swept:
    """Sweep a scenario; with a ``sabotage``, of a product that is broken that way.

    Args:
        scenario: module of ``tests.laboratory.sweeps``.
        work: a folder that is made for it.
        seconds: begin nothing more after so long.
        sabotage: one of ``tests.laboratory.sabotages``.
        chosen: ``jobs``, ``one_in``, ``doubles``, ``at``, ``seed``: options of ``tests.laboratory.sweeping``.

    Raises:
        AssertionError: it could not be swept: even undisturbed it does not go well.
    """
    options: dict[str, object] = {"seconds": seconds, **chosen, **({"break": sabotage} if sabotage else {})}
    more = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    command = [sys.executable, "-m", "tests.laboratory.sweeping", scenario, str(work), *more]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=seconds + GRACE, check=False)
    assert run.returncode == 0, run.stderr[-4000:]
    counts, *verdicts = (json.loads(line) for line in run.stdout.splitlines())
    return Swept(
        points=counts["passed"], schedules=counts["schedules"], verdicts=[Verdict(**verdict) for verdict in verdicts]
    )
