"""A Bolt app as people write them, over Socket Mode: it keeps what it hears and acknowledges."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.servers.slackd import Slackd, SlackdClient

Json = dict[str, Any]
Sdk = Any
"""Slack's own ``AsyncWebClient``; its methods are typed in part only."""


def sdk(slack: Slackd | SlackdClient, token: str) -> Sdk:
    """The SDK's client for a token, with the retries it comes with."""
    return AsyncWebClient(token=token, base_url=slack.api_url)


def refusal(error: SlackApiError) -> Json:
    """The body Slack refused a call with."""
    response: Any = getattr(error, "response")  # noqa: B009 - the SDK leaves its type open
    return response.data


@dataclass(slots=True)
class Heard:
    """What came, by kind, and how the app answers modals and commands."""

    events: list[Json] = field(default_factory=list[Json])
    """Whole bodies, with their ``event_id``."""
    retries: list[str | None] = field(default_factory=list[str | None])
    """The retry number of each, as Bolt shows it in headers."""
    interactions: list[Json] = field(default_factory=list[Json])
    commands: list[Json] = field(default_factory=list[Json])
    view_answer: Json | None = None
    command_answer: Json | None = None

    def types(self) -> list[str]:
        """Types of the events heard."""
        return [body["event"]["type"] for body in self.events]


def listening_app(slack: Slackd, heard: Heard) -> AsyncApp:
    """An app whose listeners keep what they get."""
    quiet = logging.getLogger("slackd-test")
    quiet.setLevel(logging.CRITICAL)
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, logger=quiet)
    app = AsyncApp(client=client, signing_secret=slack.signing_secret, logger=quiet, ignoring_self_events_enabled=False)
    bolt: Any = app  # Bolt's decorators are typed in part only

    async def event(body: Json, req: AsyncBoltRequest) -> None:
        heard.events.append(body)
        numbers = req.headers.get("x-slack-retry-num")
        heard.retries.append(numbers[0] if numbers else None)

    for kind in ("message", "app_mention", "app_home_opened", "agent_session_stopped", "tokens_revoked"):
        bolt.event(kind)(event)
    bolt.event("app_uninstalled")(event)
    bolt.event("reaction_added")(event)

    async def press(ack: AsyncAck, body: Json) -> None:
        heard.interactions.append(body)
        await ack()

    async def submission(ack: AsyncAck, body: Json) -> None:
        heard.interactions.append(body)
        await ack(**(heard.view_answer or {}))

    async def command(ack: AsyncAck, body: Json) -> None:
        heard.commands.append(body)
        await ack(**(heard.command_answer or {}))

    bolt.action(re.compile(".*"))(press)
    bolt.shortcut("do_this")(press)
    bolt.shortcut("new_request")(press)
    bolt.view("form")(submission)
    bolt.view_closed("form")(press)
    bolt.command("/tizmor")(command)
    return app


@asynccontextmanager
async def connected(
    slack: Slackd, heard: Heard, *, ping_interval: float = 10
) -> AsyncGenerator[AsyncSocketModeHandler]:
    """The app, listening over Socket Mode; one more connection."""
    before = slack.connections
    app = listening_app(slack, heard)
    xapp = AsyncWebClient(token=slack.app_token, base_url=slack.api_url, logger=app.logger)
    handler = AsyncSocketModeHandler(app, slack.app_token, web_client=xapp, ping_interval=ping_interval)
    await handler.connect_async()
    await slack.eventually(lambda: slack.connections > before)
    try:
        yield handler
    finally:
        await handler.close_async()
        # the SDK starts a task per frame and forgets it: one of them may still be connecting anew
        forgotten = {task for task in asyncio.all_tasks() if "run_message_listeners" in repr(task.get_coro())}
        for task in forgotten:
            task.cancel()
        if forgotten:
            await asyncio.wait(forgotten)
