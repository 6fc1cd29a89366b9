"""Races of clicks: two people, fifty clicks each on one question within one turn of the loop; one decision, one effect.

The engine is the real one with its threads, on asyncio's own loop: what ``interleavings`` arranges, happens here.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from engine.domain.approval import Decision, DecisionVerb
from engine.domain.event import Event, EventType
from engine.domain.ids import ApprovalId, ExecutionId
from engine.domain.request import Request
from engine.domain.tenant import Principal
from engine.errors import TizmorError
from storage.codec import instant
from storage.database import Database, open_database
from tests.lab import OWNER, FakeClock, Lab, Publish, World, lab_over, plan, step
from tests.laboratory.interleavings.evidence import Row, read_rows
from tests.laboratory.interleavings.rig import ASKER

CLICKS = 50
"""Of each person."""

VERBS = (DecisionVerb.APPROVE, DecisionVerb.REJECT, DecisionVerb.MODIFY)

EFFECTS = {"approved": ["as asked"], "rejected": [], "modified": ["edited"]}
"""What is printed, by how a question was decided."""

Click = Callable[[Principal, ApprovalId, Decision], Awaitable[str]]
"""Clicks, and gives the code it was refused with; empty where it was taken, or had been by the same person."""


@dataclass(slots=True)
class Race:
    """One question, and what everybody was told."""

    approval: ApprovalId
    execution: ExecutionId
    taken: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """Who was told that which answer of theirs counts."""
    refused: Counter[str] = field(default_factory=Counter[str])
    """By code."""


class Ring:
    """Runs races, one after another."""

    def __init__(self, database: Database, lab: Lab, press: Publish) -> None:
        self.database = database
        self.lab = lab
        self.races: list[Race] = []
        self._press = press
        self._asked: asyncio.Queue[Event] = asyncio.Queue()
        self._over: asyncio.Queue[Event] = asyncio.Queue()
        lab.state.watch(self._heard)

    async def race(self, click: Click, random: Random) -> None:
        """Ask something of the press, let everybody click at the question, and wait for the end."""
        request = Request(text="print", user_id=ASKER.id, locale="en")
        await self.lab.orchestrator.start(request, ASKER.id)
        asked = await self._asked.get()
        race = Race(approval=ApprovalId(str(asked.payload["approval"])), execution=asked.execution_id)
        self.races.append(race)
        answers = [(who, random.choice(VERBS)) for who in (OWNER, ASKER)]
        clicks = [answer for answer in answers for _ in range(CLICKS)]
        random.shuffle(clicks)
        async with asyncio.TaskGroup() as group:
            for who, verb in clicks:  # nothing is awaited between them: they all begin in the same turn
                group.create_task(self._click(race, click, who, verb))
        await self._over.get()

    def violations(self) -> list[str]:
        """A sentence for every race with more or less than one decision and its effect. The database must be at rest."""
        rows = read_rows(self.database.path)
        decided = Counter(e["payload"]["approval"] for e in rows.events if e["type"] == "approval_decided")
        asked = {row["id"]: row for row in rows.approvals}
        printed: dict[str, list[str]] = {}
        for key, arguments in self._press.ledger:
            printed.setdefault(key.split("/")[1], []).append(str(arguments["text"]))
        left = [f"{e['id']} is {e['status']}" for e in rows.executions if e["status"] != "done"]
        judged = (_judge(race, asked[race.approval], decided, printed.get(race.execution, [])) for race in self.races)
        return [*left, *(sentence for found in judged for sentence in found)]

    async def _click(self, race: Race, click: Click, who: Principal, verb: DecisionVerb) -> None:
        arguments = {"text": "edited"} if verb is DecisionVerb.MODIFY else None
        code = await click(who, race.approval, Decision(verb=verb, arguments=arguments))
        if code:
            race.refused[code] += 1
        else:
            race.taken.add((who.id, verb.value))

    def _heard(self, event: Event) -> None:
        if event.type is EventType.APPROVAL_REQUESTED:
            self._asked.put_nowait(event)
        if event.type is EventType.EXECUTION_FINISHED:
            self._over.put_nowait(event)


def _judge(race: Race, asked: Row, decided: Counter[str], printed: Sequence[str]) -> list[str]:
    name, status = race.approval, asked["status"]
    found: list[str] = []
    if decided[name] != 1:
        found.append(f"{name} was decided {decided[name]} times")
    if len(race.taken) != 1 or {who for who, _ in race.taken} != {asked["decided_by"]}:
        found.append(
            f"{name} is {status} by {asked['decided_by']}, and {sorted(race.taken)} were told that theirs counts"
        )
    if set(race.refused) - {"already_decided"}:
        found.append(f"{name}: clicks were refused with {dict(race.refused)}")
    if EFFECTS.get(status) != printed:
        found.append(f"{name} is {status} and came to {printed}")
    return found


@asynccontextmanager
async def open_ring(home: Path) -> AsyncGenerator[Ring]:
    """The engine over a new home, with a press."""
    press, clock = Publish(), FakeClock()
    world = World(plan=lambda _: plan(step("p", "Publisher", "as asked")), tools=(press,))
    async with (
        open_database(home, now=instant(clock.now()), durable=False) as database,
        lab_over(database, world, clock) as lab,
    ):
        yield Ring(database, lab, press)


def at_the_gates(lab: Lab) -> Click:
    """Clicks that go straight to the gates."""

    async def click(who: Principal, approval: ApprovalId, decision: Decision) -> str:
        try:
            await lab.gates.decide(who, approval, decision)
        except TizmorError as error:
            return error.code
        return ""

    return click


async def race_at_the_gates(home: Path, races: int, seed: int, over: Callable[[], bool] = lambda: False) -> Ring:
    """So many races; fewer when it is ``over`` before."""
    random = Random(f"clicks {seed}")
    async with open_ring(home) as ring:
        click = at_the_gates(ring.lab)
        while len(ring.races) < races and not over():
            await ring.race(click, random)
    return ring
