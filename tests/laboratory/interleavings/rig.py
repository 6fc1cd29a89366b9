"""The product in small on a scheduled loop: engine, door, alarms and a chat outside, over a real database."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from random import Random

from bot.gateway import ChatBell, Gateway, Services
from bot.inbox import Inbox
from bot.local_chat import LocalChat
from bot.outbox import Outbox
from bot.remote_chat import RemoteChat, RemoteChatParts
from bot.render.view import CardLook, render_view
from engine.concurrency import Turnstile, Wakeup
from engine.domain.approval import Approval, ApprovalStatus, Decision, DecisionVerb
from engine.domain.event import Event, EventType
from engine.domain.execution import Signal
from engine.domain.ids import DEFAULT_TENANT, ApprovalId, ChoiceId, ConversationId, ExecutionId, PrincipalId
from engine.domain.json import JsonObject
from engine.domain.request import Request
from engine.domain.tenant import Principal, Role
from engine.errors import TizmorError
from engine.orchestration.undo import Undoer
from engine.planning.editing import PlanEdit
from storage.chat_store import SqliteChatLog
from storage.codec import instant
from storage.database import Database
from storage.message_log_store import SqliteMessageLog
from storage.people_store import SqlitePeople
from tests.lab import FakeClock, Lab, World, lab_over
from tests.laboratory.interleavings.evidence import Click, Evidence, Told, read_rows
from tests.laboratory.interleavings.loop import ScheduledLoop
from tests.laboratory.interleavings.storage import ScheduledDatabase
from tests.laboratory.interleavings.world import LoopClock, Press, SlowChat

ASKER = Principal(id=PrincipalId("paper:asker"), tenant_id=DEFAULT_TENANT, role=Role.MEMBER)
"""Who asks for everything; the owner may decide and steer it too."""

ROOM = ConversationId("paper:room")

PREFIX = "paper:"

LOOK = CardLook(gated_agents=frozenset({"Publisher"}))


class Chat:
    """The door, and what shows executions outside."""

    def __init__(self, database: Database, lab: Lab, clock: FakeClock, paper: SlowChat) -> None:
        self.paper = paper
        self.log = SqliteMessageLog(database)
        rows, bell = SqliteChatLog(database), ChatBell()
        self.outbox = Outbox(lab.state, clock, LocalChat(rows, clock, LOOK, (PREFIX,), bell.ring))
        parts = RemoteChatParts(
            messenger=self.paper, log=self.log, people=SqlitePeople(database), clock=clock, look=LOOK, prefix=PREFIX
        )
        self.sender = RemoteChat(parts, self.outbox.mark)
        services = Services(
            orchestrator=lab.orchestrator,
            gates=lab.gates,
            store=lab.store,
            inbox=Inbox(rows, clock, {}, bell.ring),
            chat=rows,
            bell=bell,
            clock=clock,
            timezone="UTC",
            rated=self.outbox.mark,
            metrics=str,
            surfaces=dict[str, bool],
            editor=lab.editor,
            forker=lab.forker,
            undoer=Undoer(lab.orchestrator, clock, {}),
        )
        self.door = Gateway(services)


@dataclass(slots=True)
class Rig:
    """Everything that runs, and the persons who use it."""

    lab: Lab
    chat: Chat
    database: ScheduledDatabase
    loop: ScheduledLoop
    clock: LoopClock
    random: Random
    """For what the world does; the order is the loop's own."""
    clicks: list[Click] = field(default_factory=list[Click])
    events: list[Event] = field(default_factory=list[Event])
    """Heard, in the order of hearing."""
    _news: Turnstile = field(default_factory=Turnstile)
    _waiting: Counter[bool] = field(default_factory=Counter[bool])
    """Persons who wait for something to happen: those who only wait for some time to pass, and those who are asked."""
    _last_call: bool | None = None
    """Of which of them it is known that it will not happen."""

    # What persons do.

    async def ask(self, text: str = "go", key: str | None = None, room: ConversationId = ROOM) -> ExecutionId:
        """Ask for something; accepted when this returns."""
        request = Request(text=text, user_id=ASKER.id, conversation_id=room, locale="en", request_key=key)
        return (await self.lab.orchestrator.start(request, ASKER.id)).id

    async def decide(
        self,
        who: Principal,
        approval: ApprovalId | None,
        verb: DecisionVerb,
        *,
        arguments: JsonObject | None = None,
        choice: str | None = None,
    ) -> str:
        """Answer, if there is a question; the code it was refused with, or nothing."""
        if approval is None:
            return ""
        decision = Decision(verb=verb, arguments=arguments, choice=None if choice is None else ChoiceId(choice))
        return await self._try(who, verb.value, approval, self.chat.door.decide(who, approval, decision))

    async def signal(self, who: Principal, execution: ExecutionId, signal: Signal) -> str:
        """Steer; the code it was refused with, or nothing."""
        return await self._try(who, signal.value, execution, self.chat.door.signal(who, execution, signal))

    async def offer(self, who: Principal, execution: ExecutionId, text: str, key: str) -> str:
        """Write beside a running execution; the code it was refused with, or nothing."""
        return await self._try(who, "offer", execution, self.chat.door.offer_change(who, execution, text, key))

    async def edit(self, who: Principal, execution: ExecutionId, edit: PlanEdit | str, key: str) -> str:
        """Change a plan, exactly or in words; the code it was refused with, or nothing."""
        return await self._try(who, "edit", execution, self.chat.door.edit_plan(who, execution, edit, key))

    async def _try(self, who: Principal, what: str, on: str, work: Awaitable[object]) -> str:
        try:
            await work
        except TizmorError as error:
            code = error.code
        else:
            code = ""
        self.clicks.append(Click(who.id, what, on, code))
        return code

    async def spoil_chat(self, most: int = 4) -> None:
        """Have the next calls of the chat fail as chance wills: the answer is lost, or it says to come back later."""
        self.chat.paper.faults += self.random.choices(("", "lost", "later"), k=most)

    # What persons wait for.

    async def asked(self, number: int = 1, execution: ExecutionId | None = None) -> ApprovalId | None:
        """The ``number``-th question, once it is open; None: everything came to rest without it."""

        def questions() -> list[str]:
            return [
                str(e.payload["approval"])
                for e in self.events
                if e.type is EventType.APPROVAL_REQUESTED and execution in {None, e.execution_id}
            ]

        await self.until(lambda: len(questions()) >= number)
        found = questions()
        return ApprovalId(found[number - 1]) if len(found) >= number else None

    def executions(self) -> list[ExecutionId]:
        """Every execution that is stored."""
        return [e.execution_id for e in self.events if e.type is EventType.EXECUTION_STARTED]

    async def begun(self, number: int = 1) -> ExecutionId:
        """The ``number``-th execution, as soon as it is stored."""
        await self.until(lambda: len(self.executions()) >= number)
        return self.executions()[number - 1]

    async def sometime(self, most: int = 14) -> None:
        """Wait until a number of events that chance picks has happened, or everything has come to rest."""
        number = self.random.randrange(most)
        await self.until(lambda: len(self.events) >= number, idle=True)

    async def until(self, condition: Callable[[], bool], *, idle: bool = False) -> None:
        """Wait for a condition over what was heard, or until everything has come to rest; ``idle`` persons go first then."""
        self._waiting[idle] += 1
        try:
            while not condition() and self._last_call is not idle:
                await asyncio.shield(self._news.wait())
        finally:
            self._waiting[idle] -= 1

    async def at(self, when: datetime) -> None:
        """Wait until this instant of virtual time, however far it is."""
        before, self.loop.horizon = self.loop.horizon, float("inf")
        await asyncio.sleep(max(self.clock.at(when) - self.loop.time(), 0))
        self.loop.horizon = before

    async def settle(self) -> None:
        """Until nothing moves any more; persons who still wait for something are then told that it will not come."""
        await self.loop.rest()
        while self._waiting.total():
            self._last_call = bool(self._waiting[True])
            self._news.ring()
            await self.loop.rest()
            self._last_call = None

    def hear(self, event: Event) -> None:
        """Something was committed."""
        self.events.append(event)
        self._news.ring()

    async def approval(self, approval_id: ApprovalId) -> Approval:
        """One question as it stands."""
        found = await self.lab.store.approval(approval_id)
        assert found is not None
        return found

    async def pending(self, execution: ExecutionId) -> list[Approval]:
        """The open questions of an execution."""
        snapshot = await self.lab.orchestrator.get_execution(execution)
        return [a for a in snapshot.approvals if a.status is ApprovalStatus.PENDING]


class LoopTimer:
    """The alarm clock on the loop's time."""

    def __init__(self, loop: ScheduledLoop, clock: LoopClock, ring: Callable[[], None]) -> None:
        self._loop = loop
        self._clock = clock
        self._ring = ring
        self._handle: asyncio.TimerHandle | None = None

    def arm(self, at: datetime | None) -> None:
        """See the port."""
        if self._handle is not None:
            self._handle.cancel()
        self._handle = None if at is None else self._loop.call_at(self._clock.at(at), self._ring)


Worlds = Callable[[Press], World]
"""The world of a scenario, with the press its agents print on."""


@dataclass(slots=True)
class Outside:
    """What outlives the process."""

    press: Press = field(default_factory=Press)
    paper: SlowChat = field(default_factory=SlowChat)


@asynccontextmanager
async def open_rig(path: Path, worlds: Worlds, random: Random, outside: Outside) -> AsyncGenerator[Rig]:
    """Start everything over a migrated database. Leaving stops it, in the order the product is stopped in."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, ScheduledLoop)
    clock = LoopClock(loop)
    async with AsyncExitStack() as stack:
        database = ScheduledDatabase(path)
        database.start(instant(clock.now()))
        stack.push_async_callback(database.stop)
        group = await stack.enter_async_context(asyncio.TaskGroup())
        world = worlds(outside.press)
        tools = world.tools or (outside.press,)
        lab = await stack.enter_async_context(lab_over(database, replace(world, tools=tools), clock))
        rig = Rig(lab, Chat(database, lab, clock, outside.paper), database, loop, clock, random)
        lab.state.watch(rig.hear)
        lab.state.watch(rig.chat.outbox.heard)
        await rig.chat.outbox.add("paper", rig.chat.sender)
        work = {"outbox": rig.chat.outbox.run(), "sender": rig.chat.sender.run(), "alarms": _alarms(rig)}
        for name, service in work.items():
            stack.callback(group.create_task(service, name=name).cancel)
        yield rig


async def _alarms(rig: Rig) -> None:
    """As the product rings them."""
    bell = Wakeup()
    timer = LoopTimer(rig.loop, rig.clock, bell.ring)

    def heard(event: Event) -> None:
        if event.type in {EventType.APPROVAL_REQUESTED, EventType.STEP_WAITING}:
            bell.ring()

    rig.lab.state.watch(heard)
    bell.ring()
    while True:
        await bell.wait()
        await rig.lab.alarms.ring(timer)


async def messages_wanted(rig: Rig, execution: ExecutionId) -> list[Told]:
    """Every message of an execution as it should stand in the chat now."""
    snapshot = await rig.lab.orchestrator.get_execution(execution)
    view = render_view(snapshot, LOOK, now=rig.clock.now(), names={})
    return [Told(execution=execution, purpose=p.purpose, body=p.body) for p in rig.chat.paper.draw(view)]


def evidence_of(
    path: Path, outside: Outside, *, clicks: Sequence[Click], wanted: Sequence[Told], faults: Sequence[str]
) -> Evidence:
    """Everything that is left, once nothing runs any more."""
    lines = outside.paper.lines.values()
    return Evidence(
        rows=read_rows(path),
        prints=outside.press.prints,
        calls=outside.press.calls,
        most_at_work=outside.press.most_at_work,
        clicks=clicks,
        told=[Told(execution=line.key.execution_id, purpose=line.key.purpose, body=line.body) for line in lines],
        wanted=wanted,
        faults=faults,
    )
