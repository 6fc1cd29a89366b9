"""Our engine, driven through its own front door over a durable database. ``python -m tests.bench.tizmor_ W1 DIR 100``."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path

from engine.domain.approval import Decision, DecisionVerb
from engine.domain.artifact import Artifact
from engine.domain.event import Event, EventType
from engine.domain.ids import ApprovalId, ExecutionId, StepId
from engine.domain.plan import Binding, Plan, Step
from engine.ports.agents import StepContext
from engine.ports.telemetry import Span
from storage.database import DATABASE_FILE
from tests.bench.driving import IN_FLIGHT_STEPS, Run, main
from tests.bench.workloads import Node, Shape, Work, chain
from tests.lab import OWNER, FakeClock, Lab, NoteInputs, Publish, World, note, open_lab
from tests.waiting import until

AT_ONCE = 200
"""Executions started before those that wait are waited for."""

GATED = Plan(version=1, steps=(Step(id=StepId("p"), agent="Publisher", title="p", inputs={"text": "p"}),))
"""One step that asks before it acts."""


class WallClock(FakeClock):
    """The real time, so that instants are as costly as they are."""

    def now(self) -> datetime:
        return datetime.now(UTC)


def step_of(node: Node) -> Step:
    """A step that takes the artifacts of the first two steps it waits for as its inputs; a shape with wider joins only
    waits for the rest."""
    names = dict(zip(("left", "right"), node.after, strict=False))
    return Step(
        id=StepId(node.id),
        agent="Writer",
        title=node.id,
        inputs={"text": node.id},
        bindings={field: Binding(step_id=StepId(name)) for field, name in names.items()},
        after=tuple(StepId(name) for name in node.after[2:]),
    )


def plan_of(shape: Shape) -> Plan:
    """The plan the engine runs for a shape."""
    return Plan(version=1, steps=tuple(step_of(node) for node in shape))


class Tizmor:
    """See ``driving``: an engine that recovers and parks."""

    def __init__(self, lab: Lab, home: Path, plans: list[Plan]) -> None:
        self.database = home / DATABASE_FILE
        self._lab = lab
        self._plans = plans
        self._ends: dict[ExecutionId, asyncio.Future[None]] = {}
        self._asked = asyncio.Semaphore(0)
        lab.state.watch(self._heard)

    async def prepare(self, shape: Shape) -> Run:
        self._plans[:] = [plan_of(shape)]
        return self._run

    async def recovered(self, shape: Shape) -> None:
        while unfinished := self._rows("SELECT id FROM executions WHERE status <> 'done'"):
            await self._end(ExecutionId(unfinished[0]))

    async def accepted(self) -> int:
        return int(self._rows("SELECT count(*) FROM executions")[0])

    async def park(self, number: int) -> None:
        self._plans[:] = [GATED]
        for begun in range(0, number, AT_ONCE):
            for _ in range(min(AT_ONCE, number - begun)):
                await self._lab.orchestrator.start("bench", OWNER.id)
            for _ in range(min(AT_ONCE, number - begun)):
                await self._asked.acquire()
        await until(self._moving, lambda moving: moving == 0)

    async def parked(self, limit: int) -> list[str]:
        return self._rows("SELECT id FROM pending_approvals WHERE status = 'pending' ORDER BY id")[:limit]

    async def resume(self, parked: str) -> None:
        approval = await self._lab.gates.decide(OWNER, ApprovalId(parked), Decision(verb=DecisionVerb.APPROVE))
        await self._end(approval.execution_id)

    async def stop(self) -> None:
        (running,) = self._rows("SELECT id FROM executions WHERE status <> 'done'")
        await self._lab.orchestrator.cancel(running)

    async def _run(self) -> None:
        execution = await self._lab.orchestrator.start("bench", OWNER.id)
        await self._end(execution.id)

    async def _end(self, execution_id: ExecutionId) -> None:
        """Wait for the recorded end; one that is already known is not forgotten before somebody asked."""
        end = self._ends.setdefault(execution_id, asyncio.get_running_loop().create_future())
        await end
        del self._ends[execution_id]

    def _heard(self, event: Event) -> None:
        if event.type is EventType.APPROVAL_REQUESTED:
            self._asked.release()
        if event.type is EventType.EXECUTION_FINISHED:
            end = self._ends.setdefault(event.execution_id, asyncio.get_running_loop().create_future())
            if event.payload["outcome"] == "succeeded":
                end.set_result(None)
            else:
                end.set_exception(RuntimeError(f"{event.execution_id}: {event.payload} {self._lab.telemetry.failures}"))

    async def _moving(self) -> int:
        return len(self._rows("SELECT id FROM executions WHERE status IN ('planning', 'running')"))

    def _rows(self, query: str) -> list[str]:
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            return [str(row[0]) for row in connection.execute(query)]


class Forgetful(list[Span]):
    """Where the lab's telemetry keeps spans: nowhere, or memory would be the lab's."""

    def append(self, span: Span, /) -> None:
        del span


@asynccontextmanager
async def open_tizmor(home: Path, work: Work) -> AsyncGenerator[Tizmor]:
    """The engine over ``home``; what an earlier process left there goes on at once."""

    async def write(inputs: NoteInputs, context: StepContext) -> Artifact:
        return note(await work(inputs.text))

    plans = [plan_of(chain(IN_FLIGHT_STEPS))]  # until it is told otherwise: what W7 left unplanned is planned at once
    world = World(plan=lambda _: plans[0], behaviours={"Writer": write}, tools=(Publish(),))
    async with open_lab(home, world, WallClock(), durable=True) as lab:
        lab.telemetry.spans = Forgetful()
        yield Tizmor(lab, home, plans)


if __name__ == "__main__":
    main(open_tizmor)
