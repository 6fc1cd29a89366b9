"""Record, share the images out among processes, and add up what they found."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.laboratory.power_loss.record import WELL, Conditions, Recording, record
from tests.laboratory.power_loss.replay import Replay
from tests.laboratory.power_loss.share import Order
from tests.surfaces.serving import ROOT


@dataclass(slots=True)
class Found:
    """What shares found, added up."""

    drawn: int = 0
    distinct: set[str] = field(default_factory=set[str])
    faulty: Counter[str] = field(default_factory=Counter[str])
    """Images by what is wrong with them: ``corrupt``, ``lost``, ``torn``; and restarts by ``restart lost`` and so on."""
    words: list[str] = field(default_factory=list[str])
    restarts: int = 0

    def add(self, line: str) -> None:
        """Add a share's line."""
        share = json.loads(line)
        self.drawn += share["drawn"]
        self.distinct |= set(share["distinct"])
        self.faulty.update(share["faulty"])
        self.words += share["words"]
        self.restarts += share["restarts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How much is wanted."""

    requests: int
    starts: int = 2
    """The requests are divided among so many starts of the product."""
    images: int
    """Distinct ones."""
    restarts: int
    seed: int
    jobs: int
    until: float
    """``time.time()`` at which to stop all the same."""


def experiment(work: Path, wish: Wish, conditions: Conditions = WELL) -> tuple[Found, dict[str, int]]:
    """Everything that was found, and how large the recording is."""
    recording = record(work, wish.requests, starts=wish.starts, conditions=conditions)
    size = _size(recording)
    found = Found()
    seed = wish.seed
    while len(found.distinct) < wish.images and time.time() < wish.until:
        # about half of what is drawn was drawn before; the shares overshoot rather than go round once more
        draws = max(2.2 * (wish.images - len(found.distinct)) / size["instants"], 0.02)
        chance = max(wish.restarts - found.restarts, 0) * 1.2 / max(wish.images - len(found.distinct), 1)
        for line in _shared_out(work, wish, seed, draws, chance):
            found.add(line)
        seed += 1
    return found, size


def _shared_out(work: Path, wish: Wish, seed: int, draws: float, restarts: float) -> Sequence[str]:
    processes: list[subprocess.Popen[str]] = []
    for mine in range(wish.jobs):
        order = Order(seed=seed, mine=mine, of=wish.jobs, draws=draws, restarts=restarts, until=wish.until)
        command = [sys.executable, "-m", "tests.laboratory.power_loss", str(work), json.dumps(asdict(order))]
        processes.append(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True))
    lines = [process.communicate()[0] for process in processes]
    assert all(process.returncode == 0 for process in processes), "a share broke; see its words above"
    return lines


def _size(recording: Recording) -> dict[str, int]:
    """Of a recording: calls that write, calls that sync, instants at which something changed, and how much was told."""
    made = recording.calls()
    replay = Replay(recording.disk, recording.before)
    instants = sum(1 for _ in replay.run(made))
    names = Counter(call.name for call in made)
    return {
        "writes": names["pwrite64"] + names["write"],
        "syncs": names["fsync"] + names["fdatasync"],
        "instants": instants,
        "told": replay.told.count,
    }
