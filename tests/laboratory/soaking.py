"""People who keep asking over HTTP while the product is killed every few seconds and started again.

``python -m tests.laboratory.soaking WORKDIR --seconds 600`` prints one line of JSON. The courier, which has
every effect in its ledger, and the people live in a process of their own; what they were told with 202 is what may not be lost.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import signal
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
from loguru import logger

from bot.access import TOKEN_FILE
from storage.database import DATABASE_FILE, migrate
from tests.laboratory.forks import Forks, Product, run_world
from tests.servers.courier import Courier, serve_courier

AT_ONCE = 8
"""People who have something going on at a time."""
LIFETIMES = (0.5, 5.0)
"""Seconds a process lives, at random in between."""
SETTLE = 60.0
"""Seconds in which everything must be over once nothing new is asked."""
MOMENT = 0.05
"""Seconds before somebody whom the product did not answer tries again."""
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """What is asked: a plan, and how often each of its parcels is delivered in the end."""

    plan: str
    parcels: Mapping[str, range]
    outcomes: tuple[str, ...] = ("succeeded",)
    cancelled: bool = False

    def text(self, number: int) -> str:
        """As somebody writes it; parcels carry the number."""
        words = self.plan
        for parcel in self.parcels:
            words = words.replace(f"#{parcel}", f"{parcel}@{number}")
        return words


ONCE, AT_MOST_ONCE = range(1, 2), range(2)
KINDS = (
    Kind(
        "courier: a keyed #one; b lookup #two < a; c unknown #three < a; d keyed #four < b c",
        dict.fromkeys(("one", "two", "three", "four"), ONCE),
    ),
    Kind("courier: a keyed! #one; b unknown #two < a?", dict.fromkeys(("one", "two"), ONCE)),
    Kind("courier: a lookup #one + #two; b lookup~ #three < a", dict.fromkeys(("one", "two", "three"), ONCE)),
    Kind("courier: a unknown #one; b unknown! #two", dict.fromkeys(("one", "two"), ONCE)),
    Kind("What do I have tomorrow?", {}),
    Kind(
        "courier: a keyed #one; b lookup #two < a; c unknown #three < b",
        dict.fromkeys(("one", "two", "three"), AT_MOST_ONCE),
        outcomes=("succeeded", "cancelled"),
        cancelled=True,
    ),
)


@dataclass(slots=True)
class Seen:
    """What somebody was told of their request."""

    execution: str = ""
    outcome: str = ""


@dataclass(slots=True)
class Readings:
    """What was measured."""

    kills: int = 0
    codes: Counter[int] = field(default_factory=Counter[int])
    rss: int = 0
    """Most kilobytes of a process, when it was killed."""
    wal: int = 0
    """Most bytes of the write-ahead log."""


class Soak:
    """Made on the world's loop."""

    def __init__(self, home: Path, forks: Forks, courier: Courier, asked: argparse.Namespace) -> None:
        self.seen: dict[int, Seen] = {}
        self.readings = Readings()
        self._home = home
        self._forks = forks
        self._courier = courier
        self._asked = asked
        self._chance = random.Random(asked.seed)
        self._url = ""
        self._up = asyncio.Event()
        self._over = asyncio.Event()

    async def run(self) -> None:
        """Until everybody saw the end of what they asked for, or everything should long be over."""
        ends = time.monotonic() + self._asked.seconds
        async with asyncio.TaskGroup() as group:
            group.create_task(self._operate())
            numbers = count()
            with suppress(TimeoutError):  # told by what was not seen to end
                async with asyncio.timeout(self._asked.seconds + SETTLE), asyncio.TaskGroup() as people:
                    for _ in range(AT_ONCE):
                        people.create_task(self._ask_on(numbers, ends))
            self._over.set()

    async def _operate(self) -> None:
        """Kill and start, in turn; the last process is stopped as an operator does."""
        while not self._over.is_set():
            product = await self._start()
            lifetime = self._chance.uniform(*LIFETIMES)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), lifetime)
            self._read(product)
            self._up.clear()
            if not self._over.is_set():
                self.readings.kills += 1
                product.kill()
            else:
                product.stop()
            self.readings.codes[await self._forks.ended(product)] += 1

    async def _start(self) -> Product:
        settings = {"tizmor_home": str(self._home), "tizmor_port": 0}
        product = await self._forks.start(settings, self._home / "errors", courier=self._courier.url)
        url = await product.serves
        assert url is not None, (self._home / "errors").read_text("utf-8")[-2000:]
        self._url = url
        self._up.set()
        return product

    def _read(self, product: Product) -> None:
        with suppress(OSError):
            status = Path(f"/proc/{product.pid}/status").read_text("utf-8")
            self.readings.rss = max(self.readings.rss, int(status.partition("VmHWM:")[2].split()[0]))
            self.readings.wal = max(self.readings.wal, (self._home / f"{DATABASE_FILE}-wal").stat().st_size)

    # People.

    async def _ask_on(self, numbers: Iterator[int], ends: float) -> None:
        while time.monotonic() < ends:
            number = next(numbers)
            self.seen[number] = Seen()
            await self._see_through(number, KINDS[number % len(KINDS)])

    async def _see_through(self, number: int, kind: Kind) -> None:
        seen = self.seen[number]
        body = {"request": kind.text(number)}
        seen.execution = (await self._call("POST", "/api/orchestrate", body, f"ask-{number}"))["id"]
        if kind.cancelled:
            await self._call("POST", f"/api/orchestrate/{seen.execution}/cancel", {}, f"cancel-{number}")
        while not seen.outcome:
            shown = await self._call("GET", f"/api/orchestrate/{seen.execution}")
            seen.outcome = shown["outcome"] or ""
            for asked in shown["approvals"]:
                if asked["status"] == "pending":
                    await self._call("POST", f"/api/approvals/{asked['id']}", self._answer(asked), asked["id"])
            await asyncio.sleep(MOMENT)

    def _answer(self, asked: Json) -> Json:
        if asked["kind"] != "unknown_outcome":
            return {"decision": "approve"}
        happened = asked["call"]["arguments"]["parcel"] in self._courier.ledger.parcels()
        return {"decision": "choose", "choice": "happened" if happened else "again"}

    async def _call(self, method: str, path: str, body: Json | None = None, key: str = "") -> Json:
        """Until the product answers; with a key it is one call however often it is sent."""
        while True:
            await self._up.wait()
            headers = {"Authorization": f"Bearer {(self._home / TOKEN_FILE).read_text('utf-8').strip()}"}
            if key:
                headers["Idempotency-Key"] = key
            with suppress(aiohttp.ClientError, TimeoutError):
                async with (
                    aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=10)) as http,
                    http.request(method, f"{self._url}{path}", json=body) as response,
                ):
                    answer: Json = await response.json()
                    if response.status < 500:
                        assert response.status in {200, 202, 409}, (response.status, answer)
                        return answer
            await asyncio.sleep(MOMENT)


def verdict(home: Path, seen: Mapping[int, Seen], courier: Courier) -> Json:
    """What is lost and what was repeated, a sentence each."""
    delivered = Counter(courier.ledger.parcels())
    lost: list[str] = []
    repeated: list[str] = []
    for number, each in seen.items():
        kind = KINDS[number % len(KINDS)]
        if each.outcome not in kind.outcomes:
            lost.append(f"{number} ({each.execution or 'not accepted'}) ended {each.outcome or 'never'}")
        for parcel, times in kind.parcels.items():
            often = delivered[f"{parcel}@{number}"]
            if often < times.start:
                lost.append(f"{parcel}@{number} was delivered {often} times")
            if often >= times.stop:
                repeated.append(f"{parcel}@{number} was delivered {often} times")
    with closing(sqlite3.connect(f"file:{home / DATABASE_FILE}?mode=ro", uri=True)) as database:
        made: dict[str, str] = dict(database.execute("SELECT id, status FROM executions"))
    told = {each.execution for each in seen.values() if each.execution}
    lost += [
        f"{execution} was accepted and is {made.get(execution)}" for execution in told if made.get(execution) != "done"
    ]
    repeated += [f"{execution} was made though nobody was told of it" for execution in made.keys() - told]
    return {"lost": lost, "repeated": repeated}


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m tests.laboratory.soaking", description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    logger.remove()
    home = asked.work / "home"
    home.mkdir(parents=True)
    migrate(home / DATABASE_FILE)
    sys.exit(run_world(partial(_world, home, asked)))


def _world(home: Path, asked: argparse.Namespace, forks: Forks) -> None:
    async def soak() -> None:
        began = time.monotonic()
        async with forks.opened(), serve_courier() as courier:
            soaked = Soak(home, forks, courier, asked)
            await soaked.run()
            readings = soaked.readings
            found = {
                "executions": len(soaked.seen),
                "kills": readings.kills,
                "codes": {str(code): count for code, count in readings.codes.items()},
                "deliveries": len(courier.ledger.deliveries),
                "rss_mb": readings.rss / 1024,
                "wal_mb": readings.wal / 1024 / 1024,
                "seconds": time.monotonic() - began,
                "errors": (home / "errors").read_text("utf-8")[-2000:],
                **verdict(home, soaked.seen, courier),
            }
        print(json.dumps(found, ensure_ascii=False))

    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL, "an operator's stop must reach the product"
    asyncio.run(soak())


if __name__ == "__main__":
    main()
