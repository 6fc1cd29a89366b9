"""A request by command opens one thread, however often it is handled, or says why it does not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.access import OneTimeCodes
from bot.conversing import Conversing
from bot.gateway import ChatBell, Gateway, Services
from bot.inbox import Inbox
from bot.linking import Linking
from bot.presses import Press
from bot.refusals import Refusals
from bot.slack.address import PREFIX, SURFACE, principal_id, thread_of
from bot.slack.asking import Asking
from bot.slack.desk import Desk
from bot.slack.pace import Pace
from bot.slack.people import SlackPeople
from bot.slack.responses import Responses
from engine.domain.ids import DEFAULT_TENANT, ConversationId, PrincipalId
from engine.domain.json import JsonObject
from engine.domain.tenant import Principal, Role
from engine.errors import RefusedError, UnavailableError
from engine.orchestration.undo import Undoer
from engine.ports.chat_log import Delivery
from storage.chat_store import SqliteChatLog
from storage.codes_store import SqliteCodes
from storage.database import Database
from storage.people_store import SqlitePeople
from storage.remarks_store import SqliteRemarks
from tests.lab import Lab, World, open_lab, plan, step

TEAM, ROOM, PRIVATE = "T1", "C1", "D1"
DANA = Principal(id=principal_id(TEAM, "U1"), tenant_id=DEFAULT_TENANT, role=Role.MEMBER, name="dana")
NOBODY = Principal(id=PrincipalId(PREFIX), tenant_id=DEFAULT_TENANT, role=Role.NONE)
AWAY = UnavailableError("slack_unavailable", "away")


def refused(reason: str) -> RefusedError:
    return RefusedError("slack_refused", reason, {"reason": reason})


@dataclass(slots=True)
class Channels:
    """Slack's channels in memory, in which messages are found by whoever may read there."""

    posts: dict[str, list[dict[str, Any]]] = field(default_factory=dict[str, list[dict[str, Any]]])
    closed: dict[str, RefusedError] = field(default_factory=dict[str, RefusedError])
    """Where we can neither write nor read; ``open`` for direct messages that cannot be opened."""
    lost: int = 0
    """So many of the next posts are made, and their answers lost."""
    calls: list[str] = field(default_factory=list[str])
    whispers: list[str] = field(default_factory=list[str])

    @property
    def roots(self) -> list[tuple[str, str]]:
        return [(channel, str(post["text"])) for channel, posts in self.posts.items() for post in posts]

    async def user(self, user_id: str) -> Mapping[str, Any]:
        return {"id": user_id, "team_id": TEAM, "name": "dana"}

    async def history(self, channel: str, oldest: str, limit: int) -> Sequence[Mapping[str, Any]]:
        self._call("history", channel)
        return self.posts.get(channel, [])[-limit:]

    async def replies(
        self, channel: str, thread_ts: str, oldest: str = "0", limit: int = 200, *, newest: bool = False
    ) -> Sequence[Mapping[str, Any]]:
        return ()

    async def post(
        self, channel: str, body: JsonObject, *, thread_ts: str | None = None, metadata: JsonObject | None = None
    ) -> str:
        self._call("post", channel)
        posts = self.posts.setdefault(channel, [])
        posts.append({"ts": f"{len(posts) + 1}.0", "text": body["text"], "metadata": metadata})
        if self.lost:
            self.lost -= 1
            raise UnavailableError("slack_unavailable", "nobody knows")
        return str(posts[-1]["ts"])

    async def whisper(self, channel: str, user: str, text: str, *, thread_ts: str | None = None) -> None:
        self.whispers.append(text)

    async def open_view(self, trigger_id: str, view: JsonObject) -> None:
        raise NotImplementedError

    async def push_view(self, trigger_id: str, view: JsonObject) -> None:
        raise NotImplementedError

    async def update_view(self, view_id: str, view: JsonObject, hash: str) -> None:  # noqa: A002 - Slack's word
        raise NotImplementedError

    async def open_dm(self, user: str) -> str:
        self._call("open", "open")
        return PRIVATE

    async def suggest(self, channel: str, prompts: Sequence[Mapping[str, str]]) -> None:
        raise NotImplementedError

    def _call(self, name: str, channel: str) -> None:
        self.calls.append(f"{name} {channel}")
        if channel in self.closed:
            raise self.closed[channel]


@dataclass(slots=True)
class Counter:
    """Where commands are taken: what an inbox hands to a surface."""

    lab: Lab
    slack: Channels
    desk: Desk
    asking: Asking
    codes: OneTimeCodes

    def command(self, channel: str = ROOM, key: str = "k1") -> Delivery:
        return Delivery(
            key=key,
            surface=SURFACE,
            user_id=DANA.id,
            tenant_id=DEFAULT_TENANT,
            text="",
            received_at=self.lab.clock.now(),
            conversation_id=ConversationId(f"{PREFIX}{TEAM}:{channel}"),
            kind="command",
            payload={"channel": channel},
        )

    def start_again(self) -> None:
        """The surface broke, and is started again a little later."""
        self.lab.clock.advance(timedelta(seconds=1))
        self.desk = replace(self.desk, started_at=self.lab.clock.now())
        self.asking = Asking(self.desk)

    async def threads(self) -> list[tuple[str, str]]:
        """Where something was started."""
        found = await self.lab.store.executions(DEFAULT_TENANT, None, limit=20, before=None)
        asked = [(await self.lab.orchestrator.get_execution(e)).execution.request.conversation_id for e in found]
        threads = [thread_of(ConversationId(conversation or "")) for conversation in asked]
        return [(thread.channel, thread.ts) for thread in threads if thread is not None]


@asynccontextmanager
async def counter(home: Path) -> AsyncGenerator[Counter]:
    async with open_lab(home, World(plan=lambda _: plan(step("a")))) as lab:
        database: Database = lab.store._database  # pyright: ignore[reportPrivateUsage]
        chat, people, slack = SqliteChatLog(database), SqlitePeople(database), Channels()
        services = Services(
            orchestrator=lab.orchestrator,
            gates=lab.gates,
            store=lab.store,
            inbox=Inbox(chat, lab.clock, {}, lambda: None),
            chat=chat,
            bell=ChatBell(),
            clock=lab.clock,
            timezone="Asia/Jerusalem",
            editor=lab.editor,
            forker=lab.forker,
            undoer=Undoer(lab.orchestrator, lab.clock, {}),
            rated=lambda _: None,
            metrics=str,
            surfaces=dict[str, bool],
        )
        door, codes = Gateway(services), OneTimeCodes(lab.clock, timedelta(hours=1))
        desk = Desk(
            team=TEAM,
            door=door,
            conversing=Conversing(door, "Asia/Jerusalem"),
            people=SlackPeople(slack, people, lab.clock, TEAM, codes),
            refusals=Refusals(people),
            linking=Linking(people, SqliteCodes(database), lab.clock),
            remarks=SqliteRemarks(database),
            web=slack,
            responses=Responses(None, "http://127.0.0.1:1/api/", 1),
            pace=Pace(time.monotonic),
            clock=lab.clock,
            timezone="Asia/Jerusalem",
            locale="en",
            started_at=lab.clock.now(),
        )
        yield Counter(lab, slack, desk, Asking(desk), codes)


# Once.


async def test_a_command_handled_again_after_its_thread_was_opened_opens_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with counter(tmp_path) as at:
        real, left = Gateway.orchestrate, [1]

        async def orchestrate(self: Gateway, *given: Any) -> Any:
            if left:
                left.pop()
                raise AWAY
            return await real(self, *given)

        monkeypatch.setattr(Gateway, "orchestrate", orchestrate)
        with pytest.raises(UnavailableError):
            await at.asking.in_channel(at.command(), DANA, "do it")
        for _ in range(2):  # tried again, and once more because nobody could note that it was done
            assert await at.asking.in_channel(at.command(), DANA, "do it") == ""
        assert len(at.slack.roots) == 1
        assert await at.threads() == [(ROOM, "1.0")]
        assert at.slack.calls == [f"post {ROOM}"]  # what is known is not looked for


async def test_a_thread_whose_opening_nobody_is_sure_of_is_looked_for(tmp_path: Path) -> None:
    async with counter(tmp_path) as at:
        at.slack.lost = 1
        with pytest.raises(UnavailableError):
            await at.asking.in_channel(at.command(), DANA, "do it")
        await at.asking.in_channel(at.command(), DANA, "do it")
        assert len(at.slack.roots) == 1
        assert await at.threads() == [(ROOM, "1.0")]


@pytest.mark.parametrize("lost", [0, 1])
async def test_a_surface_that_was_started_again_looks_for_what_the_one_before_opened(tmp_path: Path, lost: int) -> None:
    async with counter(tmp_path) as at:
        at.slack.lost, delivery = lost, at.command()
        try:
            await at.asking.in_channel(delivery, DANA, "do it")
        except UnavailableError:
            assert lost
        at.start_again()
        await at.asking.in_channel(delivery, DANA, "do it")
        assert len(at.slack.roots) == 1
        assert await at.threads() == [(ROOM, "1.0")]


async def test_a_thread_opened_in_private_is_gone_on_with_there_and_said_so_each_time(tmp_path: Path) -> None:
    async with counter(tmp_path) as at:
        at.slack.closed[ROOM] = refused("not_in_channel")
        at.slack.lost, delivery = 1, at.command()
        with pytest.raises(UnavailableError):
            await at.asking.in_channel(delivery, DANA, "do it")
        for _ in range(2):
            assert "not in that channel" in await at.asking.in_channel(delivery, DANA, "do it")
        at.start_again()
        assert "not in that channel" in await at.asking.in_channel(delivery, DANA, "do it")
        assert [channel for channel, _ in at.slack.roots] == [PRIVATE]
        assert await at.threads() == [(PRIVATE, "1.0")]


async def test_two_commands_open_two_threads(tmp_path: Path) -> None:
    async with counter(tmp_path) as at:
        await at.asking.in_channel(at.command(key="k1"), DANA, "do it")
        await at.asking.in_channel(at.command(key="k2"), DANA, "do it")
        assert sorted(await at.threads()) == [(ROOM, "1.0"), (ROOM, "2.0")]


# Not at all.


@pytest.mark.parametrize("where", ["open", PRIVATE])
@pytest.mark.parametrize(("text", "told"), [("do it", "I cannot write there"), ("תעשה", "אין לי אפשרות לכתוב שם")])
async def test_where_nothing_can_be_written_even_in_private_the_person_is_told(
    tmp_path: Path, where: str, text: str, told: str
) -> None:
    async with counter(tmp_path) as at:
        at.slack.closed = {ROOM: refused("channel_not_found"), where: refused("missing_scope")}
        assert told in await at.asking.in_channel(at.command(), DANA, text)
        assert await at.threads() == []


@pytest.mark.parametrize("shown", ["clam {}", "`claim {}`", "/tizmor claim {}"])
async def test_a_mistyped_claim_is_not_shown_to_the_channel_and_its_code_is_void(tmp_path: Path, shown: str) -> None:
    async with counter(tmp_path) as at:
        code = at.codes.issue(NOBODY)[0]
        for _ in range(2):
            assert "code is void" in await at.asking.in_channel(at.command(), DANA, shown.format(code))
        assert at.slack.calls == []
        assert await at.threads() == []
        assert not at.codes.knows(code)


async def test_a_code_in_a_form_starts_nothing_either(tmp_path: Path) -> None:
    async with counter(tmp_path) as at:
        code = at.codes.issue(NOBODY)[0]
        await at.asking.as_told(at.command(), DANA, Press(action="do_this", choice=f"{ROOM}/1.0"), f"claim {code}")
        assert ["code is void" in each for each in at.slack.whispers] == [True]
        assert await at.threads() == []
        assert not at.codes.knows(code)


async def test_what_was_cancelled_while_it_was_posted_is_looked_for_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with counter(tmp_path) as at:
        real = Channels.post

        async def cancelled(self: Channels, *given: Any, **more: Any) -> str:
            await real(self, *given, **more)
            raise asyncio.CancelledError

        monkeypatch.setattr(Channels, "post", cancelled)
        with pytest.raises(asyncio.CancelledError):
            await at.asking.in_channel(at.command(), DANA, "do it")
        monkeypatch.setattr(Channels, "post", real)
        await at.asking.in_channel(at.command(), DANA, "do it")
        assert len(at.slack.roots) == 1
