"""The story in Slack with the product killed in the middle of it, and what is there at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.crash import telling
from tests.crash.forks import Forks
from tests.crash.telling import AT_WORK, SECONDS, Asked, Case, Json, Telling, home_of
from tests.scenarios.lab import SENTENCES
from tests.scenarios.slack_lab import Conversation, elements
from tests.servers.slackd import Fault, Slackd, SlackdOptions, serve_slackd

RETRY_AFTER = (0.0, 1.0, 5.0)
"""Seconds after which Slack tries again what was not acknowledged: as in life at once, and then after a start takes."""


class SlackTelling(Telling):
    """The story in a channel."""

    known = "slack_known"

    def __init__(self, case: Case, home: Path, forks: Forks, slack: Slackd) -> None:
        super().__init__(case, home, forks)
        self.slack = slack
        self.conversation: Conversation | None = None

    def settings(self) -> Json:
        slack = self.slack
        proof = (
            {"slack_app_token": slack.app_token}
            if self.case.mode == "socket"
            else {"slack_signing_secret": slack.signing_secret}
        )
        return {"slack_bot_token": slack.bot_token, "slack_api_url": slack.api_url, **proof}

    def reached_at(self, url: str) -> None:
        if self.case.mode == "http":
            self.slack.deliver_to(f"{url}/slack/events")

    @property
    def listens(self) -> bool:
        return self.case.mode == "http" or self.slack.connections > 0

    async def begin(self) -> None:
        channel = self.slack.add_channel("general", members=[self.slack.dana, self.slack.avi])
        words = f"{self.slack.mention} {SENTENCES[self.case.locale]}"
        ts = await self.slack.say(self.slack.dana, channel, words)
        self.conversation = Conversation(slack=self.slack, channel=channel, user=self.slack.dana, ts=ts)

    def button(self, action: str) -> Asked | None:
        assert self.conversation is not None
        found = self.conversation.with_button(action)
        return None if found is None else Asked(action, str(found[0]["ts"]), found[1])

    async def press(self, asked: Asked) -> bool:
        assert self.conversation is not None
        ack = await self.slack.click(self.slack.dana, self.conversation.channel, asked.message, asked.data)
        return ack.ok

    @property
    def shows_the_end(self) -> bool:
        assert self.conversation is not None
        if self.conversation.with_button("feedback") is None:
            return False
        over = self.slack.session(self.conversation.channel, self.conversation.ts) == "active"
        return over and not any(_buttons(message) & AT_WORK for message in self.conversation.ours)

    def strike_last_edit(self, fault: str) -> None:
        self.slack.faults.next("chat.update", Fault(kind=fault), when=self._is_last_edit)

    async def quiet(self) -> None:
        await self.slack.settled(SECONDS)

    async def rested(self) -> None:
        """Slack can be asked."""

    async def until(self, holds: Callable[[], object]) -> None:
        await self.slack.eventually(holds, SECONDS)

    def changed(self) -> None:
        self.slack.world.touch()

    def _is_last_edit(self, params: Json) -> bool:
        """Is this call about to show the card as it stays? Then the product dies while it waits for the answer."""
        if self.conversation is None or params.get("ts") != self.conversation.card["ts"]:
            return False
        if _buttons(params) & AT_WORK:
            return False
        self.kill()
        return True


def _buttons(message: Mapping[str, Any]) -> set[str]:
    return {str(each.get("action_id", "")).partition(".")[0] for each in elements(message)}


async def told(case: Case, forks: Forks, template: Path, work: Path) -> Json:
    """Tell one story; what is in Slack and in the office afterwards, as one line of JSON."""
    async with serve_slackd(SlackdOptions(realtime=True, retry_after=RETRY_AFTER)) as slack:
        story = SlackTelling(case, home_of(case, template, work), forks, slack)
        verdict = await story.verdict()
        ours = story.conversation.ours if story.conversation else []
        return verdict | {
            "messages": [message["text"] for message in ours],
            "repeated": slack.ledger.repeated(),
            "whispered": [message["text"] for message in slack.ephemerals(slack.dana)],
            "warnings": slack.warnings,
        }


def problems(verdict: Json, *, killed: bool = True) -> list[str]:
    """What of a verdict is not as it should be."""
    wrong = telling.problems(verdict, {"repeated": {}, "whispered": [], "warnings": []}, killed=killed)
    if len(verdict["messages"]) != 4:  # the card, who, the gate, the end
        wrong.append(f"messages: {verdict['messages']}")
    return wrong
