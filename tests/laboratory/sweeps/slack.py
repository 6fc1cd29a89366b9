"""The story in Slack, told while the product is killed: at the worst moments over every door, and at every point of the chat's own.

Slack stays up. See ``tests.laboratory.chats`` for how it is run.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from tests.laboratory import telling
from tests.laboratory.chats import chosen, doubled, sweep, tell_all
from tests.laboratory.forks import Forks
from tests.laboratory.telling import AT_WORK, SECONDS, Asked, Case, Json, Telling, home_of
from tests.scenarios.lab import SENTENCES, make_home
from tests.scenarios.slack_lab import MODES, Conversation, elements
from tests.servers.slackd import Fault, Slackd, SlackdOptions, serve_slackd

POINTS = {
    "after the ack": "inbox.handle.before#1",
    "during planning": "state.SavePlan.before#1",
    "planned": "state.SavePlan.after#1",
    "after the click's commit": "inbox.handle.before#3",
    "after the decision's commit": "state.DecideApproval.after#2",
    "before the final post": "chat.post.final.before#1",
    "after the final post": "chat.post.final.after#1",
}
OF_THE_CHAT = ("chat.", "inbox.")
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


def named() -> list[Case]:
    """Every named point, over both doors, in both languages."""
    cases: list[Case] = []
    for mode in MODES:
        for locale in ("he", "en"):
            name = partial("{0}, {1}, {2}".format, mode, locale)
            cases += [Case(name=name(n), kind=n, mode=mode, locale=locale, point=point) for n, point in POINTS.items()]
            cases.append(Case(name=name("at the open gate"), kind="gate", mode=mode, locale=locale, gate_is_open=True))
            for n, fault in (("before the final edit", "reset_before"), ("after the final edit", "reset_after_commit")):
                cases.append(Case(name=name(n), kind=n, mode=mode, locale=locale, last_edit=fault))
    return cases


async def enumerated(forks: Forks, work: Path) -> list[Case]:
    """Every point of the chat that an undisturbed story passes."""
    log = work / "points"
    verdict = await told(Case(name="undisturbed", mode="socket", log=log), forks, work / "template", work)
    assert not problems(verdict, killed=False), verdict
    points = [point for point in log.read_text("utf-8").split() if point.startswith(OF_THE_CHAT)]
    return [Case(name=point, kind=point.partition("#")[0], mode="socket", point=point) for point in points]


async def stories(work: Path, asked: Namespace, forks: Forks) -> None:
    """All of one kind."""
    cases = named() if asked.which == "named" else await enumerated(forks, work)
    those = [*chosen(cases, asked.one_in), *doubled(cases, asked.doubles, asked.seed)]
    await tell_all(those, told, problems, work, forks)


if __name__ == "__main__":
    sweep(make_home, stories)
