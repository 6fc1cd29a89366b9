"""Races of clicks, at the gates and through the HTTP door: one decision and one effect each."""

from __future__ import annotations

from tests.laboratory.interleavings.shares import in_shares
from tests.laboratory.part import Options, Report

RACES, DOOR_RACES = 10_000, 500


class Clicks:
    """The part of ``make chaos``."""

    name = "clicks"

    def run(self, options: Options) -> Report:
        """Race until all is raced, or the time is over."""
        found = in_shares(
            "tests.laboratory.clicks.share",
            options.jobs,
            options.work,
            options.seed,
            RACES,
            DOOR_RACES,
            options.seconds,
            seconds=options.seconds,
        )
        raced = {name: found.counts[name] for name in ("races at the gates", "races at the door")}
        rest = {name: found.counts[name] for name in ("clicks", "decisions", "told that somebody was faster")}
        asked = {"asked for": RACES + DOOR_RACES}
        return Report(name=self.name, figures={**raced, **asked, **rest}, violations=found.violations)


PART = Clicks()
