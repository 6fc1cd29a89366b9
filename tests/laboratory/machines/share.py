"""``python -m tests.laboratory.machines.share WORK SHARE/SHARES SEED RUNS SECONDS``: a share of the machine's runs."""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.laboratory.interleavings.shares import tell
from tests.laboratory.machines.machine import Engine, new_home

A_TIME = 25
"""Runs before it is looked whether there is time for more."""

STEPS = 30


def main() -> None:
    """Run the machine under one seed after another."""
    work, share, first, runs, seconds = sys.argv[1:]
    mine, shares = (int(n) for n in share.split("/"))
    ends, done = time.monotonic() + float(seconds), 0
    Engine.template = new_home(Path(work))
    while done < int(runs) // shares and time.monotonic() < ends:
        name = int(first) * 1_000_000 + mine * 100_000 + done
        if found := run_seed(name):
            tell(Counter(), [found])
        done += A_TIME
    tell(Engine.tally, [])


def run_seed(name: int) -> str:
    """The runs of one seed; what was found, in the fewest steps that show it, or nothing."""
    options = settings(
        max_examples=A_TIME,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much),
    )

    @seed(name)
    class Seeded(Engine):
        pass

    try:
        run_state_machine_as_test(Seeded, settings=options)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is found
        steps = "\n".join(getattr(error, "__notes__", ()))
        return f"{name}: {error}\n{steps}"
    return ""


if __name__ == "__main__":
    main()
