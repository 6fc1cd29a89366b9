"""A step of twenty units, each standing for a second of work and saved when done, killed around every save.

``python -m tests.crash.long_step WORKDIR``. Each unit that is begun leaves a line in its home's ``units``: what was redone
is there to count.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
from functools import partial
from pathlib import Path

from engine.domain.artifact import Artifact
from engine.domain.ids import PrincipalId
from engine.domain.request import Request
from engine.failpoints import arm
from engine.ports.agents import StepContext
from storage.database import DATABASE_FILE, migrate
from tests.crash.sweep import in_child
from tests.lab import NoteInputs, World, note, open_lab, plan, step

UNITS = 20


async def main(home: Path, point: str | None) -> None:
    """Run it."""

    async def labour(inputs: NoteInputs, context: StepContext) -> Artifact:
        done = int(str((context.saved or {}).get("done", 0)))
        for unit in range(done, UNITS):
            with (home / "units").open("a", encoding="utf-8") as log:
                log.write(f"{unit}\n")
            await context.checkpoint({"done": unit + 1})
        return note("worked")

    arm(point)
    request = Request(text="work", user_id=PrincipalId("owner"), request_key="work")
    async with open_lab(home, World(plan=lambda _: plan(step("w", "Labour")), behaviours={"Labour": labour})) as lab:
        execution = await lab.orchestrator.start(request, "owner")
        await lab.done(execution.id)


def sweep(work: Path) -> list[str]:
    """Kill it before and after every save; what is wrong, in words."""
    template = work / "template"
    template.mkdir(parents=True)
    migrate(template / DATABASE_FILE)
    wrong: list[str] = []
    for point in (f"state.SaveCheckpoint.{moment}#{n}" for moment in ("before", "after") for n in range(1, UNITS + 1)):
        home = work / point
        shutil.copytree(template, home)
        codes = [in_child(partial(_share, home, point)), in_child(partial(_share, home, None))]
        units = (home / "units").read_text("utf-8").split()
        if codes != [-signal.SIGKILL, 0] or {int(u) for u in units} != set(range(UNITS)) or len(units) > UNITS + 5:
            wrong.append(f"{point}: exit codes {codes}, {len(units)} units begun")
    return wrong


def _share(home: Path, point: str | None) -> None:
    asyncio.run(main(home, point))


if __name__ == "__main__":
    found = sweep(Path(sys.argv[1]))
    print("\n".join(found))
    sys.exit(bool(found))
