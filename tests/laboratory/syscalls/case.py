"""One run in which one call fails: the product in a forked process, ``strace`` on it, people who use it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from storage.database import DATABASE_FILE, migrate
from tests.laboratory.ten_steps import Request, requests, wrong
from tests.laboratory.warm import Product, Seen, live, start
from tests.scenarios.lab import make_home

PATIENCE = 25.0
"""Seconds in which a product that was struck must have gone on or ended: its longest pauses are shorter."""
ENDING_SECONDS = 5.0
"""From the last thing people heard to a process's end."""
STARTS = 3
"""Most starts until everything must have ended."""
_STRUCK = re.compile(r"\(INJECTED\)|\+\+\+ killed by SIGKILL")
_NAME = re.compile(r"^(?:\d+ +)?(\w+)\(", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Which call fails how."""

    series: str
    """Which threads are looked at: see ``SERIES``."""
    call: str
    nth: int
    """Counted in each thread on its own, as ``strace`` does."""
    fault: str

    def __str__(self) -> str:
        return f"{self.series}: {self.call} number {self.nth} {self.fault}"

    @property
    def option(self) -> str:
        """As ``strace`` takes it."""
        what = "signal=KILL" if self.fault == "KILL" else f"error={self.fault}"
        return f"inject={self.call}:{what}:when={self.nth}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of it."""

    struck: bool
    """Was there such a call?"""
    how: str
    """``done``: it went on by itself; ``gone``: it ended; ``stuck``: neither."""
    codes: Sequence[int]
    """How its processes ended."""
    refusals: int
    wrong: Sequence[str]


class Bench:
    """Runs cases in a folder, on copies of one home."""

    def __init__(self, work: Path) -> None:
        self._work = work
        self._template = work / "template"
        if not self._template.exists():
            make_home(self._template)
            (self._template / "home").mkdir()
            migrate(self._template / "home" / DATABASE_FILE)

    def run(self, case: Case) -> Verdict:
        """One case. Its disk stays where anything was wrong."""
        disk = self._disk()
        log = self._work / "calls"
        product = start(disk, self._work / "errors", held=True)
        with _traced(product, case.series, [case.call], log, case.option):
            seen = self._use(product, disk, requests(1))
            codes = [self._end(product, seen)]
        struck = _STRUCK.search(log.read_text("ascii", "replace")) is not None
        how, refusals = seen.how, seen.refusals
        misled = [seen.words] if seen.words else []
        # struck while it was stopped, after all was done, it is started once more to see that it still can be
        while (seen.how, codes[-1]) != ("done", 0) and len(codes) < STARTS:
            again = start(disk, self._work / "errors")
            seen = self._use(again, disk, seen.asked)
            codes.append(self._end(again, seen))
            misled += [seen.words] if seen.words else []
        found = wrong(disk / "workspace", seen.asked)
        found += [f"lost: {words}" for words in misled]
        if how == "stuck":
            found.append(f"stuck: neither ended nor went on within {PATIENCE:.0f} s")
        if seen.how == "done" and codes[-1] != 0:
            found.append(f"broken: it ended with {codes[-1]} when it was stopped")
        if found:
            disk.rename(self._work / str(case).replace(": ", "-").replace(" ", "-"))
        return Verdict(struck=struck, how=how, codes=codes, refusals=refusals, wrong=found)

    def count(self, series: str, calls: Sequence[str]) -> Counter[str]:
        """How often an undisturbed run makes each call; of all threads the most that one makes."""
        disk = self._disk()
        log = self._work / "calls"
        product = start(disk, self._work / "errors", held=True)
        with _traced(product, series, calls, log):
            seen = self._use(product, disk, requests(1))
            self._end(product, seen)
        assert seen.how == "done", seen
        found: dict[str, Counter[str]] = {}
        for line in log.read_text("ascii", "replace").splitlines():
            thread = line.partition(" ")[0] if line[:1].isdigit() else ""
            if name := _NAME.match(line):
                found.setdefault(thread, Counter())[name[1]] += 1
        most: Counter[str] = Counter()
        for each in found.values():
            most |= each
        return most

    def _disk(self) -> Path:
        disk = self._work / "disk"
        shutil.rmtree(disk, ignore_errors=True)
        shutil.copytree(self._template, disk)
        return disk

    def _use(self, product: Product, disk: Path, asked: Sequence[Request]) -> Seen:
        if not (product.url or product.wait_until_ready()):
            return Seen(asked=asked, how="gone")
        token = (disk / "home" / "api_token").read_text("utf-8").strip()
        return live(product, token, asked, PATIENCE)

    def _end(self, product: Product, seen: Seen) -> int:
        """Stop it; where people saw it gone it is ending by itself."""
        if seen.how == "gone":
            product.ends_within(ENDING_SECONDS)
        return product.stop()


@contextmanager
def _traced(product: Product, series: str, calls: Sequence[str], log: Path, *options: str) -> Generator[None]:
    """Look at the product's calls until the block ends, from the instant at which the series begins."""
    log.unlink(missing_ok=True)
    threads: list[str] = []
    if series == "starting":
        target = product.pid
    else:
        product.begin()
        assert product.wait_until_ready()
        target = product.writer if series == "writer" else product.pid
        threads = ["-f"] if series == "files" else []
    command = ["strace", *threads, "-p", str(target), "-o", str(log), "-e", f"trace={','.join(calls)}"]
    for option in options:
        command += ["-e", option]
    tracer = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert tracer.stderr is not None
        attached = tracer.stderr.readline()
        assert "attached" in attached, attached
        if series == "starting":
            product.begin()
        yield
    finally:
        if product.alive:
            os.kill(product.pid, signal.SIGKILL)
        tracer.communicate()
