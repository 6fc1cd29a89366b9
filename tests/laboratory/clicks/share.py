"""``python -m tests.laboratory.clicks.share WORK SHARE/SHARES SEED RACES DOOR_RACES SECONDS``: a share of the races."""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from pathlib import Path

from tests.laboratory.clicks.http import race_at_the_door
from tests.laboratory.clicks.races import CLICKS, Ring, race_at_the_gates
from tests.laboratory.interleavings.shares import tell

A_HOME = 500
"""Races over one home: what is read of it stays small."""


def main() -> None:
    """Races at the HTTP door first, which are fewer; then at the gates."""
    work, share, seed, races, door_races, seconds = sys.argv[1:]
    mine, shares = (int(n) for n in share.split("/"))
    ends = time.monotonic() + float(seconds)

    def over() -> bool:
        return time.monotonic() > ends

    for kind, run, number in (("door", race_at_the_door, int(door_races)), ("gates", race_at_the_gates, int(races))):
        left, home = number // shares + (mine < number % shares), 0
        while left > 0 and not over():
            home += 1
            name = int(seed) * 1_000 + mine * 100 + home
            ring = asyncio.run(run(Path(work) / f"{kind}-{home}", min(left, A_HOME), name, over))
            left -= A_HOME
            _tell(kind, ring)


def _tell(kind: str, ring: Ring) -> None:
    counts = Counter({f"races at the {kind}": len(ring.races), "clicks": len(ring.races) * 2 * CLICKS})
    counts["decisions"] = sum(len(race.taken) for race in ring.races)
    counts["told that somebody was faster"] = sum(race.refused["already_decided"] for race in ring.races)
    tell(counts, ring.violations())


if __name__ == "__main__":
    main()
