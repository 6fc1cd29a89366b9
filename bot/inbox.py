"""Commit, then acknowledge; then handle each delivery once. The crash barrier of inbound messages."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from loguru import logger

from bot.admission import Admission
from engine.concurrency import Wakeup
from engine.errors import AuthExpiredError, UnavailableError
from engine.failpoints import failpoint
from engine.ports.chat_log import ChatLog, Delivery, Outgoing
from engine.ports.clock import Clock

LANES = 16
"""Conversations of one surface handled at a time; within one, deliveries are handled in order."""

FIRST_REST = timedelta(seconds=1)
LONGEST_REST = timedelta(seconds=60)
"""A conversation whose outside world is away is gone on with after a pause that doubles between these."""

ANSWERS = frozenset({"click", "form", "stopped"})
"""Kinds of deliveries that are about something accepted before."""

MOST_QUEUED = 2_000
"""Deliveries of one surface held in memory; the others stay in the log until there is room."""


class Handler(Protocol):
    """What a surface makes of its deliveries."""

    async def handle(self, delivery: Delivery) -> Outgoing | None:
        """Do what it asks for; repeatable, because a crash may come before it is noted as done.

        Returns:
            What is said in the local chat, if anything.

        Raises:
            UnavailableError: the outside world is away; its conversation waits, and it is handled again.
            AuthExpiredError: the same.
        """
        ...

    async def broken(self, delivery: Delivery) -> Outgoing | None:
        """Tell the person that handling broke, as far as that can be done; raises nothing."""
        ...


class Inbox:
    """Hands deliveries to their surfaces. Killed before a delivery is noted as handled, the next process handles it again:
    request keys and compare-and-set decisions make that harmless."""

    def __init__(
        self,
        log: ChatLog,
        clock: Clock,
        handlers: Mapping[str, Handler],
        shown: Callable[[], None],
        admission: Admission | None = None,
    ) -> None:
        self._log = log
        self._admission = admission or Admission()
        self._clock = clock
        self._shown = shown
        self._queues = {name: _Queue(name, log, clock, handler, shown) for name, handler in handlers.items()}
        self._group: asyncio.TaskGroup | None = None

    def add(self, surface: str, handler: Handler) -> None:
        """Handle this surface's deliveries from now on, first those that an earlier process left."""
        known = self._queues.get(surface)
        if known is not None:
            known.handler = handler
            return
        queue = self._queues[surface] = _Queue(surface, self._log, self._clock, handler, self._shown)
        if self._group is not None:
            self._group.create_task(queue.run())

    async def receive(self, delivery: Delivery) -> None:
        """Commit a message; durable on return. A known key changes nothing.

        Raises:
            UnavailableError: it may or may not have been committed; deliver it again.
        """
        self._admission.admit(answer=delivery.kind in ANSWERS)
        await self._admission.answered(self._received(delivery))

    async def _received(self, delivery: Delivery) -> None:
        failpoint("inbox.receive.before")
        new = await self._log.receive(delivery)
        failpoint("inbox.receive.after")
        queue = self._queues.get(delivery.surface)
        if queue is None:
            logger.bind(surface=delivery.surface).warning("delivery_without_handler")
        elif new:
            queue.put(delivery)
        elif not queue.knows(delivery):
            queue.look_again()  # committed, and whoever waited for that had given up

    def look_again(self) -> None:
        """Handle what was committed after whoever waited for it had given up: once the storage answers again."""
        for queue in self._queues.values():
            queue.look_again()

    async def run(self) -> None:
        """Handle deliveries until cancelled; begins with what an earlier process left."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                for queue in tuple(self._queues.values()):
                    group.create_task(queue.run())
                await asyncio.Event().wait()
        finally:
            self._group = None


@dataclass(slots=True)
class _Lane:
    """The deliveries of one conversation, in order."""

    queue: deque[Delivery] = field(default_factory=deque[Delivery])


class _Queue:
    """One surface's deliveries: no surface waits for another."""

    def __init__(self, surface: str, log: ChatLog, clock: Clock, handler: Handler, shown: Callable[[], None]) -> None:
        self.handler = handler
        self._surface = surface
        self._log = log
        self._clock = clock
        self._shown = shown
        self._bell = Wakeup()
        self._lanes: dict[str, _Lane] = {}
        self._taken: set[str] = set()
        self._handled: OrderedDict[str, None] = OrderedDict()
        """The latest keys: a reading that began before one was noted may still give it."""
        self._behind = True
        """The log holds some that are not in memory, older than whatever comes now."""
        self._more = False
        self._slots = asyncio.Semaphore(LANES)
        self._group: asyncio.TaskGroup | None = None

    def put(self, delivery: Delivery) -> None:
        """Take what was just committed; it stays in the log where older ones wait there, or memory is full."""
        if self._behind or self._group is None or len(self._taken) >= MOST_QUEUED:
            self.look_again()
        else:
            self._take(delivery, self._group)

    def knows(self, delivery: Delivery) -> bool:
        """Is it in memory, or was it handled lately?"""
        return delivery.key in self._taken or delivery.key in self._handled

    def look_again(self) -> None:
        """The log may hold some that are not in memory."""
        self._behind = self._more = True
        self._bell.ring()

    async def run(self) -> None:
        """Handle until cancelled, or until something of ours breaks."""
        self._lanes.clear()
        self._taken.clear()
        self._behind = True
        self._bell.ring()
        async with asyncio.TaskGroup() as group:
            self._group = group
            try:
                while True:
                    await self._bell.wait()
                    await self._catch_up(group)
            finally:
                self._group = None

    async def _catch_up(self, group: asyncio.TaskGroup) -> None:
        """Take from the log, oldest first, until nothing is left there or memory is full."""
        while self._behind and len(self._taken) < MOST_QUEUED:
            self._more, last = False, None
            while page := await self._read(last):
                for delivery in page:
                    if len(self._taken) >= MOST_QUEUED:
                        return
                    self._take(delivery, group)
                last = page[-1]
            self._behind = self._more

    async def _read(self, after: Delivery | None) -> list[Delivery]:
        pause = FIRST_REST
        while True:
            try:
                return list(await self._log.waiting(self._surface, after=after))
            except UnavailableError as error:
                logger.bind(surface=self._surface, code=error.code).warning("inbox_unread")
                await self._clock.sleep(pause)
                pause = min(pause * 2, LONGEST_REST)

    def _take(self, delivery: Delivery, group: asyncio.TaskGroup) -> None:
        if self.knows(delivery):
            return
        self._taken.add(delivery.key)
        lane = self._lanes.get(delivery.conversation_id)
        if lane is None:
            lane = self._lanes[delivery.conversation_id] = _Lane()
            group.create_task(self._work(delivery.conversation_id, lane))
        lane.queue.append(delivery)

    async def _work(self, name: str, lane: _Lane) -> None:
        """Handle a conversation's deliveries, each as often as the outside world makes necessary, one after another."""
        pause = FIRST_REST
        while lane.queue:
            delivery = lane.queue[0]
            async with self._slots:
                waits = await self._handle(delivery)
            if waits is not None:
                logger.bind(key=delivery.key, code=waits.code).warning("inbound_waits")
                await self._clock.sleep(pause)
                pause = min(pause * 2, LONGEST_REST)
                continue
            pause = FIRST_REST
            lane.queue.popleft()
            self._note(delivery.key)
        del self._lanes[name]

    async def _handle(self, delivery: Delivery) -> UnavailableError | AuthExpiredError | None:
        """Handle once; why it has to wait, or None where it is done."""
        failpoint("inbox.handle.before")
        answer = None
        try:
            try:
                answer = await self.handler.handle(delivery)
            except (UnavailableError, AuthExpiredError) as error:
                return error
            except Exception:  # noqa: BLE001 - the crash barrier of inbound messages
                logger.bind(key=delivery.key).exception("inbound_broke")
                answer = await self._told_broken(delivery)
            failpoint("inbox.handle.after")
            await self._log.handled(delivery.key, self._clock.now(), answer)
            failpoint("inbox.handled")
        except UnavailableError as error:
            return error
        if answer is not None:
            self._shown()
        return None

    async def _told_broken(self, delivery: Delivery) -> Outgoing | None:
        """What is said of it, if anything: that nobody could be told ends no delivery of anybody else's."""
        try:
            return await self.handler.broken(delivery)
        except Exception:  # noqa: BLE001 - the crash barrier of inbound messages
            logger.bind(key=delivery.key).exception("inbound_broke_untold")
            return None

    def _note(self, key: str) -> None:
        self._taken.discard(key)
        self._handled[key] = None
        while len(self._handled) > 2 * MOST_QUEUED:
            self._handled.popitem(last=False)
        if self._behind and len(self._taken) < MOST_QUEUED // 2:
            self._bell.nudge()
