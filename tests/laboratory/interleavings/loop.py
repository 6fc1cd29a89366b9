"""An event loop whose every choice is a seed's: what comes from outside, and when; or which of all that is ready goes next.

What is ready stands in lanes; within one the order is asyncio's. ``strict`` leaves the loop itself as it is, first come first
served, and chooses only what asyncio leaves open: when a thread does its work, when what it found reaches the loop, when a
timer fires or an answer of the network comes. So whatever goes wrong can go wrong in production. Otherwise every task has a
lane of its own, as if any await could take longer than another: what goes wrong then may need a change elsewhere first.

Threads' work is done on the loop, as steps of their lanes. Time is virtual and moves when nothing is ready, or a little before
(``DRIFT``). Nothing else is changed: these are asyncio's own tasks, futures and timers.
"""

from __future__ import annotations

import asyncio
import hashlib
import heapq
from asyncio import events
from bisect import insort
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

DRIFT = 0.01
"""So many seconds may pass while something is ready: a timer this near may be overtaken by nothing, or overtake."""

STEPS_A_DRIFT = 5
"""Steps between two chances for that: what takes a few steps can be done within a millisecond, or not."""

MOST_STEPS = 20_000
"""Of a schedule; beyond it nothing will ever come to rest."""

TIME = 2**31
"""Stands for a lane: that the next timer is due before anything else that is ready has its turn."""

HORIZON = 3_600.0
"""A loop whose next timer is so many seconds away is at rest."""


class Chooser(Protocol):
    """Answers the questions of a schedule."""

    def choose(self, lanes: list[int]) -> int:
        """Which of these lanes goes next: its place in the list, which holds their numbers in the order they were made."""
        ...


class InOrder:
    """Asyncio's own order, nearly: the lane that was made first."""

    def choose(self, lanes: list[int]) -> int:
        del lanes
        return 0


class NeverAtRestError(Exception):
    """The schedule goes on for ever."""


@dataclass(slots=True, eq=False)
class Lane:
    """What must stay in order."""

    number: int
    name: str
    ready: deque[asyncio.Handle] = field(default_factory=deque[asyncio.Handle])
    thread: bool = False
    """Its steps are no steps of the loop."""
    arrives: bool = False
    """Its steps tell the loop something from outside."""
    task: asyncio.Task[Any] | None = None
    callbacks: Lane | None = None
    """Where what a step of this lane calls soon stands, tasks apart."""


class Ready:
    """What ``BaseEventLoop`` appends ready handles to."""

    def __init__(self, *, strict: bool) -> None:
        self.strict = strict
        self.lanes: list[Lane] = []
        self.waiting: list[int] = []
        """Numbers of the lanes with something to do, ascending: not in the order it became ready, which hangs on hashes."""
        self.main = self.current = self.lane("loop")
        self._of_tasks: dict[asyncio.Task[Any], Lane] = {}

    def lane(self, name: str) -> Lane:
        """A new lane, behind all others."""
        lane = Lane(len(self.lanes), name)
        self.lanes.append(lane)
        return lane

    def append(self, handle: asyncio.Handle) -> None:
        """A handle is ready."""
        self.put(self.lane_of(handle), handle)

    def put(self, lane: Lane, handle: asyncio.Handle) -> None:
        """A handle is ready in this lane."""
        if not lane.ready:
            insort(self.waiting, lane.number)
        lane.ready.append(handle)

    def take(self, number: int) -> asyncio.Handle:
        """The first of a lane."""
        ready = self.lanes[number].ready
        handle = ready.popleft()
        if not ready:
            self.waiting.remove(number)
        return handle

    def lane_of(self, handle: asyncio.Handle) -> Lane:
        """Where a handle must stand."""
        if self.current.thread:
            return self._callbacks_of(self.current, arrives=True)
        if self.strict:
            return self.main
        owner = getattr(handle._callback, "__self__", None)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType] - asyncio's own
        if isinstance(owner, asyncio.Task):
            return self.of_task(owner)  # pyright: ignore[reportUnknownArgumentType] - of whatever it gives
        return self._callbacks_of(self.current, arrives=False)

    def of_task(self, task: asyncio.Task[Any]) -> Lane:
        """A task's own lane."""
        lane = self._of_tasks.get(task)
        if lane is None:
            lane = self._of_tasks[task] = self.lane("task")
            lane.task = task
        return lane

    def clear(self) -> None:
        """Forget everything."""
        self.lanes.clear()
        self.waiting.clear()
        self._of_tasks.clear()

    def _callbacks_of(self, lane: Lane, *, arrives: bool) -> Lane:
        if lane.callbacks is None:
            lane.callbacks = self.lane(f"{lane.name} told" if arrives else "callbacks")
            lane.callbacks.task = lane.task
            lane.callbacks.arrives = arrives
            lane.callbacks.callbacks = lane.callbacks
        return lane.callbacks

    def __len__(self) -> int:
        return sum(len(lane.ready) for lane in self.lanes)


class ScheduledLoop(asyncio.BaseEventLoop):
    """See the module.

    Args:
        chooser: whose order it is.
        strict: see the module.
        trace: keep every step's name, to be read.
        now: what its time begins with.
    """

    def __init__(self, chooser: Chooser, *, strict: bool = True, trace: bool = False, now: float = 0.0) -> None:
        super().__init__()
        self._chooser = chooser
        self._ready = Ready(strict=strict)
        self._scheduled: list[asyncio.TimerHandle] = []
        self._now = now
        self._stop_at: int | None = None
        self._ages: dict[asyncio.Task[Any], int] = {}
        self._threads: dict[str, Lane] = {}
        self._hash = hashlib.blake2b(digest_size=8)
        self._rest: asyncio.Future[None] | None = None
        self.names: list[str] | None = [] if trace else None
        self.steps = 0
        self.choices = 0
        """Steps at which there was more than one way to go on."""
        self.horizon = HORIZON
        self.unhandled: list[str] = []
        self.set_exception_handler(self._note_unhandled)

    @property
    def trace_hash(self) -> str:
        """Names the way this schedule went: which lane took each step."""
        return self._hash.hexdigest()

    def time(self) -> float:
        """Virtual seconds since the start."""
        return self._now

    def age_of(self, task: asyncio.Task[Any]) -> int:
        """A number that grows with every task that was made."""
        return self._ages.get(task, 0)

    def create_task(self, coro: Coroutine[Any, Any, T], **options: Any) -> asyncio.Task[T]:  # pyright: ignore[reportIncompatibleMethodOverride] - options differ by version
        """As asyncio does."""
        task: asyncio.Task[T] = super().create_task(coro, **options)
        self._ages[task] = len(self._ages) + 1
        return task

    def run(self, thread: str, work: Callable[[], None]) -> None:
        """Have ``work`` done as a thread of this name would: in its order, whenever it gets to it."""
        lane = self._threads.get(thread)
        if lane is None:
            lane = self._threads[thread] = self._ready.lane(thread)
            lane.thread = True
        self._ready.put(lane, asyncio.Handle(work, (), self))

    def run_in_executor(  # pyright: ignore[reportIncompatibleMethodOverride] - a coroutine function in typeshed, not in asyncio
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """A thread of its own; what came of it is told later."""
        del executor
        future: asyncio.Future[T] = self.create_future()
        lane = self._ready.lane(f"job {getattr(func, '__name__', '')}")
        lane.thread = True

        def work() -> None:
            try:
                result = func(*args)
            except Exception as error:  # noqa: BLE001 - handed on
                self.call_soon(_settle, future.set_exception, future, error)
            else:
                self.call_soon(_settle, future.set_result, future, result)

        self._ready.put(lane, asyncio.Handle(work, (), self))
        return future

    def outside(self, name: str) -> asyncio.Future[None]:
        """Done when something has been outside and come back: a call over a network."""
        future: asyncio.Future[None] = self.create_future()
        lane = self._ready.lane(name)
        lane.arrives = True
        self._ready.put(lane, asyncio.Handle(_settle, (future.set_result, future, None), self))
        return future

    def rest(self) -> asyncio.Future[None]:
        """Done when nothing is ready and no timer is nearer than ``horizon``."""
        if self._rest is None:
            self._rest = self.create_future()
        return self._rest

    def run_some(self, steps: int) -> None:
        """Run so many steps, or until nothing is ready and no timer is nearer than ``horizon``."""
        self._stop_at = self.steps + steps
        try:
            self.run_forever()
        finally:
            self._stop_at = None

    def follow(self, chooser: Chooser) -> None:
        """Go on in this order, and with steps to spare."""
        self._chooser, self.steps = chooser, 0

    def _run_once(self) -> None:
        if self._stop_at is not None and self.steps >= self._stop_at:
            self.stop()
            return
        self._time_passes()
        waiting = self._ready.waiting
        if not waiting:
            self._move_time()
            return
        lanes = [*waiting, TIME] if self._is_near() else waiting
        chosen = lanes[0]
        if len(lanes) > 1:
            self.choices += 1
            chosen = lanes[self._chooser.choose(lanes)]
        if chosen == TIME:
            self._now = max(self._now, self._scheduled[0].when())
            self._note(chosen, "time")
            return
        handle = self._ready.take(chosen)
        if handle.cancelled():
            return
        lane = self._ready.lanes[chosen]
        self._note(chosen, lane.name, lane.task)
        if lane.arrives and self._ready.strict:
            self._ready.put(self._ready.main, handle)
            return
        self._ready.current = lane
        handle._run()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType] - asyncio's own

    def _note(self, number: int, name: str, task: asyncio.Task[Any] | None = None) -> None:
        self.steps += 1
        self._hash.update(number.to_bytes(4, "big"))
        if self.names is not None:
            self.names.append(f"{number} {name} {task.get_name() if task else ''}".rstrip())
        if self.steps > MOST_STEPS:
            raise NeverAtRestError(f"{MOST_STEPS} steps, and still not at rest")

    def _forget_cancelled(self) -> None:
        while self._scheduled and self._scheduled[0].cancelled():
            heapq.heappop(self._scheduled)._scheduled = False  # pyright: ignore[reportAttributeAccessIssue] - asyncio's own

    def _time_passes(self) -> None:
        """Make ready what is due."""
        self._forget_cancelled()
        while self._scheduled and self._scheduled[0].when() <= self._now:
            handle = heapq.heappop(self._scheduled)
            handle._scheduled = False  # pyright: ignore[reportAttributeAccessIssue] - asyncio's own
            lane = self._ready.lane("timer")
            lane.arrives = True
            self._ready.put(lane, handle)
            self._forget_cancelled()

    def _is_near(self) -> bool:
        now_and_then = self.steps % STEPS_A_DRIFT == 0
        return now_and_then and bool(self._scheduled) and self._scheduled[0].when() <= self._now + DRIFT

    def _move_time(self) -> None:
        near = bool(self._scheduled) and self._scheduled[0].when() <= self._now + self.horizon
        if not near and self._rest is not None:
            rest, self._rest = self._rest, None
            self._ready.current = self._ready.main
            rest.set_result(None)
        elif not near and self._stop_at is not None:
            self.stop()
        elif self._scheduled:
            self._now = self._scheduled[0].when()
        else:
            raise NeverAtRestError("nothing is ready and no timer is set: whoever waits, waits for ever")

    def _write_to_self(self) -> None:
        """Nobody sleeps in a selector."""

    def _process_events(self, event_list: list[object]) -> None:
        """There are none."""

    def _note_unhandled(self, loop: events.AbstractEventLoop, context: dict[str, Any]) -> None:
        del loop
        self.unhandled.append(f"{context.get('message')}: {context.get('exception')!r}")


def _settle(settle: Callable[[T], None], future: asyncio.Future[Any], value: T) -> None:
    if not future.done():
        settle(value)
