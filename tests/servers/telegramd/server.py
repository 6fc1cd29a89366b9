"""One local Telegram, running: its verbs, its readings, its address."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from tests.servers.changes import Changes
from tests.servers.nursery import Nursery
from tests.servers.telegramd.clock import clock_of
from tests.servers.telegramd.control import control_routes
from tests.servers.telegramd.core import ChatRef, Parts, UserRef
from tests.servers.telegramd.faults import Faults
from tests.servers.telegramd.flood import FloodGate
from tests.servers.telegramd.log import Json, Ledger, WireLog
from tests.servers.telegramd.methods.commands import menu_of
from tests.servers.telegramd.options import TelegramdOptions
from tests.servers.telegramd.places import PlaceVerbs
from tests.servers.telegramd.presses import PressVerbs
from tests.servers.telegramd.state import User, World
from tests.servers.telegramd.ui import ui_routes
from tests.servers.telegramd.updates import Updates
from tests.servers.telegramd.web import BotApi
from tests.servers.telegramd.webhooks import Webhooks


class Telegramd(PlaceVerbs, PressVerbs):
    """The face tests use."""

    def __init__(self, parts: Parts, runner: web.AppRunner) -> None:
        super().__init__(parts)
        self._runner = runner
        self._site: web.TCPSite | None = None
        self._port = parts.options.port
        self.faults = parts.faults
        self.gate = parts.gate
        self.clock = parts.world.clock
        self.dana = self.add_user("Dana", last_name="Levi", username="dana_levi")
        self.avi = self.add_user("Avi", last_name="Cohen", language="he")
        self.guest = self.add_user("Gal", last_name="Guest", username="gal_guest")
        self.stranger = self.add_user("Sam", last_name="Stranger", language="de")

    @property
    def api_url(self) -> str:
        """What goes into ``TELEGRAM_API_URL``: the root, without a slash."""
        return self.world.base_url

    @property
    def token(self) -> str:
        """The bot's."""
        return self.world.token

    @property
    def bot(self) -> User:
        """The bot as others see it."""
        return self.world.bot

    @property
    def username(self) -> str:
        """The bot's name, without its ``@``."""
        return self.world.bot.username

    @property
    def log(self) -> WireLog:
        """What went over the wire."""
        return self.world.log

    @property
    def ledger(self) -> Ledger:
        """What people saw of the bot."""
        return self.world.ledger

    @property
    def warnings(self) -> list[str]:
        """What a test should find empty."""
        return self.world.warnings

    @property
    def actions(self) -> list[tuple[int, int, str]]:
        """Chat, topic and action of every “typing …”."""
        return self.world.actions

    @property
    def privacy(self) -> bool:
        """Does the bot hear in groups only what concerns it?"""
        return self.world.privacy

    @privacy.setter
    def privacy(self, on: bool) -> None:
        self.world.privacy = on

    @property
    def topics(self) -> bool:
        """Do private chats with the bot have topics?"""
        return self.world.has_topics

    @topics.setter
    def topics(self, on: bool) -> None:
        self.world.has_topics = on

    def messages(self, chat: ChatRef, *, topic: int | None = None) -> list[Json]:
        """What stands in a chat, oldest first, by everybody; of one topic only (0: General), or of all for None."""
        found = self.chat(chat).messages.values()
        return [each for each in found if topic is None or _topic(each) == topic]

    def sent(self, chat: ChatRef, *, topic: int | None = None) -> list[Json]:
        """What stands in a chat of the bot's, oldest first."""
        return [each for each in self.messages(chat, topic=topic) if each.get("_own")]

    def file(self, message: Json) -> bytes:
        """The bytes of a message's document."""
        return self.world.files[message["document"]["file_id"]].content

    def menu(self, user: UserRef, chat: ChatRef) -> list[Json]:
        """Commands a person is offered in a chat."""
        return menu_of(self.world, self.user(user), self.chat(chat))

    def revoke_token(self) -> None:
        """The token is worth nothing from here on."""
        self.world.dead = True
        self.updates.abandon()

    def advance(self, seconds: float) -> None:
        """Move the clock ahead."""
        self.clock.advance(seconds)
        self.world.touch()

    async def eventually(self, holds: Callable[[], object], seconds: float = 10) -> None:
        """Return when ``holds`` does; it is asked whenever anything changes here.

        Raises:
            TimeoutError: it did not within so many real seconds; the message ends with the last of the wire.
        """
        await self.world.changes.eventually(holds, seconds, self.world.log.tail)

    async def settled(self, seconds: float = 10) -> None:
        """Return when the bot has confirmed every update."""
        await self.eventually(lambda: not self.updates.queue, seconds)

    async def down(self) -> None:
        """Telegram cannot be reached: connections are refused, and those that are open break."""
        if self._site is not None:
            await self._site.stop()
            self._site = None
        server = self._runner.server
        if server is not None:
            for connection in list(server.connections):
                if connection.transport is not None:
                    connection.transport.abort()
        self.updates.abandon()
        self.world.touch()

    async def up(self) -> None:
        """It can be reached again, where it was."""
        if self._site is None:
            self._site = web.TCPSite(self._runner, "127.0.0.1", self._port)
            await self._site.start()
            host, self._port = self._runner.addresses[0][:2]
            self.world.base_url = f"http://{host}:{self._port}"
        self.world.touch()


def _topic(message: Json) -> int:
    return int(message["message_thread_id"]) if message.get("is_topic_message") else 0


def build(options: TelegramdOptions) -> Parts:
    """A server's parts, before it listens."""
    clock = clock_of(options.clock, options.start, realtime=options.realtime)
    changes = Changes()
    bot_id = int(options.token.partition(":")[0])
    bot = User(id=bot_id, first_name=options.name, username=options.username, is_bot=True)
    world = World(
        clock=clock,
        changes=changes,
        log=WireLog(changes.touch),
        token=options.token,
        bot=bot,
        privacy=options.privacy,
        has_topics=options.topics,
        answer_seconds=options.answer_seconds,
        topic_replies=options.topic_replies,
    )
    world.users[bot.id] = bot
    return Parts(
        options=options,
        world=world,
        nursery=Nursery(),
        updates=Updates(world, options.first_update, options.keep_seconds),
        gate=FloodGate(clock, options.flood),
        faults=Faults(),
    )


@asynccontextmanager
async def serve_telegramd(options: TelegramdOptions | None = None) -> AsyncGenerator[Telegramd]:
    """A local Telegram on a free port of the loopback, gone with the block.

    Raises:
        ExceptionGroup: something broke inside the server itself.
    """
    parts = build(options or TelegramdOptions())
    app = web.Application(client_max_size=64 * 1024 * 1024)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1, handler_cancellation=True)
    telegram = Telegramd(parts, runner)
    app.add_routes([*control_routes(telegram), *ui_routes(telegram), *BotApi(parts).routes()])
    await runner.setup()
    await telegram.up()
    hooks = Webhooks(parts)
    parts.nursery.start(hooks.run(), "webhooks")
    try:
        yield telegram
    finally:
        parts.world.closing.set()
        parts.updates.abandon()
        await parts.nursery.close()
        await hooks.close()
        await runner.cleanup()
    broken = [error for error in parts.nursery.broken if isinstance(error, Exception)]
    if broken:
        raise ExceptionGroup("the local Telegram broke", broken)


__all__ = ["Telegramd", "TelegramdOptions", "build", "serve_telegramd"]
