"""A process that can die at any step and begin again over the same home, all within one real one.

Death is a ``SystemExit``, which asyncio lets through at once: nothing of the loop runs after it. Its tasks are then unwound with
their hands cut: nothing they still do reaches the database, and the world prints only after an await that is never let end.
"""

from __future__ import annotations

import asyncio
import gc
import random
import warnings
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from engine.domain.approval import ApprovalKind, DecisionVerb
from engine.domain.effect import AGAIN, HAPPENED
from engine.domain.event import Event, EventType
from engine.domain.ids import ApprovalId, ExecutionId
from engine.domain.tenant import Principal
from engine.failpoints import arm
from engine.planning.follow_up import CHANGE, FOLLOW_UP
from tests.laboratory.interleavings.choosers import order_of
from tests.laboratory.interleavings.evidence import Click
from tests.laboratory.interleavings.loop import InOrder, NeverAtRestError, ScheduledLoop
from tests.laboratory.interleavings.rig import Outside, Rig, Worlds, open_rig
from tests.laboratory.interleavings.world import Press

T = TypeVar("T")


class Killed(SystemExit):
    """The process died here."""


class Process:
    """The product over one home, with one life after another.

    Args:
        path: of a migrated database.
        worlds: what it works in.
        seed: whose order the loop follows.
        press: what it prints on.
    """

    def __init__(self, path: Path, worlds: Worlds, seed: int, press: Press) -> None:
        self.outside = Outside(press=press)
        self.lives = 0
        self.accepted: list[ExecutionId] = []
        """What was asked for, and taken."""
        self.clicks: list[Click] = []
        """Of lives that are over."""
        self.events: list[Event] = []
        """As they were heard in all lives."""
        self.faults: list[str] = []
        """What went wrong in lives that are over."""
        self.path = path
        """Of the database."""
        self._worlds = worlds
        self._seed = seed
        self._now: float = 0.0
        self._tasks: list[asyncio.Task[object]] = []
        self.begin()

    def begin(self) -> None:
        """Live, until :meth:`end` or the next death."""
        self.lives += 1
        random.seed(f"{self._seed} {self.lives}")  # the engine's jitter, whatever the unwinding used of it
        chooser, strict = order_of(self._seed + self.lives, Random(f"order {self._seed} {self.lives}"))
        self.loop = ScheduledLoop(chooser, strict=strict, now=self._now)
        self._over = asyncio.Event()
        begun: asyncio.Future[Rig] = self.loop.create_future()
        self._main = self.loop.create_task(self._live(begun), name="process")
        self.rig = self.loop.run_until_complete(begun)
        self.rig.lab.state.watch(self.events.append)

    def do(self, work: Coroutine[Any, Any, object]) -> None:
        """Have a person do something, beginning with the next step."""
        self._tasks.append(self.loop.create_task(work, name=getattr(work, "__name__", "person")))

    def wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        """Do this, and whatever else is ready on the way."""
        return self.loop.run_until_complete(work)

    def executions(self) -> list[ExecutionId]:
        """Everything that was ever begun, in the order it was heard of."""
        return list(dict.fromkeys(e.execution_id for e in self.events))

    def questions(self) -> list[ApprovalId]:
        """Everything that was ever asked."""
        asked = (e.payload["approval"] for e in self.events if e.type is EventType.APPROVAL_REQUESTED)
        return [ApprovalId(str(one)) for one in asked]

    async def ask(self, words: str) -> None:
        """Ask for something; a person who is not answered asks again some day."""
        self.accepted.append(await self.rig.ask(words, key=words))

    async def answer(self, who: Principal, question: ApprovalId, verb: DecisionVerb) -> None:
        """Answer as one can: whether something happened is answered by looking at the world."""
        asked = await self.rig.lab.store.approval(question)
        if asked is None:
            return
        if asked.kind is ApprovalKind.UNKNOWN_OUTCOME:
            printed = any(
                (p.execution, p.step) == (asked.execution_id, asked.step_id) for p in self.outside.press.prints
            )
            await self.rig.decide(who, question, DecisionVerb.CHOOSE, choice=HAPPENED if printed else AGAIN)
        elif asked.choices:
            await self.rig.decide(who, question, DecisionVerb.CHOOSE, choice=asked.choices[-1].id)
        else:
            await self.rig.decide(who, question, verb)

    async def change(self, who: Principal, execution: ExecutionId, words: str) -> None:
        """Write a change, and agree to it."""
        if await self.rig.offer(who, execution, words, words):
            return
        for asked in await self.rig.pending(execution):
            if asked.topic == FOLLOW_UP:
                await self.rig.decide(who, asked.id, DecisionVerb.CHOOSE, choice=CHANGE)

    def go_on(self, steps: int, horizon: float = 0.5) -> None:
        """Run so many steps, or until nothing happens for ``horizon`` seconds. Dies on the way where that was asked for."""
        self.loop.horizon, self.loop.steps = horizon, 0
        try:
            self.loop.run_some(steps)
        except Killed:
            self.die()
        except NeverAtRestError as error:
            self.faults.append(str(error))

    def die_at(self, point: int) -> None:
        """Die when the ``point``-th failpoint from here is passed."""
        left = [point]

        def passed(name: str) -> None:
            del name
            left[0] -= 1
            if left[0] == 0:
                raise Killed(1)

        arm(None, passed)

    def live_on(self) -> None:
        """Die at no failpoint any more."""
        arm(None)

    def die(self) -> None:
        """Die now, and begin again."""
        self._put_out(cut=True)
        self.begin()

    def end(self) -> None:
        """Stop as the product is stopped."""
        arm(None)
        self._over.set()
        with suppress(NeverAtRestError):
            self.loop.run_until_complete(asyncio.wait([self._main], timeout=3_600))
        self._put_out(cut=False)

    async def _live(self, begun: asyncio.Future[Rig]) -> None:
        async with open_rig(self.path, self._worlds, Random(self._seed), self.outside) as rig:
            begun.set_result(rig)
            await self._over.wait()

    def _put_out(self, *, cut: bool) -> None:
        arm(None)
        self._now = float(self.loop.time())
        self.clicks += self.rig.clicks
        self.faults += [f"{error!r} was raised" for error in self.rig.lab.telemetry.failures]
        done = [task for task in self._tasks if task.done() and not task.cancelled()]
        broken = [(task, error) for task in done if isinstance(error := task.exception(), Exception)]
        self.faults += [f"{task.get_name()} broke: {error!r}" for task, error in broken]
        if cut:
            self.rig.database.cut()
        else:
            left = sorted(task.get_name() for task in self._left())
            self.faults += [*self.loop.unhandled, *(f"{name} is left running" for name in left)]
        self._tasks.clear()
        with (
            warnings.catch_warnings()
        ):  # what was begun in the last step before a death is never awaited, and that is right
            warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)
            self._unwind()
            gc.collect()

    def _left(self) -> list[asyncio.Task[Any]]:
        left = [task for task in asyncio.all_tasks(self.loop) if not task.done()]
        return sorted(left, key=self.loop.age_of)

    def _unwind(self) -> None:
        """End every task; a death that one of them met comes out of the loop again and again on the way up."""
        self.loop.follow(InOrder())
        while left := self._left():
            for task in left:
                task.cancel()
            with suppress(Killed):
                self.loop.run_until_complete(asyncio.wait(left, timeout=3_600))
        self.loop.close()
