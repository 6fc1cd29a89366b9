"""The composition root: the only module that knows everything. Owns the top TaskGroup and AsyncExitStack."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from loguru import logger

from bot.access import Access, AccessOptions
from bot.admission import Admission
from bot.admitted import AdmittedGateway
from bot.arming import arm_failpoints
from bot.clock_watch import ClockWatch
from bot.door import OUTSIDE
from bot.gateway import ChatBell, Gateway, Services
from bot.housekeeping import CODES_KEPT, FORMS_KEPT, KEYS_KEPT, REMARKS_KEPT, Housekeeping
from bot.inbox import Inbox
from bot.language_model import guarded, open_model, purse, scripted, warmed
from bot.linking import Linking
from bot.local_chat import LOCAL, LocalChat, LocalRequests
from bot.logs import keep_rows
from bot.outbox import Outbox
from bot.outside import open_slack, open_telegram
from bot.remembered_answers import RememberedAnswers
from bot.render.view import CardLook
from bot.services import keep_running
from bot.settings import Settings
from bot.storage_watch import StorageWatch
from bot.surface_parts import SurfaceParts
from bot.telemetry import Observatory
from bot.undo_windows import UndoWindows
from engine.concurrency import Wakeup
from engine.domain.event import Event, EventType
from engine.domain.request import Derivation, Request
from engine.domain.tenant import PersonalTime
from engine.execution.attempt import Workshop
from engine.execution.dispatcher import Dispatcher
from engine.execution.executor import Executor
from engine.execution.parts import RunParts
from engine.execution.planning_session import PreviewDesk
from engine.orchestration.forker import Forker
from engine.orchestration.master_orchestrator import MasterOrchestrator, OrchestratorOptions
from engine.orchestration.plan_editor import PlanEditor
from engine.orchestration.state_manager import StateManager
from engine.orchestration.undo import Undoer
from engine.planning.forking import ForkPlanner
from engine.planning.model_planner import ModelPlanner
from engine.planning.planner import OfflinePlanner, PlanPreview
from engine.planning.undoing import UndoPlanner
from engine.ports.planning import Planner, PlanningDesk
from engine.proactive.alarms import Alarms
from engine.registry.agent_registry import AgentRegistry
from engine.registry.extension import NOTHING_MORE, Extension
from engine.registry.tool_discovery import builtin
from engine.safety.budgets import Spender, Spending, SpendingParts
from engine.safety.circuits import Circuits
from engine.safety.hitl_gates import HitlGates
from engine.safety.resource_locks import ResourceLocks
from engine.streaming.stream_manager import StreamManager
from engine.toolkit.belt import ToolBelt
from integrations.anthropic import AnthropicModel
from integrations.local_workspace import open_workspace
from integrations.scheduling.clock import RandomIds, SystemClock
from integrations.scheduling.timer import AlarmClock
from storage.access_store import AccessStore
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

if TYPE_CHECKING:
    from bot.slack.surface import SlackSurface
    from bot.telegram.surface import TelegramSurface


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
    storage: StorageWatch
    """Says when it is lost."""
    stop: Callable[[], None]
    """Takes nothing more from now on, and begins to end what runs. The block that opened it waits for that."""


@asynccontextmanager
async def open_tizmor(
    settings: Settings, *, outside: bool = False, extension: Extension = NOTHING_MORE
) -> AsyncGenerator[Tizmor]:
    """Own the home, recover what an earlier process left, and run until the block ends.

    Args:
        settings: everything that can be set.
        outside: also serve the chats outside that have their credentials.
        extension: agents and tools of one's own.

    Raises:
        RequestError: the home is locked or not writable, or its database is newer; ``detail`` says what to do.
    """
    arm_failpoints(settings)
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        home = settings.tizmor_home
        database = await stack.enter_async_context(open_database(home, now=instant(clock.now())))
        settings = await stack.enter_async_context(scripted(settings))
        model = await stack.enter_async_context(open_model(settings))
        engine = _Engine(settings, database, clock, model, extension)
        await engine.linking.load()
        stack.callback(engine.office.close)
        stack.push_async_callback(engine.admission.leave)
        handle = keep_rows(engine.telemetry_store.log)
        stack.callback(logger.remove, handle)
        group = await stack.enter_async_context(asyncio.TaskGroup())
        product = engine.product(settings, outside=outside)
        engine.running = [group.create_task(job, name=name) for name, job in engine.jobs(product)]
        await engine.dispatcher.open(group)
        stack.callback(engine.stop)
        engine.alarm_clock.start()
        stack.callback(engine.alarm_clock.stop)
        engine.observatory.recovered(await engine.store.unfinished())
        engine.dispatcher.wake_all(await engine.store.moving())
        engine.ring_alarms()
        if model is not None:
            warming = group.create_task(warmed(model), name="model")
            stack.callback(warming.cancel)
        yield product


class _Engine:
    """Everything wired together, from the store outwards."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        clock: SystemClock,
        model: AnthropicModel | None,
        extension: Extension,
    ) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self.slack: SlackSurface | None = None
        self.telegram: TelegramSurface | None = None
        self.running: list[asyncio.Task[None]] = []
        self.admission = Admission()
        self.watch = StorageWatch(database, self.admission, self._look_at_all, self._tell_owners)
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
        self.registry = self._open_registry(settings.workspace, clock, extension)
        self._offline = extension.around(OfflinePlanner(self.registry.specs))
        self.planner: Planner = self._offline if model is None else extension.around(ModelPlanner(self.registry.specs))
        self._circuits = Circuits(clock, self.observatory.circuit)
        books = SpendingParts(store=self.store, state=self.state, clock=clock, ids=ids, telemetry=self.observatory)
        self.spending = Spending(guarded(model, self._circuits), purse(settings), books)
        self.dispatcher = Dispatcher(Executor(self._run_parts(database.generation, ids)), self.observatory, clock)
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
        self._undo_windows = UndoWindows(clock, self.outbox.mark)
        self.state.watch(self._undo_windows.heard)
        self._access_store = AccessStore(database)

    def _run_parts(self, fence: int, ids: RandomIds) -> RunParts:
        belt = ToolBelt(
            store=self.store,
            state=self.state,
            clock=self._clock,
            ids=ids,
            locks=ResourceLocks(),
            circuits=self._circuits,
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
            stand_ins=self.registry.stand_ins(),
        )
        return RunParts(
            workshop=workshop,
            planner=self.planner,
            offline=self._offline,
            ids=ids,
            gated_agents=self.registry.gated_agents(),
            early_agents=self.registry.early_agents(),
            derived=self._derived(),
        )

    def _derived(self) -> Mapping[Derivation, Planner]:
        return {
            Derivation.UNDO: UndoPlanner(self.store, self.registry.undone_by),
            Derivation.FORK: ForkPlanner(self.store),
        }

    def stop(self) -> None:
        """Take nothing more, and end what runs: reads at once, effects when they have ended. Repeating it is harmless."""
        self.admission.stop()
        self._database.hurry()
        for task in self.running:
            task.cancel()
        self.dispatcher.close()

    async def _look_at_all(self) -> None:
        self.dispatcher.wake_all(await self.store.moving())
        self.inbox.look_again()

    async def _tell_owners(self, what: str) -> bool:
        outside = [surface for surface in (self.slack, self.telegram) if surface is not None]
        return any([await surface.tell_owners(f"storage_notice.{what}") for surface in outside]) or not outside

    def jobs(self, product: Tizmor) -> list[tuple[str, Coroutine[Any, Any, None]]]:
        """Start the services that run beside executions."""
        services = {
            "storage": self.watch.run,
            "clock": ClockWatch(self._clock, self.ring_alarms).run,
            "inbox": self.inbox.run,
            "outbox": self.outbox.run,
            "alarms": self._alarm_loop,
            "undo_windows": self._undo_windows.run,
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
            editor=PlanEditor(self.store, self.state, self._clock, self.registry.specs, self.dispatcher.wake),
            forker=Forker(self.orchestrator),
            undoer=Undoer(self.orchestrator, self._clock, self.registry.undone_by()),
            rated=self.outbox.mark,
            metrics=self.observatory.metrics,
            surfaces=self._surfaces_ready,
        )
        door = AdmittedGateway(services, self.admission)
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
            storage=self.watch,
            stop=self.stop,
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
        self.slack, self.telegram = open_slack(parts), open_telegram(parts)

    def _surfaces_ready(self) -> Mapping[str, bool]:
        outside = {"slack": self.slack, "telegram": self.telegram}
        return {name: surface.ready for name, surface in outside.items() if surface is not None}

    def _preview_desk(self, request: Request) -> PlanningDesk:
        spender = Spender(tenant_id=request.tenant_id, user_id=request.user_id)
        return PreviewDesk(self.spending, spender)

    def _open_registry(self, workspace: Path, clock: SystemClock, extension: Extension) -> AgentRegistry:
        self.office = open_workspace(workspace, clock, zone=ZoneInfo(self._settings.tizmor_timezone))
        office = self.office
        return builtin(office.documents, office.contacts, office.calendar, clock, self.remarks, extension)

    def _wire_chat(self, database: Database) -> None:
        self._bell = ChatBell()
        self._chat = SqliteChatLog(database)
        self._look = look = CardLook(
            gated_agents=self.registry.gated_agents(),
            model_agents=self.registry.model_agents() if self._model else frozenset(),
            banner="scripted" if self._settings.tizmor_scripted_model else "",
            undone_by=self.registry.undone_by(),
        )
        local = LocalChat(self._chat, self._clock, look, OUTSIDE, self._bell.ring)
        self.outbox = Outbox(self.state, self._clock, local)
        requests = LocalRequests(self.orchestrator, self._settings.tizmor_timezone)
        self.inbox = Inbox(self._chat, self._clock, {LOCAL: requests}, self._bell.ring, self.admission)

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
