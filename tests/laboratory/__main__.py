"""``make chaos``: run the parts of the laboratory, tell what they found, end with 1 where anything was wrong."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import shutil
import sqlite3
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tests.laboratory import report
from tests.laboratory.part import Options, Part, Report

PARTS = ("sweeps", "flood", "soak", "interleavings", "machines", "clicks", "power_loss", "syscalls", "disk_full")
"""Modules of ``tests.laboratory`` that have a ``PART``, in the order they are run."""

SECONDS = 900.0
"""Longest a part takes unless told otherwise: the kill-loop soak alone is asked for ten minutes."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; the exit code."""
    asked = _asked(arguments)
    machine = (
        f"{os.cpu_count()} x {platform.machine()}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )
    found: list[Report] = []
    for name in asked.only:
        part: Part = importlib.import_module(f"tests.laboratory.{name}").PART
        print(f"{name}…", file=sys.stderr, flush=True)
        work = Path(tempfile.mkdtemp(prefix=f"tizmor-{name}-", dir=asked.place))
        found.append(
            _run(part, Options(work=work, seconds=asked.seconds, seed=asked.seed, jobs=asked.jobs, replay=asked.replay))
        )
        if not found[-1].violations:
            shutil.rmtree(work)
        if asked.out is not None:
            report.write(found, machine, asked.out)
    print(report.as_text(found, machine))
    return int(any(each.violations for each in found))


def _run(part: Part, options: Options) -> Report:
    """One part, timed; that it could not judge is a violation."""
    began = time.monotonic()
    try:
        found = part.run(options)
    except Exception as error:  # noqa: BLE001 - one part's end is not the others'
        traceback.print_exc()
        found = Report(name=part.name, violations=[f"it could not judge: {error!r}"])
    kept = [f"{words} (kept in {options.work})" for words in found.violations]
    return replace(found, seconds=time.monotonic() - began, violations=kept)


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.laboratory", description=__doc__)
    parser.add_argument("--only", type=_names, default=PARTS, help=f"some of {','.join(PARTS)}")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="about how long each part may take")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--replay", default="", metavar="TOKEN", help="with --only: run again what a part's token stands for"
    )
    parser.add_argument("--out", type=Path, help="a folder for report.txt and report.json")
    parser.add_argument(
        "--place",
        type=Path,
        default=_place(),
        help="where homes are made; memory is fast, and power loss is simulated elsewhere",
    )
    return parser.parse_args(arguments)


def _place() -> Path:
    memory = Path("/dev/shm")
    return memory if memory.is_dir() else Path(tempfile.gettempdir())


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if unknown := set(names) - set(PARTS):
        raise argparse.ArgumentTypeError(f"there is no {', '.join(sorted(unknown))}; there is {', '.join(PARTS)}")
    return names


if __name__ == "__main__":
    sys.exit(main())
