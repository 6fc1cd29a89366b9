"""Random plans, failures, signals and deaths of the process against the little that must always hold."""

from __future__ import annotations

from pathlib import Path

from tests.laboratory.interleavings.shares import in_shares
from tests.laboratory.part import Options, Report

RUNS = 1_000


class Machines:
    """The part of ``make chaos``."""

    name = "machines"

    def run(self, options: Options) -> Report:
        """Run the machine many times; ``--replay SEED`` runs those of one seed again."""
        if options.replay:
            return self._replay(options.work, int(options.replay))
        found = in_shares(
            "tests.laboratory.machines.share",
            options.jobs,
            options.work,
            options.seed,
            RUNS,
            options.seconds,
            seconds=options.seconds,
        )
        again = "Again: python -m tests.laboratory --only machines --replay"
        violations = [f"{words}\n{again} {words.split(':')[0]}" for words in found.violations]
        return Report(name=self.name, figures=dict(sorted(found.counts.items())), violations=violations)

    def _replay(self, work: Path, seed: int) -> Report:
        from tests.laboratory.machines.machine import Engine, new_home
        from tests.laboratory.machines.share import run_seed

        Engine.template = new_home(work)
        found = run_seed(seed)
        return Report(name=self.name, figures=dict(sorted(Engine.tally.items())), violations=[found] if found else [])


PART = Machines()
