"""What every engine is asked to do: six deliveries in a row, each a step of its own, and die right after one of them.

Standard library only: peers run in an environment of their own, without the product.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

STEPS = ("s1", "s2", "s3", "s4", "s5", "s6")
PLAIN, KEYED, LOOKUP = "plain", "keyed", "lookup"
"""How the service outside can be asked: with nothing, with a key it honours, with a marker it can be asked for."""

Results = dict[str, int]
"""``asked``: how often a person was asked whether an effect had happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One run of it."""

    home: Path
    """Of the engine; what an earlier process left there goes on."""
    url: str
    """Of the service outside."""
    way: str
    dies_after: int
    """Number of the delivery after which the process is killed, from 1; 0: none."""

    async def deliver(self, step: str) -> str:
        """One step's body, as somebody writes it who thinks of the happy path: the effect, then its result."""
        await asyncio.to_thread(self._post, step)
        if self.dies_after == STEPS.index(step) + 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return step

    def _post(self, step: str) -> None:
        headers = {"Content-Type": "application/json"}
        if self.way == KEYED:
            headers["Idempotency-Key"] = f"flow/{step}"
        body = json.dumps({"parcel": step, "effect": step}).encode()
        with urlopen(Request(f"{self.url}/{self.way}", body, headers), timeout=10) as answer:
            answer.read()


Engine = Callable[[Flow], Awaitable[Results]]
"""Begins the flow in an empty home, or goes on with it, until it has ended."""


def main(engine: Engine) -> None:
    """``python -m MODULE HOME URL WAY DIES_AFTER``: what the harness starts; prints the results as one line of JSON."""
    home, url, way, dies_after = sys.argv[1:]
    flow = Flow(home=Path(home), url=url, way=way, dies_after=int(dies_after))
    print(json.dumps(asyncio.run(run(engine, flow))), flush=True)


async def run(engine: Engine, flow: Flow) -> Results:
    """Run it in this process."""
    return await engine(flow)
