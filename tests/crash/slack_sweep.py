"""Kill the story in Slack, at the points that are named in the issue or at every point of the chat's own.

``python -m tests.crash.slack_sweep WORKDIR named|every`` prints one JSON line a story.
"""

from __future__ import annotations

import asyncio
import gc
import json
import shutil
import sys
from functools import partial
from pathlib import Path

from loguru import logger

from storage.database import DATABASE_FILE, migrate
from tests.crash.slack_forks import Forks, run_world
from tests.crash.slack_story import Case, home_name, problems, told
from tests.scenarios.lab import make_home
from tests.scenarios.slack_lab import MODES

POINTS = {
    "after the ack": "inbox.handle.before#1",
    "during planning": "state.SavePlan.before#1",
    "planned": "state.SavePlan.after#1",
    "after the click's commit": "inbox.handle.before#3",
    "after the decision's commit": "state.DecideApproval.after#2",
    "before the final post": "chat.post.final.before#1",
    "after the final post": "chat.post.final.after#1",
}
AT_ONCE = 4
OF_THE_CHAT = ("chat.", "inbox.")


def named() -> list[Case]:
    """Every named point, over both doors, in both languages."""
    cases: list[Case] = []
    for mode in MODES:
        for locale in ("he", "en"):
            name = partial("{0}, {1}, {2}".format, mode, locale)
            cases += [Case(name=name(n), mode=mode, locale=locale, point=point) for n, point in POINTS.items()]
            cases.append(Case(name=name("at the open gate"), mode=mode, locale=locale, gate_is_open=True))
            for n, fault in (("before the final edit", "reset_before"), ("after the final edit", "reset_after_commit")):
                cases.append(Case(name=name(n), mode=mode, locale=locale, last_edit=fault))
    return cases


async def enumerated(forks: Forks, template: Path, work: Path) -> list[Case]:
    """Every point of the chat that an undisturbed story passes."""
    log = work / "points"
    verdict = await told(Case(name="undisturbed", log=log), forks, template, work)
    assert not problems(verdict, killed=False), verdict
    points = [point for point in log.read_text("utf-8").split() if point.startswith(OF_THE_CHAT)]
    return [Case(name=point, point=point) for point in points]


async def sweep(work: Path, which: str, forks: Forks) -> None:
    """Tell the stories, some at a time: most of each is waiting for Slack's rates."""
    template, room = work / "template", asyncio.Semaphore(AT_ONCE)

    async def tell(case: Case) -> None:
        async with room:
            verdict = await told(case, forks, template, work)
        if not problems(verdict):
            shutil.rmtree(work / home_name(case))
        print(json.dumps(verdict, ensure_ascii=False), flush=True)

    async with forks.opened():
        cases = named() if which == "named" else await enumerated(forks, template, work)
        async with asyncio.TaskGroup() as group:
            for case in cases:
                group.create_task(tell(case))


def world(work: Path, which: str, forks: Forks) -> None:
    """What runs in the process of the world."""
    asyncio.run(sweep(work, which, forks))


def main() -> None:
    """See the module."""
    logger.remove()
    work, which = Path(sys.argv[1]), sys.argv[2]
    work.mkdir(parents=True, exist_ok=True)
    migrate(make_home(work / "template") / DATABASE_FILE)
    gc.collect()
    gc.freeze()  # what is there now stays shared with every forked process
    sys.exit(run_world(partial(world, work, which)))


if __name__ == "__main__":
    main()
