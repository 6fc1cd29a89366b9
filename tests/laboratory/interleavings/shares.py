"""Work in shares: each a process of its own that says what it found in lines of JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[3]

_MARK = "found: "
"""How a line begins that says what was found."""


@dataclass(slots=True)
class Found:
    """What all shares found."""

    counts: Counter[str] = field(default_factory=Counter[str])
    """Added up, by name."""
    violations: list[str] = field(default_factory=list[str])


def tell(counts: Counter[str], violations: Sequence[str]) -> None:
    """Say what a share found; as often as there is something."""
    print(_MARK + json.dumps({"counts": counts, "violations": violations}), flush=True)


def in_shares(module: str, jobs: int, work: Path, *arguments: object, seconds: float) -> Found:
    """Run ``python -m module WORK SHARE/SHARES ARGUMENTS…`` for every share, and wait for all of them.

    Args:
        module: prints with :func:`tell`.
        jobs: how many shares.
        work: each gets an empty folder in it.
        arguments: the same for all.
        seconds: when they ought to have ended by themselves; much later they are stopped, and that is a violation.
    """
    found, running = Found(), list[subprocess.Popen[str]]()
    try:
        for share in range(jobs):
            folder = work / f"share-{share}"
            folder.mkdir(parents=True)
            command = [sys.executable, "-m", module, str(folder), f"{share}/{jobs}", *map(str, arguments)]
            running.append(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True))
        for process in running:
            _take(process, found, seconds * 2 + 60)
    finally:
        for process in running:
            if process.poll() is None:
                process.kill()
                process.wait()
    return found


def _take(process: subprocess.Popen[str], found: Found, seconds: float) -> None:
    try:
        said, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        found.violations.append(f"a share did not end within {seconds:.0f} s")
        return
    for line in said.splitlines():
        if not line.startswith(_MARK):
            print(line, file=sys.stderr)  # a library's own words
            continue
        one = json.loads(line.removeprefix(_MARK))
        found.counts.update(one["counts"])
        found.violations += one["violations"]
    if process.returncode:
        found.violations.append(f"a share ended with {process.returncode}")
