"""Record the real product at work: a new home, ten-step requests several at once, stopped and started again in between."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.laboratory.power_loss.trace import Call, calls, traced
from tests.laboratory.ten_steps import People, Request, requests
from tests.scenarios.lab import make_home
from tests.surfaces.serving import ROOT, clean_environment

KEPT = "recording.json"
SECONDS = 120
"""Longest a recorded product may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What was done on a disk, from its first day."""

    disk: Path
    """As it is now; its home is ``home``, its workspace ``workspace``."""
    before: Path
    """As it was before anything ran."""
    logs: Sequence[Path]
    asked: Sequence[Request]

    def save(self, work: Path) -> None:
        """Keep what :meth:`load` needs beside the logs."""
        names = {"disk": str(self.disk), "before": str(self.before), "logs": [str(log) for log in self.logs]}
        asked = [request.dump() for request in self.asked]
        (work / KEPT).write_text(json.dumps({**names, "asked": asked}), "utf-8")

    @classmethod
    def load(cls, work: Path) -> Recording:
        """The recording that was saved there."""
        kept = json.loads((work / KEPT).read_text("utf-8"))
        asked = [Request.load(request) for request in kept["asked"]]
        logs = [Path(log) for log in kept["logs"]]
        return cls(disk=Path(kept["disk"]), before=Path(kept["before"]), logs=logs, asked=asked)

    def calls(self) -> list[Call]:
        """Everything the processes asked of the kernel, numbered through."""
        found: list[Call] = []
        for log in self.logs:
            first = found[-1].ended + 1 if found else 0
            found += [
                Call(
                    number=first + call.number,
                    ended=first + call.ended,
                    name=call.name,
                    arguments=call.arguments,
                    result=call.result,
                )
                for call in calls(log)
            ]
            found.sort(key=lambda call: call.ended)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Under which the product works."""

    weakened: str = ""
    """One of its syncs is taken away (see ``weakened``), to show that the laboratory would see that."""
    failing: str = ""
    """Calls that fail once the home is made, from the second start on; see ``trace.traced``."""


WELL = Conditions()


def record(work: Path, count: int, *, starts: int, conditions: Conditions = WELL) -> Recording:
    """Run the product ``starts`` times, each with its share of ``count`` requests, all of a share at once."""
    disk, before = work / "disk", work / "before"
    for root in (disk, before):
        make_home(root)
        for folder in ("outbox", "docs/agendas"):  # the product makes what is not there
            shutil.rmtree(root / "workspace" / folder)
    asked = requests(count)
    logs: list[Path] = []
    for start in range(starts):
        logs.append(work / f"calls{start}")
        share = [request for request in asked if request.number % starts == start]
        with product(disk, logs[-1], conditions if start else replace(conditions, failing="")) as url:
            token = (disk / "home" / "api_token").read_text("utf-8").strip()
            asyncio.run(_bounded(People(requests=share), url, token))
    found = Recording(disk=disk, before=before, logs=logs, asked=asked)
    found.save(work)
    return found


async def _bounded(people: People, url: str, token: str) -> None:
    async with asyncio.timeout(SECONDS):
        await people.live(url, token)


@contextmanager
def product(disk: Path, log: Path, conditions: Conditions) -> Generator[str]:
    """The product as a process of its own on a disk's home and workspace, until the block ends; gives its address."""
    weakened = conditions.weakened
    own = ["-m", "tests.laboratory.power_loss.weakened", weakened] if weakened else ["-m", "bot"]
    command = [sys.executable, *own, "run", "--home", str(disk / "home"), "--port", "0"]
    errors = disk.parent / "errors"
    with errors.open("a", encoding="utf-8") as told:
        process = subprocess.Popen(
            traced(log, command, conditions.failing),
            cwd=ROOT,
            env={**clean_environment(), "TIZMOR_WORKSPACE": str(disk / "workspace")},
            stdout=subprocess.PIPE,
            stderr=told,
            text=True,
        )
    try:
        assert process.stdout is not None
        ready = next((line for line in process.stdout if "ready: " in line), "")
        assert ready, errors.read_text("utf-8")[-4000:]
        yield ready.rpartition(" ")[2].strip()
    finally:
        _stop_traced(process.pid)
        process.communicate(timeout=SECONDS)


def _stop_traced(tracer: int) -> None:
    """Ask the traced process itself to stop: strace then ends with it."""
    for child in Path(f"/proc/{tracer}/task/{tracer}/children").read_text("ascii").split():
        os.kill(int(child), signal.SIGTERM)
