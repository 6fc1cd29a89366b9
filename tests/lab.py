"""A small world for engine tests: the real engine over a real SQLite file, agents whose every step the test controls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from engine.agents.undo_agent import UNDO_AGENT, UndoAgent
from engine.domain.agent import AgentSpec, ToolSpec
from engine.domain.approval import Approval, ApprovalStatus, Decision, DecisionVerb
from engine.domain.artifact import Agenda, Artifact, Contact, Contacts, Person
from engine.domain.effect import Effect
from engine.domain.execution import ExecutionStatus
from engine.domain.ids import DEFAULT_TENANT, ExecutionId, PrincipalId, StepId
from engine.domain.json import JsonObject
from engine.domain.plan import Binding, Plan, Step
from engine.domain.request import Derivation
from engine.domain.snapshot import ExecutionSnapshot
from engine.domain.spend import NO_CAPS, Caps, Price, PriceTable
from engine.domain.tenant import PersonalTime, Principal, Role
from engine.execution.attempt import Workshop
from engine.execution.dispatcher import Dispatcher
from engine.execution.executor import Executor
from engine.execution.parts import RunParts
from engine.orchestration.forker import Forker
from engine.orchestration.master_orchestrator import MasterOrchestrator, OrchestratorOptions
from engine.orchestration.plan_editor import PlanEditor
from engine.orchestration.state_manager import StateManager
from engine.orchestration.undo import Undoer
from engine.planning.forking import ForkPlanner
from engine.planning.undoing import UndoPlanner
from engine.ports.agents import StepContext
from engine.ports.language_model import LanguageModel
from engine.ports.planning import Brief, PlanningDesk, PlanQuestion
from engine.ports.telemetry import Span
from engine.ports.tools import ToolCall
from engine.proactive.alarms import Alarms
from engine.safety.budgets import Purse, Spending, SpendingParts
from engine.safety.circuits import Circuits
from engine.safety.hitl_gates import HitlGates
from engine.safety.resource_locks import ResourceLocks
from engine.streaming.stream_manager import StreamManager
from engine.toolkit.belt import ToolBelt
from storage.codec import instant
from storage.database import Database, open_database
from storage.execution_store import SqliteExecutionStore

PRICES = PriceTable(
    version="2026-11-24",
    prices={"scripted": Price(input=1_000, output=5_000, cache_read=100, cache_write_5m=1_250, cache_write_1h=2_000)},
)
"""One dollar a million tokens in, five out."""

OWNER = Principal(id=PrincipalId("owner"), tenant_id=DEFAULT_TENANT, role=Role.OWNER)


class FakeClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.instant = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.instant

    async def sleep(self, duration: timedelta) -> None:
        del duration

    def advance(self, by: timedelta) -> None:
        self.instant += by


class Counting:
    """Ids in order."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._n = 0

    def new(self) -> str:
        self._n += 1
        return f"{self._prefix}{self._n}"


class Recorder:
    """Telemetry that keeps everything."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.failures: list[BaseException] = []

    def span(self, span: Span) -> None:
        self.spans.append(span)

    def failed(self, execution_id: ExecutionId, step_id: StepId | None, error: BaseException) -> None:
        self.failures.append(error)


class ManualTimer:
    """A Timer the test rings."""

    def __init__(self) -> None:
        self.at: datetime | None = None

    def arm(self, at: datetime | None) -> None:
        self.at = at


class NoteInputs(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: str = ""
    left: Agenda | None = None
    right: Agenda | None = None
    person: Person | None = None


Behaviour = Callable[[NoteInputs, StepContext], Awaitable[Artifact]]


class ScriptedAgent:
    """Does what the test says."""

    def __init__(self, name: str, behaviour: Behaviour, tools: frozenset[str], effect: Effect, output: str) -> None:
        self.spec = AgentSpec(
            name=name, version="1", skill=name, inputs=NoteInputs, output=output, effect=effect, tools=tools
        )
        self._behaviour = behaviour

    async def run(self, inputs: BaseModel, context: StepContext) -> Artifact:
        assert isinstance(inputs, NoteInputs)
        return await self._behaviour(inputs, context)


class PublishArguments(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: str
    copies: int = 1


class Publish:
    """A gated effect with a ledger outside the database."""

    def __init__(self, effect: Effect = Effect.KEYED, *, gated: bool = True, held: bool = False) -> None:
        self.spec = ToolSpec(
            name="publish" if gated else "save",
            version="1",
            inputs=PublishArguments,
            effect=effect,
            gated=gated,
            held=held,
            locks=frozenset({"press"}),
        )
        self.ledger: list[tuple[str, JsonObject]] = []
        self.finding: str | None = None
        self.began = asyncio.Event()
        self.may_end = asyncio.Event()
        self.may_end.set()

    async def check(self, arguments: JsonObject) -> str | None:
        return self.finding

    async def run(self, call: ToolCall, arguments: JsonObject) -> Artifact:
        self.began.set()
        await self.may_end.wait()
        self.ledger.append((call.key, arguments))
        return note(str(arguments["text"]))

    async def find(self, call: ToolCall) -> Artifact | None:
        return next((note(str(a["text"])) for k, a in self.ledger if k == call.key), None)

    def assumed(self, call: ToolCall, arguments: JsonObject) -> Artifact | None:
        return note(str(arguments["text"]))


def note(text: str) -> Agenda:
    """The lab's artifact."""
    return Agenda(title="note", text=text)


async def write_note(inputs: NoteInputs, context: StepContext) -> Artifact:
    parts = [part.text for part in (inputs.left, inputs.right) if part is not None]
    return note("+".join([*parts, inputs.text]))


async def publish(inputs: NoteInputs, context: StepContext) -> Artifact:
    who = inputs.person.contact.name if inputs.person else ""
    return await context.call("publish", {"text": inputs.text + who})


async def save(inputs: NoteInputs, context: StepContext) -> Artifact:
    return await context.call("save", {"text": inputs.text})


async def two_people(inputs: NoteInputs, context: StepContext) -> Artifact:
    people = (Contact(id="c1", name="Yoav Levi"), Contact(id="c2", name="Yoav Cohen"))
    return Contacts(query=inputs.text, items=people)


@dataclass(slots=True)
class Lab:
    """The running engine and its levers."""

    orchestrator: MasterOrchestrator
    gates: HitlGates
    store: SqliteExecutionStore
    state: StateManager
    alarms: Alarms
    clock: FakeClock
    telemetry: Recorder
    world: World
    editor: PlanEditor
    forker: Forker
    undoer: Undoer
    timer: ManualTimer = field(default_factory=ManualTimer)

    async def until(self, execution_id: str, condition: Callable[[ExecutionSnapshot], object]) -> ExecutionSnapshot:
        """Wait, on events and commits, until the snapshot fits."""
        async with asyncio.timeout(10):
            while True:
                snapshot = await self.orchestrator.get_execution(execution_id)
                if condition(snapshot):
                    return snapshot
                await asyncio.to_thread(lambda: None)

    async def done(self, execution_id: str) -> ExecutionSnapshot:
        return await self.until(execution_id, lambda s: s.execution.status is ExecutionStatus.DONE)

    async def asked(self, execution_id: str, number: int = 1) -> Approval:
        """The pending approval, once ``number`` have been opened and the execution rests."""
        snapshot = await self.until(
            execution_id,
            lambda s: len(s.approvals) >= number and s.execution.status is ExecutionStatus.WAITING,
        )
        return next(a for a in snapshot.approvals if a.status is ApprovalStatus.PENDING)

    async def answer(self, approval: Approval, verb: DecisionVerb, **more: Any) -> Approval:
        return await self.gates.decide(OWNER, approval.id, Decision(verb=verb, **more))


@dataclass(slots=True)
class World:
    """What exists outside the engine; survives its restarts."""

    plan: Callable[[str | None], Plan]
    tools: tuple[Publish, ...] = ()
    behaviours: Mapping[str, Behaviour] = field(default_factory=dict[str, Behaviour])
    planner: Callable[[Brief, PlanningDesk], Awaitable[Plan | PlanQuestion]] | None = None
    """Instead of ``plan``: may draft, ask and fail."""
    model: LanguageModel | None = None
    caps: Caps = NO_CAPS
    early: frozenset[str] = frozenset({"Finder"})
    stand_ins: Mapping[str, str] = field(default_factory=dict[str, str])
    """Who takes over from an agent, by that agent's name."""
    undone_by: Mapping[str, str] = field(default_factory=dict[str, str])
    """The tool that takes back what another did, by that one's name."""
    left_alone: list[tuple[str, bool]] = field(default_factory=list[tuple[str, bool]])
    """Services, as they were given up and came back."""

    def circuit(self, service: str, is_open: bool) -> None:
        self.left_alone.append((service, is_open))

    def agents(self) -> dict[str, ScriptedAgent]:
        standard: dict[str, Behaviour] = {
            "Writer": write_note,
            "Finder": two_people,
            "Publisher": publish,
            "Saver": save,
        }
        found: dict[str, ScriptedAgent] = {}
        for name, behaviour in {**standard, **self.behaviours}.items():
            effect = Effect.KEYED if name in {"Publisher", "Saver"} else Effect.READ
            tools = frozenset({"publish", "save"}) if effect is Effect.KEYED else frozenset[str]()
            output = "contacts" if name == "Finder" else "agenda"
            found[name] = ScriptedAgent(name, behaviour, tools, effect, output)
        return found

    async def create_plan(self, brief: Brief, desk: PlanningDesk) -> Plan | PlanQuestion:
        if self.planner is not None:
            return await self.planner(brief, desk)
        return replace(self.plan(brief.change), version=brief.version)


@dataclass(slots=True)
class Offline:
    """Plans without a model: with the world's planner where it has no model at all, as the product does."""

    world: World

    async def create_plan(self, brief: Brief, desk: PlanningDesk) -> Plan | PlanQuestion:
        if self.world.model is None:
            return await self.world.create_plan(brief, desk)
        return replace(self.world.plan(brief.change), version=brief.version)


def step(name: str, agent: str = "Writer", text: str = "", **bindings: str) -> Step:
    """A step whose bindings are given as ``field="producer"`` or ``field="producer!"`` for one of many."""
    bound = {f: Binding(step_id=StepId(p.rstrip("!")), one=p.endswith("!")) for f, p in bindings.items()}
    return Step(id=StepId(name), agent=agent, title=name, inputs={"text": text or name}, bindings=bound)


def plan(*steps: Step, sure: bool = True) -> Plan:
    """A first version."""
    return Plan(version=1, steps=steps, understood="understood", sure=sure)


@asynccontextmanager
async def open_lab(
    home: Path, world: World, clock: FakeClock | None = None, *, durable: bool = False
) -> AsyncGenerator[Lab]:
    """The engine over ``home``; open it again on the same home for a restart. ``durable`` flushes as the product does."""
    clock = clock or FakeClock()
    async with (
        open_database(home, now=instant(clock.now()), durable=durable) as database,
        lab_over(database, world, clock) as lab,
    ):
        yield lab


@asynccontextmanager
async def lab_over(database: Database, world: World, clock: FakeClock) -> AsyncGenerator[Lab]:
    """The engine over a database somebody else opened and started."""
    store = SqliteExecutionStore(database)
    state = StateManager(store, clock)
    streams = StreamManager(store)
    state.watch(streams.heard)
    ids, telemetry = Counting(f"g{database.generation}x"), Recorder()
    gated = frozenset({"Publisher"})
    circuits = Circuits(clock, world.circuit)
    belt = ToolBelt(
        store=store, state=state, clock=clock, ids=ids, locks=ResourceLocks(), circuits=circuits, gated_agents=gated
    )
    tools = {tool.spec.name: belt.equip(tool) for tool in world.tools}
    counter = SpendingParts(store=store, state=state, clock=clock, ids=ids, telemetry=telemetry)
    workshop = Workshop(
        agents={**world.agents(), UNDO_AGENT: UndoAgent(frozenset(world.undone_by.values()))},
        tools=tools,
        store=store,
        state=state,
        clock=clock,
        telemetry=telemetry,
        spending=Spending(world.model, Purse(prices=PRICES, zone=ZoneInfo("UTC"), caps=world.caps), counter),
        personal=PersonalTime(),
        fence=database.generation,
        stand_ins=world.stand_ins,
    )
    parts = RunParts(
        workshop=workshop,
        planner=world,
        offline=Offline(world),
        ids=ids,
        gated_agents=gated,
        early_agents=world.early,
        derived={
            Derivation.FORK: ForkPlanner(store),
            Derivation.UNDO: UndoPlanner(store, lambda: world.undone_by),
        },
    )
    dispatcher = Dispatcher(Executor(parts), telemetry, clock)
    gates = HitlGates(store, state, clock, lambda _: PublishArguments, dispatcher.wake)
    orchestrator = MasterOrchestrator(
        store, state, streams, clock, ids, dispatcher.wake, OrchestratorOptions(fence=database.generation)
    )
    specs = {name: agent.spec for name, agent in world.agents().items()}
    lab = Lab(
        orchestrator=orchestrator,
        editor=PlanEditor(store, state, clock, lambda: specs, dispatcher.wake),
        forker=Forker(orchestrator),
        undoer=Undoer(orchestrator, clock, world.undone_by),
        gates=gates,
        store=store,
        state=state,
        alarms=Alarms(store, state, clock, gates, dispatcher.wake),
        clock=clock,
        telemetry=telemetry,
        world=world,
    )
    async with asyncio.TaskGroup() as group:
        await dispatcher.open(group)
        dispatcher.wake_all(await store.moving())
        try:
            yield lab
        finally:
            dispatcher.close()
