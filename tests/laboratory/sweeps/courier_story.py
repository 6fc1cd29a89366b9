"""A story whose effects happen at the courier, which outlives the product and knows what happened how often.

Every run names its parcels after itself, so that one courier serves all the runs of a sweep and each is judged alone.
"""

from __future__ import annotations

import asyncio
import sqlite3
from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from bot.app import Tizmor, open_tizmor
from bot.settings import Settings
from engine.domain.approval import ApprovalKind, Decision, DecisionVerb
from engine.domain.effect import AGAIN, HAPPENED
from engine.domain.execution import ExecutionOutcome, ExecutionStatus
from engine.domain.ids import ExecutionId
from engine.domain.snapshot import ExecutionSnapshot
from engine.errors import ConflictError
from storage.database import DATABASE_FILE, migrate
from tests.laboratory.agents import courier_extension
from tests.laboratory.scenario import Found, Run, Scenario
from tests.laboratory.sweeps.person import OWNER, answer, decide, pending, the_execution
from tests.servers.courier import CourierClient, Fault

SECONDS = 60
"""Longest a process may take to come to the end; a busy machine needs a while for what takes a second."""
BASE = Settings(tizmor_env_file=None)
"""Read once: every process is a fork of the one that did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a person sees, and where they can act."""

    tizmor: Tizmor
    courier: CourierClient
    run: Run
    snapshot: ExecutionSnapshot

    @property
    def id(self) -> ExecutionId:
        """The execution's."""
        return self.snapshot.id

    def delivered(self, parcel: str) -> int:
        """How often, as the receiver would say."""
        return delivered(self.run)[parcel]

    async def say_what_happened(self) -> None:
        """Ask the receiver, and answer what only that can tell: it happened, or it is to be done again."""
        for asked in pending(self.snapshot):
            if asked.kind is ApprovalKind.UNKNOWN_OUTCOME and asked.call is not None:
                parcel = str(asked.call.arguments["parcel"]).rpartition("@")[0]
                choice = HAPPENED if self.delivered(parcel) else AGAIN
                await decide(self.tizmor, asked, Decision(verb=DecisionVerb.CHOOSE, choice=choice))

    def called(self, parcel: str) -> bool:
        """Has the courier ever been asked to deliver it?"""
        name = named(parcel, self.run)
        return any(call.partition(" ")[2] == name for call in self.courier.calls())


class CourierStory(Scenario):
    """One message, one execution. Override what the person does, and what must have happened in the end."""

    least = 40
    plan: str
    """As ``tests.laboratory.plans`` reads it, without the word it begins with; parcels are plain words here."""
    faults: Sequence[Fault] = ()
    """What befalls the courier, once in each run; parcels as in the plan."""
    outcomes: AbstractSet[ExecutionOutcome] = frozenset({ExecutionOutcome.SUCCEEDED})

    @abstractmethod
    def happens(self) -> Mapping[str, int | range]:
        """How often each parcel was delivered in the end; what is not named never was."""

    async def act(self, scene: Scene) -> None:
        """What the person does on seeing this; again and again, in every process."""
        await scene.say_what_happened()
        await answer(scene.tizmor, scene.snapshot)

    def look_at_end(self, ended: ExecutionSnapshot) -> None:
        """Check what is shown of it.

        Raises:
            AssertionError: it is not as it should be.
        """
        assert ended.execution.outcome in self.outcomes, (ended.execution.outcome, ended.step_runs)
        asked = [a.call.tool for a in ended.approvals if a.kind is ApprovalKind.UNKNOWN_OUTCOME and a.call]
        assert all(tool.startswith(("Unknown", "Blind")) for tool in asked), f"nobody need have been asked: {asked}"

    def make_home(self, home: Path) -> None:
        """An empty office."""
        home.mkdir(parents=True)
        migrate(home / DATABASE_FILE)

    def text(self, run: Run) -> str:
        """What the person writes."""
        return spelled(self.plan, run)

    async def tell(self, run: Run, failpoint: str | None = None, log: Path | None = None) -> None:
        """Until the execution is done, as the person sees it."""
        assert run.courier is not None
        if not (run.home / "befallen").exists():
            for fault in self.faults:
                run.courier.fault(_about(fault, run))
            (run.home / "befallen").touch()
        update = {"tizmor_home": run.home, "tizmor_failpoint": failpoint, "tizmor_failpoint_log": log}
        extension = courier_extension(run.courier.url)
        async with (
            asyncio.timeout(SECONDS),
            open_tizmor(BASE.model_copy(update=update), extension=extension) as tizmor,
        ):
            await tizmor.door.say(OWNER, self.text(run), "story")
            while True:
                snapshot = await the_execution(tizmor)
                if snapshot is not None and snapshot.execution.status is ExecutionStatus.DONE:
                    break
                if snapshot is not None:
                    with suppress(ConflictError):  # it went on meanwhile: looked at again
                        await self.act(Scene(tizmor=tizmor, courier=run.courier, run=run, snapshot=snapshot))
                await asyncio.sleep(0.01)  # a person's eye: what is shown is looked at again and again
            self.look_at_end(snapshot)

    def judge(self, run: Run) -> Found:
        """By what the courier delivered, and by what the product knows of it."""
        found = Found()
        happened = delivered(run)
        for parcel, wanted in self.happens().items():
            times = wanted if isinstance(wanted, range) else range(wanted, wanted + 1)
            count = happened.pop(parcel, 0)
            if count < times.start:
                found.lost.append(f"{parcel} was delivered {count} times")
            if count >= times.stop:
                found.repeated.append(f"{parcel} was delivered {count} times")
        found.wrong += [f"{parcel} was delivered {count} times" for parcel, count in happened.items()]
        found.lost += left_behind(run.home)
        return found


def named(parcel: str, run: Run) -> str:
    """A parcel as this run calls it."""
    return f"{parcel}@{run.name}"


def spelled(plan: str, run: Run) -> str:
    """A plan whose parcels are this run's."""
    steps: list[str] = []
    for step in plan.rstrip("?").split(";"):
        before, less, needs = step.strip().partition(" <")
        identifier, word, parcels = before.split(" ", 2)
        those = " + ".join(named(parcel.strip(), run) for parcel in parcels.split("+"))
        steps.append(f"{identifier} {word} {those}{less}{needs}")
    return f"courier: {'; '.join(steps)}{'?' if plan.endswith('?') else ''}"


def _about(fault: Fault, run: Run) -> Fault:
    return replace(fault, parcel=named(fault.parcel, run))


def delivered(run: Run) -> Counter[str]:
    """How often each of a run's parcels was delivered."""
    assert run.courier is not None
    ours = (each.rpartition("@") for each in run.courier.ledger().parcels())
    return Counter(parcel for parcel, _, of in ours if of == run.name)


def left_behind(home: Path) -> list[str]:
    """What was accepted and is neither done nor waits for anybody."""
    with closing(sqlite3.connect(f"file:{home / DATABASE_FILE}?mode=ro", uri=True)) as database:
        (unhandled,) = database.execute("SELECT count(*) FROM inbox WHERE handled_at IS NULL").fetchone()
        (accepted,) = database.execute("SELECT count(*) FROM inbox").fetchone()
        stuck = database.execute(
            "SELECT id, status FROM executions WHERE status <> 'done' AND id NOT IN"
            " (SELECT execution_id FROM pending_approvals WHERE status = 'pending')"
            " AND id NOT IN (SELECT execution_id FROM due WHERE claimed = 0)"
        ).fetchall()
        (executions,) = database.execute("SELECT count(*) FROM executions").fetchone()
    found = [f"execution {execution} is {status}" for execution, status in stuck]
    if unhandled:
        found.append(f"{unhandled} messages were never handled")
    if executions < accepted:
        found.append(f"{accepted} messages made {executions} executions")
    return found
