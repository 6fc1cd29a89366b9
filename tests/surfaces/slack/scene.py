"""A thread in which somebody asked for something, and what is said in it."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

from loguru import logger

from bot.messenger import Picture, Place, Urgency
from bot.slack.address import Thread, principal_id
from bot.slack.drawings import drawing
from bot.slack.messenger import SlackMessenger
from bot.slack.pace import Pace
from bot.slack.web import SlackWeb
from engine.domain.ids import ExecutionId
from engine.domain.json import JsonObject
from engine.ports.message_log import MessageKey
from tests.servers.slackd import Channel, Slackd
from tests.surfaces.slack.calling import calling, room


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Dana asked for something in a thread of a channel."""

    slack: Slackd
    web: SlackWeb
    messenger: SlackMessenger
    channel: Channel
    root: str

    @property
    def place(self) -> Place:
        return self.place_of(self.channel, self.root)

    def place_of(self, channel: Channel, root: str) -> Place:
        thread = Thread(team=self.slack.team_id, channel=channel.id, ts=root)
        user = principal_id(self.slack.team_id, self.slack.dana.id)
        return Place(conversation_id=thread.conversation_id, user_id=user)

    def key(self, purpose: str = "card", execution: str = "x-secret") -> MessageKey:
        return MessageKey(
            execution_id=ExecutionId(execution), conversation_id=self.place.conversation_id, purpose=purpose
        )

    def restarted(self) -> SlackMessenger:
        """As the next process would begin."""
        return SlackMessenger(self.web, Pace(self.slack.clock.now))

    def replies(self) -> list[dict[str, Any]]:
        """What we said in the thread."""
        return [m for m in self.slack.messages(self.channel, self.root) if m["ts"] != self.root]

    def private(self) -> list[dict[str, Any]]:
        return self.slack.messages(self.slack.im(self.slack.dana))


@asynccontextmanager
async def asked() -> AsyncGenerator[Scene]:
    async with calling() as (slack, web):
        channel = room(slack)
        root = await slack.say(slack.dana, channel, "do it", lost=True)
        messenger = SlackMessenger(web, Pace(slack.clock.now))
        yield Scene(slack=slack, web=web, messenger=messenger, channel=channel, root=root)


@contextmanager
def warnings_logged() -> Generator[list[str]]:
    lines: list[str] = []
    sink = logger.add(lambda message: lines.append(str(message)), level="WARNING", format="{message} {extra}")
    try:
        yield lines
    finally:
        logger.remove(sink)


def section(text: str) -> JsonObject:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def picture(text: str, purpose: str = "card", urgency: Urgency = Urgency.NOTIFY) -> Picture:
    """Rich: a markdown block; plain: a section."""
    rich: JsonObject = {"text": text, "blocks": [{"type": "markdown", "text": text}]}
    plain: JsonObject = {"text": text, "blocks": [section(text)]}
    return Picture(purpose=purpose, urgency=urgency, body=drawing(rich, plain, locale="en", execution="x-secret"))


def is_rich(params: dict[str, Any]) -> bool:
    return "markdown" in json.dumps(params.get("blocks") or [])


def has_blocks(params: dict[str, Any]) -> bool:
    return bool(params.get("blocks"))
