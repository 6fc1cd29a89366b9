"""``python -m tests.bench.effects``: kills each engine right after each of six outside effects, lets it go on, and counts in the
ledger of the service outside what was done twice and what was lost.

Peers run where ``make bench-peers`` has installed them. Ends with 1 where ours repeated or lost anything.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench.contest import DBOS, LANGGRAPH, OURS, PEERS_PYTHON, ROOT
from tests.bench.effects.flow import KEYED, LOOKUP, PLAIN, STEPS
from tests.servers.courier import run_courier

CHILD_SECONDS = 60
WAYS = {
    PLAIN: "the service takes no key",
    KEYED: "it takes a key, and is given one",
    LOOKUP: "it takes a marker, and can be asked for it",
}


@dataclass(frozen=True, slots=True)
class Contender:
    """One engine: a module that runs the flow as a process of its own."""

    name: str
    module: str
    python: Path
    ways: tuple[str, ...]
    """Those that can be written for it without building what it lacks."""


CONTENDERS = (
    Contender(OURS, "tests.bench.effects.tizmor_", Path(sys.executable), (PLAIN, KEYED, LOOKUP)),
    Contender(DBOS, "tests.bench.effects.dbos_", PEERS_PYTHON, (PLAIN, KEYED)),
    Contender(LANGGRAPH, "tests.bench.effects.langgraph_", PEERS_PYTHON, (PLAIN, KEYED)),
)


@dataclass(slots=True)
class Tally:
    """What six kills came to."""

    killed: int = 0
    repeated: int = 0
    """Effects that happened more than once."""
    lost: int = 0
    """Effects that never happened."""
    asked: int = 0
    """How often a person was asked whether one had."""


def main() -> int:
    """Run everything that is installed; the exit code."""
    wrong = 0
    print(f"{len(STEPS)} outside effects, killed right after each, then started again\n")
    print(f"{'':<44}{'engine':<12}{'killed':>7}{'repeated':>10}{'lost':>6}{'asked':>7}")
    for way, contender, tally in tallies():
        wrong += contender.name == OURS and bool(tally.repeated + tally.lost)
        figures = f"{tally.killed:>7}{tally.repeated:>10}{tally.lost:>6}{tally.asked:>7}"
        print(f"{WAYS[way]:<44}{contender.name:<12}{figures}", flush=True)
    if not PEERS_PYTHON.exists():
        print("\nThe others are not installed: make bench-peers.")
    return int(wrong > 0)


def tallies() -> Iterator[tuple[str, Contender, Tally]]:
    """Every way and everybody who is installed and can go it, measured as they are asked for."""
    for way in WAYS:
        for contender in CONTENDERS:
            if way in contender.ways and contender.python.exists():
                yield way, contender, tally_of(contender, way)


def tally_of(contender: Contender, way: str, numbers: Iterable[int] = range(1, len(STEPS) + 1)) -> Tally:
    """Killed after each of these effects in turn, counted from 1, each time in a home and with a service of its own."""
    tally = Tally()
    for number in numbers:
        with tempfile.TemporaryDirectory(prefix="tizmor-effects-") as home, run_courier() as courier:
            _child(contender, [home, courier.url, way, str(number)], -signal.SIGKILL)
            results = json.loads(_child(contender, [home, courier.url, way, "0"], 0))
            ledger = courier.ledger()
        tally.killed += 1
        tally.repeated += len(ledger.repeated())
        tally.lost += len(set(STEPS) - set(ledger.parcels()))
        tally.asked += results["asked"]
    return tally


def _child(contender: Contender, arguments: list[str], ending: int) -> str:
    command = [str(contender.python), "-m", contender.module, *arguments]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=CHILD_SECONDS, check=False)
    if ended.returncode != ending:
        raise RuntimeError(f"{contender.name} ended with {ended.returncode}, not {ending}: {ended.stderr[-2000:]}")
    return ended.stdout.strip().splitlines()[-1] if ending == 0 else ""


if __name__ == "__main__":
    sys.exit(main())
