"""Kill the product at every named point of a scenario, start it again until the scenario is over, judge what is left.

``python -m tests.laboratory.sweeping SCENARIO WORKDIR --jobs 2`` prints one JSON line per schedule of kills; scenarios are the
modules of ``tests.laboratory.sweeps`` that have a ``SCENARIO``. An undisturbed run writes down every point it passes; each
schedule names where the first process dies and, of some, where the one after it dies. A fork server: everything is imported
once, every process is a fork, so that a run costs its own work only.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import importlib
import json
import random
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from zlib import crc32

from loguru import logger

from tests.laboratory.children import in_child, reaped, start
from tests.laboratory.sabotages import SABOTAGES
from tests.laboratory.scenario import Found, Run, Scenario
from tests.servers.courier import run_courier

RESTARTS = 2
"""Starts after the last kill in which a scenario must be over; one suffices where nothing is wrong."""
MOST_WRONG = 5
"""Schedules with violations after which a worker looks no further: what is broken is broken at many points."""


@dataclass(frozen=True, slots=True)
class Kills:
    """Where the processes of a run die, one after the other."""

    points: tuple[str, ...]

    @property
    def name(self) -> str:
        """For a folder and a report."""
        return ",".join(self.points).replace("#", "-").replace("*", "any")


@dataclass(slots=True, kw_only=True)
class Verdict(Found):
    """Of one schedule."""

    points: Sequence[str]
    codes: list[int]
    """How its processes ended, in order."""

    @property
    def kills(self) -> int:
        """Processes that died where they were to die; a point may be passed less often than was foreseen."""
        return self.codes.count(-signal.SIGKILL)

    @property
    def violations(self) -> list[str]:
        """Everything that is wrong."""
        return [f"{'+'.join(self.points)}: {words}" for words in (*self.lost, *self.repeated, *self.wrong)]


def scenario_named(name: str) -> Scenario:
    """Of that module."""
    found: Scenario = importlib.import_module(f"tests.laboratory.sweeps.{name}").SCENARIO
    return found


FIRST_ONE_IN = 2
"""Most names are passed in most scenarios: in a sample each is died at in about half of them."""


def sample(points: Sequence[str], one_in: int, scenario: str) -> list[str]:
    """Half of the names' first points, and one in so many of the others (1: all): always the same ones of the same points, and
    other names in another scenario."""

    def is_in(point: str) -> bool:
        share = min(FIRST_ONE_IN, one_in) if point.endswith("#1") else one_in
        return crc32(f"{scenario} {point}".encode()) % share == 0

    return list(dict.fromkeys(filter(is_in, points)))


def schedules(points: Sequence[str], chosen: Sequence[str], doubles: int, seed: int) -> list[Kills]:
    """Die once at each chosen point; and so many times die there and again at some point of the restart."""
    chance = random.Random(seed)
    once = [Kills((point,)) for point in chosen]
    twice: list[Kills] = []
    for _ in range(doubles if points else 0):
        index = chance.randrange(len(points))
        twice.append(Kills((points[index], f"*#{chance.randint(1, len(points) - index + 3)}")))
    return [*once, *dict.fromkeys(twice)]


def tell_in_child(scenario: Scenario, run: Run, failpoint: str | None = None, log: Path | None = None) -> int:
    """One process's share; what it says of errors goes to the run's ``errors``."""

    def work() -> None:
        sys.stderr = (run.home / "errors").open("a", encoding="utf-8")
        logger.add(run.home / "errors", level="ERROR", format="{message} {extra}\n{exception}")
        asyncio.run(scenario.tell(run, failpoint, log))

    return in_child(work)


def execute(scenario: Scenario, run: Run, kills: Kills, template: Path) -> Verdict:
    """Die as the schedule says, be started again until it is over, judge."""
    shutil.copytree(template, run.home)
    planned: list[str | None] = list(kills.points)
    codes: list[int] = []
    while not codes or (codes[-1] != 0 and len(codes) < len(kills.points) + RESTARTS):
        codes.append(tell_in_child(scenario, run, planned.pop(0) if planned else None))
    found = scenario.judge(run)
    if codes[-1] != 0:
        found.lost.append(f"it does not come to an end: {codes}")
    if set(codes) - {0, -signal.SIGKILL}:
        found.wrong.append(f"a process broke: {codes}")
    if said := (run.home / "errors").read_text("utf-8").strip():
        found.wrong.append(f"errors: {said[-1500:]}")
    return Verdict(**asdict(found), points=kills.points, codes=codes)


def sweep(scenario: Scenario, work: Path, asked: argparse.Namespace) -> list[Verdict]:
    """Everything of one scenario."""
    began = time.monotonic()
    template = work / "template"
    work.mkdir(parents=True, exist_ok=True)
    scenario.prepare()
    scenario.make_home(template)
    gc.collect()
    gc.freeze()  # what is there now stays shared with every forked process
    points = enumerate_points(scenario, work, template)
    chosen = [asked.at] if asked.at else sample(points, asked.one_in, asked.scenario)
    todo = schedules(points, chosen, asked.doubles, asked.seed)
    share = [work / f"share{n}" for n in range(asked.jobs)]

    def one(number: int) -> None:
        with run_courier() if scenario.needs_courier else nullcontext() as courier, share[number].open("w") as out:
            wrong = 0
            for kills in todo[number :: asked.jobs]:
                if time.monotonic() - began > asked.seconds or wrong == MOST_WRONG:
                    break
                run = Run(work / f"{kills.name}", courier)
                verdict = execute(scenario, run, kills, template)
                wrong += bool(verdict.violations)
                if not verdict.violations:
                    shutil.rmtree(run.home)
                print(json.dumps(asdict(verdict)), file=out, flush=True)

    codes = [reaped(pid) for pid in [start(lambda n=n: one(n)) for n in range(asked.jobs)]]
    assert not any(codes), codes
    found = [Verdict(**json.loads(line)) for path in share for line in path.read_text("utf-8").splitlines()]
    print(json.dumps({"passed": len(points), "schedules": len(todo)}))
    return found


def enumerate_points(scenario: Scenario, work: Path, template: Path) -> list[str]:
    """Every point an undisturbed run passes, in order; it must go well."""
    log = work / "points"
    with run_courier() if scenario.needs_courier else nullcontext() as courier:
        run = Run(work / "undisturbed", courier)
        shutil.copytree(template, run.home)
        code = tell_in_child(scenario, run, log=log)
        found = scenario.judge(run)
    assert code == 0, (run.home / "errors").read_text("utf-8")
    assert found == Found(), found
    passed = scenario.visited(log.read_text("utf-8").split())
    assert len(passed) >= scenario.least, f"{scenario.name} passes {len(passed)} points, not {scenario.least}"
    return passed


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m tests.laboratory.sweeping", description=__doc__)
    parser.add_argument("scenario")
    parser.add_argument("work", type=Path)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--one-in", type=int, default=1, help="the first point of each name, and one in so many others")
    parser.add_argument("--at", default="", help="this point only")
    parser.add_argument("--break", dest="sabotage", choices=SABOTAGES, help="take a safeguard away, to see it missed")
    parser.add_argument("--doubles", type=int, default=0, help="schedules that kill a restart, too")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=900, help="begin no schedule after so long")
    asked = parser.parse_args()
    logger.remove()
    if asked.sabotage:
        SABOTAGES[asked.sabotage]()
    for verdict in sweep(scenario_named(asked.scenario), asked.work, asked):
        print(json.dumps(asdict(verdict), ensure_ascii=False))


if __name__ == "__main__":
    main()
