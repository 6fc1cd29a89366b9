"""A chat outside shows the latest state of each message, once, whatever the platform or a crash does in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot import remote_chat
from bot.messenger import Urgency
from bot.remote_chat import REFUSED_PAUSE, RemoteChat, RemoteChatParts
from bot.render.view import CardLook
from bot.sending import LONGEST_WAIT
from engine.domain.ids import ConversationId, ExecutionId, PrincipalId
from engine.domain.snapshot import ExecutionSnapshot
from engine.errors import AuthExpiredError, RefusedError, UnavailableError
from storage.codec import instant
from storage.database import open_database
from storage.message_log_store import SqliteMessageLog
from storage.people_store import SqlitePeople
from tests.lab import FakeClock
from tests.unit.bot.notebook import Notebook
from tests.unit.render.story import states

CONVERSATION = ConversationId("paper:room:1")
SECOND = timedelta(seconds=1)


@dataclass(slots=True)
class Desk:
    """A chat with its sender running."""

    chat: RemoteChat
    notebook: Notebook
    log: SqliteMessageLog
    people: SlowPeople
    clock: FakeClock
    sender: asyncio.Task[None]
    again: list[ExecutionId] = field(default_factory=list[ExecutionId])

    async def quiet(self) -> None:
        """Until nothing waits to be sent."""
        await self.until(lambda: self.chat.waiting == 0)

    async def later(self, snapshot: ExecutionSnapshot) -> None:
        """Until nothing waits to be sent, time passing."""
        async with asyncio.timeout(10):
            while self.chat.waiting:
                self.clock.advance(timedelta(seconds=1))
                await self.chat.show(snapshot)
                await asyncio.to_thread(lambda: None)

    async def until(self, condition: object) -> None:
        assert callable(condition)
        async with asyncio.timeout(10):
            while not condition():
                await asyncio.to_thread(lambda: None)


def at(name: str, *, seq: int = 1, locale: str = "en") -> ExecutionSnapshot:
    """The story's execution in a state, held in our conversation."""
    snapshot = states(locale)[name]
    request = replace(snapshot.execution.request, conversation_id=CONVERSATION)
    return replace(snapshot, execution=replace(snapshot.execution, request=request), seq=seq)


class SlowPeople(SqlitePeople):
    """Whose next answer comes when it is let."""

    held: asyncio.Event | None = None
    asked = 0

    async def names(self, user_ids: Iterable[PrincipalId]) -> Mapping[PrincipalId, str]:
        self.asked += 1
        held, self.held = self.held, None
        if held is not None:
            await held.wait()
        return await super().names(user_ids)


@asynccontextmanager
async def open_desk(home: Path, notebook: Notebook | None = None) -> AsyncGenerator[Desk]:
    clock = FakeClock()
    async with open_database(home, now=instant(clock.now()), durable=False) as database:
        notebook = notebook or Notebook()
        log, people = SqliteMessageLog(database), SlowPeople(database)
        parts = RemoteChatParts(
            messenger=notebook,
            log=log,
            people=people,
            clock=clock,
            look=CardLook(gated_agents=frozenset()),
            prefix="paper:",
        )
        again: list[ExecutionId] = []
        chat = RemoteChat(parts, again.append)
        sender = asyncio.get_running_loop().create_task(chat.run())
        desk = Desk(chat=chat, notebook=notebook, log=log, people=people, clock=clock, sender=sender, again=again)
        try:
            yield desk
        finally:
            sender.cancel()
            await asyncio.wait([sender])


async def test_one_card_is_posted_and_then_edited(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        for seq, name in enumerate(("planning", "running", "gate"), 1):
            await desk.chat.show(at(name, seq=seq))
            await desk.quiet()
        assert len(desk.notebook.shown("card")) == 1
        assert desk.notebook.calls.count("post card") == 1
        assert desk.notebook.shown("card") == [{"status": "asking", "seq": 3}]


@pytest.mark.parametrize("before", [["running"], []], ids=["posted", "new"])
async def test_a_state_that_took_long_to_draw_never_comes_back_over_the_end(tmp_path: Path, before: list[str]) -> None:
    async with open_desk(tmp_path) as desk:
        for name in before:
            await desk.chat.show(at(name, seq=1))
            await desk.quiet()
        known, held = desk.people.asked, asyncio.Event()
        desk.people.held = held
        async with asyncio.TaskGroup() as group:
            group.create_task(desk.chat.show(at("gate", seq=2)))
            await desk.until(lambda: desk.people.asked > known)
            await desk.chat.show(at("done", seq=3))
            await desk.quiet()
            held.set()
        await desk.quiet()
        assert desk.notebook.shown("card") == [{"status": "succeeded", "seq": 3}]
        assert desk.notebook.calls.count("post card") == 1
        assert await desk.log.behind("paper:") == []


async def test_states_that_pass_while_a_send_is_held_up_are_skipped(tmp_path: Path) -> None:
    async with open_desk(tmp_path, Notebook(pause=timedelta(hours=1))) as desk:
        for seq in range(1, 40):
            await desk.chat.show(at("running", seq=seq))
        assert desk.chat.waiting == 1
        desk.notebook.pause = timedelta(0)
        await desk.chat.show(at("running", seq=40))
        await desk.quiet()
        assert len(desk.notebook.calls) <= 2
        assert desk.notebook.shown("card") == [{"status": "running", "seq": 40}]


async def test_a_post_whose_answer_was_lost_is_found_again_and_not_repeated(tmp_path: Path) -> None:
    notebook = Notebook(after=[UnavailableError("chat_unavailable", "cut off")])
    async with open_desk(tmp_path, notebook) as desk:
        await desk.chat.show(at("running"))
        await desk.until(lambda: notebook.calls)
        await desk.later(at("running", seq=2))
        assert notebook.calls == ["post card", "find card", "edit card"]
        assert notebook.shown("card") == [{"status": "running", "seq": 2}]


async def test_where_nothing_can_be_looked_up_it_is_posted_once_more_and_says_so(tmp_path: Path) -> None:
    notebook = Notebook(after=[UnavailableError("chat_unavailable", "cut off")], finds=False)
    async with open_desk(tmp_path, notebook) as desk:
        await desk.chat.show(at("running"))
        await desk.until(lambda: notebook.calls)
        await desk.later(at("running", seq=2))
        assert notebook.calls == ["post card", "post card again"]
        assert len(notebook.shown("card")) == 2, "one twin, which cannot be told from a message that never came"
        assert notebook.shown("card")[-1] == {"status": "running", "seq": 2}


async def test_what_may_be_there_twice_is_not_soon_posted_a_third_time(tmp_path: Path) -> None:
    lost = UnavailableError("chat_unavailable", "cut off")
    notebook = Notebook(after=[lost, lost], finds=False)
    async with open_desk(tmp_path, notebook) as desk:
        await desk.chat.show(at("running"))
        await desk.until(lambda: notebook.calls)
        desk.clock.advance(timedelta(seconds=2))
        await desk.chat.show(at("running", seq=2))
        job = next(iter(desk.chat._jobs))
        await desk.until(lambda: len(notebook.calls) == 2 and not job.under_way)
        assert job.not_before == desk.clock.now() + REFUSED_PAUSE


@pytest.mark.parametrize("finds", [True, False])
async def test_being_told_to_come_later_does_not_settle_what_became_of_an_earlier_try(
    tmp_path: Path, finds: bool
) -> None:
    lost, busy = (
        UnavailableError("chat_unavailable", "cut off"),
        UnavailableError("rate_limited", "busy", retry_after=SECOND),
    )
    notebook = Notebook(after=[lost], finds=finds)
    async with open_desk(tmp_path, notebook) as desk:
        await desk.chat.show(at("running"))
        await desk.until(lambda: notebook.calls)
        notebook.before = [busy]
        await desk.later(at("running", seq=2))
        again = ["find card", "find card", "edit card"] if finds else ["post card again", "post card again"]
        assert notebook.calls == ["post card", *again]


async def test_a_card_that_may_be_there_twice_holds_up_no_question(tmp_path: Path) -> None:
    lost = UnavailableError("chat_unavailable", "cut off")
    notebook = Notebook(after=[lost, lost], finds=False)
    async with open_desk(tmp_path, notebook) as desk:
        await desk.chat.show(at("running"))
        await desk.until(lambda: notebook.calls)
        desk.clock.advance(timedelta(seconds=2))
        await desk.chat.show(at("gate", seq=2))
        await desk.until(lambda: notebook.shown("approval:ap-gate"))


async def test_a_process_that_died_while_posting_is_followed_by_one_that_looks_first(tmp_path: Path) -> None:
    notebook = Notebook(after=[asyncio.CancelledError()])
    async with open_desk(tmp_path, notebook) as desk:
        await desk.chat.show(at("running"))
        await desk.until(lambda: notebook.calls)
    async with open_desk(tmp_path, notebook) as desk:
        await desk.chat.show(at("running"))
        await desk.quiet()
    assert notebook.calls == ["post card", "find card", "edit card"]
    assert len(notebook.lines) == 1


@pytest.mark.parametrize("finds", [True, False])
async def test_a_post_under_way_ends_and_is_noted_before_the_process_does(tmp_path: Path, *, finds: bool) -> None:
    notebook = Notebook(held=asyncio.Event(), finds=finds)
    async with open_desk(tmp_path, notebook) as desk:
        await desk.chat.show(at("running"))
        await desk.until(lambda: notebook.lines)
        sender = desk.sender
        sender.cancel()
        await asyncio.to_thread(lambda: None)
        assert not sender.done()
        assert notebook.held is not None
        notebook.held.set()
        await asyncio.wait([sender])
        assert sender.cancelled()
    async with open_desk(tmp_path, notebook) as desk:
        await desk.chat.show(at("running"))
        assert desk.chat.waiting == 0
    assert notebook.calls == ["post card"]


async def test_a_post_that_does_not_end_holds_the_process_up_for_a_moment_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_chat, "LAST_WORDS", timedelta(milliseconds=10))
    notebook = Notebook(held=asyncio.Event())
    async with open_desk(tmp_path, notebook) as desk:
        await desk.chat.show(at("running"))
        await desk.until(lambda: notebook.lines)
    assert desk.sender.cancelled()
    notebook.held = None
    async with open_desk(tmp_path, notebook) as desk:
        await desk.chat.show(at("running"))
        await desk.quiet()
    assert notebook.calls == ["post card", "find card", "edit card"]


async def test_what_is_shown_already_is_not_sent_again_after_a_restart(tmp_path: Path) -> None:
    notebook = Notebook()
    async with open_desk(tmp_path, notebook) as desk:
        await desk.chat.show(at("done"))
        await desk.quiet()
        before = list(notebook.calls)
    async with open_desk(tmp_path, notebook) as desk:
        await desk.chat.show(at("done"))
        assert desk.chat.waiting == 0
    assert notebook.calls == before


async def test_a_card_that_somebody_deleted_is_posted_anew_once(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        await desk.chat.show(at("planning"))
        await desk.quiet()
        next(iter(desk.notebook.lines.values())).deleted = True
        await desk.chat.show(at("running", seq=2))
        await desk.quiet()
        assert desk.notebook.calls == ["post card", "edit card", "post card"]
        assert len(desk.notebook.shown("card")) == 1


async def test_a_platform_that_says_to_come_back_in_two_days_is_not_asked_at_once(tmp_path: Path) -> None:
    notebook = Notebook(before=[UnavailableError("chat_unavailable", "in two days", retry_after=timedelta(days=2))])
    async with open_desk(tmp_path, notebook) as desk:
        await desk.chat.show(at("running"))
        job = next(iter(desk.chat._jobs))
        await desk.until(lambda: notebook.calls and not job.under_way)
        desk.clock.advance(LONGEST_WAIT - SECOND)
        await desk.chat.show(at("running", seq=2))
        assert desk.chat._jobs.next(desk.clock.now())[0] is None
        assert notebook.calls == ["post card"]
        desk.clock.advance(2 * SECOND)
        await desk.chat.show(at("running", seq=3))
        await desk.quiet()
        assert notebook.calls == ["post card", "post card"]


async def test_when_the_platform_says_wait_nothing_is_lost_and_nothing_is_looked_up(tmp_path: Path) -> None:
    slow = UnavailableError("chat_unavailable", "slow down", retry_after=timedelta(seconds=30))
    notebook = Notebook(before=[slow])
    async with open_desk(tmp_path, notebook) as desk:
        await desk.chat.show(at("running"))
        job = next(iter(desk.chat._jobs))
        await desk.until(lambda: notebook.calls and not job.under_way)
        desk.clock.advance(timedelta(seconds=29))
        await desk.chat.show(at("running", seq=2))
        await asyncio.to_thread(lambda: None)
        assert notebook.calls == ["post card"]
        desk.clock.advance(timedelta(seconds=2))
        await desk.chat.show(at("running", seq=3))
        await desk.quiet()
        assert notebook.calls == ["post card", "post card"]


async def test_a_message_that_is_refused_is_not_sent_again_until_it_changes(tmp_path: Path) -> None:
    notebook = Notebook(before=[RefusedError("chat_refused", "no such block")])
    async with open_desk(tmp_path, notebook) as desk:
        await desk.chat.show(at("running"))
        await desk.quiet()
        await desk.chat.show(at("running"))
        assert desk.chat.waiting == 0
        await desk.chat.show(at("running", seq=2))
        await desk.quiet()
        assert notebook.calls == ["post card", "post card"]


async def test_while_the_platform_does_not_know_us_everything_waits(tmp_path: Path) -> None:
    notebook = Notebook(before=[AuthExpiredError("chat_token_refused", "revoked")])
    async with open_desk(tmp_path, notebook) as desk:
        await desk.chat.show(at("gate"))
        await desk.until(lambda: notebook.calls)
        await desk.chat.show(at("gate", seq=2))
        assert notebook.calls == ["post card"]
        desk.clock.advance(timedelta(seconds=61))
        await desk.chat.show(at("gate", seq=3))
        await desk.quiet()
        assert len(notebook.shown("card")) == 1


async def test_an_end_that_is_refused_is_tried_again_later_and_at_the_next_start(tmp_path: Path) -> None:
    notebook = Notebook(refused={"final"})
    async with open_desk(tmp_path, notebook) as desk:
        await desk.chat.show(at("done"))
        await desk.until(lambda: "post final" in notebook.calls)
        await desk.until(lambda: desk.chat.waiting == 1)
        before = notebook.calls.count("post final")
        await desk.chat.show(at("done"))
        await asyncio.to_thread(lambda: None)
        assert notebook.calls.count("post final") == before == 1, "not at once"
        assert (
            await desk.chat.behind() == []
        )  # the story's execution is in no table here; the next start shows it again
    notebook.refused.clear()
    async with open_desk(tmp_path, notebook) as desk:
        await desk.chat.show(at("done"))
        await desk.quiet()
    assert len(notebook.shown("final")) == 1


async def test_a_card_that_can_never_be_edited_is_not_posted_for_every_state(tmp_path: Path) -> None:
    notebook = Notebook(fixed=True)
    async with open_desk(tmp_path, notebook) as desk:
        for seq in range(1, 20):
            await desk.chat.show(at("running", seq=seq))
            await desk.quiet()
        assert notebook.calls.count("post card") == 2
        await desk.chat.show(at("done", seq=30))
        await desk.quiet()
        assert notebook.calls.count("post card") == 3, "how it ended is told all the same"


async def test_progress_that_comes_while_the_card_waits_is_drawn_once_when_its_turn_comes(tmp_path: Path) -> None:
    notebook = Notebook(pause=timedelta(hours=1))
    async with open_desk(tmp_path, notebook) as desk:
        for seq in range(1, 50):
            await desk.chat.show(at("running", seq=seq))
        assert notebook.drawn == 1
        notebook.pause = timedelta(0)
        await desk.chat.show(at("running", seq=50))
        await desk.quiet()
        assert notebook.shown("card") == [{"status": "running", "seq": 50}]
        assert notebook.drawn <= 3


def test_the_order_of_urgency_is_a_question_first_and_progress_last() -> None:
    assert sorted(Urgency) == [Urgency.NOTIFY, Urgency.OPEN, Urgency.SETTLE, Urgency.PROGRESS]
