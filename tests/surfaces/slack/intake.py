"""Our side of the line: what is committed, in what order with its acknowledgement, and what fails on purpose."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web
from loguru import logger
from slack_bolt.app.async_app import AsyncApp

from bot.slack.http import PATH, slack_events
from bot.slack.inbound.bolt import build_app
from bot.slack.socket import SocketMode, SocketOptions
from bot.slack.web import Identity, slack_client
from engine.errors import UnavailableError
from engine.ports.chat_log import Delivery
from integrations.scheduling.clock import SystemClock
from tests.servers.slackd import Channel, Slackd, SlackdOptions, serve_slackd
from tests.surfaces.slack.calling import MANIFEST
from tests.waiting import until

BUTTON = {
    "type": "actions",
    "elements": [
        {
            "type": "button",
            "action_id": "approve.a1",
            "value": "approve|e1|a1||0",
            "text": {"type": "plain_text", "text": "Approve"},
        }
    ],
}
MODAL = {
    "type": "modal",
    "callback_id": "edit",
    "private_metadata": "edit|e1|a1||0",
    "title": {"type": "plain_text", "text": "Edit"},
    "submit": {"type": "plain_text", "text": "Save"},
    "blocks": [
        {
            "type": "input",
            "block_id": "title",
            "label": {"type": "plain_text", "text": "Title"},
            "element": {"type": "plain_text_input", "action_id": "any"},
        }
    ],
}
WORDS = "the secret words"


@dataclass(slots=True)
class Intake:
    """Takes deliveries as the inbox does."""

    taken: list[Delivery] = field(default_factory=list[Delivery])
    failures: int = 0
    """So many of the next ones cannot be committed."""
    open: asyncio.Event = field(default_factory=asyncio.Event)
    """While it is not set, committing takes its time."""
    arrived: int = 0
    wrong: Mapping[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        self.open.set()

    @property
    def kinds(self) -> list[str]:
        return [delivery.kind for delivery in self.taken]

    @property
    def texts(self) -> list[str]:
        """Of messages, each once: a mention arrives twice."""
        return list({d.key: d.text for d in self.taken if d.kind == "message"}.values())

    async def receive(self, delivery: Delivery) -> None:
        self.arrived += 1
        await self.open.wait()
        if self.failures:
            self.failures -= 1
            raise UnavailableError("storage_unavailable", "the database is away.")
        self.taken.append(delivery)

    async def check(self, delivery: Delivery) -> Mapping[str, str]:
        return self.wrong if delivery.kind == "form" else {}


class Waits(SystemClock):
    """The real time, in which nobody sleeps: what was waited for is noted."""

    def __init__(self) -> None:
        self.waited: list[timedelta] = []

    async def sleep(self, duration: timedelta) -> None:
        self.waited.append(duration)
        await asyncio.sleep(0)


@dataclass(slots=True)
class Links:
    """What a socket says of its connections."""

    told: list[tuple[datetime, datetime | None]] = field(default_factory=list[tuple[datetime, datetime | None]])

    def connected(self, at: datetime, silent_since: datetime | None) -> None:
        self.told.append((at, silent_since))


def us(slack: Slackd) -> Identity:
    return Identity(
        team_id=slack.team_id,
        team_name="Tizmor",
        bot_user_id=slack.bot_user_id,
        bot_id=slack.world.bot_id,
        app_id=slack.app_id,
        url="",
        scopes=frozenset(),
    )


@asynccontextmanager
async def slack_and_app(intake: Intake, *, signed: bool = True) -> AsyncGenerator[tuple[Slackd, AsyncApp]]:
    """A strict local Slack, and Bolt with our intake in it."""
    async with serve_slackd(SlackdOptions(manifest=MANIFEST)) as slack:
        async with slack_client(slack.bot_token, slack.api_url, timedelta(seconds=5)) as client:
            app = build_app(
                client=client,
                signing_secret=slack.signing_secret if signed else None,
                identity=us(slack),
                receive=intake.receive,
                check=intake.check,
                clock=SystemClock(),
            )
            yield slack, app
        assert slack.warnings == []


@asynccontextmanager
async def over_socket(
    intake: Intake, links: Links | None = None, clock: SystemClock | None = None, **options: timedelta
) -> AsyncGenerator[tuple[Slackd, SocketMode]]:
    """Connected by Socket Mode while the block runs; cancelled at its end."""
    quick = {"first_pause": timedelta(milliseconds=1), "steady": timedelta(0)} | options
    async with slack_and_app(intake) as (slack, app):
        socket = SocketMode(
            app,
            slack.app_token,
            slack.api_url,
            clock or SystemClock(),
            (links or Links()).connected,
            SocketOptions(**quick),  # pyright: ignore[reportArgumentType] - only durations are given
        )
        async with asyncio.TaskGroup() as group:
            running = group.create_task(socket.run())
            await soon(lambda: socket.alive)
            yield slack, socket
            running.cancel()


@asynccontextmanager
async def over_http(intake: Intake, *, signed: bool = True) -> AsyncGenerator[tuple[Slackd, str]]:
    """Registered at an address of ours while the block runs."""
    async with slack_and_app(intake, signed=signed) as (slack, app):
        server = web.Application()
        server.router.add_post(PATH, slack_events(app))
        runner = web.AppRunner(server)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        address = f"http://127.0.0.1:{runner.addresses[0][1]}{PATH}"
        try:
            if signed:
                assert await slack.deliver_to(address)
            yield slack, address
        finally:
            await runner.cleanup()


@asynccontextmanager
async def logged() -> AsyncGenerator[list[str]]:
    """Everything that is logged meanwhile, at every level."""
    lines = list[str]()
    handle = logger.add(lambda line: lines.append(str(line)), level=0, format="{level} {message} {extra}")
    try:
        yield lines
    finally:
        logger.remove(handle)


async def soon(holds: Callable[[], object]) -> None:
    """Return when this holds on our side; what changes at Slack is waited for with ``slack.eventually``."""

    async def look() -> bool:
        return bool(holds())

    await until(look, bool)


def room(slack: Slackd) -> Channel:
    return slack.add_channel("team", [slack.dana, slack.avi])


async def say_everything(slack: Slackd, channel: Channel) -> list[str]:
    """One of each thing a person can do; the kinds that should have been committed, in any order."""
    root = await slack.say(slack.dana, channel, f"{slack.mention} {WORDS}")
    reply = await slack.say(slack.avi, channel, WORDS, thread_ts=root)
    await slack.edit(slack.dana, channel, root, f"{slack.mention} other words")
    await slack.delete(slack.avi, channel, reply)
    await slack.say(slack.dana, slack.im(slack.dana), WORDS, files=[("plan.txt", "x")])
    await slack.say(slack.dana, channel, WORDS)  # to nobody
    await slack.open_messages_tab(slack.dana)
    await slack.open_home_tab(slack.dana)
    async with slack_client(slack.bot_token, slack.api_url, timedelta(seconds=5)) as made:
        client: Any = made  # the SDK's methods take untyped keywords
        card = await client.chat_postMessage(channel=channel.id, thread_ts=root, text="card", blocks=[BUTTON])
        await client.agents_sessions_setStatus(channel_id=channel.id, thread_ts=root, status="processing")
        await slack.press_native_stop(slack.dana, channel, root)
        assert (await slack.click(slack.dana, channel, card["ts"], "approve.a1")).ok
        trigger = slack.log.deliveries("block_actions")[-1].params["trigger_id"]
        view = (await client.views_open(trigger_id=trigger, view=MODAL))["view"]
        ack = await slack.submit(slack.dana, view["id"], {"title": WORDS})
        assert (ack.ok, ack.action) == (True, None)
    assert (await slack.command(slack.dana, channel, "/tizmor", WORDS)).ok
    assert (await slack.shortcut(slack.avi, channel, root, "do_this")).ok
    await slack.settled()
    messages = ["message"] * 4  # the mention arrives as two events
    return sorted([*messages, "edited", "deleted", "opened", "stopped", "click", "form", "command", "shortcut"])
