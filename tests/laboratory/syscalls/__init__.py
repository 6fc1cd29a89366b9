"""Every nth call with which the product writes or syncs failed once: EIO, no space left, or killed in it.

The product runs ten steps; ``strace`` makes one of its calls fail. Then it goes on by itself or ends, and the next start brings
everything to its end: nothing lost, nothing done twice.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import inf
from pathlib import Path
from typing import Any

from tests.laboratory.part import Figure, Options, Report
from tests.laboratory.syscalls.case import Case
from tests.surfaces.serving import ROOT

SERIES = {
    "writer": ("pwrite64", "fdatasync", "ftruncate", "unlink"),
    "starting": ("pwrite64", "fdatasync", "fsync", "write", "rename", "unlink", "link"),
    "files": ("write", "fsync", "rename", "unlink"),
}
"""The thread that writes the database; the process before it serves; every thread while it works, which is where the workspace's files
are written."""
FAULTS = {
    "pwrite64": ("EIO", "ENOSPC", "KILL"),
    "write": ("EIO", "ENOSPC", "KILL"),
    "ftruncate": ("EIO", "ENOSPC", "KILL"),
}
OTHER_FAULTS = ("EIO", "KILL")


@dataclass(frozen=True, slots=True)
class Syscalls:
    """The part of ``make chaos``."""

    name: str = "syscalls"

    def run(self, options: Options) -> Report:
        """As many of the calls as there is time for, spread evenly; all of them where there is enough."""
        counts = run_cases(options.work, [], jobs=1)[0]["counts"]
        cases = every_case(counts, options.seed)
        until = time.time() + 0.9 * options.seconds
        verdicts = run_cases(options.work, spread(cases), jobs=options.jobs, until=until)
        return Report(
            name=self.name,
            figures={"calls": sum(sum(each.values()) for each in counts.values()), **figures_of(verdicts, len(cases))},
            violations=violations_of(verdicts),
        )


def every_case(counts: dict[str, dict[str, int]], seed: int) -> list[Case]:
    """A case a call, the faults taking turns: three seeds in a row have all of them."""
    cases: list[Case] = []
    for series, calls in SERIES.items():
        for call in calls:
            faults = FAULTS.get(call, OTHER_FAULTS)
            cases += [
                Case(series=series, call=call, nth=nth, fault=faults[(nth + seed) % len(faults)])
                for nth in range(1, counts[series].get(call, 0) + 1)
            ]
    return cases


def spread(cases: Sequence[Case]) -> list[Case]:
    """The same, in an order of which any beginning is spread over the whole: small series first, the large one in strides."""
    small = [case for case in cases if case.call != "pwrite64"]
    large = [case for case in cases if case.call == "pwrite64"]
    stride = 61  # prime to anything near the number of writes, so that every one is met once
    if not large:
        return small
    while len(large) % stride == 0:
        stride += 2
    mixed = [large[n * stride % len(large)] for n in range(len(large))]
    return [case for pair in _in_turn(small, mixed) for case in pair]


def _in_turn(small: Sequence[Case], large: Sequence[Case]) -> list[list[Case]]:
    longest = max(len(small), len(large))
    return [[*small[n : n + 1], *large[n : n + 1]] for n in range(longest)]


def run_cases(work: Path, cases: Sequence[Case], *, jobs: int, until: float = inf) -> list[dict[str, Any]]:
    """The verdicts, by processes that share the cases; without any, what an undisturbed run calls how often."""
    processes: list[subprocess.Popen[str]] = []
    for job in range(jobs):
        place = work / f"job{job}"
        place.mkdir(parents=True, exist_ok=True)
        (place / "cases").write_text(json.dumps([asdict(case) for case in cases[job::jobs]]), "utf-8")
        command = [sys.executable, "-m", "tests.laboratory.syscalls", str(place), str(until)]
        processes.append(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True))
    printed = [process.communicate()[0] for process in processes]
    assert all(process.returncode == 0 for process in processes), "a share broke; see its words above"
    return [json.loads(line) for lines in printed for line in lines.splitlines()]


def figures_of(verdicts: Sequence[dict[str, Any]], cases: int) -> dict[str, Figure]:
    """What a report says of verdicts."""
    struck = [verdict for verdict in verdicts if verdict["struck"]]
    how = Counter(verdict["how"] for verdict in struck)
    faults = Counter(verdict["case"]["fault"] for verdict in struck)
    wrong = [words.partition(":")[0] for verdict in verdicts for words in verdict["wrong"]]
    return {
        "cases": f"{len(verdicts)} of {cases}",
        "struck": len(struck),
        **{f"struck with {fault}": count for fault, count in sorted(faults.items())},
        "went on by itself": how["done"],
        "ended, went on when started": how["gone"],
        "neither": how["stuck"],
        "refused with 503": sum(verdict["refusals"] for verdict in verdicts),
        "lost": wrong.count("lost"),
        "repeated": wrong.count("repeated"),
    }


def violations_of(verdicts: Sequence[dict[str, Any]]) -> list[str]:
    """What is wrong, a sentence each."""
    return [f"{words} ({Case(**verdict['case'])})" for verdict in verdicts for words in verdict["wrong"]]


PART = Syscalls()
