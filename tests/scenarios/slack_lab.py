"""The whole product on the local Slack, and a person who answers what it asks."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, cast

from bot.serve import Serving, serve
from bot.settings import Settings
from bot.slack.surface import SlackSurface
from tests.scenarios.lab import plain
from tests.servers.blockkit import validate_message, validate_view
from tests.servers.slackd import Channel, Slackd, SlackdOptions, User, serve_slackd
from tests.waiting import until

Mode = Literal["socket", "http"]
MODES: tuple[Mode, ...] = ("socket", "http")


@asynccontextmanager
async def local_slack(*, realtime: bool = True, **options: Any) -> AsyncGenerator[Slackd]:
    """A strict Slack; at the end nothing of what it was told may have been wrong, or told twice."""
    async with serve_slackd(SlackdOptions(realtime=realtime, **options)) as slack:
        yield slack
        assert slack.warnings == [], slack.warnings
        assert slack.ledger.repeated() == {}
        assert problems_of(slack) == []


def problems_of(slack: Slackd) -> list[str]:
    """What is wrong with anything that was sent, whether the local Slack took it or not."""
    told: list[str] = []
    for entry in slack.log.calls():
        if entry.name in {"chat.postMessage", "chat.update", "chat.postEphemeral"}:
            told += [f"{entry.name}: {each}" for each in validate_message(entry.params)]
        elif entry.name == "views.open":
            told += [f"{entry.name}: {each}" for each in validate_view(entry.params["view"])]
    return told


async def late_acks(slack: Slackd) -> list[tuple[str, float | None]]:
    """Deliveries that were not acknowledged, or not within a second, once the line is quiet."""
    await slack.settled()
    told = [e for e in slack.log.deliveries() if e.name != "url_verification"]
    return [(e.name, e.acked_after) for e in told if e.acked_after is None or e.acked_after > 1]


def slack_settings(home: Path, slack: Slackd, mode: Mode = "socket", **more: Any) -> Settings:
    """Settings of a product that talks to this Slack."""
    proof: dict[str, Any] = (
        {"slack_app_token": slack.app_token} if mode == "socket" else {"slack_signing_secret": slack.signing_secret}
    )
    return Settings(
        tizmor_home=home,
        tizmor_env_file=None,
        tizmor_port=0,
        slack_bot_token=slack.bot_token,  # pyright: ignore[reportArgumentType] - pydantic makes it a secret
        slack_api_url=slack.api_url,
        **proof,
        **more,
    )


@asynccontextmanager
async def product(home: Path, slack: Slackd, mode: Mode = "socket", **more: Any) -> AsyncGenerator[Serving]:
    """The product, listening to this Slack."""
    async with serve(slack_settings(home, slack, mode, **more), outside=True) as serving:
        surface = serving.tizmor.slack
        assert surface is not None
        if mode == "http":
            await until(partial(_is_ready, surface), bool)
            assert await slack.deliver_to(f"{serving.url}/slack/events")
        else:
            await slack.eventually(lambda: slack.connections == 1)
        yield serving


async def _is_ready(surface: SlackSurface) -> bool:
    return surface.ready


@dataclass(slots=True)
class Conversation:
    """One thread, as a person in it sees it."""

    slack: Slackd
    channel: Channel
    user: User
    ts: str

    @property
    def ours(self) -> list[Mapping[str, Any]]:
        """What the product says in the thread."""
        return [m for m in self.slack.messages(self.channel, self.ts) if m.get("bot_id")]

    @property
    def card(self) -> Mapping[str, Any]:
        """The one card."""
        return self.ours[0]

    def with_button(self, action: str) -> tuple[Mapping[str, Any], str] | None:
        """The message that has a button or menu of this action now, with its action id."""
        for message in self.ours:
            for element in elements(message):
                if str(element.get("action_id", "")).partition(".")[0] == action:
                    return message, str(element["action_id"])
        return None

    @property
    def texts(self) -> list[str]:
        """What its messages say in notifications, without the marks that isolate values."""
        return [plain(str(m["text"])) for m in self.ours]

    async def sees(self, action: str, seconds: float = 20) -> tuple[Mapping[str, Any], str]:
        """Wait for a button or a menu; its message and action id."""
        await self.slack.eventually(lambda: self.with_button(action), seconds)
        found = self.with_button(action)
        assert found is not None
        return found

    async def told(self, words: str, seconds: float = 20) -> str:
        """Wait until one of its messages says this."""
        await self.slack.eventually(lambda: any(words in text for text in self.texts), seconds)
        return next(text for text in self.texts if words in text)

    async def says(self, text: str, *, user: User | None = None) -> str:
        """Somebody writes in the thread."""
        return await self.slack.say(user or self.user, self.channel, text, self.ts)

    async def whispered(self, words: str, user: User | None = None, seconds: float = 10) -> str:
        """Wait until only this person was told this."""
        person = user or self.user
        await whispered(self.slack, person, words, seconds)
        return plain(str(self.slack.ephemerals(person)[-1]["text"]))

    async def gated(self) -> tuple[Mapping[str, Any], str]:
        """Choose, and wait for the gate; its message and the id of its Approve button."""
        await self.press("choose")
        return await self.sees("approve")

    async def press(self, action: str, *, user: User | None = None, seconds: float = 20, **how: Any) -> None:
        """Wait for a button and press it."""
        await self.slack.eventually(lambda: self.with_button(action), seconds)
        found = self.with_button(action)
        assert found is not None
        message, action_id = found
        await self.slack.click(user or self.user, self.channel, str(message["ts"]), action_id, **how)

    async def finished(self, seconds: float = 30) -> Mapping[str, Any]:
        """Wait for the final reply: the one that asks what one thinks of it."""
        await self.slack.eventually(lambda: self.with_button("feedback"), seconds)
        found = self.with_button("feedback")
        assert found is not None
        return found[0]

    async def story(self) -> Mapping[str, Any]:
        """Answer everything the story asks, to its end."""
        await self.press("choose")
        await self.press("approve")
        return await self.finished()


async def whispered(slack: Slackd, user: User, words: str, seconds: float = 10) -> None:
    """Wait until only this person was told this, wherever."""
    await slack.eventually(lambda: any(words in plain(str(m["text"])) for m in slack.ephemerals(user)), seconds)


def words_of(message: Mapping[str, Any]) -> str:
    """Everything a message says, its blocks' texts in order."""

    def walk(part: Any) -> Iterator[str]:
        if isinstance(part, list):
            for each in cast("list[Any]", part):
                yield from walk(each)
        elif isinstance(part, dict):
            for name, value in cast("dict[str, Any]", part).items():
                if name == "text" and isinstance(value, str):
                    yield value
                else:
                    yield from walk(value)

    return plain(" ".join(walk(message.get("blocks") or [message])))


def elements(message: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Everything that can be pressed in a message."""
    for block in message.get("blocks") or ():
        yield from block.get("elements") or () if block["type"] in {"actions", "context_actions"} else ()
        if "accessory" in block:
            yield block["accessory"]


async def ask(
    slack: Slackd, channel: Channel, text: str, *, user: User | None = None, mention: bool = True
) -> Conversation:
    """A person asks in a channel, or in their direct messages."""
    person = user or slack.dana
    ts = await slack.say(person, channel, f"{slack.mention} {text}" if mention else text)
    return Conversation(slack=slack, channel=channel, user=person, ts=ts)
