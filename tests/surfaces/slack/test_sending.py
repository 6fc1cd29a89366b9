"""The sender and Slack together, over real sockets and a real log: one card, one reply each, and the end always arrives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.remote_chat import RemoteChat, RemoteChatParts
from bot.render.view import CardLook
from bot.slack.address import PREFIX
from bot.slack.messenger import EVENT_TYPE, _opaque
from bot.slack.session import STATUS
from engine.domain.ids import ExecutionId
from engine.domain.snapshot import ExecutionSnapshot
from storage.codec import instant
from storage.database import open_database
from storage.message_log_store import SqliteMessageLog
from storage.people_store import SqlitePeople
from tests.lab import FakeClock
from tests.servers.slackd import Fault
from tests.surfaces.slack.scene import Scene, asked
from tests.unit.render.story import states

LOOK = CardLook(gated_agents=frozenset({"SchedulingAgent"}))


@dataclass(slots=True)
class Line:
    """A sender of its own for one scene; both clocks go together."""

    scene: Scene
    chat: RemoteChat
    clock: FakeClock
    seq: int = 0
    last: list[ExecutionSnapshot] = field(default_factory=list[ExecutionSnapshot])

    async def show(self, name: str, execution_id: str = "x-1") -> None:
        """The next state of an execution."""
        self.seq += 1
        snapshot = states("en")[name]
        place = self.scene.place
        request = replace(snapshot.execution.request, conversation_id=place.conversation_id, user_id=place.user_id)
        execution = replace(snapshot.execution, id=ExecutionId(execution_id), request=request)
        self.last = [replace(snapshot, execution=execution, seq=self.seq)]
        await self.chat.show(self.last[0])

    async def pass_time(self, seconds: int, step: int = 1) -> None:
        """Let so many seconds pass; what is sent meanwhile is sent."""
        for _ in range(0, seconds, step):
            while any(job.under_way for job in self.chat._jobs):
                await asyncio.to_thread(lambda: None)  # time stands still while Slack is asked
            self.clock.advance(timedelta(seconds=step))
            self.scene.slack.clock.advance(step)
            await self.chat.show(self.last[0])
            await asyncio.to_thread(lambda: None)

    async def sent(self) -> None:
        """Until nothing waits, time passing."""
        async with asyncio.timeout(20):
            while self.chat.waiting:
                await self.pass_time(1)


@asynccontextmanager
async def line(scene: Scene, home: Path) -> AsyncGenerator[Line]:
    clock = FakeClock()
    clock.instant = datetime.fromtimestamp(scene.slack.clock.now(), UTC)
    async with open_database(home, now=instant(clock.now()), durable=False) as database:
        parts = RemoteChatParts(
            messenger=scene.restarted(),
            log=SqliteMessageLog(database),
            people=SqlitePeople(database),
            clock=clock,
            look=LOOK,
            prefix=PREFIX,
        )
        chat = RemoteChat(parts, lambda _: None)
        async with asyncio.TaskGroup() as group:
            sender = group.create_task(chat.run())
            yield Line(scene=scene, chat=chat, clock=clock)
            sender.cancel()


def texts(line: Line) -> list[str]:
    return [str(message["text"]) for message in line.scene.replies()]


async def test_one_card_one_reply_for_each_question_and_one_for_the_end(tmp_path: Path) -> None:
    async with asked() as scene, line(scene, tmp_path) as at:
        for name in ("planning", "running", "gate", "done"):
            await at.show(name)
            await at.sent()
        assert len(scene.replies()) == 4, texts(at)
        assert scene.slack.session(scene.channel, scene.root) == "active"
        assert scene.slack.status(scene.channel, scene.root) is None
        assert scene.slack.ledger.repeated() == {}


async def test_the_end_arrives_once_and_at_once_when_a_pause_slack_wanted_is_over(tmp_path: Path) -> None:
    async with asked() as scene, line(scene, tmp_path) as at:
        await at.show("running")
        await at.sent()
        scene.slack.faults.next("chat.update", Fault.rate_limited(60))
        scene.slack.faults.next("chat.postMessage", Fault.rate_limited(60))
        begun = scene.slack.clock.now()
        await at.show("done")
        await at.sent()
        posts = [call for call in scene.slack.log.calls("chat.postMessage") if call.ok and call.at > begun]
        mark = {"event_type": EVENT_TYPE, "event_payload": {"key": _opaque(scene.key("final", "x-1"))}}
        assert posts[0].params["metadata"] == mark, "the end goes first"
        assert 60 <= posts[0].at - begun <= 65
        assert len(scene.slack.log.calls("chat.update")) == 2, "not asked while the pause lasted"
        assert scene.slack.ledger.repeated() == {}


async def test_after_two_hours_without_slack_one_state_of_each_message_is_sent(tmp_path: Path) -> None:
    async with asked() as scene, line(scene, tmp_path) as at:
        await at.show("planning")
        await at.sent()
        posts, edits = len(scene.slack.ledger.posts), sum(scene.slack.ledger.updates.values())
        scene.slack.faults.next("*", Fault.server_error(503), times=100_000)
        for name in ("running", "gate", "running", "done"):
            await at.show(name)
            await at.pass_time(1_800, step=20)
        tried = len(scene.slack.log.calls())
        scene.slack.faults.clear()
        await at.sent()
        assert len(scene.slack.ledger.posts) - posts == 3, "what came of two questions, and the end"
        assert sum(scene.slack.ledger.updates.values()) - edits == 1, "the card's last state"
        assert scene.slack.session(scene.channel, scene.root) == "active"
        assert scene.slack.ledger.repeated() == {}
        assert tried < 1_000


async def test_posts_whose_answers_are_lost_are_said_once(tmp_path: Path) -> None:
    async with asked() as scene, line(scene, tmp_path) as at:
        scene.slack.faults.next("chat.postMessage", Fault.reset_after_commit(), times=3)
        for name in ("planning", "gate", "done"):
            await at.show(name)
            await at.sent()
        assert len(scene.replies()) == 4, texts(at)
        assert scene.slack.ledger.repeated() == {}


async def test_a_card_somebody_deletes_is_posted_once_more(tmp_path: Path) -> None:
    async with asked() as scene, line(scene, tmp_path) as at:
        await at.show("planning")
        await at.sent()
        await scene.slack.delete(scene.slack.dana, scene.channel, scene.replies()[0]["ts"])
        for name in ("running", "gate", "done"):
            await at.show(name)
            await at.sent()
        assert len(scene.replies()) == 4, texts(at)
        assert len(scene.slack.ledger.posts) == 5


async def test_an_execution_whose_channel_is_archived_goes_on_in_private(tmp_path: Path) -> None:
    async with asked() as scene, line(scene, tmp_path) as at:
        await at.show("planning")
        await at.sent()
        scene.slack.archive(scene.channel)
        for name in ("gate", "done"):
            await at.show(name)
            await at.sent()
        assert len(scene.replies()) == 1
        assert len(scene.private()) == 4
        assert all("any more" in message["blocks"][0]["elements"][0]["text"] for message in scene.private())


async def test_a_process_that_stops_while_posting_is_followed_by_one_that_says_it_once(tmp_path: Path) -> None:
    async with asked() as scene:
        async with line(scene, tmp_path) as at:
            scene.slack.faults.next("chat.postMessage", Fault.reset_after_commit())
            await at.show("gate")
            await scene.slack.eventually(scene.replies)
        async with line(scene, tmp_path) as at:
            await at.show("gate")
            await at.sent()
            assert len(scene.replies()) == 3, texts(at)
            assert scene.slack.ledger.repeated() == {}


async def test_a_question_is_asked_though_slack_does_not_answer_about_the_session(tmp_path: Path) -> None:
    async with asked() as scene, line(scene, tmp_path) as at:
        scene.slack.faults.next(STATUS, Fault.latency(6_000))
        await at.show("gate")
        await scene.slack.eventually(lambda: len(scene.replies()) == 3)
        assert scene.slack.session(scene.channel, scene.root) is None, "its call still waits for an answer"
        scene.slack.clock.advance(6_000)
        await scene.slack.eventually(lambda: scene.slack.session(scene.channel, scene.root) == "suspended")


async def test_a_post_of_long_ago_is_looked_for_where_it_began(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.slack.messenger.LOOKED_THROUGH", 8)
    async with asked() as scene:
        async with line(scene, tmp_path) as at:
            for n in range(20):
                await scene.slack.say(scene.slack.avi, scene.channel, f"before {n}", scene.root, lost=True)
            scene.slack.clock.advance(3_600)
            at.clock.advance(timedelta(hours=1))
            scene.slack.faults.next("chat.postMessage", Fault.reset_after_commit())
            await at.show("gate")
            await scene.slack.eventually(lambda: len(scene.replies()) == 21)
        for n in range(20):
            await scene.slack.say(scene.slack.avi, scene.channel, f"after {n}", scene.root, lost=True)
        scene.slack.clock.advance(3_600)
        async with line(scene, tmp_path) as at:
            await at.show("gate")
            await at.sent()
            assert len(scene.slack.ledger.posts) == 3, texts(at)
            assert scene.slack.ledger.repeated() == {}


async def test_a_post_is_looked_for_where_it_began_though_much_was_said_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.slack.messenger.LOOKED_THROUGH", 8)
    async with asked() as scene, line(scene, tmp_path) as at:
        scene.slack.faults.next("chat.postMessage", Fault.reset_after_commit())
        await at.show("gate")
        await scene.slack.eventually(scene.replies)
        for n in range(20):
            await scene.slack.say(scene.slack.avi, scene.channel, f"after {n}", scene.root, lost=True)
        await at.sent()
        assert len(scene.slack.ledger.posts) == 3, texts(at)
        assert scene.slack.ledger.repeated() == {}


async def test_a_thread_in_which_something_is_still_done_keeps_its_stop_button_after_a_restart(tmp_path: Path) -> None:
    async with asked() as scene:
        async with line(scene, tmp_path) as at:
            await at.show("running", "x-1")
            await at.sent()
            await at.show("running", "x-2")
            await at.sent()
        async with line(scene, tmp_path) as at:
            await at.show("running", "x-1")
            await at.sent()
            await at.show("done", "x-2")
            await at.sent()
            assert scene.slack.session(scene.channel, scene.root) == "processing"
            await at.show("done", "x-1")
            await at.sent()
            assert scene.slack.session(scene.channel, scene.root) == "active"
