"""One person on Slack and Telegram: linked by one code, asked on both, decided once, and both messages say so."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.serve import Serving, serve
from tests.scenarios import slack_lab, telegram_lab
from tests.scenarios.lab import NOTHING, SENTENCES, STORY, make_home, plain, written
from tests.scenarios.slack_lab import local_slack, slack_settings
from tests.scenarios.telegram_lab import heard, listens, local_telegram, telegram_settings
from tests.servers.slackd import Slackd
from tests.servers.telegramd import Telegramd

ABOUT = {"en": "About what you asked for elsewhere", "he": "לגבי מה שביקשת במקום אחר"}


@dataclass(slots=True)
class Both:
    """Dana's two chats."""

    slack: Slackd
    telegram: Telegramd
    serving: Serving

    async def link(self) -> None:
        """Ask for a code in Slack, and bring it to Telegram."""
        dana = self.slack.dana
        await self.slack.command(dana, self.slack.im(dana), "/tizmor", "link")
        await slack_lab.whispered(self.slack, dana, "/link")
        said = plain(str(self.slack.ephemerals(dana)[-1]["text"]))
        code = next(word for word in said.split() if len(word) == 43)
        await self.telegram.start(self.telegram.dana, code)
        await heard(self.telegram, self.telegram.dana, "both you")

    def in_telegram(self) -> telegram_lab.Conversation:
        """What is said to Dana in private there, from now on."""
        chat = self.telegram.chat(self.telegram.dana)
        sent = self.telegram.sent(chat)
        root = int(sent[-1]["message_id"]) if sent else 0
        return telegram_lab.Conversation(telegram=self.telegram, chat=chat, user=self.telegram.dana, root=root)

    def in_slack(self) -> list[dict[str, Any]]:
        """What is said to Dana in private there."""
        return [m for m in self.slack.messages(self.slack.im(self.slack.dana)) if m.get("bot_id")]


@asynccontextmanager
async def both(home: Path, slack: Slackd, telegram: Telegramd) -> AsyncGenerator[Both]:
    """The product on both."""
    chats = telegram_settings(home, telegram).model_dump(include={"telegram_bot_token", "telegram_api_url"})
    async with serve(slack_settings(home, slack, **chats), outside=True) as serving:
        await slack.eventually(lambda: slack.connections == 1)
        await telegram.eventually(listens(telegram))
        yield Both(slack, telegram, serving)
        await telegram.eventually(lambda: not telegram.unanswered())


@pytest.fixture
async def chats() -> AsyncGenerator[tuple[Slackd, Telegramd]]:
    async with local_slack() as slack, local_telegram() as telegram:
        yield slack, telegram


@pytest.mark.parametrize("locale", ["en", "he"])
async def test_what_is_asked_in_slack_is_decided_in_telegram(
    tmp_path: Path, chats: tuple[Slackd, Telegramd], locale: str
) -> None:
    async with both(make_home(tmp_path), *chats) as at:
        await at.link()
        phone = at.in_telegram()
        channel = at.slack.add_channel("general", members=[at.slack.dana])
        room = await slack_lab.ask(at.slack, channel, SENTENCES[locale])
        await phone.press("choose")
        gate, _ = await phone.sees("approve")
        assert telegram_lab.text_of(gate).startswith(ABOUT[locale])
        assert written(tmp_path) == NOTHING
        await phone.press("approve")
        await room.finished()
        assert written(tmp_path) == STORY
        await at.telegram.eventually(lambda: not phone.with_button("approve"))
        assert not room.with_button("approve")
        assert len(phone.ours) == 2, "two questions, and nothing else"


async def test_what_is_asked_in_telegram_is_decided_in_slack(tmp_path: Path, chats: tuple[Slackd, Telegramd]) -> None:
    async with both(make_home(tmp_path), *chats) as at:
        await at.link()
        talk = await telegram_lab.ask(at.telegram, at.telegram.dana, SENTENCES["en"])
        await talk.press("choose")
        await talk.sees("approve")
        await at.slack.eventually(lambda: len(at.in_slack()) == 2)
        gate = at.in_slack()[-1]
        assert ABOUT["en"] in slack_lab.words_of(gate)
        approve = next(e for e in slack_lab.elements(gate) if str(e.get("action_id", "")).startswith("approve"))
        await at.slack.click(at.slack.dana, at.slack.im(at.slack.dana), str(gate["ts"]), str(approve["action_id"]))
        await talk.finished()
        assert written(tmp_path) == STORY
        await at.slack.eventually(lambda: "Approved" in slack_lab.words_of(at.in_slack()[-1]))
        assert len(at.in_slack()) == 2
        assert not any("I cannot write" in slack_lab.words_of(m) for m in at.in_slack())


async def test_the_one_who_left_slack_is_nobody_in_telegram_either(
    tmp_path: Path, chats: tuple[Slackd, Telegramd]
) -> None:
    async with both(make_home(tmp_path), *chats) as at:
        await at.link()
        at.slack.dana.deleted = True
    async with both(tmp_path, *chats) as at:  # what Slack said before is believed for ten minutes
        phone = at.in_telegram()
        await at.telegram.say(at.telegram.dana, at.telegram.dana, "what do I have tomorrow?")
        await phone.told("no owner yet")
