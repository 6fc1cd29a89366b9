"""``python -m tests.laboratory.interleavings.share WORK SHARE/SHARES SEED SCHEDULES SECONDS``: a share of the schedules."""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

from tests.laboratory.interleavings.scenarios import SCENARIOS
from tests.laboratory.interleavings.schedule import Laboratory
from tests.laboratory.interleavings.shares import tell


def main() -> None:
    """Every scenario under one seed, then under the next, until the share is done."""
    work, share, seed, schedules, seconds = sys.argv[1:]
    mine, shares = (int(n) for n in share.split("/"))
    laboratory, ends = Laboratory(Path(work)), time.monotonic() + float(seconds)
    counts, ways = Counter[str](), set[str]()
    names, first = list(SCENARIOS), int(seed) * 1_000_000
    for number in range(mine, int(schedules), shares):
        if time.monotonic() > ends:
            break
        found = laboratory.run(f"{names[number % len(names)]}:{first + number // len(names)}")
        counts.update({"schedules": 1, "strict": int(found.strict), "choices": found.choices})
        ways.add(found.trace_hash)
        if found.violations:
            tell(Counter(), [f"{found.token}: {'; '.join(found.violations)}"])
    counts["different"] = len(ways)
    tell(counts, [])


if __name__ == "__main__":
    main()
