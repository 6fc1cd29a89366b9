"""What stands outside the engine in a schedule: a press whose every print is kept, a chat, and a clock that is the loop's."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.messenger import Picture, Place
from engine.domain.artifact import Artifact
from engine.domain.effect import Effect
from engine.domain.json import JsonObject
from engine.errors import UnavailableError
from engine.ports.message_log import MessageKey
from engine.ports.tools import ToolCall
from tests.lab import FakeClock, Publish, note
from tests.laboratory.interleavings.loop import ScheduledLoop
from tests.unit.bot.notebook import Notebook


async def network() -> None:
    """A way out of the process, and back."""
    loop = asyncio.get_running_loop()
    if isinstance(loop, ScheduledLoop):
        await loop.outside("network")
    else:
        await asyncio.sleep(0)


class LoopClock(FakeClock):
    """The loop's virtual time as the wall's."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._loop = loop

    def now(self) -> datetime:
        return self.instant + timedelta(seconds=self._loop.time())

    def at(self, instant: datetime) -> float:
        """An instant as the loop's time."""
        return (instant - self.instant).total_seconds()

    async def sleep(self, duration: timedelta) -> None:
        await asyncio.sleep(max(duration.total_seconds(), 0))


@dataclass(frozen=True, slots=True)
class Print:
    """One time the press printed."""

    execution: str
    step: str
    key: str
    text: str
    fence: int


class Press(Publish):
    """Takes a while before it prints and after. Two prints at once: its lock does not hold."""

    def __init__(self, effect: Effect = Effect.KEYED, *, gated: bool = True) -> None:
        super().__init__(effect, gated=gated)
        self.prints: list[Print] = []
        """As the world has them: a provider that takes keys prints one key once."""
        self.calls: list[str] = []
        """Keys as they were asked for, repeats included."""
        self.faults: list[str] = []
        """What the next calls come to: ``lost`` (it happened, nobody heard), ``later`` (it did not), or nothing."""
        self.at_work = 0
        self.most_at_work = 0

    async def run(self, call: ToolCall, arguments: JsonObject) -> Artifact:
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        fault = self.faults.pop(0) if self.faults else ""
        try:
            await network()
            if fault == "later":
                raise UnavailableError("press_busy", "come back", untouched=True)
            self._print(call, str(arguments["text"]))
            await network()
            if fault == "lost":
                raise UnavailableError("press_unavailable", "the answer was lost")
        finally:
            self.at_work -= 1
        return note(str(arguments["text"]))

    async def find(self, call: ToolCall) -> Artifact | None:
        await network()
        return next((note(p.text) for p in self.prints if p.key == call.key), None)

    def _print(self, call: ToolCall, text: str) -> None:
        self.calls.append(call.key)
        if self.spec.effect is Effect.KEYED and any(p.key == call.key for p in self.prints):
            return
        self.prints.append(
            Print(execution=call.execution_id, step=call.step_id, key=call.key, text=text, fence=call.fence)
        )


@dataclass(slots=True)
class SlowChat(Notebook):
    """A notebook whose pages take a while to turn; now and then an answer is lost, or it says to come later."""

    faults: list[str] = field(default_factory=list[str])
    """What the next calls come to: ``lost`` (it happened, nobody heard), ``later`` or nothing."""

    async def post(self, place: Place, picture: Picture, key: MessageKey, *, again: bool = False) -> str:
        fault = await self._before()
        ref = await Notebook.post(self, place, picture, key, again=again)
        await self._after(fault)
        return ref

    async def find(self, place: Place, key: MessageKey, since: datetime | None) -> str | None:
        await network()
        return await Notebook.find(self, place, key, since)

    async def edit(self, place: Place, ref: str, picture: Picture) -> None:
        fault = await self._before()
        await Notebook.edit(self, place, ref, picture)
        await self._after(fault)

    async def _before(self) -> str:
        await network()
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "later":
            raise UnavailableError("chat_busy", "come back", retry_after=timedelta(seconds=2))
        return fault

    async def _after(self, fault: str) -> None:
        await network()
        if fault == "lost":
            raise UnavailableError("chat_unavailable", "the answer was lost")
