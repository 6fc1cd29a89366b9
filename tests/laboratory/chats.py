"""What the sweeps of the chats have in common: where their processes are started, how many stories are told at a time, and which.

``python -m tests.laboratory.sweeps.slack WORKDIR named|every --one-in 1`` prints one JSON line a story; likewise for Telegram.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import importlib
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from zlib import crc32

from loguru import logger

from storage.database import DATABASE_FILE, migrate
from tests.laboratory.forks import Forks, run_world
from tests.laboratory.telling import Case, Json

ROOT = Path(__file__).parents[2]
MOST_POINTS = 40
"""Which point of a restart kills it, at most: it goes on from somewhere."""

AT_ONCE = 4
"""Stories told at a time: most of each is waiting."""

Tell = Callable[[Case, Forks, Path, Path], Awaitable[Json]]
Problems = Callable[..., list[str]]
Stories = Callable[[Path, argparse.Namespace, Forks], Awaitable[None]]
"""All of one kind: in this folder, as asked, with these processes."""


def chosen(cases: Sequence[Case], one_in: int) -> list[Case]:
    """All cases where ``one_in`` is 1; otherwise one of each kind and one in so many others, always the same ones."""
    kinds: set[str] = set()
    found: list[Case] = []
    for case in cases:
        if case.kind not in kinds or crc32(case.name.encode()) % one_in == 0:
            found.append(case)
        kinds.add(case.kind)
    return found


def doubled(cases: Sequence[Case], count: int, seed: int) -> list[Case]:
    """So many cases whose restart is killed, too, at some point of its own."""
    chance = random.Random(seed)
    killed = [case for case in cases if case.point is not None]
    picked = [chance.choice(killed) for _ in range(count if killed else 0)]
    again = [(case, f"*#{chance.randint(1, MOST_POINTS)}") for case in picked]
    return list(dict.fromkeys(replace(case, name=f"{case.name}, then {then}", then=then) for case, then in again))


async def tell_all(cases: Iterable[Case], tell: Tell, problems: Problems, work: Path, forks: Forks) -> None:
    """Tell stories, some at a time; print a verdict each. Homes of what went well go."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(case: Case) -> None:
        async with room:
            verdict = await tell(case, forks, work / "template", work)
        if not problems(verdict):
            shutil.rmtree(work / case.home)
        print(json.dumps(verdict, ensure_ascii=False), flush=True)

    async with asyncio.TaskGroup() as group:
        for case in cases:
            group.create_task(one(case))


def sweep(make_home: Callable[[Path], Path], stories: Stories) -> None:
    """The main of a sweep: a template of a home, then a world of its own that tells ``stories``; ends the process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("which", choices=("named", "every"))
    parser.add_argument("--one-in", type=int, default=1, help="a case of each kind, and one in so many others")
    parser.add_argument("--doubles", type=int, default=0, help="cases whose restart is killed, too")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    logger.remove()
    asked.work.mkdir(parents=True, exist_ok=True)
    migrate(make_home(asked.work / "template") / DATABASE_FILE)
    gc.collect()
    gc.freeze()  # what is there now stays shared with every forked process
    sys.exit(run_world(partial(_world, asked, stories)))


def _world(asked: argparse.Namespace, stories: Stories, forks: Forks) -> None:
    async def told() -> None:
        async with forks.opened():
            await stories(asked.work, asked, forks)

    asyncio.run(told())


def swept(chat: str, work: Path, which: str, *more: str, seconds: float = 580) -> dict[str, Json]:
    """Run a sweep; every story's verdict, by the place where its product was killed."""
    command = [sys.executable, "-m", f"tests.laboratory.sweeps.{chat}", str(work), which, *more]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=seconds, check=False)
    assert run.returncode == 0, run.stderr[-4000:]
    verdicts = [json.loads(line) for line in run.stdout.splitlines()]
    return {verdict["case"]: verdict for verdict in verdicts}


def problems_of(chat: str) -> Problems:
    """How that chat's verdicts are read."""
    found: Problems = importlib.import_module(f"tests.laboratory.sweeps.{chat}").problems
    return found


def wrong(verdicts: dict[str, Json], killed: Iterable[str], problems: Problems) -> dict[str, list[str]]:
    """What is not as it should be, by case; all ended well where it is empty."""
    died = set(killed)
    found = {case: problems(dict(verdict), killed=case in died) for case, verdict in verdicts.items()}
    return {case: words for case, words in found.items() if words}
