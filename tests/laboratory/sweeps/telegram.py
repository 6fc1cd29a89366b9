"""The story in Telegram, told while the product is killed: at the worst moments over every door and in every place, and at every
point of the chat's own.

Telegram stays up. See ``tests.laboratory.chats`` for how it is run.
"""

from __future__ import annotations

import asyncio
from argparse import Namespace
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any, Literal, cast

from bot.telegram import surface
from tests.laboratory import telling
from tests.laboratory.chats import chosen, doubled, sweep, tell_all
from tests.laboratory.forks import Forks
from tests.laboratory.telling import AT_WORK, SECONDS, Asked, Case, Json, Telling, home_of
from tests.scenarios.lab import SENTENCES, make_home
from tests.scenarios.telegram_front import PUBLIC, SECRET, WEBHOOK_RETRY, Front, deliver_to, front
from tests.scenarios.telegram_lab import (
    MODES,
    QUICK,
    Conversation,
    Mode,
    QuickPace,
    actions,
    all_noted,
    ask,
    let_all_in,
    listens,
    live_words,
    meet,
    text_of,
)
from tests.servers.telegramd import Fault, Telegramd, TelegramdOptions, serve_telegramd

Place = Literal["private", "group", "topic"]
PLACES: tuple[Place, ...] = ("private", "group", "topic")
COMMITTED: dict[Mode, str] = {"polling": "telegram.commit.after#1", "webhook": "telegram.webhook.after#1"}
POINTS = {
    "during planning": "state.SavePlan.before#1",
    "after the click's commit": "inbox.handle.before#3",
    "after the decision's commit": "state.DecideApproval.after#2",
}
OF_THE_CHAT = ("chat.", "inbox.", "telegram.")
CUTS = {"before": Fault.reset_before(), "after": Fault.reset_after_commit()}
MESSAGES = 5
"""The card, who, the gate, and the end on two pages."""
MARKED = ("This may be here twice", "ייתכן שזה מופיע כאן פעמיים")


class TelegramTelling(Telling):
    """The story in a private chat, a group or a topic."""

    known = "telegram_known"

    def __init__(self, case: Case, home: Path, forks: Forks, telegram: Telegramd, public: Front | None) -> None:
        super().__init__(case, home, forks)
        self.telegram = telegram
        self.conversation: Conversation | None = None
        self._public = public

    @property
    def ours(self) -> list[Json]:
        """What the product said."""
        return self.conversation.ours if self.conversation is not None else []

    def settings(self) -> Json:
        telegram = self.telegram
        proof: Json = {}
        if self._public is not None:
            self._public.behind = ""
            proof = {"telegram_webhook_secret": SECRET, "tizmor_public_url": PUBLIC}
        return {"telegram_bot_token": telegram.token, "telegram_api_url": telegram.api_url, **proof}

    def reached_at(self, url: str) -> None:
        if self._public is not None:
            self._public.behind = url

    @property
    def listens(self) -> bool:
        return listens(self.telegram, self._public)()

    async def begin(self) -> None:
        telegram, topic = self.telegram, 0
        members = [telegram.dana, telegram.avi]
        match self.case.place:
            case "private":
                chat = telegram.private(telegram.dana)
            case "topic":
                chat = telegram.add_forum("Forum", members)
                topic = await telegram.create_topic(chat, "Tevuot")
            case _:
                chat = telegram.add_supergroup("Team", members)
        self.conversation = await ask(telegram, chat, SENTENCES[self.case.locale], user=telegram.dana, topic=topic)

    def button(self, action: str) -> Asked | None:
        """The latest: what may be there twice is answered where it says so."""
        for message in reversed(self.ours):
            for does, data, _ in actions(message):
                if does == action:
                    return Asked(action, message["message_id"], data)
        return None

    async def press(self, asked: Asked) -> bool:
        assert self.conversation is not None
        await self.telegram.press(self.telegram.dana, self.conversation.chat, asked.message, asked.data)
        return True

    @property
    def shows_the_end(self) -> bool:
        """A message that may be there twice leaves its twin as it was: nobody knows that one."""
        if self.button("feedback") is None:
            return False
        at_work = [m for m in self.ours if {does for does, _, _ in actions(m)} & AT_WORK]
        return len(at_work) <= len(marked(self.ours)) and not self.telegram.unanswered()

    def strike_last_edit(self, fault: str) -> None:
        self.telegram.faults.next("editMessageText", CUTS[fault], when=self._is_last_edit)

    async def quiet(self) -> None:
        await self.telegram.settled(SECONDS)

    async def rested(self) -> None:
        await all_noted(self.home)

    async def until(self, holds: Callable[[], object]) -> None:
        await self.telegram.eventually(holds, SECONDS)

    def changed(self) -> None:
        self.telegram.world.touch()

    def _is_last_edit(self, params: Json) -> bool:
        """Is this call about to show the card as it stays? Then the product dies while it waits for the answer."""
        if not self.ours or str(params.get("message_id")) != str(self.ours[0]["message_id"]) or keys(params):
            return False
        self.kill()
        return True


def keys(params: Json) -> list[Any]:
    """Rows of buttons of a call."""
    markup = params.get("reply_markup")
    return list(cast("Json", markup).get("inline_keyboard", [])) if isinstance(markup, dict) else []


def marked(ours: list[Json]) -> list[Json]:
    """Messages that said when they came that they may be there twice."""
    return [m for m in ours if str(m["_states"][0]["text"]).startswith(MARKED)]


def known_home(home: Path) -> Path:
    """A home in which Dana is the owner."""

    async def made() -> None:
        async with serve_telegramd() as telegram:
            await let_all_in(make_home(home), telegram)

    asyncio.run(made())
    return home


async def told(case: Case, forks: Forks, template: Path, work: Path) -> Json:
    """Tell one story; what is in Telegram and in the office afterwards, as one line of JSON."""
    options = TelegramdOptions(flood=QUICK, webhook_retry=WEBHOOK_RETRY)
    async with serve_telegramd(options) as telegram, front() as public:
        meet(telegram.dana, telegram.avi)
        if case.mode == "webhook":
            deliver_to(telegram, public)
        home = home_of(case, template, work)
        story = TelegramTelling(case, home, forks, telegram, public if case.mode == "webhook" else None)
        verdict = await story.verdict()
        elsewhere = [chat.id for chat in telegram.world.chats.values() if telegram.sent(chat)]
        return verdict | {
            "messages": [text_of(message)[:80] for message in story.ours],
            "marked": len(marked(story.ours)),
            "chats": len(elsewhere),
            "unanswered": len(telegram.unanswered()),
            "live": live_words(telegram),
            "warnings": telegram.warnings,
        }


def problems(verdict: Json, *, killed: bool = True) -> list[str]:
    """What of a verdict is not as it should be."""
    wanted: Json = {"chats": 1, "unanswered": 0, "live": [], "warnings": []}
    most = telling.deaths(verdict)  # each may leave one message of which nobody knows whether it arrived
    wrong = telling.problems(verdict, wanted, killed=killed)
    if verdict["marked"] > most or not MESSAGES <= len(verdict["messages"]) <= MESSAGES + verdict["marked"]:
        wrong.append(f"messages: {verdict['messages']}, {verdict['marked']} of them marked")
    return wrong


def named() -> list[Case]:
    """The named points, over both doors and in every place; the languages take turns."""
    cases: list[Case] = []
    turn = count()

    def add(what: str, mode: Mode, place: str, **how: object) -> None:
        locale = ("he", "en")[next(turn) % 2]
        name = f"{what}, {mode}, {place}, {locale}"
        cases.append(Case(name=name, kind=f"{what}, {mode}", mode=mode, place=place, locale=locale, **how))  # pyright: ignore[reportArgumentType] - fields of a case

    for mode in MODES:
        for place in PLACES:
            add("after the commit of the update", mode, place, point=COMMITTED[mode])
            for what, point in POINTS.items():
                add(what, mode, place, point=point)
            add("at the open gate", mode, place, gate_is_open=True)
            add("before the final edit", mode, place, last_edit="before")
            add("after the final edit", mode, place, last_edit="after")
    return cases


async def enumerated(forks: Forks, work: Path) -> list[Case]:
    """Every point of the chat that an undisturbed story passes, over either door."""
    cases: list[Case] = []
    seen: set[str] = set()
    for mode, locale in zip(MODES, ("en", "he"), strict=True):
        log = work / f"points-{mode}"
        case = Case(name=f"undisturbed {mode}", mode=mode, locale=locale, log=log)
        verdict = await told(case, forks, work / "template", work)
        assert not problems(verdict, killed=False), verdict
        points = [p for p in log.read_text("utf-8").split() if p.startswith(OF_THE_CHAT) and p not in seen]
        seen.update(points)
        kinds = [f"{mode}, {point.partition('#')[0]}" for point in points]
        cases += [
            Case(name=f"{mode}, {point}", kind=kind, mode=mode, locale=locale, point=point)
            for kind, point in zip(kinds, points, strict=True)
        ]
    return cases


async def stories(work: Path, asked: Namespace, forks: Forks) -> None:
    """All of one kind."""
    cases = named() if asked.which == "named" else await enumerated(forks, work)
    those = [*chosen(cases, asked.one_in), *doubled(cases, asked.doubles, asked.seed)]
    await tell_all(those, told, problems, work, forks)


if __name__ == "__main__":
    surface.Pace = QuickPace
    sweep(known_home, stories)
