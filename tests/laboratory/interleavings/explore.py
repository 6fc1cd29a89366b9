"""The part of ``make chaos``: thousands of schedules, and any one of them again by its token."""

from __future__ import annotations

import time

from tests.laboratory.interleavings.schedule import Laboratory
from tests.laboratory.interleavings.shares import in_shares
from tests.laboratory.part import Options, Report

SCHEDULES = 6_000


class Interleavings:
    """See the package."""

    name = "interleavings"

    def run(self, options: Options) -> Report:
        """Explore, or replay."""
        if options.replay:
            return self._replay(options)
        began = time.monotonic()
        found = in_shares(
            "tests.laboratory.interleavings.share",
            options.jobs,
            options.work,
            options.seed,
            SCHEDULES,
            options.seconds,
            seconds=options.seconds,
        )
        counts, took = found.counts, time.monotonic() - began
        again = "python -m tests.laboratory --only interleavings --replay"
        return Report(
            name=self.name,
            figures={
                "schedules": counts["schedules"],
                "of them as strict as asyncio": counts["strict"],
                "different": counts["different"],
                "choices in each": counts["choices"] // max(counts["schedules"], 1),
                "a second": counts["schedules"] / took,
                "violated": len(found.violations),
            },
            violations=[f"{words}. Again: {again} {words.split(': ')[0]}" for words in found.violations],
        )

    def _replay(self, options: Options) -> Report:
        found = Laboratory(options.work).run(options.replay, trace=True)
        for number, name in enumerate(found.names, 1):
            print(f"{number:5} {name}")
        print("\n".join(found.story))
        figures = {"trace": found.trace_hash, "steps": found.steps, "choices": found.choices}
        return Report(name=self.name, figures=figures, violations=[f"{found.token}: {v}" for v in found.violations])


PART = Interleavings()
