"""``make bench``: the figures of ``docs/performance.md``. Prints tables, judges nothing but what they say: it ends with 0."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sqlite3
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.bench import product, report, slack_acks, streamed
from tests.bench.contest import COMPETITORS, ROOT, WORKLOADS
from tests.bench.harness import file_system, hold

SECTIONS = (*(workload.name for workload in WORKLOADS), "streamed", "product", "slack")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what was asked for and print it."""
    options = _options(arguments)
    found: dict[str, Any] = {"machine": machine(), "rounds": options.rounds}
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=options.place) as place:
        found["file_system"] = file_system(Path(place))
        print(
            f"{found['machine']}, {found['file_system']}, {options.rounds} rounds: median (least..most)\n", flush=True
        )
        workloads = [workload for workload in WORKLOADS if workload.name in options.only]
        results = hold(workloads, options.rounds, options.engines, Path(place))
        acks = slack_acks.figures(Path(place), options.seconds) if "slack" in options.only else None
    found["workloads"] = report.as_json(results)
    for result in results:
        print(report.table(result), end="\n\n", flush=True)
    if "streamed" in options.only:
        found["streamed"] = streamed.streamed_plan()
        print(f"A plan of five steps streamed by a model\n{streamed.table(found['streamed'])}\n", flush=True)
    if "product" in options.only:
        found["product"] = product.figures()
        print(f"The product as a process\n{product.table(found['product'])}", flush=True)
    if acks is not None:
        found["slack"] = acks
        print(f"\nSlack's events, from being sent to being acknowledged\n{slack_acks.table(acks)}", flush=True)
    if options.json is not None:
        options.json.write_text(json.dumps(found, indent=1), "utf-8")


def machine() -> str:
    """What the figures were read on."""
    return (
        f"{os.cpu_count()} x {platform.machine()}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--seconds", type=float, default=60, help="how long Slack's events last, over each of its doors"
    )
    parser.add_argument("--only", type=_names, default=SECTIONS, help=f"some of {','.join(SECTIONS)}")
    parser.add_argument("--engines", type=_names, default=tuple(c.name for c in COMPETITORS))
    parser.add_argument("--place", type=Path, default=ROOT, help="where to write; a real disk")
    parser.add_argument("--json", type=Path, help="write every reading to this file")
    return parser.parse_args(arguments)


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


if __name__ == "__main__":
    main()
