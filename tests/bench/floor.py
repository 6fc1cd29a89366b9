"""The floor: what writing the engine's rows durably costs when nothing else is done. ``python -m tests.bench.floor W1 DIR 100``.

asyncio, one thread with one raw SQLite connection, group commit with synchronous=FULL. Dataflow dispatch: the result of a
step and the claims of the steps it makes ready are one transaction, and a body begins when its claim is durable. No
registry, checks, retries, tracing, cancellation, fences or conditional writes.

The rows are the engine's, in the engine's schema; ``tests/unit/bench`` compares them. Only ``argument_hash`` differs.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from engine.domain.approval import Approval, ApprovalKind
from engine.domain.artifact import dump
from engine.domain.effect import Call
from engine.domain.ids import ApprovalId, ExecutionId, StepId
from engine.safety.questions import EXPIRE_AFTER, REMIND_AFTER
from storage.codec import dump_approval, dump_plan, load_plan
from storage.database import DATABASE_FILE, migrate
from tests.bench.driving import Run, main
from tests.bench.floor_rows import (
    ANSWERED,
    APPROVAL,
    ARTIFACT,
    ATTEMPT,
    CLAIM,
    COMPLETE,
    DECIDE,
    DUE,
    ENDED,
    EVENT,
    EXECUTION,
    INTENT,
    MOVED,
    PARK,
    PLAN,
    PLANNED,
    SETTLE,
    STEP,
    Rows,
    Writer,
    stamp,
)
from tests.bench.tizmor_ import AT_ONCE, GATED, plan_of
from tests.bench.workloads import Shape, Work
from tests.lab import note

COMPACT: Any = {"separators": (",", ":"), "ensure_ascii": False}
SHELL = dict(sorted(dump(note("")).items()))
"""Every field of a step's artifact, in the stored order."""

CALL = Call(tool="publish", version="1", arguments={"text": "p", "copies": 1})
"""What the parked executions ask leave for."""


@dataclass(slots=True)
class Journey:
    """What one execution needs to know while it runs."""

    id: str
    shape: Outline
    seq: int
    waits: dict[str, int]
    """Steps still waited for, by step."""
    artifacts: dict[str, str] = field(default_factory=dict[str, str])
    """JSON text of each artifact, by step."""

    def event(self, kind: str, at: str, payload: str) -> tuple[Any, ...]:
        """Parameters of the next event."""
        self.seq += 1
        return (self.id, self.seq, kind, at, payload)

    def started(self, step: str, at: str, attempt: int = 1) -> tuple[Any, ...]:
        """The event of a claim."""
        return self.event("step_started", at, f'{{"attempt":{attempt},"step":"{step}"}}')


@dataclass(frozen=True, slots=True)
class Outline:
    """A shape, made ready once for every execution of it."""

    body: str
    """The stored plan."""
    agents: Mapping[str, str]
    hashes: Mapping[str, str]
    waits: Mapping[str, int]
    leads_to: Mapping[str, Sequence[str]]


def outline(body: str) -> Outline:
    """From a stored plan."""
    steps = load_plan(1, body).steps
    leads_to: dict[str, list[str]] = {step.id: [] for step in steps}
    for step in steps:
        for name in step.depends_on:
            leads_to[name].append(step.id)
    return Outline(
        body=body,
        agents={step.id: step.agent for step in steps},
        hashes={step.id: sha256(step.id.encode()).hexdigest() for step in steps},
        waits={step.id: len(step.depends_on) for step in steps},
        leads_to=leads_to,
    )


class Floor:
    """See ``driving``: an engine that recovers and parks."""

    def __init__(self, database: Path, fence: int, work: Work, writer: Writer, group: asyncio.TaskGroup) -> None:
        self.database = database
        self._reader = sqlite3.connect(f"file:{database}?mode=ro", uri=True, isolation_level=None)
        self._fence = fence
        self._work = work
        self._writer = writer
        self._group = group
        self._ids = 0
        self._going: list[asyncio.Task[None]] = []

    def close(self) -> None:
        """Stop reading."""
        self._reader.close()

    async def prepare(self, shape: Shape) -> Run:
        planned = outline(dump_plan(plan_of(shape)))

        async def run() -> None:
            await self._go(await self._begin(planned))

        return run

    async def recovered(self, shape: Shape) -> None:
        for task in self._going:
            await task

    def recover(self) -> None:
        """Go on with every execution that could move when the last process ended."""
        moving = (
            "SELECT id, body FROM executions JOIN plans ON execution_id = id WHERE status IN ('planning', 'running')"
        )
        for execution, body in self._reader.execute(moving).fetchall():
            self._going.append(self._group.create_task(self._again(execution, outline(body))))

    async def park(self, number: int) -> None:
        planned = outline(dump_plan(GATED))
        for begun in range(0, number, AT_ONCE):
            async with asyncio.TaskGroup() as group:
                for _ in range(min(AT_ONCE, number - begun)):
                    group.create_task(self._ask(planned))

    async def parked(self, limit: int) -> list[str]:
        query = "SELECT id FROM pending_approvals WHERE status = 'pending' ORDER BY id LIMIT ?"
        return [row[0] for row in self._reader.execute(query, (limit,))]

    async def resume(self, parked: str) -> None:
        """Three transactions: the answer, the intent, everything after the effect."""
        found = "SELECT execution_id, body FROM pending_approvals WHERE id = ?"
        execution, body = self._reader.execute(found, (parked,)).fetchone()
        journey = self._known(execution, outline(dump_plan(GATED)))
        at = stamp()
        body = json.dumps(json.loads(body) | {"status": "approved", "decided_at": at, "decided_by": "owner"}, **COMPACT)
        decided = journey.event("approval_decided", at, f'{{"approval":"{parked}","by":"owner","status":"approved"}}')
        await self._writer.commit(
            [(DECIDE, [(body, at, parked)]), (ANSWERED, [(at, self._fence, execution)]), (EVENT, [decided])]
        )
        key, at = f"local/{execution}/p/1", stamp()
        await self._writer.commit(
            [
                (CLAIM, [(1, at, execution, "p")]),
                (EVENT, [journey.started("p", at)]),
                (INTENT, [(key, execution, CALL.hash, self._fence, at)]),
            ]
        )
        ready = self._ready(journey, "p", artifact_of("p"))
        complete = (COMPLETE, [(journey.artifacts["p"], stamp(), key)])
        await self._writer.commit([complete, *self._settled(journey, "p", ready)])

    async def _ask(self, planned: Outline) -> None:
        journey, _ = await self._begin(planned)
        created = datetime.now(UTC)
        self._ids += 1
        approval = Approval(
            id=ApprovalId(f"g{self._fence}x{self._ids}"),
            execution_id=ExecutionId(journey.id),
            kind=ApprovalKind.GATE,
            plan_version=1,
            created_at=created,
            step_id=StepId("p"),
            title="p",
            call=CALL,
            effect_number=1,
            remind_at=created + REMIND_AFTER,
            expires_at=created + EXPIRE_AFTER,
        )
        at, expires = stamp(created), stamp(created + EXPIRE_AFTER)
        asked = f'{{"approval":"{approval.id}","kind":"gate","step":"p"}}'
        alarms = [("remind", stamp(created + REMIND_AFTER)), ("expire", expires)]
        await self._writer.commit(
            [
                (APPROVAL, [(approval.id, journey.id, CALL.hash, dump_approval(approval), at, expires)]),
                (DUE, [(journey.id, approval.id, kind, due) for kind, due in alarms]),
                (PARK, [(journey.id, "p")]),
                (MOVED, [("waiting", at, journey.id)]),
                (
                    EVENT,
                    [journey.event("approval_requested", at, asked), journey.event("step_waiting", at, '{"step":"p"}')],
                ),
            ]
        )

    def _known(self, execution: str, planned: Outline) -> Journey:
        """An execution as it is stored."""
        done = self._reader.execute("SELECT name, value FROM shared_context WHERE execution_id = ?", (execution,))
        seq = self._reader.execute("SELECT max(seq) FROM events WHERE execution_id = ?", (execution,))
        journey = Journey(execution, planned, seq.fetchone()[0], dict(planned.waits))
        for step, value in done.fetchall():
            self._ready(journey, step, value)
        return journey

    async def _begin(self, planned: Outline) -> tuple[Journey, list[str]]:
        """Accept and plan: two transactions. The first steps are claimed in the second."""
        self._ids += 1
        journey = Journey(f"g{self._fence}x{self._ids}", planned, 0, dict(planned.waits))
        at = stamp()
        await self._writer.commit(
            [(EXECUTION, [(journey.id, at, at)]), (EVENT, [journey.event("execution_started", at, "{}")])]
        )
        at = stamp()
        first = [step for step, waits in planned.waits.items() if not waits]
        made = journey.event("plan_made", at, '{"sure":true,"version":1}')
        await self._writer.commit(
            [
                (PLANNED, [("running", at, self._fence, journey.id)]),
                (PLAN, [(journey.id, planned.body)]),
                (STEP, [self._step(journey, step, at) for step in planned.waits]),
                (ATTEMPT, [(journey.id, step, 1, self._fence, at) for step in first]),
                (EVENT, [made, *[journey.started(step, at) for step in first]]),
            ]
        )
        return journey, first

    def _step(self, journey: Journey, step: str, at: str) -> tuple[Any, ...]:
        agent, argument_hash = journey.shape.agents[step], journey.shape.hashes[step]
        claimed = ("pending", 0, None) if journey.waits[step] else ("running", 1, at)
        return (journey.id, step, agent, argument_hash, *claimed)

    async def _again(self, execution: str, planned: Outline) -> None:
        journey = self._known(execution, planned)
        claimed = [step for step, waits in journey.waits.items() if not waits and step not in journey.artifacts]
        await self._writer.commit(self._claims(journey, claimed, stamp(), attempt=2))
        await self._go((journey, claimed))

    async def _go(self, begun: tuple[Journey, list[str]]) -> None:
        journey, first = begun
        async with asyncio.TaskGroup() as group:
            for step in first:
                group.create_task(self._perform(journey, step, group))

    async def _perform(self, journey: Journey, step: str, group: asyncio.TaskGroup) -> None:
        """Work, record, claim what became ready; the first of that in this task, the rest in new ones."""
        while True:
            ready = self._ready(journey, step, artifact_of(await self._work(step)))
            await self._writer.commit(self._settled(journey, step, ready))
            if not ready:
                return
            step = ready[0]
            for other in ready[1:]:
                group.create_task(self._perform(journey, other, group))

    def _ready(self, journey: Journey, step: str, value: str) -> list[str]:
        journey.artifacts[step] = value
        ready: list[str] = []
        for name in journey.shape.leads_to[step]:
            journey.waits[name] -= 1
            if not journey.waits[name]:
                ready.append(name)
        return ready

    def _settled(self, journey: Journey, step: str, ready: list[str]) -> Rows:
        at = stamp()
        done = journey.event("step_finished", at, f'{{"error":null,"outcome":"succeeded","step":"{step}"}}')
        rows: Rows = [
            (SETTLE, [(at, journey.id, step)]),
            (ARTIFACT, [(journey.id, step, journey.artifacts[step], at)]),
            (EVENT, [done]),
        ]
        if ready:
            rows += self._claims(journey, ready, at, 1)
        if len(journey.artifacts) == len(journey.shape.agents):
            rows.append((ENDED, [(at, _result(journey), journey.id)]))
            rows.append((EVENT, [journey.event("execution_finished", at, '{"outcome":"succeeded"}')]))
        return rows

    def _claims(self, journey: Journey, ready: list[str], at: str, attempt: int) -> Rows:
        return [
            (CLAIM, [(attempt, at, journey.id, name) for name in ready]),
            (ATTEMPT, [(journey.id, name, attempt, self._fence, at) for name in ready]),
            (EVENT, [journey.started(name, at, attempt) for name in ready]),
        ]


def artifact_of(text: str) -> str:
    """JSON text of a step's artifact."""
    return json.dumps(SHELL | {"text": text}, **COMPACT)


def _result(journey: Journey) -> str:
    """JSON text of the result, put together from the texts of the artifacts."""
    text = json.dumps(json.loads(journey.artifacts[next(iter(journey.shape.waits))])["text"], **COMPACT)
    artifacts = ",".join(f'"{step}":{value}' for step, value in sorted(journey.artifacts.items()))
    summary = "\\n".join(["note"] * len(journey.artifacts))
    return (
        f'{{"agenda":{{"path":"","text":{text},"title":"note"}},"artifacts":{{{artifacts}}},'
        f'"meeting":null,"sources":[],"summary":"{summary}"}}'
    )


@asynccontextmanager
async def open_floor(home: Path, work: Work) -> AsyncGenerator[Floor]:
    """The floor over ``home``; what an earlier process left there goes on at once."""
    database = home / DATABASE_FILE
    migrate(database)
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        fence = connection.execute("INSERT INTO generations (started_at) VALUES (?)", (stamp(),)).lastrowid or 0
    writer = Writer(database)
    try:
        async with asyncio.TaskGroup() as group:
            with closing(Floor(database, fence, work, writer, group)) as floor:
                floor.recover()
                yield floor
    finally:
        writer.close()


if __name__ == "__main__":
    main(open_floor)
