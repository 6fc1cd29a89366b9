"""The story in Slack with the product killed in the middle of it: a person, an operator who starts it again, and what is there
at the end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.crash.slack_forks import Forks, Product
from tests.scenarios.lab import SENTENCES, copy_home, written
from tests.scenarios.slack_lab import Conversation, Mode, elements
from tests.servers.slackd import Fault, Slackd, SlackdOptions, serve_slackd
from tests.servers.slackd.log import Json

SECONDS = 30
"""Longest wait for one thing to happen."""
RESTARTS = 4
RETRY_AFTER = (0.0, 1.0, 5.0)
"""Seconds after which Slack tries again what was not acknowledged: as in life at once, and then after a start takes."""
ANSWERED = ("choose", "approve")
AT_WORK = {*ANSWERED, "reject", "edit", "details", "pause", "resume", "cancel"}
"""Buttons that nothing shows any more once the story is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One story, and where the product dies in it."""

    name: str
    mode: Mode = "socket"
    locale: str = "en"
    point: str | None = None
    """A named point of the product."""
    gate_is_open: bool = False
    """From outside, while the gate waits for its answer."""
    last_edit: str | None = None
    """From outside, at the last edit of the card: ``reset_before`` it, or ``reset_after_commit``."""
    log: Path | None = None
    """Where to write the points that are passed."""


@dataclass(slots=True)
class Told:
    """A story being told."""

    case: Case
    home: Path
    slack: Slackd
    forks: Forks
    conversation: Conversation | None = None
    product: Product | None = None
    serves: bool = False
    over: bool = False
    codes: list[int] = field(default_factory=list[int])
    """How its processes ended, in order."""

    @property
    def up(self) -> bool:
        """Would the product hear what is said now?"""
        return self.serves and (self.case.mode == "http" or self.slack.connections > 0)

    async def tell(self) -> None:
        """From the first start to the last process's end."""
        channel = self.slack.add_channel("general", members=[self.slack.dana, self.slack.avi])
        if self.case.last_edit:
            self.slack.faults.next("chat.update", Fault(kind=self.case.last_edit), when=self._is_last_edit)
        async with asyncio.timeout(3 * SECONDS), asyncio.TaskGroup() as group:
            group.create_task(self._operate())
            await self._until(lambda: self.up)
            words = f"{self.slack.mention} {SENTENCES[self.case.locale]}"
            ts = await self.slack.say(self.slack.dana, channel, words)
            self.conversation = Conversation(slack=self.slack, channel=channel, user=self.slack.dana, ts=ts)
            await self._converse()
            await self.slack.settled(SECONDS)
            await self._until(lambda: self.up and self._shows_the_end())
            self.over = True
            assert self.product is not None
            self.product.stop()

    async def _operate(self) -> None:
        """Start the product again whenever it is dead."""
        settings: Json = {
            "tizmor_home": str(self.home),
            "tizmor_port": 0,
            "slack_bot_token": self.slack.bot_token,
            "slack_api_url": self.slack.api_url,
        }
        if self.case.mode == "socket":
            settings["slack_app_token"] = self.slack.app_token
        else:
            settings["slack_signing_secret"] = self.slack.signing_secret
        to_die: Json = {"tizmor_failpoint": self.case.point, "tizmor_failpoint_log": self.case.log}
        while not self.over:
            started = settings | {name: str(value) for name, value in to_die.items() if value}
            self.product = await self.forks.start(started, self.home / "errors")
            url = await self.product.serves
            if url is not None and self.case.mode == "http":
                self.slack.deliver_to(f"{url}/slack/events")
            self._note(serves=url is not None)
            self.codes.append(await self.forks.ended(self.product))
            self._note(serves=False)
            to_die = {}
            assert len(self.codes) <= RESTARTS, self.codes

    async def _converse(self) -> None:
        """Answer whatever is asked, again where the answer was not taken, until all of it is over."""
        killed = not self.case.gate_is_open
        answered: set[str] = set()
        while not self._shows_the_end():
            asked = self._asked(answered)
            if asked is None or not self.up:
                await self._until(
                    lambda: self.up and (self._asked(answered) is not None or self._shows_the_end()),
                )
                continue
            action, ts, action_id = asked
            if action == "approve" and not killed:
                killed = True
                assert self.product is not None
                self.product.kill()
                await self._until(lambda: not self.up)
                continue
            assert self.conversation is not None
            ack = await self.slack.click(self.slack.dana, self.conversation.channel, ts, action_id)
            if ack.ok:
                answered.add(action)
            elif self.up:  # it is dying: Slack knows before we do
                await self._until(lambda: not self.up)

    def _asked(self, answered: set[str]) -> tuple[str, str, str] | None:
        """A button to press: what it does, and where it is."""
        assert self.conversation is not None
        for action in ANSWERED:
            found = self.conversation.with_button(action) if action not in answered else None
            if found is not None:
                return action, str(found[0]["ts"]), found[1]
        return None

    def _shows_the_end(self) -> bool:
        """The final reply is there, and nothing in the thread looks as if it were still going on."""
        assert self.conversation is not None
        if self.conversation.with_button("feedback") is None:
            return False
        over = self.slack.session(self.conversation.channel, self.conversation.ts) == "active"
        return over and not any(_buttons(message) & AT_WORK for message in self.conversation.ours)

    def _is_last_edit(self, params: Json) -> bool:
        """Is this call about to show the card as it stays? Then the product dies while it waits for the answer."""
        if self.conversation is None or params.get("ts") != self.conversation.card["ts"]:
            return False
        if _buttons(params) & AT_WORK:
            return False
        assert self.product is not None
        self.product.kill()
        return True

    def _note(self, *, serves: bool) -> None:
        self.serves = serves
        self.slack.world.touch()

    async def _until(self, holds: Callable[[], object]) -> None:
        await self.slack.eventually(holds, SECONDS)


def _buttons(message: Mapping[str, Any]) -> set[str]:
    return {str(each.get("action_id", "")).partition(".")[0] for each in elements(message)}


def home_name(case: Case) -> str:
    """The folder of a story's home."""
    return case.name.replace("#", "-")


async def told(case: Case, forks: Forks, template: Path, work: Path) -> Json:
    """Tell one story; what is in Slack and in the office afterwards, as one line of JSON."""
    home = copy_home(template, work / home_name(case))
    async with serve_slackd(SlackdOptions(realtime=True, retry_after=RETRY_AFTER)) as slack:
        story = Told(case=case, home=home, slack=slack, forks=forks)
        failure = ""
        try:
            await story.tell()
        except* (TimeoutError, AssertionError) as errors:
            failure = "; ".join(repr(error) for error in errors.exceptions)
            if story.product is not None and not story.product.died.done():
                story.product.kill()
                await forks.ended(story.product)
        ours = story.conversation.ours if story.conversation else []
        return {
            "case": case.name,
            "failure": failure,
            "codes": story.codes,
            "messages": [message["text"] for message in ours],
            "repeated": slack.ledger.repeated(),
            "whispered": [message["text"] for message in slack.ephemerals(slack.dana)],
            "warnings": slack.warnings,
            "errors": (home / "errors").read_text("utf-8"),
            **written(home),
        }


def problems(verdict: Json, *, killed: bool = True) -> list[str]:
    """What of a verdict is not as it should be."""
    wanted: dict[str, Any] = {
        "failure": "",
        "repeated": {},
        "whispered": [],
        "warnings": [],
        "errors": "",
        "events": 1,
        "mails": 1,
        "agendas": 1,
    }
    wrong = [f"{name}: {verdict[name]!r}" for name, value in wanted.items() if verdict[name] != value]
    # killed after the last thing that is told, nobody need start it again to see the end
    if verdict["codes"] not in ([[-signal.SIGKILL, 0], [-signal.SIGKILL]] if killed else [[0]]):
        wrong.append(f"codes: {verdict['codes']}")
    if len(verdict["messages"]) != 4:  # the card, who, the gate, the end
        wrong.append(f"messages: {verdict['messages']}")
    return wrong
