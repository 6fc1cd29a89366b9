"""One local Slack, running: its verbs, its readings, its addresses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from tests.servers.changes import Changes
from tests.servers.clock import Clock
from tests.servers.nursery import Nursery
from tests.servers.slackd.control import control_routes
from tests.servers.slackd.core import ChannelRef, Parts, UserRef
from tests.servers.slackd.delivery import Deliveries, Transport
from tests.servers.slackd.events import Events
from tests.servers.slackd.faults import Faults
from tests.servers.slackd.interactions import InteractionVerbs
from tests.servers.slackd.log import Json, Ledger, WireLog
from tests.servers.slackd.manifest import AppManifest
from tests.servers.slackd.options import SlackdOptions
from tests.servers.slackd.people import PeopleVerbs
from tests.servers.slackd.rates import Rates
from tests.servers.slackd.requests import HttpPosts
from tests.servers.slackd.sockets import SocketHub
from tests.servers.slackd.state import Channel, Tokens, User, World
from tests.servers.slackd.ui import ui_routes
from tests.servers.slackd.web import WebApi
from tests.servers.slackd.workspace import WorkspaceVerbs

LIFE_OF_STATUS = 120.0


class Slackd(PeopleVerbs, InteractionVerbs, WorkspaceVerbs):
    """The face tests use. People and channels are given as objects, ids or names."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self.faults = parts.faults
        self.deliveries = parts.deliveries
        self.clock = parts.world.clock
        self.dana = self.add_user("dana", real_name="Dana Levi", admin=True)
        self.avi = self.add_user("avi", real_name="Avi Cohen", locale="he-IL")
        self.guest = self.add_user("guest", real_name="Gal Guest", guest=True)
        self.stranger = self.add_user("stranger", real_name="Sam Stranger", stranger=True)

    @property
    def api_url(self) -> str:
        """What goes into ``SLACK_API_URL``."""
        return f"{self.world.base_url}/api/"

    @property
    def control_url(self) -> str:
        """Where a ``SlackdClient`` connects to."""
        return f"{self.world.base_url}/_control/"

    @property
    def bot_token(self) -> str:
        """``xoxb-…``."""
        return self.world.tokens.bot

    @property
    def app_token(self) -> str:
        """``xapp-…``."""
        return self.world.tokens.app

    @property
    def config_token(self) -> str:
        """``xoxe.xoxp-…``, for the Manifest API."""
        return self.world.tokens.config

    @property
    def refresh_token(self) -> str:
        """What the configuration token is rotated with."""
        return self.world.tokens.refresh

    @property
    def signing_secret(self) -> str:
        """What requests are signed with in HTTP mode."""
        return self.world.signing_secret

    @property
    def team_id(self) -> str:
        """The workspace."""
        return self.world.team_id

    @property
    def app_id(self) -> str:
        """The app."""
        return self.world.app_id

    @property
    def bot_user_id(self) -> str:
        """The app's user."""
        return self.world.bot_user_id

    @property
    def mention(self) -> str:
        """How the app is mentioned in a text."""
        return f"<@{self.world.bot_user_id}>"

    @property
    def log(self) -> WireLog:
        """What went over the wire."""
        return self.world.log

    @property
    def ledger(self) -> Ledger:
        """What it did."""
        return self.world.ledger

    @property
    def warnings(self) -> list[str]:
        """What a test should find empty: unknown parameters, missing texts, late subscriptions …"""
        return self.world.warnings

    @property
    def skew(self) -> float:
        """Seconds Slack's wall is ahead of this machine's."""
        return self.world.skew

    @skew.setter
    def skew(self, seconds: float) -> None:
        self.world.skew = seconds

    @property
    def connections(self) -> int:
        """Web sockets of the app."""
        return len(self.parts.sockets.connections)

    def messages(self, channel: ChannelRef, thread_ts: str | None = None) -> list[Json]:
        """Stored messages, oldest first, with their metadata: of the whole channel with its threads, or of one thread."""
        where = self.channel(channel)
        return list(where.messages.values()) if thread_ts is None else where.thread(thread_ts)

    def message(self, channel: ChannelRef, ts: str) -> Json | None:
        """One message as it stands; None when it is not there."""
        return self.channel(channel).messages.get(ts)

    def ephemerals(self, user: UserRef) -> list[Json]:
        """What only this person was shown, oldest first."""
        return [message for message in self.world.ephemerals if message["for_user"] == self.user(user).id]

    def status(self, channel: ChannelRef, thread_ts: str) -> str | None:
        """The line an assistant's thread shows; it goes after two minutes, or with the next message."""
        shown = self.world.statuses.get((self.channel(channel).id, thread_ts))
        return shown[0] if shown is not None and self.clock.now() - shown[1] < LIFE_OF_STATUS else None

    def session(self, channel: ChannelRef, thread_ts: str) -> str | None:
        """The status of the agent session of a thread; None when there is none."""
        session = self.world.sessions.get((self.channel(channel).id, thread_ts))
        return session.status if session is not None else None

    def prompts(self, channel: ChannelRef, thread_ts: str | None = None) -> list[Json]:
        """Suggested prompts shown there."""
        found = self.world.prompts.get((self.channel(channel).id, thread_ts))
        return list(found["prompts"]) if found is not None else []

    def file(self, file_id: str) -> bytes:
        """The bytes of a file."""
        return self.world.files[file_id].content

    async def eventually(self, holds: Callable[[], object], seconds: float = 10) -> None:
        """Return when ``holds`` does; it is asked whenever anything changes here.

        Raises:
            TimeoutError: it did not within so many real seconds; the message ends with the last of the wire.
        """
        await self.world.changes.eventually(holds, seconds, self.world.log.tail)

    async def settled(self, seconds: float = 10) -> None:
        """Return when every event was acknowledged or given up."""
        await self.eventually(lambda: self.deliveries.quiet, seconds)

    def deliver_to(self, url: str) -> asyncio.Task[bool]:
        """Use HTTP from here on, at this address. Awaited, it tells whether the address gave the challenge back."""
        self.parts.posts.url = url
        return self.parts.nursery.start(self.parts.posts.verify(), "verification")

    def down(self) -> None:
        """The app cannot be reached: deliveries fail as they do at Slack."""
        self.deliveries.is_down = True

    def up(self) -> None:
        """It can be reached again."""
        self.deliveries.is_down = False

    async def disconnect_all(self, reason: str = "refresh_requested") -> None:
        """Ask every web socket to connect anew: ``warning``, ``refresh_requested`` or ``link_disabled``."""
        await self.parts.sockets.disconnect_all(reason)

    def kill_sockets(self) -> None:
        """Break every web socket."""
        self.parts.sockets.kill()

    def freeze_sockets(self) -> None:
        """Let every stream die silently."""
        self.parts.sockets.freeze()


def build(options: SlackdOptions) -> tuple[Slackd, WebApi]:
    """A server that does not listen yet."""
    clock = Clock(options.start, flowing=options.realtime)
    changes = Changes()
    manifest = AppManifest.load(options.manifest)
    tokens = Tokens(
        bot="xoxb-1000000001-local-bot",
        app="xapp-1-A0TIZMOR01-1-local",
        config="xoxe.xoxp-1-local-1",
        refresh="xoxe-1-local-1",
    )
    world = World(clock=clock, changes=changes, manifest=manifest, tokens=tokens, log=WireLog(changes.touch))
    world.granted = manifest.bot_scopes if options.scopes is None else options.scopes
    world.warn_unsubscribed, world.marketplace = options.warn_unsubscribed, options.marketplace
    world.apps[world.app_id] = manifest
    world.users[world.bot_user_id] = User(
        id=world.bot_user_id,
        name=manifest.name.lower(),
        real_name=manifest.name,
        email="",
        team_id=world.team_id,
        bot=True,
    )
    nursery = Nursery()
    sockets, posts = SocketHub(world, options), HttpPosts(world, options, nursery)

    def transport() -> Transport:
        return posts if posts.url is not None else sockets

    deliveries = Deliveries(world, nursery, transport, options.retry_after)
    events = Events(world, deliveries.start)
    parts = Parts(
        options=options,
        world=world,
        nursery=nursery,
        deliveries=deliveries,
        events=events,
        faults=Faults(),
        sockets=sockets,
        posts=posts,
    )
    rates = Rates(clock, enforced=options.rates, marketplace=options.marketplace, tiers=options.tiers)
    return Slackd(parts), WebApi(parts, rates)


@asynccontextmanager
async def serve_slackd(options: SlackdOptions | None = None) -> AsyncGenerator[Slackd]:
    """A local Slack on a free port of the loopback, gone with the block.

    Raises:
        ExceptionGroup: something broke inside the server itself.
    """
    options = options or SlackdOptions()
    slack, api = build(options)
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.add_routes([*api.routes(), *control_routes(slack), *ui_routes(slack)])
    # some SDK calls put a whole manifest into the address
    runner = web.AppRunner(app, access_log=None, max_line_size=262_144, max_field_size=262_144, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", options.port)
    await site.start()
    host, port = runner.addresses[0][:2]
    slack.world.base_url = f"http://{host}:{port}"
    try:
        yield slack
    finally:
        await slack.parts.nursery.close()
        await slack.parts.sockets.close()
        await slack.parts.posts.close()
        await runner.cleanup()
    broken = [error for error in slack.parts.nursery.broken if isinstance(error, Exception)]
    if broken:
        raise ExceptionGroup("the local Slack broke", broken)


__all__ = ["Channel", "Slackd", "SlackdOptions", "User", "build", "serve_slackd"]
