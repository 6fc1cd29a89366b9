"""One schedule: a scenario under a seed's order, run to its rest and judged. The same token goes the same way."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

from loguru import logger

from storage.database import DATABASE_FILE, migrate
from tests.laboratory.interleavings.choosers import order_of
from tests.laboratory.interleavings.evidence import Evidence
from tests.laboratory.interleavings.judging import judge
from tests.laboratory.interleavings.loop import InOrder, NeverAtRestError, ScheduledLoop
from tests.laboratory.interleavings.rig import Outside, evidence_of, messages_wanted, open_rig
from tests.laboratory.interleavings.scenario import Scenario
from tests.laboratory.interleavings.scenarios import SCENARIOS


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What came of one schedule."""

    token: str
    """``scenario:seed``; ``replay`` takes it."""
    trace_hash: str
    """Of the way it went, step by step."""
    steps: int
    choices: int
    way: str
    """Which way it went, as people see it: what was taken and refused, and the end."""
    strict: bool
    """In asyncio's own order, so that what is wrong can go wrong in production."""
    violations: Sequence[str]
    names: Sequence[str] = ()
    """Who took each step, where that was to be kept."""
    story: Sequence[str] = ()
    """What came of it: a line for each event, and for what persons did."""


class Laboratory:
    """Runs schedules over copies of one migrated database.

    Args:
        work: an empty folder, best in memory.
    """

    def __init__(self, work: Path) -> None:
        self._template = work / "template"
        self._home = work / "home"
        self._path = self._home / DATABASE_FILE
        self._template.mkdir()
        migrate(self._template / DATABASE_FILE)
        logger.disable("bot")

    def run(self, token: str, *, trace: bool = False) -> Finding:
        """Run the schedule of a token, and judge it.

        Raises:
            KeyError: there is no such scenario.
            ValueError: that is no token.
        """
        name, _, seed = token.partition(":")
        return self.play(SCENARIOS[name], int(seed), trace=trace)

    def play(self, scenario: Scenario, seed: int, *, trace: bool = False) -> Finding:
        """As :meth:`run`, of a scenario that may be nobody else's."""
        self._fresh()
        random.seed(seed)  # the engine's jitter
        chooser, strict = order_of(seed, Random(f"order {seed}"))
        loop = ScheduledLoop(chooser, strict=strict, trace=trace)
        evidence, faults = Evidence(), list[str]()
        try:
            evidence = loop.run_until_complete(_play(scenario, self._path, Random(f"world {seed}")))
        except NeverAtRestError as error:
            faults.append(str(error))
        except Exception as error:  # noqa: BLE001 - whatever ended it is what is wrong
            faults.append(f"it broke: {_innermost(error)!r}")
        trace_hash, steps, choices = loop.trace_hash, loop.steps, loop.choices
        faults += _put_out(loop)
        violations = faults or judge(scenario, evidence)
        return Finding(
            token=f"{scenario.name}:{seed}",
            trace_hash=trace_hash,
            steps=steps,
            choices=choices,
            way=_way(evidence),
            strict=strict,
            violations=violations,
            names=loop.names or (),
            story=_story(evidence),
        )

    def _fresh(self) -> None:
        shutil.rmtree(self._home, ignore_errors=True)
        shutil.copytree(self._template, self._home)


def _put_out(loop: ScheduledLoop) -> list[str]:
    """End whatever is left, and say what it was."""
    faults = [*loop.unhandled]
    left = [task for task in asyncio.all_tasks(loop) if not task.done()]
    if left:
        faults.append(f"left running: {sorted(task.get_name() for task in left)}")
        loop.follow(InOrder())
        for task in left:
            task.cancel()
        with suppress(NeverAtRestError):
            loop.run_until_complete(asyncio.wait(left, timeout=3_600))
    loop.close()
    return faults


async def _play(scenario: Scenario, path: Path, world: Random) -> Evidence:
    outside = Outside()
    async with open_rig(path, scenario.worlds, world, outside) as rig:
        async with asyncio.TaskGroup() as persons:
            for number, work in enumerate(scenario.persons(rig), 1):
                persons.create_task(work, name=f"person {number}")
            await rig.settle()
        await rig.settle()
        faults = [f"{error!r} was raised" for error in rig.lab.telemetry.failures]
        wanted = [message for execution in rig.executions() for message in await messages_wanted(rig, execution)]
    return evidence_of(path, outside, clicks=rig.clicks, wanted=wanted, faults=faults)


def _way(evidence: Evidence) -> str:
    clicks = sorted(f"{c.who} {c.what} {c.code}" for c in evidence.clicks)
    return "; ".join([*clicks, *(str(e["outcome"]) for e in evidence.rows.executions)])


def _story(evidence: Evidence) -> list[str]:
    events = [f"{e['execution_id']} {e['seq']} {e['type']} {e['payload']}" for e in evidence.rows.events]
    return [*events, *(f"{c.who}: {c.what} {c.on} {c.code or 'taken'}" for c in evidence.clicks)]


def _innermost(error: BaseException) -> BaseException:
    """What a group of groups is about."""
    inside: tuple[BaseException, ...] = getattr(error, "exceptions", ())
    return _innermost(inside[0]) if inside else error
