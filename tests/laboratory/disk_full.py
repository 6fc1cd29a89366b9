"""The disk fills at the nth page the product writes; what is asked then is refused; room is made, and everything ends by itself.

A small tmpfs in a mount namespace of the process's own: nothing stays mounted when it ends, however it ends.
``python -m tests.laboratory.disk_full WORK UNTIL CASES`` runs one share; prints a line of JSON a case.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from loguru import logger

from storage.database import DATABASE_FILE, migrate
from tests.laboratory.part import Options, Report
from tests.laboratory.ten_steps import requests, wrong
from tests.laboratory.warm import Crowd, start
from tests.scenarios.lab import make_home
from tests.surfaces.serving import ROOT

SIZE = 8 << 20
"""Of the disk, in bytes."""
MOST_PAGES = 320
"""More than a run writes anew; beyond it the disk never fills."""
FULL_SECONDS = 0.7
"""How long nobody makes room."""
LONG_SECONDS = 40.0
"""How long nobody makes room once: longer than anything in the product goes on trying before it rests."""
PATIENCE = 45.0
"""Seconds within which everything ends when there is room again; the product's longest pauses are shorter."""
NAMESPACES = (("unshare", "--mount"), ("unshare", "--user", "--map-root-user", "--mount"))
"""Ways to be allowed to mount: as root, or as root of a namespace of one's own."""
MOUNT = ("mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tizmor-small")


class CannotMountError(Exception):
    """There is no small disk here; says why."""


@dataclass(frozen=True, slots=True)
class Case:
    """One run."""

    room: int
    """Pages that are free when people begin."""
    full_seconds: float = FULL_SECONDS
    """How long the disk stays full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of one run."""

    room: int
    filled: bool
    refusals: int
    """Answers of 503 while it was full."""
    how: str
    wrong: Sequence[str]


@dataclass(frozen=True, slots=True)
class DiskFull:
    """The part of ``make chaos``."""

    name: str = "disk_full"

    def run(self, options: Options) -> Report:
        """Every room there is time for, spread evenly."""
        cases = [Case(20, LONG_SECONDS), *(Case(n * 37 % MOST_PAGES) for n in range(MOST_PAGES))]
        verdicts = fill_disks(options.work, cases, jobs=options.jobs, until=time.time() + 0.9 * options.seconds)
        words = [words.partition(":")[0] for verdict in verdicts for words in verdict["wrong"]]
        return Report(
            name=self.name,
            figures={
                "runs": f"{len(verdicts)} of {len(cases)}",
                "filled": sum(verdict["filled"] for verdict in verdicts),
                "refused with 503": sum(verdict["refusals"] for verdict in verdicts),
                "went on by itself": sum(verdict["how"] == "done" for verdict in verdicts),
                "lost": words.count("lost"),
                "repeated": words.count("repeated"),
            },
            violations=[f"{words} (room {v['room']})" for v in verdicts for words in v["wrong"]],
        )


def namespace() -> Sequence[str]:
    """The command in front of one that may mount.

    Raises:
        CannotMountError: nothing here may.
    """
    said: list[str] = []
    for way in NAMESPACES:
        trial = subprocess.run(
            [*way, "sh", "-c", f"{' '.join(MOUNT)} /mnt"], capture_output=True, text=True, check=False
        )
        if trial.returncode == 0:
            return way
        said.append(trial.stderr.strip())
    raise CannotMountError(f"no tmpfs can be mounted here: {'; '.join(said)}")


def fill_disks(work: Path, cases: Sequence[Case], *, jobs: int, until: float) -> list[dict[str, Any]]:
    """A verdict a case, by processes that share them.

    Raises:
        CannotMountError: see :func:`namespace`.
    """
    way = namespace()
    processes: list[subprocess.Popen[str]] = []
    for job in range(jobs):
        place = work / f"job{job}"
        place.mkdir(parents=True, exist_ok=True)
        share = json.dumps([asdict(case) for case in cases[job::jobs]])
        command = [*way, sys.executable, "-m", "tests.laboratory.disk_full", str(place), str(until), share]
        processes.append(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True))
    printed = [process.communicate()[0] for process in processes]
    assert all(process.returncode == 0 for process in processes), "a share broke; see its words above"
    return [json.loads(line) for lines in printed for line in lines.splitlines()]


class SmallDisk:
    """Mounted on a folder, until the process ends."""

    def __init__(self, place: Path) -> None:
        place.mkdir(parents=True, exist_ok=True)
        subprocess.run([*MOUNT, str(place)], check=True)
        self.place = place
        self._ballast = place / "ballast"

    @property
    def free(self) -> int:
        """Pages nobody uses."""
        return os.statvfs(self.place).f_bavail

    def leave(self, pages: int) -> None:
        """Take up all but so many pages."""
        page = os.statvfs(self.place).f_frsize
        with self._ballast.open("wb") as ballast:
            ballast.write(bytes(max(self.free - pages, 0) * page))

    def make_room(self) -> None:
        """Give them back."""
        self._ballast.unlink()

    def clear(self) -> None:
        """Take away everything."""
        for path in self.place.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def run_full(small: SmallDisk, template: Path, errors: Path, case: Case) -> Verdict:
    """One run: one person's ten steps fill the disk, another one asks while it is full."""
    small.clear()
    disk = small.place / "disk"
    shutil.copytree(template, disk)
    product = start(disk, errors)
    assert product.wait_until_ready()
    token = (disk / "home" / "api_token").read_text("utf-8").strip()
    first, second = requests(2)
    small.leave(case.room)
    patience = PATIENCE + case.full_seconds
    crowds = [Crowd(product, token, [first], patience)]
    filled = _wait_until_full(small, crowds[0])
    if filled:
        crowds.append(Crowd(product, token, [second], patience))
        time.sleep(case.full_seconds)
    small.make_room()
    seen = [crowd.wait() for crowd in crowds]
    code = product.stop()
    how = next((each.how for each in seen if each.how != "done"), "done")
    found = wrong(disk / "workspace", [request for each in seen for request in each.asked])
    if how != "done" or code != 0:
        found.append(f"{how}: it did not go on by itself, and ended with {code}")
    return Verdict(room=case.room, filled=filled, refusals=sum(each.refusals for each in seen), how=how, wrong=found)


def _wait_until_full(small: SmallDisk, crowd: Crowd) -> bool:
    """False: people were through before it was."""
    while small.free:
        if crowd.is_through:
            return False
        time.sleep(0.001)
    return True


def main() -> None:
    """A share of the rooms."""
    logger.remove()
    os.environ["TIZMOR_ENV_FILE"] = ""  # noqa: TID251 - a developer's own settings are no test's
    work, until = Path(sys.argv[1]), float(sys.argv[2])
    template = work / "template"
    make_home(template)
    (template / "home").mkdir()
    migrate(template / "home" / DATABASE_FILE)
    small = SmallDisk(work / "small")
    for case in [Case(**case) for case in json.loads(sys.argv[3])]:
        if time.time() > until:
            break
        print(json.dumps(asdict(run_full(small, template, work / "errors", case))), flush=True)


PART = DiskFull()

if __name__ == "__main__":
    main()
