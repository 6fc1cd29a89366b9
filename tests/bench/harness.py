"""Runs the contest: every engine at every workload in a fresh process over a fresh directory, interleaved in rounds."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.contest import COMPETITORS, ROOT, Competitor, Workload
from tests.bench.driving import Readings

CHILD_SECONDS = 300
"""After which a run counts as failed."""


@dataclass(slots=True)
class Results:
    """What the rounds of one workload gave."""

    workload: Workload
    rounds: list[dict[str, Readings]] = field(default_factory=list[dict[str, Readings]])
    failures: dict[str, str] = field(default_factory=dict[str, str])
    """Why an engine has no readings, by engine."""

    def of(self, engine: str) -> list[Readings]:
        """The readings of one engine, in order of rounds."""
        return [found[engine] for found in self.rounds if engine in found]


class RunFailedError(Exception):
    """A child did not end as it should; says how."""


def hold(workloads: Sequence[Workload], rounds: int, engines: Sequence[str], place: Path) -> list[Results]:
    """Measure. An engine that fails once is not asked again at that workload; every round starts with another engine."""
    results = [Results(workload) for workload in workloads]
    for number in range(rounds):
        for result in results:
            result.rounds.append({})
            turn = number % len(COMPETITORS)
            for competitor in (*COMPETITORS[turn:], *COMPETITORS[:turn]):
                if competitor.name in engines and competitor.name in result.workload.engines:
                    _attempt(result, competitor, place)
    return results


def _attempt(result: Results, competitor: Competitor, place: Path) -> None:
    if competitor.name in result.failures:
        return
    if not competitor.installed:
        result.failures[competitor.name] = "not installed"
        return
    print(f"  round {len(result.rounds)}: {result.workload.name} {competitor.name}", file=sys.stderr, flush=True)
    try:
        result.rounds[-1][competitor.name] = run(competitor, result.workload, place)
    except RunFailedError as error:
        result.failures[competitor.name] = f"failed: {error}"


def run(competitor: Competitor, workload: Workload, place: Path) -> Readings:
    """One engine, one workload, one fresh directory under ``place``.

    Raises:
        RunFailedError: a process ended otherwise than its phase should, or took too long.
    """
    home = Path(tempfile.mkdtemp(prefix=f"{workload.name}-{competitor.name}-", dir=place))
    phases = workload.phases or (workload.name,)
    try:
        readings: Readings = {}
        for phase in phases:
            ending = 0 if phase == phases[-1] else -signal.SIGKILL
            readings |= _child(competitor, phase, home, workload.size, ending)
        return readings
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _child(competitor: Competitor, phase: str, home: Path, size: int, ending: int) -> Readings:
    command = [str(competitor.python), "-m", competitor.module, phase, str(home), str(size)]
    try:
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=CHILD_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise RunFailedError(f"not done after {CHILD_SECONDS} s") from error
    if ended.returncode != ending:
        last = ended.stderr.strip().splitlines()[-1:] or [f"exit code {ended.returncode}"]
        raise RunFailedError(last[0][:200])
    lines = ended.stdout.strip().splitlines()
    readings: Readings = json.loads(lines[-1]) if lines else {}
    return readings


def file_system(place: Path) -> str:
    """The kind of file system a directory is on; ``tmpfs`` would make every flush free."""
    mounts: Mapping[Path, str] = {
        Path(line.split()[1]): line.split()[2] for line in Path("/proc/mounts").read_text("utf-8").splitlines()
    }
    return next((mounts[parent] for parent in (place, *place.parents) if parent in mounts), "unknown")
