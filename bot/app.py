"""The composition root: the only module that knows everything. Owns the top TaskGroup and AsyncExitStack."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from loguru import logger

from bot.access import Access, AccessOptions
from bot.door import OUTSIDE, Remembered
from bot.gateway import ChatBell, Gateway, Services
from bot.housekeeping import CODES_KEPT, FORMS_KEPT, KEYS_KEPT, REMARKS_KEPT, Housekeeping
from bot.inbox import Inbox
from bot.language_model import open_model, purse, scripted
from bot.linking import Linking
from bot.local_chat import LOCAL, LocalChat, LocalRequests
from bot.logs import keep_rows
from bot.outbox import Outbox
from bot.render.view import CardLook
from bot.services import keep_running
from bot.settings import Settings
from bot.slack.surface import SlackSurface
from bot.surface_parts import SurfaceParts
from bot.telegram.surface import TelegramSurface
from bot.telemetry import Observatory
from engine.concurrency import Wakeup
from engine.domain.event import Event, EventType
from engine.domain.ids import PrincipalId
from engine.domain.request import Request
from engine.domain.tenant import PersonalTime
from engine.errors import TizmorError
from engine.execution.attempt import Workshop
from engine.execution.dispatcher import Dispatcher
from engine.execution.executor import Executor
from engine.execution.parts import RunParts
from engine.execution.planning_session import PreviewDesk
from engine.failpoints import arm
from engine.orchestration.master_orchestrator import MasterOrchestrator, OrchestratorOptions
from engine.orchestration.state_manager import StateManager
from engine.planning.model_planner import ModelPlanner
from engine.planning.planner import OfflinePlanner, PlanPreview
from engine.ports.planning import Planner, PlanningDesk
from engine.proactive.alarms import Alarms
from engine.registry.agent_registry import AgentRegistry
from engine.registry.tool_discovery import builtin
from engine.safety.budgets import Spender, Spending, SpendingParts
from engine.safety.hitl_gates import HitlGates
from engine.safety.resource_locks import ResourceLocks
from engine.streaming.stream_manager import StreamManager
from engine.toolkit.belt import ToolBelt
from integrations.anthropic import AnthropicModel
from integrations.local_workspace import open_workspace
from integrations.scheduling.clock import RandomIds, SystemClock
from integrations.scheduling.timer import AlarmClock
from storage.access_store import AccessStore, StoredAnswer
from storage.chat_store import SqliteChatLog
from storage.codec import instant
from storage.codes_store import SqliteCodes
from storage.database import Database, open_database
from storage.execution_store import SqliteExecutionStore
from storage.form_drafts_store import SqliteFormDrafts
from storage.message_log_store import SqliteMessageLog
from storage.people_store import SqlitePeople
from storage.remarks_store import SqliteRemarks
from storage.telemetry_store import TelemetryStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Tizmor:
    """A running product. Made by :func:`open_tizmor`."""

    orchestrator: MasterOrchestrator
    planner: PlanPreview
    registry: AgentRegistry
    gates: HitlGates
    door: Gateway
    access: Access
    idempotency: RememberedAnswers
    settings: Settings
    model: AnthropicModel | None
    """The language model, where one is configured."""
    slack: SlackSurface | None
    """Slack, where it is configured and wanted."""
    telegram: TelegramSurface | None
    """Telegram, where it is."""


class RememberedAnswers:
    """``bot.door.Idempotency`` over the access store."""

    def __init__(self, store: AccessStore, clock: SystemClock) -> None:
        self._store = store
        self._clock = clock

    async def recall(self, principal_id: PrincipalId, key: str) -> Remembered | None:
        """What was answered under this key, or None."""
        found = await self._store.recall(principal_id, key)
        if found is None:
            return None
        return Remembered(route=found.route, body_hash=found.body_hash, status=found.status, body=found.body)  # pyright: ignore[reportArgumentType] - JSON by contract

    async def remember(self, principal_id: PrincipalId, key: str, answer: Remembered) -> None:
        """Keep an answer; the first one under a key stays."""
        stored = StoredAnswer(
            route=answer.route, body_hash=answer.body_hash, status=answer.status, body=dict(answer.body)
        )
        await self._store.remember(principal_id, key, stored, self._clock.now())


@asynccontextmanager
async def open_tizmor(settings: Settings, *, outside: bool = False) -> AsyncGenerator[Tizmor]:
    """Own the home, recover what an earlier process left, and run until the block ends.

    Args:
        settings: everything that can be set.
        outside: also serve the chats outside that have their credentials.

    Raises:
        RequestError: the home is locked or not writable, or its database is newer; ``detail`` says what to do.
    """
    _arm_failpoints(settings)
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        home = settings.tizmor_home
        database = await stack.enter_async_context(open_database(home, now=instant(clock.now())))
        settings = await stack.enter_async_context(scripted(settings))
        model = await stack.enter_async_context(open_model(settings))
        engine = _Engine(settings, database, clock, model)
        await engine.linking.load()
        stack.callback(engine.office.close)
        handle = keep_rows(engine.telemetry_store.log)
        stack.callback(logger.remove, handle)
        group = await stack.enter_async_context(asyncio.TaskGroup())
        product = engine.product(settings, outside=outside)
        services = [group.create_task(job, name=name) for name, job in engine.jobs(product)]
        stack.callback(_cancel, services)
        engine.dispatcher.open(group)
        stack.callback(engine.dispatcher.close)
        engine.alarm_clock.start()
        stack.callback(engine.alarm_clock.stop)
        engine.observatory.recovered(await engine.store.unfinished())
        engine.dispatcher.wake_all(await engine.store.moving())
        engine.ring_alarms()
        if model is not None:
            warming = group.create_task(_warm(model), name="model")
            stack.callback(warming.cancel)
        yield product


class _Engine:
    """Everything wired together, from the store outwards."""

    def __init__(
        self, settings: Settings, database: Database, clock: SystemClock, model: AnthropicModel | None
    ) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self.slack: SlackSurface | None = None
        self.telegram: TelegramSurface | None = None
        self._model = model
        ids = RandomIds()
        self.store = SqliteExecutionStore(database)
        self.state = StateManager(self.store, clock)
        self.streams = StreamManager(self.store)
        self.remarks = SqliteRemarks(database)
        self.people = SqlitePeople(database)
        self._codes = SqliteCodes(database)
        self._drafts = SqliteFormDrafts(database)
        self.linking = Linking(self.people, self._codes, clock)
        self.telemetry_store = TelemetryStore(database)
        self.observatory = Observatory(self.telemetry_store)
        self.registry = self._open_registry(settings.workspace, clock)
        self._offline = OfflinePlanner(self.registry.specs)
        self.planner: Planner = self._offline if model is None else ModelPlanner(self.registry.specs)
        books = SpendingParts(store=self.store, state=self.state, clock=clock, ids=ids, telemetry=self.observatory)
        self.spending = Spending(model, purse(settings), books)
        self.dispatcher = Dispatcher(Executor(self._run_parts(database.generation, ids)).run, self.observatory)
        self.gates = HitlGates(
            self.store, self.state, clock, lambda name: self.registry.tool(name).spec.inputs, self.dispatcher.wake
        )
        self.orchestrator = MasterOrchestrator(
            self.store,
            self.state,
            self.streams,
            clock,
            ids,
            self.dispatcher.wake,
            OrchestratorOptions(timezone=settings.tizmor_timezone, fence=database.generation),
        )
        self._wire_chat(database)
        self._wire_alarms()
        self.state.watch(self.streams.heard)
        self.state.watch(self.observatory.heard)
        self.state.watch(self.outbox.heard)
        self._access_store = AccessStore(database)

    def _run_parts(self, fence: int, ids: RandomIds) -> RunParts:
        belt = ToolBelt(
            store=self.store,
            state=self.state,
            clock=self._clock,
            ids=ids,
            locks=ResourceLocks(),
            gated_agents=self.registry.gated_agents(),
        )
        workshop = Workshop(
            agents=self.registry.agents(),
            tools={name: belt.equip(tool) for name, tool in self.registry.tools().items()},
            store=self.store,
            state=self.state,
            clock=self._clock,
            telemetry=self.observatory,
            spending=self.spending,
            personal=PersonalTime(timezone=self._settings.tizmor_timezone),
            fence=fence,
        )
        return RunParts(
            workshop=workshop,
            planner=self.planner,
            offline=self._offline,
            ids=ids,
            gated_agents=self.registry.gated_agents(),
            early_agents=self.registry.early_agents(),
        )

    def jobs(self, product: Tizmor) -> list[tuple[str, Coroutine[Any, Any, None]]]:
        """Start the services that run beside executions."""
        services = {
            "inbox": self.inbox.run,
            "outbox": self.outbox.run,
            "alarms": self._alarm_loop,
            "housekeeping": self._housekeeping().run,
        }
        if product.slack is not None:
            services["slack"] = product.slack.run
        if product.telegram is not None:
            services["telegram"] = product.telegram.run
        return [(name, keep_running(name, service, self._clock)) for name, service in services.items()]

    def _housekeeping(self) -> Housekeeping:
        kept = {
            "deliveries": (self._chat, KEYS_KEPT),
            "remarks": (self.remarks, REMARKS_KEPT),
            "codes": (self._codes, CODES_KEPT),
            "forms": (self._drafts, FORMS_KEPT),
        }
        return Housekeeping(kept, self._clock)

    def ring_alarms(self) -> None:
        """Look at what is due."""
        self._alarm_bell.ring()

    def product(self, settings: Settings, *, outside: bool) -> Tizmor:
        """What the doors are given, and the surfaces outside."""
        services = Services(
            orchestrator=self.orchestrator,
            gates=self.gates,
            store=self.store,
            inbox=self.inbox,
            chat=self._chat,
            bell=self._bell,
            clock=self._clock,
            timezone=settings.tizmor_timezone,
            rated=self.outbox.mark,
            metrics=self.observatory.metrics,
            surfaces=self._surfaces_ready,
        )
        door = Gateway(services)
        if outside:
            self._open_surfaces(settings, door)
        options = AccessOptions(
            host=settings.tizmor_host,
            public_url=settings.tizmor_public_url,
            lookup=self._access_store.by_token,
            find=self._access_store.by_id,
        )
        return Tizmor(
            orchestrator=self.orchestrator,
            planner=PlanPreview(self.planner, self._clock, settings.tizmor_timezone, self._preview_desk),
            model=self._model,
            registry=self.registry,
            gates=self.gates,
            door=door,
            access=Access.open(settings.tizmor_home, self._clock, options),
            idempotency=RememberedAnswers(self._access_store, self._clock),
            settings=settings,
            slack=self.slack,
            telegram=self.telegram,
        )

    def _open_surfaces(self, settings: Settings, door: Gateway) -> None:
        parts = SurfaceParts(
            settings=settings,
            door=door,
            inbox=self.inbox,
            outbox=self.outbox,
            store=self.store,
            log=SqliteMessageLog(self._database),
            people=self.people,
            remarks=self.remarks,
            drafts=self._drafts,
            linking=self.linking,
            clock=self._clock,
            look=self._look,
        )
        self.slack = SlackSurface(parts) if settings.slack_bot_token else None
        self.telegram = TelegramSurface(parts) if settings.telegram_bot_token else None

    def _surfaces_ready(self) -> Mapping[str, bool]:
        outside = {"slack": self.slack, "telegram": self.telegram}
        return {name: surface.ready for name, surface in outside.items() if surface is not None}

    def _preview_desk(self, request: Request) -> PlanningDesk:
        spender = Spender(tenant_id=request.tenant_id, user_id=request.user_id)
        return PreviewDesk(self.spending, spender)

    def _open_registry(self, workspace: Path, clock: SystemClock) -> AgentRegistry:
        self.office = open_workspace(workspace, clock, zone=ZoneInfo(self._settings.tizmor_timezone))
        return builtin(self.office.documents, self.office.contacts, self.office.calendar, clock, self.remarks)

    def _wire_chat(self, database: Database) -> None:
        self._bell = ChatBell()
        self._chat = SqliteChatLog(database)
        self._look = look = CardLook(
            gated_agents=self.registry.gated_agents(),
            model_agents=self.registry.model_agents() if self._model else frozenset(),
            banner="scripted" if self._settings.tizmor_scripted_model else "",
        )
        local = LocalChat(self._chat, self._clock, look, OUTSIDE, self._bell.ring)
        self.outbox = Outbox(self.state, self._clock, local)
        requests = LocalRequests(self.orchestrator, self._settings.tizmor_timezone)
        self.inbox = Inbox(self._chat, self._clock, {LOCAL: requests}, self._bell.ring)

    def _wire_alarms(self) -> None:
        self._alarm_bell = Wakeup()
        self.alarm_clock = AlarmClock(self._alarm_bell.ring)
        self._alarms = Alarms(self.store, self.state, self._clock, self.gates, self.dispatcher.wake)
        self.state.watch(self._maybe_alarm)

    def _maybe_alarm(self, event: Event) -> None:
        if event.type in {EventType.APPROVAL_REQUESTED, EventType.STEP_WAITING}:
            self._alarm_bell.ring()

    async def _alarm_loop(self) -> None:
        self._alarm_bell.ring()
        while True:
            await self._alarm_bell.wait()
            await self._alarms.ring(self.alarm_clock)


def _arm_failpoints(settings: Settings) -> None:
    log = settings.tizmor_failpoint_log
    if log is None:
        arm(settings.tizmor_failpoint)
        return
    stream = log.open("a", buffering=1, encoding="utf-8")

    def note(name: str) -> None:
        stream.write(name + "\n")

    arm(settings.tizmor_failpoint, note)


async def _warm(model: AnthropicModel) -> None:
    """Load what a first call would have to wait for; whatever is wrong, the first call says."""
    with suppress(TizmorError):
        await model.warm()


def _cancel(services: list[asyncio.Task[None]]) -> None:
    for task in services:
        task.cancel()
