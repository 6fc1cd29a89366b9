"""A group and a private chat in which somebody asked for something, and what is said there; all by one clock."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

from loguru import logger

from bot.messenger import Picture, Place, Urgency
from bot.telegram.address import MessageRef, Talk, message_ref, principal_id
from bot.telegram.api import TelegramApi, telegram_api
from bot.telegram.messenger import TelegramMessenger
from bot.telegram.pace import Pace
from engine.domain.ids import ExecutionId
from engine.domain.json import JsonObject, JsonValue
from engine.ports.message_log import MessageKey
from tests.lab import FakeClock
from tests.servers.telegramd import Chat, Telegramd, TelegramdOptions, User, serve_telegramd


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Dana asked for something in a group, in a topic of a forum, and in private."""

    telegram: Telegramd
    api: TelegramApi
    messenger: TelegramMessenger
    clock: FakeClock
    group: Chat
    root: int
    """Her message in the group."""

    @property
    def place(self) -> Place:
        """In the group."""
        return self.place_of(self.group, self.root)

    @property
    def private(self) -> Place:
        """With her alone."""
        return self.place_of(self.telegram.private(self.telegram.dana))

    def place_of(self, chat: Chat, root: int = 0, *, topic: int = 0, user: User | None = None) -> Place:
        talk = Talk(chat=chat.id, topic=topic, root=root)
        asker = principal_id((user or self.telegram.dana).id)
        return Place(conversation_id=talk.conversation_id, user_id=asker)

    def key(self, purpose: str = "card", execution: str = "x-1") -> MessageKey:
        return MessageKey(
            execution_id=ExecutionId(execution), conversation_id=self.place.conversation_id, purpose=purpose
        )

    async def post(self, place: Place, picture: Picture, *, again: bool = False) -> str:
        """Post it once it may be."""
        self.pass_for(place, None, picture.urgency)
        return await self.messenger.post(place, picture, self.key(picture.purpose), again=again)

    async def edit(self, place: Place, ref: str, picture: Picture) -> None:
        """Edit it once it may be."""
        self.pass_for(place, ref, picture.urgency)
        await self.messenger.edit(place, ref, picture)

    def pass_for(self, place: Place, ref: str | None, urgency: Urgency) -> None:
        self.clock.advance(self.messenger.wait(place, ref, urgency))

    @asynccontextmanager
    async def restarted(self) -> AsyncGenerator[TelegramMessenger]:
        """As the next process would begin."""
        async with telegram_api(self.telegram.token, self.telegram.api_url, pace=pace_of(self.clock)) as api:
            yield TelegramMessenger(api)

    def texts(self, chat: Chat | None = None) -> list[str]:
        """What stands of ours in a chat; None: in the group."""
        return [str(message["text"]) for message in self.telegram.sent(chat or self.group) if "text" in message]

    def message(self, ref: str) -> dict[str, Any]:
        found: MessageRef = message_ref(ref)
        return next(m for m in self.telegram.sent(found.chat) if m["message_id"] == found.message)


@asynccontextmanager
async def asked(options: TelegramdOptions | None = None) -> AsyncGenerator[Scene]:
    clock = FakeClock()
    async with serve_telegramd(options or TelegramdOptions(clock=clock)) as telegram:
        await telegram.start(telegram.dana)
        group = telegram.add_supergroup("Team", members=[telegram.dana, telegram.avi])
        root = await telegram.say(telegram.dana, group, f"@{telegram.username} do it")
        async with telegram_api(telegram.token, telegram.api_url, pace=pace_of(clock)) as api:
            yield Scene(
                telegram=telegram, api=api, messenger=TelegramMessenger(api), clock=clock, group=group, root=root
            )
        assert telegram.warnings == []


def pace_of(clock: FakeClock) -> Pace:
    return Pace(lambda: clock.now().timestamp())


@contextmanager
def logged(level: str = "WARNING") -> Generator[list[str]]:
    lines: list[str] = []
    sink = logger.add(lambda message: lines.append(str(message)), level=level, format="{message} {extra}")
    try:
        yield lines
    finally:
        logger.remove(sink)


def picture(
    text: str,
    purpose: str = "card",
    urgency: Urgency = Urgency.NOTIFY,
    *,
    locale: str = "en",
    keyboard: JsonValue = ((),),
    entities: JsonValue = (),
) -> Picture:
    body: JsonObject = {
        "text": text, "entities": entities, "keyboard": keyboard, "locale": locale, "execution": "x-1",
    }  # fmt: skip
    return Picture(purpose=purpose, urgency=urgency, body=body)


def file(text: str = "all of it") -> Picture:
    body: JsonObject = {
        "text": "The whole result",
        "file": {"name": "result.md", "text": text},
        "locale": "en",
        "execution": "x-1",
    }
    return Picture(purpose="final:file", urgency=Urgency.NOTIFY, body=body)


BOLD: JsonValue = [{"type": "bold", "offset": 0, "length": 3}]
KEYS: JsonValue = [[{"text": "Approve", "data": "a:1"}, {"text": "Reject", "data": "r:1"}]]
