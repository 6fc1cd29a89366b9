"""Our side of the line: what is committed, in what order with what is asked, and what fails on purpose."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from loguru import logger

from bot.telegram.api import Target, TelegramApi
from bot.telegram.polling import Polling, PollingOptions, Updates
from engine.domain.json import JsonObject
from engine.errors import TizmorError, UnavailableError
from engine.ports.chat_log import Delivery
from tests.lab import FakeClock
from tests.servers.telegramd import Telegramd
from tests.unit.telegram.inbound.updates import US
from tests.waiting import until

WORDS = "the secret words"
BUTTON: JsonObject = {"text": "Approve?", "entities": [], "keyboard": [[{"text": "Approve", "data": "a:appr1"}]]}
Answer = Sequence[Any] | Exception | Callable[[], Sequence[Any]]


class Clock(FakeClock):
    """Nobody sleeps: what was waited for is noted, and has passed."""

    def __init__(self) -> None:
        super().__init__()
        self.waited: list[float] = []

    async def sleep(self, duration: timedelta) -> None:
        if duration:
            self.waited.append(duration.total_seconds())
            self.advance(duration)
        await asyncio.sleep(0)


@dataclass(slots=True)
class Kept:
    """Takes deliveries as the inbox does and keeps the cursor; tells in which order everything happened."""

    happened: list[str] = field(default_factory=list[str])
    taken: dict[str, Delivery] = field(default_factory=dict[str, Delivery])
    kept: dict[str, str] = field(default_factory=dict[str, str])
    fails: list[TizmorError | None] = field(default_factory=list[TizmorError | None])
    """What happens to the next commits; then all are well."""
    cursor_fails: int = 0
    open: asyncio.Event = field(default_factory=asyncio.Event)
    """While it is not set, committing takes its time."""

    def __post_init__(self) -> None:
        self.open.set()

    @property
    def texts(self) -> list[str]:
        return [delivery.text for delivery in self.taken.values()]

    @property
    def kinds(self) -> list[str]:
        return [delivery.kind for delivery in self.taken.values()]

    async def receive(self, delivery: Delivery) -> None:
        await asyncio.sleep(0)
        await self.open.wait()
        failure = self.fails.pop(0) if self.fails else None
        if failure is not None:
            raise failure
        number = delivery.key.rpartition(":")[2]
        self.happened.append(f"commit {number}" if delivery.key not in self.taken else f"known {number}")
        self.taken.setdefault(delivery.key, delivery)

    async def cursor(self, surface: str) -> str | None:
        self._fail()
        return self.kept.get(surface)

    async def move_cursor(self, surface: str, cursor: str, at: datetime) -> None:
        self._fail()
        self.happened.append(f"cursor {cursor.split(':')[1]}")
        self.kept[surface] = cursor

    def _fail(self) -> None:
        if self.cursor_fails:
            self.cursor_fails -= 1
            raise UnavailableError("storage_unavailable", "the database is away.")


@dataclass(slots=True)
class Scripted:
    """A Telegram that answers what a test says, then holds every question."""

    kept: Kept
    answers: list[Answer]
    asked: list[tuple[int, float]] = field(default_factory=list[tuple[int, float]])
    """Offset, and for how long it may be held."""
    held: bool = False

    async def updates(self, offset: int, timeout: timedelta, limit: int) -> Sequence[JsonObject]:
        assert limit == 100
        self.asked.append((offset, timeout.total_seconds()))
        self.kept.happened.append(f"ask {offset}")
        await asyncio.sleep(0)
        if not self.answers:
            self.held = True
            await asyncio.Event().wait()
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer() if callable(answer) else answer


@dataclass(slots=True)
class Heard:
    """What polling says of its connections."""

    at: list[datetime] = field(default_factory=list[datetime])

    def connected(self, at: datetime) -> None:
        self.at.append(at)


@asynccontextmanager
async def polling(
    source: Updates,
    kept: Kept,
    clock: Any = None,
    heard: Heard | None = None,
    options: PollingOptions | None = None,
    ours: Any = US,
) -> AsyncGenerator[Polling]:
    """It listens while the block runs; cancelled at its end, which must come at once."""
    made = Polling(
        source=source,
        ours=ours,
        receive=kept.receive,
        log=kept,
        clock=clock or Clock(),
        connected=(heard or Heard()).connected,
        options=options,
    )
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        running = group.create_task(made.run())
        yield made
        assert not running.done()
        running.cancel()


async def listened(kept: Kept, *answers: Answer, clock: Clock | None = None, heard: Heard | None = None) -> Scripted:
    """Everything that is asked until Telegram has given these answers and holds the next question."""
    source = Scripted(kept, list(answers))
    async with polling(source, kept, clock, heard):
        await soon(lambda: source.held)
    return source


@asynccontextmanager
async def logged() -> AsyncGenerator[list[str]]:
    """Everything that is logged meanwhile, at every level, with tracebacks."""
    lines = list[str]()
    handle = logger.add(lambda line: lines.append(str(line)), level=0, format="{level} {message} {extra}")
    try:
        yield lines
    finally:
        with suppress(ValueError):
            logger.remove(handle)


async def soon(holds: Callable[[], object]) -> None:
    """Return when this holds on our side; what changes at Telegram is waited for with ``telegram.eventually``."""

    async def look() -> bool:
        return bool(holds())

    await until(look, bool)


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """Who we are at a local Telegram."""

    id: int
    username: str


def name_at(telegram: Telegramd) -> Name:
    return Name(id=telegram.bot.id, username=telegram.username)


async def do_everything(telegram: Telegramd, api: TelegramApi) -> list[str]:
    """One of each thing a person can do; the kinds that should be committed, in order."""
    dana, avi, name = telegram.dana, telegram.avi, f"@{telegram.username}"
    telegram.privacy = False
    group, old = telegram.add_forum("Team", [dana, avi]), telegram.add_group("Old", [dana])
    news = telegram.add_channel("News", [dana])
    await telegram.start(dana)
    await telegram.say(dana, dana, WORDS)
    asked = await telegram.say(dana, group, f"{name}, {WORDS}")
    await telegram.edit(dana, group, asked, f"{name} {WORDS} too")
    card = await api.send(Target(chat=group.id, reply_to=asked), BUTTON)
    await telegram.say(avi, group, WORDS, reply_to=card)
    await telegram.press(avi, group, card, "Approve")
    topic = await telegram.create_topic(group, "Plans")
    await telegram.say(avi, group, f"/ask@{telegram.username} {WORDS}", topic=topic)
    await telegram.say(avi, group, WORDS, topic=topic)  # to nobody
    await telegram.say(avi, group, f"/status@WeatherBot {WORDS}")
    await telegram.post(news, WORDS)
    await telegram.say(avi, group, f"{name} {WORDS}", document=("plan.txt", b"x"))
    await telegram.block(dana)
    await telegram.unblock(dana)
    await telegram.upgrade(old)
    message = ["message", "message"]
    return ["command", *message, "edited", "message", "click", "command", "message", *["member"] * 2, *["moved"] * 2]
