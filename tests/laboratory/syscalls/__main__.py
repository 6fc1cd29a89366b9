"""``python -m tests.laboratory.syscalls WORK UNTIL``: the cases in ``WORK/cases``, a line of JSON each, or how often what is called."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path

from loguru import logger

from tests.laboratory.syscalls import SERIES
from tests.laboratory.syscalls.case import Bench, Case


def main() -> None:
    """Run them until time is up."""
    logger.remove()
    os.environ["TIZMOR_ENV_FILE"] = ""  # noqa: TID251 - a developer's own settings are no test's
    work, until = Path(sys.argv[1]), float(sys.argv[2])
    cases = [Case(**case) for case in json.loads((work / "cases").read_text("utf-8"))]
    bench = Bench(work)
    if not cases:
        counts = {series: bench.count(series, calls) for series, calls in SERIES.items()}
        print(json.dumps({"counts": counts}))
    for case in cases:
        if time.time() > until:
            break
        print(json.dumps({"case": asdict(case), **asdict(bench.run(case))}), flush=True)


if __name__ == "__main__":
    main()
