"""One person with several accounts: the same approvals on each, the first decision counts, and every message shows it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.serve import Serving
from tests.scenarios import slack_lab
from tests.scenarios.lab import NOTHING, SENTENCES, STORY, TOMORROW, executions, plain, written
from tests.scenarios.telegram_lab import Conversation, all_noted, ask, heard, local_telegram, product, team, text_of
from tests.servers.slackd import Slackd
from tests.servers.telegramd import Telegramd, User


@dataclass(slots=True, kw_only=True)
class Both:
    """A product in two chats."""

    telegram: Telegramd
    slack: Slackd
    serving: Serving

    async def link(self) -> None:
        """Dana says in Slack, with a code from Telegram, that both accounts are hers."""
        slack, telegram = self.slack, self.telegram
        await slack.eventually(lambda: slack.connections == 1)
        await telegram.say(telegram.dana, telegram.dana, "/link")
        code = (await heard(telegram, telegram.dana, "/tizmor link")).partition("/tizmor link ")[2].split()[0]
        await slack.command(slack.dana, slack.im(slack.dana), "/tizmor", f"link {code}")
        await slack_lab.whispered(slack, slack.dana, "are both you")

    def private(self, user: User) -> Conversation:
        """All that is told to somebody in private."""
        return Conversation(telegram=self.telegram, chat=self.telegram.private(user), user=user, root=0)


@asynccontextmanager
async def both(home: Path) -> AsyncGenerator[Both]:
    """A product in Slack and in Telegram; Dana is the same person in both."""
    async with (
        local_telegram() as telegram,
        slack_lab.local_slack() as slack,
        team(home, telegram, **slack_too(slack)) as serving,
    ):
        here = Both(telegram=telegram, slack=slack, serving=serving)
        await here.link()
        yield here


def slack_too(slack: Slackd) -> dict[str, Any]:
    """Settings with which a product is in Slack besides."""
    return {"slack_bot_token": slack.bot_token, "slack_app_token": slack.app_token, "slack_api_url": slack.api_url}


async def test_what_is_asked_in_slack_is_decided_in_telegram_and_both_show_it(tmp_path: Path) -> None:
    async with both(tmp_path) as here:
        slack, telegram = here.slack, here.telegram
        channel = slack.add_channel("general", members=[slack.dana, slack.avi])
        asked = await slack_lab.ask(slack, channel, SENTENCES["en"])
        private = here.private(telegram.dana)
        choice, _ = await private.sees("choose")
        assert "About what you asked for elsewhere: Read what we did" in text_of(choice)
        assert await private.answer("choose", "Yoav Levi") == ""
        await asked.told("Picked: Yoav Levi")
        slack_gate, approve = await asked.sees("approve")
        slack_gate = dict(slack_gate)
        gate, data = await private.sees("approve")
        stale = dict(gate)
        assert await private.answer("approve") == ""
        await asked.told("Approved by")
        await private.told("Approved by")
        await asked.finished()
        assert written(tmp_path) == STORY
        await slack.click(slack.dana, channel, slack_gate["ts"], approve, stale=slack_gate)
        query = await telegram.press_raw(telegram.dana, private.chat, gate["message_id"], data, as_it_was=stale)
        await telegram.eventually(lambda: telegram.answer(query) is not None)
        assert len(await executions(here.serving)) == 1
        assert private.with_button("approve") is None
        assert private.with_button("feedback") is None, "only questions are shown elsewhere"


async def test_what_is_asked_in_telegram_is_decided_in_slack_and_both_show_it(tmp_path: Path) -> None:
    async with both(tmp_path) as here:
        slack, telegram = here.slack, here.telegram
        group = telegram.add_supergroup("Team", [telegram.dana, telegram.avi])
        asked = await ask(telegram, group, SENTENCES["he"])
        room = slack.im(slack.dana)
        await slack.eventually(lambda: _elements(here, "choose"), 20)
        ts, action = _elements(here, "choose")[0]
        assert (await slack.click(slack.dana, room, ts, action)).ok
        await asked.told("הבחירה:")
        await slack.eventually(lambda: _elements(here, "approve"), 20)
        ts, action = _elements(here, "approve")[0]
        gate, data = await asked.sees("approve")
        assert (await slack.click(slack.dana, room, ts, action)).ok
        await asked.told("אושר על ידי")
        await asked.finished()
        assert written(tmp_path) == STORY
        reject = data.replace("a:", "r:", 1)
        query = await telegram.press_raw(telegram.dana, group, gate["message_id"], reject, as_it_was=dict(gate))
        await telegram.eventually(lambda: telegram.answer(query) is not None)
        assert "You had answered that already: approved" in plain(str((telegram.answer(query) or {})["text"]))
        await slack.eventually(lambda: not _elements(here, "approve"))


def _elements(here: Both, action: str) -> list[tuple[str, str]]:
    """Message and id of each button of this action in Dana's direct messages in Slack."""
    return [
        (str(message["ts"]), str(element["action_id"]))
        for message in here.slack.messages(here.slack.im(here.slack.dana))
        for element in slack_lab.elements(message)
        if str(element.get("action_id", "")).partition(".")[0] == action
    ]


async def test_a_question_that_was_open_before_is_shown_once_and_survives_a_restart(tmp_path: Path) -> None:
    async with local_telegram() as telegram, slack_lab.local_slack() as slack:
        channel = slack.add_channel("general", members=[slack.dana, slack.avi])
        async with team(tmp_path, telegram, **slack_too(slack)) as serving:
            here = Both(telegram=telegram, slack=slack, serving=serving)
            await slack.eventually(lambda: slack.connections == 1)
            asked = await slack_lab.ask(slack, channel, SENTENCES["en"])
            await asked.gated()
            assert telegram.sent(telegram.dana) == []
            await here.link()
            private = here.private(telegram.dana)
            await private.sees("approve")
            await all_noted(tmp_path)
        async with product(tmp_path, telegram, **slack_too(slack)):
            await slack.eventually(lambda: slack.connections == 1)
            assert written(tmp_path) == NOTHING
            await asked.press("approve")
            await private.told("Approved by")
            await asked.finished()
        assert written(tmp_path) == STORY
        questions = [m for m in telegram.sent(telegram.dana) if "Approve this?" in str(m["_states"][0]["text"])]
        assert len(questions) == 1


async def test_an_account_that_is_nobody_comes_in_as_the_person_it_belongs_to(tmp_path: Path) -> None:
    async with local_telegram() as telegram, team(tmp_path, telegram) as serving:
        group = telegram.add_supergroup("Team", [telegram.avi, telegram.guest, telegram.stranger])
        code = await link_code(telegram, telegram.avi)
        await telegram.start(telegram.guest, code)
        await heard(telegram, telegram.guest, "are both you")
        await telegram.say(telegram.stranger, telegram.stranger, f"/link {code}")
        await heard(telegram, telegram.stranger, "not good")
        asked = await ask(telegram, group, SENTENCES["he"], user=telegram.avi)
        assert "Only whoever" in await asked.answer("choose", user=telegram.stranger)
        assert await asked.answer("choose", user=telegram.guest) == ""
        await asked.sees("approve")
        await telegram.say(telegram.guest, telegram.guest, "/approvals")
        await heard(telegram, telegram.guest, "One thing waits")
        await asked.press("reject", user=telegram.guest)
        await asked.press("form", "בלי נימוק", user=telegram.guest)
        await asked.told("נדחה על ידי Gal Guest")
        await asked.finished()
        assert written(tmp_path)["events"] == written(tmp_path)["mails"] == 0
        await telegram.say(telegram.guest, telegram.guest, "/unlink")
        await heard(telegram, telegram.guest, "stands for itself")
        await telegram.say(telegram.guest, telegram.guest, TOMORROW["en"])
        await heard(telegram, telegram.guest, "who were invited")
        assert len(await executions(serving)) == 1


async def test_a_link_that_somebody_else_sent_is_not_followed_by_opening_it(tmp_path: Path) -> None:
    async with local_telegram() as telegram, team(tmp_path, telegram):
        code = await link_code(telegram, telegram.dana)
        await telegram.start(telegram.dana, code)
        await heard(telegram, telegram.dana, "made that code itself")
        await telegram.start(telegram.avi, code)
        assert "Dana Levi" in await heard(telegram, telegram.avi, "הקוד הזה הגיע")
        group = telegram.add_supergroup("Team", [telegram.dana, telegram.avi])
        conversation = await ask(telegram, group, SENTENCES["en"])
        assert "זה אפשרי רק למי שביקש" in await conversation.answer("choose", user=telegram.avi)
        await telegram.say(telegram.avi, telegram.avi, f"/link {code}")
        await heard(telegram, telegram.avi, "הם שניהם שלך")
        assert await conversation.answer("choose", user=telegram.avi) == ""


async def link_code(telegram: Telegramd, user: User) -> str:
    """A code somebody got in Telegram, to say with another account of theirs that it is."""
    await telegram.say(user, user, "/link")
    words = await heard(telegram, user, ": /link ")
    return words.partition(": /link ")[2].split()[0]
