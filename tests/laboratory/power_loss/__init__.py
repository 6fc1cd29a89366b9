"""Power cuts: what the real process wrote and synced, as the kernel saw it, made into disks it could have left behind.

The product runs under ``strace``; its log is replayed onto a model of a disk, on which what was not synced may be missing, torn, or
there before what was written earlier. Every disk is judged; on some of them the product is started again.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from tests.laboratory.part import Figure, Options, Report
from tests.laboratory.power_loss.experiment import Found, Wish, experiment
from tests.laboratory.power_loss.record import Conditions

IMAGES = 10_000
RESTARTS = 100
REQUESTS = 6
WEAKENED = {"NORMAL": "lost", "OFF": "corrupt", "files": "torn"}
"""Which sync is taken away, and what must then be seen."""
FAILING = ("fsync:error=EIO:when=4+6", "fsync:error=EIO:when=6+6")
"""Of every meeting the sync of the folder after the calendar was put in place, and after the letter was."""
FAULTS = (
    "corrupt",
    "lost",
    "torn",
    "restart lost",
    "restart repeated",
    "restart it did not come to its end",
    "restart it broke",
)


@dataclass(frozen=True, slots=True)
class PowerLoss:
    """The part of ``make chaos``."""

    name: str = "power_loss"

    def run(self, options: Options) -> Report:
        """The product as it is, then with each of its syncs taken away."""
        wish = Wish(
            requests=REQUESTS,
            images=IMAGES,
            restarts=RESTARTS,
            seed=options.seed,
            jobs=options.jobs,
            until=time.time() + 0.7 * options.seconds,
        )
        found, size = experiment(options.work / "whole", wish)
        figures: dict[str, Figure] = {**size, **figures_of(found)}
        violations = list(found.words)
        if len(found.distinct) < IMAGES or found.restarts < RESTARTS:
            figures["cut short at (s)"] = options.seconds
        few = replace(wish, requests=2, starts=1, images=500, restarts=0, until=time.time() + options.seconds)
        for number, calls in enumerate(FAILING):
            failing, _ = experiment(
                options.work / f"failing{number}", replace(few, starts=2), Conditions(failing=calls)
            )
            figures[f"with {calls.rpartition(':')[2]} EIO: wrong"] = f"{failing.faulty.total()} of {failing.drawn}"
            violations += [f"with {calls}, {words}" for words in failing.words]
        for what, seen in WEAKENED.items():
            control, _ = experiment(options.work / what, few, Conditions(weakened=what))
            figures[f"without {what}: {seen}"] = f"{control.faulty[seen]} of {control.drawn}"
            if not control.faulty[seen]:
                violations.append(f"with {what} taken away nothing is {seen}: the laboratory shows nothing")
        return Report(name=self.name, figures=figures, violations=violations)


def figures_of(found: Found) -> dict[str, Figure]:
    """Found, as a report has it."""
    counts: dict[str, Figure] = {"images drawn": found.drawn, "images": len(found.distinct), "restarts": found.restarts}
    return counts | {kind: found.faulty[kind] for kind in FAULTS}


PART = PowerLoss()
