"""Every delivery is handled, in its conversation's order, whatever breaks on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot import admission as admission_module
from bot.admission import Admission
from bot.inbox import Inbox
from engine.domain.ids import ConversationId, PrincipalId
from engine.errors import StorageAwayError, UnavailableError
from engine.ports.chat_log import Delivery, Outgoing
from storage.chat_store import SqliteChatLog
from storage.codec import instant
from storage.database import open_database
from tests.lab import FakeClock


@dataclass(slots=True)
class Listener:
    """A surface that notes what it is given, and does what the test says."""

    heard: list[str] = field(default_factory=list[str])
    act: Callable[[Delivery], Awaitable[None]] | None = None

    async def handle(self, delivery: Delivery) -> Outgoing | None:
        if self.act is not None:
            await self.act(delivery)
        self.heard.append(delivery.key)
        return None

    async def broken(self, delivery: Delivery) -> Outgoing | None:
        self.heard.append(f"broken {delivery.key}")
        return None


@asynccontextmanager
async def opened(home: Path, listener: Listener, clock: FakeClock) -> AsyncGenerator[tuple[Inbox, SqliteChatLog]]:
    async with open_database(home, now=instant(clock.now()), durable=False) as database:
        log = SqliteChatLog(database)
        inbox = Inbox(log, clock, {"paper": listener}, lambda: None)
        running = asyncio.get_running_loop().create_task(inbox.run())
        try:
            yield inbox, log
        finally:
            running.cancel()
            await asyncio.wait([running])


def delivery(key: str, clock: FakeClock, conversation: str = "one") -> Delivery:
    clock.advance(timedelta(milliseconds=1))
    return Delivery(
        key=key,
        surface="paper",
        user_id=PrincipalId("u"),
        tenant_id="local",
        text=key,
        received_at=clock.now(),
        conversation_id=ConversationId(conversation),
    )


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.to_thread(lambda: None)


async def test_one_conversation_is_handled_in_order_and_each_delivery_once(tmp_path: Path) -> None:
    listener, clock = Listener(), FakeClock()
    async with opened(tmp_path, listener, clock) as (inbox, log):
        for n in range(30):
            for _ in range(3):
                await inbox.receive(delivery(f"d{n:02}", clock))
        await until(lambda: len(listener.heard) >= 30)
        assert listener.heard == [f"d{n:02}" for n in range(30)]
        assert await log.waiting("paper") == []


async def test_a_slow_conversation_holds_up_no_other(tmp_path: Path) -> None:
    may_end, clock = asyncio.Event(), FakeClock()

    async def act(given: Delivery) -> None:
        if given.conversation_id == "slow":
            await may_end.wait()

    listener = Listener(act=act)
    async with opened(tmp_path, listener, clock) as (inbox, _):
        await inbox.receive(delivery("a", clock, "slow"))
        await inbox.receive(delivery("b", clock, "quick"))
        await until(lambda: listener.heard == ["b"])
        may_end.set()
        await until(lambda: listener.heard == ["b", "a"])


async def test_what_cannot_be_handled_now_is_handled_later_and_nothing_of_its_conversation_overtakes_it(
    tmp_path: Path,
) -> None:
    away, clock = [3], FakeClock()

    async def act(given: Delivery) -> None:
        if given.key == "a" and away[0]:
            away[0] -= 1
            raise UnavailableError("chat_unavailable", "away")

    listener = Listener(act=act)
    async with opened(tmp_path, listener, clock) as (inbox, log):
        await inbox.receive(delivery("a", clock))
        await inbox.receive(delivery("b", clock))
        await until(lambda: len(listener.heard) == 2)
        assert listener.heard == ["a", "b"]
        assert away == [0]
        await until(lambda: "b" in inbox._queues["paper"]._handled)
        assert await log.waiting("paper") == []


async def test_a_surface_whose_world_is_away_holds_up_no_other(tmp_path: Path) -> None:
    clock = FakeClock()

    async def hang(given: Delivery) -> None:
        await asyncio.Event().wait()

    stuck, listener = Listener(act=hang), Listener()
    async with opened(tmp_path, listener, clock) as (inbox, _):
        inbox.add("slow", stuck)
        for n in range(60):
            await inbox.receive(replace(delivery(f"s{n}", clock, f"c{n}"), surface="slow"))
        await inbox.receive(delivery("a", clock))
        await until(lambda: listener.heard == ["a"])


async def test_more_than_memory_holds_waits_in_the_log_and_is_handled_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.inbox.MOST_QUEUED", 5)
    may_go, clock = asyncio.Event(), FakeClock()

    async def act(given: Delivery) -> None:
        await may_go.wait()

    listener = Listener(act=act)
    async with opened(tmp_path, listener, clock) as (inbox, log):
        for n in range(40):
            await inbox.receive(delivery(f"d{n:02}", clock))
        may_go.set()
        await until(lambda: len(listener.heard) == 40)
        assert listener.heard == [f"d{n:02}" for n in range(40)]
    async with opened(tmp_path, listener, clock) as (_, log):
        assert await log.waiting("paper") == []


async def test_a_delivery_that_breaks_its_handler_is_answered_and_holds_up_no_other(tmp_path: Path) -> None:
    clock = FakeClock()

    async def act(given: Delivery) -> None:
        if given.key == "a":
            raise ValueError(given.key)

    listener = Listener(act=act)
    async with opened(tmp_path, listener, clock) as (inbox, log):
        await inbox.receive(delivery("a", clock))
        await inbox.receive(delivery("b", clock))
        await until(lambda: listener.heard == ["broken a", "b"])
        await until(lambda: "b" in listener.heard)
        assert [d.key for d in await log.waiting("paper")] in ([], ["b"])


async def test_that_nobody_could_be_told_so_ends_no_other_delivery(tmp_path: Path) -> None:
    clock, failures = FakeClock(), [ValueError("a bug"), UnavailableError("chat_unavailable", "away")]

    class Mute(Listener):
        async def broken(self, delivery: Delivery) -> Outgoing | None:
            await Listener.broken(self, delivery)
            raise failures.pop(0)

    async def act(given: Delivery) -> None:
        if given.key != "c":
            raise ValueError

    listener = Mute(act=act)
    async with opened(tmp_path, listener, clock) as (inbox, log):
        for key in ("a", "b", "c"):
            await inbox.receive(delivery(key, clock))
        await until(lambda: "c" in inbox._queues["paper"]._handled)
        assert listener.heard == ["broken a", "broken b", "c"]
        assert await log.waiting("paper") == []


async def test_what_was_handled_two_days_ago_is_forgotten_and_what_waits_is_not(tmp_path: Path) -> None:
    listener, clock = Listener(), FakeClock()
    async with opened(tmp_path, listener, clock) as (inbox, log):
        await inbox.receive(delivery("old", clock))
        await until(lambda: listener.heard == ["old"])
        await until(lambda: "old" in inbox._queues["paper"]._handled)
        clock.advance(timedelta(hours=49))
        await log.receive(replace(delivery("waits", clock), surface="elsewhere"))
        assert await log.forget(clock.now() - timedelta(hours=48)) == 1
        assert await log.forget(clock.now()) == 0
        assert [d.key for d in await log.waiting("elsewhere")] == ["waits"]


async def test_what_an_earlier_process_left_is_handled_by_the_next(tmp_path: Path) -> None:
    clock = FakeClock()

    async def never(given: Delivery) -> None:
        await asyncio.Event().wait()

    async with opened(tmp_path, Listener(act=never), clock) as (inbox, _):
        await inbox.receive(delivery("a", clock))
    listener = Listener()
    async with opened(tmp_path, listener, clock):
        await until(lambda: listener.heard == ["a"])


@pytest.mark.parametrize("comes_again", [True, False])
async def test_what_was_committed_after_whoever_waited_had_given_up_is_handled_all_the_same(
    tmp_path: Path, *, comes_again: bool
) -> None:
    listener, clock = Listener(), FakeClock()
    async with opened(tmp_path, listener, clock) as (inbox, log):
        await inbox.receive(delivery("first", clock))
        await until(lambda: listener.heard == ["first"])
        late = delivery("late", clock)
        await log.receive(late)  # as a write does that waited for the storage for longer than its sender
        if comes_again:
            await inbox.receive(late)
        else:
            inbox.look_again()
        await until(lambda: listener.heard == ["first", "late"])
        await inbox.receive(late)
        await inbox.receive(delivery("last", clock))
        await until(lambda: listener.heard == ["first", "late", "last"])


async def test_what_is_committed_after_its_sender_was_cut_off_is_handled_without_coming_again(tmp_path: Path) -> None:
    listener, clock, kept, may_return = Listener(), FakeClock(), asyncio.Event(), asyncio.Event()
    async with opened(tmp_path, listener, clock) as (inbox, log):
        receive = log.receive

        async def slow(delivery: Delivery) -> bool:
            new = await receive(delivery)
            kept.set()
            await may_return.wait()
            return new

        log.receive = slow
        sender = asyncio.get_running_loop().create_task(inbox.receive(delivery("late", clock)))
        await kept.wait()
        sender.cancel()
        await asyncio.wait([sender])
        assert (sender.cancelled(), listener.heard) == (True, [])
        may_return.set()
        await until(lambda: listener.heard == ["late"])


async def test_what_is_under_way_when_the_process_ends_is_left_and_waited_for_by_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(admission_module, "ANSWERED_WITHIN", 0.01)
    admission, began = Admission(), asyncio.Event()

    async def hanging() -> None:
        began.set()
        await asyncio.Event().wait()

    with pytest.raises(StorageAwayError):
        await admission.answered(hanging())
    assert began.is_set()
    await admission.leave()
    await admission.leave()


async def test_nothing_is_taken_in_while_it_cannot_be_kept(tmp_path: Path) -> None:
    listener, clock, admission = Listener(), FakeClock(), Admission()
    async with open_database(tmp_path, now=instant(clock.now()), durable=False) as database:
        log = SqliteChatLog(database)
        inbox = Inbox(log, clock, {"paper": listener}, lambda: None, admission)
        admission.refuse("the disk is full", full=True)
        with pytest.raises(StorageAwayError):
            await inbox.receive(delivery("new", clock))
        await inbox.receive(replace(delivery("answer", clock), kind="click"))
        admission.open()
        await inbox.receive(delivery("new", clock))
        admission.stop()
        with pytest.raises(UnavailableError, match="ending"):
            await inbox.receive(delivery("later", clock))
        assert [d.key for d in await log.waiting("paper")] == ["answer", "new"]
