"""A step of twenty units, each standing for a second of work and saved when done, killed around every save.

Each unit that is begun leaves a line in its home's ``units``: what was redone is there to count.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.domain.artifact import Artifact
from engine.domain.ids import PrincipalId
from engine.domain.request import Request
from engine.failpoints import arm
from engine.ports.agents import StepContext
from storage.database import DATABASE_FILE, migrate
from tests.lab import NoteInputs, World, note, open_lab, plan, step
from tests.laboratory.scenario import Found, Run, Scenario

UNITS = 20
REDONE = 5
"""Units that may be done again after a kill."""


class LongStep(Scenario):
    """Goes on from what was saved last."""

    name = "long_step"
    needs_courier = False
    least = 2 * UNITS

    def make_home(self, home: Path) -> None:
        """A database."""
        home.mkdir(parents=True)
        migrate(home / DATABASE_FILE)

    async def tell(self, run: Run, failpoint: str | None = None, log: Path | None = None) -> None:
        """Until the step is done."""

        async def labour(inputs: NoteInputs, context: StepContext) -> Artifact:
            done = int(str((context.saved or {}).get("done", 0)))
            for unit in range(done, UNITS):
                _append(run.home / "units", str(unit))
                await context.checkpoint({"done": unit + 1})
            return note("worked")

        arm(failpoint, None if log is None else lambda point: _append(log, point))
        request = Request(text="work", user_id=PrincipalId("owner"), request_key="work")
        world = World(plan=lambda _: plan(step("w", "Labour")), behaviours={"Labour": labour})
        async with open_lab(run.home, world) as lab:
            execution = await lab.orchestrator.start(request, "owner")
            await lab.done(execution.id)

    def judge(self, run: Run) -> Found:
        """By the units that were begun."""
        found = Found()
        units = [int(unit) for unit in (run.home / "units").read_text("utf-8").split()]
        if missing := set(range(UNITS)) - set(units):
            found.lost.append(f"units {sorted(missing)} were never done")
        if len(units) > UNITS + REDONE:
            found.repeated.append(f"{len(units)} units were begun")
        return found

    def visited(self, passed: Sequence[str]) -> list[str]:
        """Around every save."""
        return [point for point in passed if point.startswith("state.SaveCheckpoint.")]


def _append(path: Path, line: str) -> None:
    with path.open("a", encoding="utf-8") as log:
        log.write(f"{line}\n")


SCENARIO = LongStep()
