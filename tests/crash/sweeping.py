"""What sweeps have in common: where their processes are started, and how many stories are told at a time."""

from __future__ import annotations

import asyncio
import gc
import json
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from loguru import logger

from storage.database import DATABASE_FILE, migrate
from tests.crash.forks import Forks, run_world
from tests.crash.telling import Case, Json

ROOT = Path(__file__).parents[2]

Tell = Callable[[Case, Forks, Path, Path], Awaitable[Json]]
Problems = Callable[..., list[str]]


async def tell_all(
    cases: Iterable[Case], tell: Tell, problems: Problems, work: Path, forks: Forks, at_once: int
) -> None:
    """Tell stories, some at a time, because most of each is waiting; print a verdict each. Homes of what went well go."""
    room = asyncio.Semaphore(at_once)

    async def one(case: Case) -> None:
        async with room:
            verdict = await tell(case, forks, work / "template", work)
        if not problems(verdict):
            shutil.rmtree(work / case.home)
        print(json.dumps(verdict, ensure_ascii=False), flush=True)

    async with asyncio.TaskGroup() as group:
        for case in cases:
            group.create_task(one(case))


def sweep(make_home: Callable[[Path], Path], stories: Callable[[Path, str, Forks], Awaitable[None]]) -> None:
    """The main of a sweep: a template of a home, then a world of its own that tells ``stories``; ends the process."""
    logger.remove()
    work, which = Path(sys.argv[1]), sys.argv[2]
    work.mkdir(parents=True, exist_ok=True)
    migrate(make_home(work / "template") / DATABASE_FILE)
    gc.collect()
    gc.freeze()  # what is there now stays shared with every forked process
    sys.exit(run_world(partial(_world, work, which, stories)))


def _world(work: Path, which: str, stories: Callable[[Path, str, Forks], Awaitable[None]], forks: Forks) -> None:
    async def told() -> None:
        async with forks.opened():
            await stories(work, which, forks)

    asyncio.run(told())


def swept(module: str, work: Path, which: str) -> dict[str, dict[str, Any]]:
    """Run a sweep; every story's verdict, by the place where its product was killed."""
    command = [sys.executable, "-m", module, str(work), which]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=580, check=False)
    assert run.returncode == 0, run.stderr[-4000:]
    verdicts = [json.loads(line) for line in run.stdout.splitlines()]
    return {verdict["case"]: verdict for verdict in verdicts}


def wrong(verdicts: dict[str, dict[str, Any]], killed: Iterable[str], problems: Problems) -> dict[str, list[str]]:
    """What is not as it should be, by case; all ended well where it is empty."""
    died = set(killed)
    found = {case: problems(dict(verdict), killed=case in died) for case, verdict in verdicts.items()}
    return {case: words for case, words in found.items() if words}
