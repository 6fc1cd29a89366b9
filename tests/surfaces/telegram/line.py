"""The sender of a scene, and time that passes for it, for Telegram and for our pace alike."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from bot.messenger import Place
from bot.remote_chat import RemoteChat, RemoteChatParts
from bot.render.view import CardLook
from bot.telegram.address import PREFIX
from engine.domain.execution import StepStatus
from engine.domain.ids import ExecutionId
from storage.codec import instant
from storage.database import open_database
from storage.message_log_store import SqliteMessageLog
from storage.people_store import SqlitePeople
from tests.surfaces.telegram.scene import Scene
from tests.unit.render.story import states

LOOK = CardLook(gated_agents=frozenset({"SchedulingAgent"}))
SHORTEST_STEP, LONGEST_STEP = timedelta(milliseconds=20), timedelta(seconds=5)


@dataclass(slots=True)
class Line:
    """A sender of its own for one scene."""

    scene: Scene
    chat: RemoteChat
    seq: int = 0

    async def show(self, name: str, execution_id: str = "x-1", place: Place | None = None, progress: str = "") -> None:
        """The next state of an execution."""
        self.seq += 1
        place = place or self.scene.place
        snapshot = states("en")[name]
        request = replace(snapshot.execution.request, conversation_id=place.conversation_id, user_id=place.user_id)
        execution = replace(snapshot.execution, id=ExecutionId(execution_id), request=request)
        runs = {
            step: replace(run, message=progress) if run.status is StepStatus.RUNNING else run
            for step, run in snapshot.step_runs.items()
        }
        await self.chat.show(replace(snapshot, execution=execution, step_runs=runs, seq=self.seq))

    async def settle(self) -> timedelta | None:
        """Until everything that may be sent now is; how long until more may be, None: nothing waits for time."""
        async with asyncio.timeout(20):
            while True:
                if not any(job.under_way for job in self.chat._jobs):
                    job, pause = self.chat._jobs.next(self.scene.clock.now())
                    if job is None or _is_closed(self.chat, self.scene):
                        return pause
                    self.chat._bell.ring()
                await asyncio.to_thread(lambda: None)

    async def pass_time(self, seconds: float) -> None:
        """Let so many seconds pass; whatever may be sent meanwhile is sent."""
        end = self.scene.clock.now() + timedelta(seconds=seconds)
        while self.scene.clock.now() < end:
            await self._step(end - self.scene.clock.now())
        await self.settle()

    async def _step(self, longest: timedelta) -> None:
        """Until something more may be sent."""
        pause = await self.settle()
        step = LONGEST_STEP if pause is None else min(max(pause, SHORTEST_STEP), LONGEST_STEP)
        self.scene.clock.advance(min(step, longest))

    async def sent(self, seconds: float = 3_600) -> None:
        """Until nothing waits, time passing."""
        await self.until(lambda: not self.chat.waiting, seconds)

    async def until(self, holds: Callable[[], object], seconds: float = 3_600) -> None:
        """Until something holds, time passing.

        Raises:
            AssertionError: it did not within so many seconds.
        """
        end = self.scene.clock.now() + timedelta(seconds=seconds)
        await self.settle()
        while not holds():
            assert self.scene.clock.now() < end, "too late"
            await self._step(end - self.scene.clock.now())
            await self.settle()


def _is_closed(chat: RemoteChat, scene: Scene) -> bool:
    return chat._closed_until is not None and chat._closed_until > scene.clock.now()


@asynccontextmanager
async def line(scene: Scene, home: Path) -> AsyncGenerator[Line]:
    async with (
        open_database(home, now=instant(scene.clock.now()), durable=False) as database,
        scene.restarted() as messenger,
    ):
        parts = RemoteChatParts(
            messenger=messenger,
            log=SqliteMessageLog(database),
            people=SqlitePeople(database),
            clock=scene.clock,
            look=LOOK,
            prefix=PREFIX,
        )
        chat = RemoteChat(parts, lambda _: None)
        async with asyncio.TaskGroup() as group:
            sender = group.create_task(chat.run())
            yield Line(scene=scene, chat=chat)
            sender.cancel()
