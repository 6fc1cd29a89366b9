"""The whole product on the local Telegram, and a person who answers what it asks."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

from bot.messenger import Urgency
from bot.serve import Serving, serve
from bot.settings import Settings
from bot.telegram import surface
from bot.telegram.address import PREFIX, principal_id
from bot.telegram.menus import COMMANDS
from bot.telegram.pace import Pace
from bot.telegram.presses import read_data
from bot.telegram.surface import TelegramSurface
from engine.domain.ids import DEFAULT_TENANT
from engine.domain.tenant import Principal, Role
from storage.codec import instant
from storage.database import DATABASE_FILE, open_database
from storage.people_store import SqlitePeople
from tests.scenarios.lab import is_hebrew, make_home, plain
from tests.scenarios.telegram_front import PUBLIC, SECRET, WEBHOOK_RETRY, Front, deliver_to, front
from tests.servers.telegramd import Chat, Flood, Telegramd, TelegramdOptions, User, serve_telegramd
from tests.waiting import until

Mode = Literal["polling", "webhook"]
MODES: tuple[Mode, ...] = ("polling", "webhook")
Json = dict[str, Any]

SPEED = 8
QUICK = Flood(private_per_second=SPEED, group_per_minute=20 * SPEED, overall_per_second=30 * SPEED)
"""Limits that are met by a product whose seconds are that much shorter."""
OUR_COMMANDS = {f"/{name}" for name in (*COMMANDS, "tizmor")}
"""What our own sentences name."""


class QuickPace(Pace):
    """The product's own pace with every second a fraction of one: the same limits in the same order, and less waiting."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        super().__init__(lambda: monotonic() * SPEED)

    def wait(self, chat: int, urgency: Urgency, message: int = 0) -> timedelta:
        return super().wait(chat, urgency, message) / SPEED

    def penalise(self, chat: int, retry_after: timedelta) -> None:
        super().penalise(chat, retry_after * SPEED)

    def hold(self, pause: timedelta) -> None:
        super().hold(pause * SPEED)


@asynccontextmanager
async def local_telegram(
    *, shown_twice: bool = False, life_size: bool = False, **options: Any
) -> AsyncGenerator[Telegramd]:
    """A strict Telegram; at the end nothing of what it was told may have been wrong, live, or told twice.

    Args:
        shown_twice: an answer was lost on purpose, so that something may be there twice.
        life_size: its limits are those of life, and so is the product's pace; else both are quicker by the same factor.
        options: more of the server's.
    """
    given: Json = {"flood": Flood() if life_size else QUICK, "webhook_retry": WEBHOOK_RETRY, **options}
    async with serve_telegramd(TelegramdOptions(**given)) as telegram, paced(life_size=life_size):
        yield telegram
        assert not telegram.warnings, telegram.warnings
        assert not live_words(telegram), live_words(telegram)
        assert shown_twice or not twins(telegram), twins(telegram)


@asynccontextmanager
async def paced(*, life_size: bool) -> AsyncGenerator[None]:
    """Products that start in the block go at this pace."""
    with pytest.MonkeyPatch.context() as patch:
        if not life_size:
            patch.setattr(surface, "Pace", QuickPace)
        yield


def live_words(telegram: Telegramd) -> list[str]:
    """What became tappable by itself in a message of the product's and is none of its own words."""
    found: list[str] = []
    for chat in telegram.world.chats.values():
        for message in telegram.sent(chat):
            allowed = {f"@{telegram.username}", *OUR_COMMANDS}
            links = f"https://t.me/{telegram.username}?start="
            live = [one["text"] for one in message["_live"]]
            found += [text for text in live if text not in allowed and not text.startswith(links)]
    return found


def twins(telegram: Telegramd) -> list[str]:
    """Questions that stand in more than one message: what the buttons under two messages would decide is one thing."""
    seen: dict[tuple[int, str], int] = {}
    found: list[str] = []
    for chat in telegram.world.chats.values():
        for message in telegram.sent(chat):
            for data, label in buttons(message):
                known = seen.setdefault((chat.id, data), message["message_id"])
                if known != message["message_id"] and not data.startswith("m:"):
                    found.append(f"{label} in {known} and {message['message_id']}")
    return found


def telegram_settings(home: Path, telegram: Telegramd, mode: Mode = "polling", **more: Any) -> Settings:
    """Settings of a product that talks to this Telegram."""
    proof: Json = {} if mode == "polling" else {"telegram_webhook_secret": SECRET, "tizmor_public_url": PUBLIC}
    given: Json = {
        "tizmor_home": home,
        "tizmor_env_file": None,
        "tizmor_port": 0,
        "telegram_bot_token": telegram.token,
        "telegram_api_url": telegram.api_url,
        **proof,
        **more,
    }
    return Settings(**given)


def surface_of(serving: Serving) -> TelegramSurface:
    """The product's Telegram."""
    assert serving.tizmor.telegram is not None
    return serving.tizmor.telegram


@asynccontextmanager
async def product(
    home: Path,
    telegram: Telegramd,
    mode: Mode = "polling",
    *,
    public: Front | None = None,
    deaf: bool = False,
    **more: Any,
) -> AsyncGenerator[Serving]:
    """The product, listening to this Telegram. Whoever pressed something was told what came of it when the block ends.

    Args:
        home: its home.
        telegram: where it is.
        mode: how updates come to it.
        public: the address it is reached at, over a webhook; None: one that goes with it.
        deaf: it will hear nothing, or not yet.
        more: further settings.
    """
    if mode == "webhook" and public is None:
        async with front() as made, product(home, telegram, mode, public=made, deaf=deaf, **more) as serving:
            yield serving
        return
    if public is not None:
        deliver_to(telegram, public)
    async with serve(telegram_settings(home, telegram, mode, **more), outside=True) as serving:
        if public is not None:
            public.behind = serving.url
        if not deaf:
            await telegram.eventually(listens(telegram, public))
        yield serving
        await telegram.eventually(lambda: not telegram.unanswered())
        if public is not None:
            public.behind = ""


def listens(telegram: Telegramd, public: Front | None = None) -> Callable[[], bool]:
    """Does somebody ask for updates, or say where they go?"""
    updates = telegram.updates
    return lambda: updates.hook.url.startswith(public.url) if public is not None else updates.polling


@asynccontextmanager
async def team(
    home: Path, telegram: Telegramd, mode: Mode = "polling", *, members: Sequence[User] = (), **more: Any
) -> AsyncGenerator[Serving]:
    """The product of a new home whose owner is Dana, and in which Avi and these are members."""
    await let_all_in(make_home(home), telegram, *members)
    async with product(home, telegram, mode, **more) as serving:
        yield serving


async def let_all_in(home: Path, telegram: Telegramd, *members: User) -> None:
    """Make Dana the owner, and Avi and these members, as if they had come in long ago."""
    meet(telegram.dana, telegram.avi, *members)
    now = datetime.now(UTC)
    async with open_database(home, now=instant(now)) as database:
        people = SqlitePeople(database)
        for user in (telegram.dana, telegram.avi, *members):
            await people.keep(_member(user), now)
        assert await people.make_owner(_member(telegram.dana), now, PREFIX, [])


def meet(*users: User) -> None:
    """These people started the bot some time ago: it may write to them."""
    for user in users:
        user.met = user.started = True


def _member(user: User) -> Principal:
    name = f"{user.first_name} {user.last_name}"
    return Principal(id=principal_id(user.id), tenant_id=DEFAULT_TENANT, role=Role.MEMBER, name=name)


async def all_noted(home: Path) -> None:
    """Wait until of every message that was posted it is known where it is: whoever stops then leaves nothing uncertain."""

    async def on_their_way() -> int:
        query = "SELECT count(*) FROM chat_messages WHERE ref IS NULL AND sending_at IS NOT NULL"
        with closing(sqlite3.connect(f"file:{home / DATABASE_FILE}?mode=ro", uri=True)) as database:
            return int(database.execute(query).fetchone()[0])

    await until(on_their_way, lambda count: count == 0)


async def claim(telegram: Telegramd, serving: Serving, user: User) -> str:
    """Make somebody the owner by the link that is printed; the code that was used."""
    link = await surface_of(serving).claim_link()
    prefix = f"https://t.me/{telegram.username}?start="
    assert link.startswith(prefix), link
    code = link.removeprefix(prefix)
    await telegram.start(user, code)
    words = "ההתקנה שלך" if user.language_code == "he" else "You are the owner now"
    await heard(telegram, user, words)
    return code


async def let_in(telegram: Telegramd, user: User, by: User | None = None) -> str:
    """Invite somebody, who opens the link; the link."""
    owner = by or telegram.dana
    await telegram.say(owner, owner, "/invite")
    words = await heard(telegram, owner, "?start=")
    link = next(word for word in words.split() if "?start=" in word)
    await telegram.start(user, link.partition("?start=")[2])
    await telegram.eventually(lambda: telegram.sent(user))
    return link


async def heard(telegram: Telegramd, user: User, words: str, seconds: float = 10) -> str:
    """Wait until somebody was told this in private."""

    def found() -> list[str]:
        return [text for text in map(text_of, telegram.sent(user)) if words in text]

    await telegram.eventually(found, seconds)
    return found()[-1]


def text_of(message: Json) -> str:
    """What a message says, without the marks that isolate values and keep addresses from becoming links."""
    return plain(str(message.get("text", message.get("caption", ""))))


def buttons(message: Json) -> Iterator[tuple[str, str]]:
    """Data and label of everything that can be pressed under a message."""
    for row in message.get("reply_markup", {}).get("inline_keyboard", ()):
        yield from ((str(button["callback_data"]), str(button["text"])) for button in row)


def actions(message: Json) -> Iterator[tuple[str, str, str]]:
    """What each button does, with its data and label."""
    for data, label in buttons(message):
        press = read_data(data)
        assert press is not None, f"{label!r} carries {data!r}, which nobody can read"
        yield press.action, data, label


@dataclass(slots=True)
class Conversation:
    """One conversation, as a person in it sees it."""

    telegram: Telegramd
    chat: Chat
    user: User
    root: int
    """The message that began it."""
    topic: int = 0

    @property
    def ours(self) -> list[Json]:
        """What the product says since it began, in its topic."""
        return [m for m in self.telegram.sent(self.chat, topic=self.topic) if m["message_id"] > self.root]

    @property
    def card(self) -> Json:
        """The one card."""
        return self.ours[0]

    @property
    def texts(self) -> list[str]:
        """What its messages say."""
        return [text_of(message) for message in self.ours]

    def with_button(self, action: str, label: str = "") -> tuple[Json, str] | None:
        """The latest message that has a button of this action now, and in whose label this stands, with the button's data."""
        for message in reversed(self.ours):
            for does, data, says in actions(message):
                if does == action and label in plain(says):
                    return message, data
        return None

    async def sees(self, action: str, label: str = "", seconds: float = 20) -> tuple[Json, str]:
        """Wait for a button; its message and data."""
        await self.telegram.eventually(lambda: self.with_button(action, label), seconds)
        found = self.with_button(action, label)
        assert found is not None
        return found

    async def told(self, words: str, seconds: float = 20) -> str:
        """Wait until one of its messages says this."""
        await self.telegram.eventually(lambda: any(words in text for text in self.texts), seconds)
        return next(text for text in self.texts if words in text)

    async def says(self, text: str, *, user: User | None = None, reply_to: Json | int | None = None) -> int:
        """Somebody writes in the conversation: in a group a reply, to its card unless another message is named."""
        private = self.chat.type == "private"
        answered = reply_to if reply_to is not None else (0 if private else self.card)
        number = answered if isinstance(answered, int) else int(answered["message_id"])
        return await self.telegram.say(user or self.user, self.chat, text, topic=self.topic, reply_to=number)

    async def press(self, action: str, label: str = "", *, user: User | None = None, seconds: float = 20) -> str:
        """Wait for a button and press it; the press."""
        message, data = await self.sees(action, label, seconds)
        return await self.telegram.press(user or self.user, self.chat, int(message["message_id"]), data)

    async def answer(self, action: str, label: str = "", *, user: User | None = None) -> str:
        """Press a button; what the person is shown in answer."""
        return await answered(self.telegram, await self.press(action, label, user=user))

    async def gated(self) -> tuple[Json, str]:
        """Choose, and wait for the gate; its message and the data of its Approve button."""
        await self.press("choose")
        return await self.sees("approve")

    async def finished(self, seconds: float = 30) -> Json:
        """Wait for the final reply: the one that asks what one thinks of it."""
        return (await self.sees("feedback", seconds=seconds))[0]

    async def story(self) -> Json:
        """Answer everything the story asks, to its end."""
        await self.press("choose")
        await self.press("approve")
        return await self.finished()

    async def at_rest(self, seconds: float = 30) -> None:
        """Wait until nothing of it looks as if it were still going on."""
        at_work = {"choose", "approve", "edit", "reject", "run", "pause", "resume", "cancel"}
        await self.finished(seconds)
        await self.telegram.eventually(lambda: not any(self.with_button(action) for action in at_work), seconds)


async def answered(telegram: Telegramd, query: str, seconds: float = 20) -> str:
    """Wait until a press was answered; the words that were shown."""
    await telegram.eventually(lambda: telegram.answer(query) is not None, seconds)
    answer = telegram.answer(query)
    assert answer is not None
    return plain(str(answer["text"]))


async def ask(
    telegram: Telegramd,
    chat: Chat | User,
    text: str,
    *,
    user: User | None = None,
    topic: int = 0,
    mention: bool | None = None,
) -> Conversation:
    """A person asks: in a group by our name, in private just so."""
    person = user or (chat if isinstance(chat, User) else telegram.dana)
    where = telegram.chat(chat)
    named = where.type != "private" if mention is None else mention
    words = f"@{telegram.username} {text}" if named else text
    root = await telegram.say(person, where, words, topic=topic)
    return Conversation(telegram=telegram, chat=where, user=person, root=root, topic=topic)


def speaks(conversation: Conversation, locale: str) -> bool:
    """Is everything it says in this language?"""
    return all(is_hebrew(text) is (locale == "he") for text in conversation.texts)
