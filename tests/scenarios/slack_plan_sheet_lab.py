"""A plan sheet in Slack: opened, tapped, and followed until what was tapped is handled."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.serve import Serving
from engine import failpoints
from engine.domain.ids import DEFAULT_TENANT, PrincipalId
from engine.domain.snapshot import ExecutionSnapshot
from engine.domain.tenant import Principal, Role
from engine.errors import UnavailableError
from tests.scenarios.lab import SENTENCES, executions, make_home, plain
from tests.scenarios.slack_lab import Conversation, Mode, ask, elements, local_slack, product, words_of
from tests.servers.blockkit import validate_view
from tests.servers.slackd import Slackd
from tests.waiting import until

OWNER = Principal(id=PrincipalId("owner"), tenant_id=DEFAULT_TENANT, role=Role.OWNER)
TAKEN = {"en": "Taken. A new version follows.", "he": "התקבל. גרסה חדשה בדרך."}
SHEET = {"en": "Edit the plan", "he": "עריכת התוכנית"}
STAYS = {"en": "What is done stays.", "he": "מה שכבר נעשה נשאר."}
BUTTONS = {"en": ["Edit", "Leave out"], "he": ["עריכה", "להשמיט"]}
TITLE = {"en": "Title", "he": "כותרת"}
BUDGET = {"en": "Budget of Tevuot", "he": "תקציב תבואות"}
EMPTY = {"en": "This must not be empty.", "he": "אי אפשר להשאיר את זה ריק."}
TWO = {
    "en": "Set up a meeting with Yoav and set up a meeting with Dana",
    "he": "תקבע פגישה עם יואב ותקבע פגישה עם דנה",
}
REPLACED = "That step has changed meanwhile. The card shows the plan as it is now."
NOT_YOURS = "זה אפשרי רק למי שביקש את זה, או לבעלים."
"""In the language Avi uses Slack in."""
BROKEN = "BEGIN:VCALENDAR\nthis is no calendar\n"
MEETING, AGENDA = "s4", "s5"


@dataclass(slots=True)
class Handling:
    """How what people do is handled."""

    again: bool = False
    """Whatever is handled is handled again, as after a crash."""
    times: int = 0
    unnoted: int = 0
    handled: int = 0
    """Noted as done."""

    def pass_point(self, point: str) -> None:
        self.times += point.startswith("inbox.handle.after#")
        if point.startswith("inbox.handle.after#") and self.again:
            self.unnoted += 1
            raise UnavailableError("storage_unavailable", "not noted as handled")
        self.handled += point.startswith("inbox.handled#")

    async def until(self, count: int) -> None:
        """Wait until so many are."""
        assert await until(self._handled, lambda found: found >= count) == count

    async def last(self, count: int) -> None:
        """Have what was handled, and not noted, be handled once more, and noted."""
        before = await until(self._unnoted, bool)
        self.again = False
        await self.until(count)
        assert self.times > before

    async def _handled(self) -> int:
        return self.handled

    async def _unnoted(self) -> int:
        return self.times if self.unnoted else 0


@contextmanager
def handling() -> Generator[Handling]:
    """Follow it; the composition root, which arms nothing, must be there before."""
    found = Handling()
    failpoints.arm(None, found.pass_point)
    try:
        yield found
    finally:
        failpoints.arm(None)


@asynccontextmanager
async def gated(
    home: Path, locale: str = "en", mode: Mode = "socket"
) -> AsyncGenerator[tuple[Slackd, Serving, Conversation]]:
    """The story, asked by Dana, as far as its gate; at the end Slack would have taken every sheet there was."""
    async with watched(home, locale, mode) as (slack, serving, conversation, _):
        yield slack, serving, conversation


@asynccontextmanager
async def watched(
    home: Path, locale: str = "en", mode: Mode = "socket"
) -> AsyncGenerator[tuple[Slackd, Serving, Conversation, Handling]]:
    """The same, and how what Dana does is handled: her request and her choice are by now."""
    make_home(home)
    async with local_slack() as slack, product(home, slack, mode) as serving:
        with handling() as found:
            channel = slack.add_channel("general", members=[slack.dana, slack.avi])
            conversation = await ask(slack, channel, SENTENCES[locale])
            await conversation.gated()
            await found.until(2)
            yield slack, serving, conversation, found
        views = [e.params["view"] for e in slack.log.calls() if e.name in {"views.open", "views.push", "views.update"}]
        assert views
        assert [problem for view in views for problem in validate_view(view)] == []


async def sheet_of(conversation: Conversation) -> dict[str, Any]:
    """The sheet that the card's button opens; one that is open already goes."""
    before = len(conversation.slack.log.calls("views.open"))
    await conversation.press("plan")
    await conversation.slack.eventually(
        lambda: len(conversation.slack.log.calls("views.open")) > before and top(conversation)
    )
    return top(conversation) or {}


def top(conversation: Conversation) -> dict[str, Any] | None:
    """What Dana has before her."""
    views = conversation.slack.views(conversation.user)
    return views[-1] if views else None


def says(conversation: Conversation, words: str) -> bool:
    return words in words_of(top(conversation) or {"blocks": []})


def labels(view: dict[str, Any]) -> list[list[str]]:
    """What can be pressed at each step that can be changed."""
    return [[e["text"]["text"] for e in block["elements"]] for block in view["blocks"] if block["type"] == "actions"]


def button(view: dict[str, Any], action: str, number: int) -> str:
    """The id of a button at the step of this number, which everyone who hears the sheet is told."""
    found = [e for e in elements(view) if str(e["action_id"]).startswith(f"{action}_step.")]
    return next(str(e["action_id"]) for e in found if f": {number}. " in plain(e["accessibility_label"]))


async def tap(conversation: Conversation, view: dict[str, Any], action: str, number: int) -> None:
    await conversation.slack.click_in_view(conversation.user, view["id"], button(view, action, number))


async def edit_form(conversation: Conversation, view: dict[str, Any], number: int) -> dict[str, Any]:
    """The form on top of the sheet."""
    slack = conversation.slack
    await tap(conversation, view, "edit", number)
    await slack.eventually(lambda: len(slack.views(conversation.user)) == 2)
    return slack.views(conversation.user)[-1]


async def version(serving: Serving, number: int) -> ExecutionSnapshot:
    """The one execution, once its plan is this version."""
    found = await until(lambda: executions(serving), lambda found: found[0].execution.plan_version == number)
    assert len(found) == 1
    return found[0]


async def second_gate(conversation: Conversation, first: str) -> None:
    """Approve what the new version asks for, whose question is another message than that of the first."""
    slack = conversation.slack
    await slack.eventually(lambda: (found := conversation.with_button("approve")) and found[1] != first, 20)
    await conversation.press("approve")


@asynccontextmanager
async def one_failed(
    home: Path, locale: str, mode: Mode = "socket"
) -> AsyncGenerator[tuple[Slackd, Serving, Conversation]]:
    """Two meetings: for one a person is still to be chosen, the other was approved and failed."""
    calendar = make_home(home) / "workspace" / "calendar.ics"
    whole = calendar.read_text("utf-8")
    async with local_slack() as slack, product(home, slack, mode) as serving:
        channel = slack.add_channel("general", members=[slack.dana])
        conversation = await ask(slack, channel, TWO[locale])
        await conversation.sees("choose")
        await conversation.sees("approve")
        calendar.write_text(BROKEN, "utf-8")
        await conversation.press("approve")
        await slack.eventually(lambda: "'status': 'error'" in str(conversation.card["blocks"]), 20)
        await slack.eventually(lambda: not conversation.with_button("approve"), 20)
        calendar.write_text(whole, "utf-8")
        yield slack, serving, conversation
