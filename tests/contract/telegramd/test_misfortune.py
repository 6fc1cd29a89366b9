"""Limits, scripted faults, and what the log and the ledger say of them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from telegram import Bot
from telegram.error import NetworkError, RetryAfter, TelegramError, TimedOut

from tests.contract.telegramd.talking import ptb, raw, refused
from tests.lab import FakeClock
from tests.servers.telegramd import Fault, Flood, Telegramd, TelegramdOptions, serve_telegramd

pytestmark = pytest.mark.filterwarnings("ignore:Deprecated since version v22.2")
"""PTB warns of the type ``retry_after`` will have one day."""
Json = dict[str, Any]


class TestFlood:
    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def options(self, clock: FakeClock) -> TelegramdOptions:
        return TelegramdOptions(clock=clock)

    async def test_a_private_chat_takes_one_a_second(self, telegram: Telegramd, bot: Bot, clock: FakeClock) -> None:
        await telegram.start(telegram.dana)
        await telegram.start(telegram.avi)
        sent = await bot.send_message(telegram.dana.id, "one")
        answer = await raw(telegram, "sendMessage", chat_id=telegram.dana.id, text="two")
        assert (answer["status"], answer["description"]) == (429, "Too Many Requests: retry after 1")
        assert (answer["parameters"], answer["headers"]["Retry-After"]) == ({"retry_after": 1}, "1")
        await bot.send_message(telegram.avi.id, "others are not halted")
        await bot.answer_callback_query(await telegram.press_raw(telegram.dana, telegram.dana, 1, "x"))
        with pytest.raises(RetryAfter) as caught:
            await bot.edit_message_text("edits count", chat_id=telegram.dana.id, message_id=sent.message_id)
        assert caught.value.retry_after in (1, timedelta(seconds=1))
        assert telegram.gate.ignored == 1
        clock.advance(timedelta(seconds=1))
        await bot.edit_message_text("edits count", chat_id=telegram.dana.id, message_id=sent.message_id)
        assert telegram.ledger.texts(telegram.dana.id) == ["edits count"]

    async def test_a_group_takes_twenty_in_any_minute(self, telegram: Telegramd, bot: Bot, clock: FakeClock) -> None:
        group, other = telegram.add_supergroup("Team", [telegram.dana]), telegram.add_group("Other", [telegram.dana])
        card = await bot.send_message(group.id, "0")
        for number in range(1, 20):
            clock.advance(timedelta(seconds=1))
            await bot.edit_message_text(str(number), chat_id=group.id, message_id=card.message_id)
        with pytest.raises(RetryAfter) as caught:
            await bot.send_message(group.id, "one too many")
        assert caught.value.retry_after in (41, timedelta(seconds=41))
        await bot.send_message(other.id, "hello")
        clock.advance(timedelta(seconds=41))
        await bot.send_message(group.id, "the first has left the window")
        with pytest.raises(RetryAfter):
            await bot.send_message(group.id, "the second has not")
        assert telegram.log.per_minute(group.id) == 20
        assert (telegram.log.edits_per_minute(group.id), telegram.log.sends_per_minute(group.id)) == (19, 1)
        assert telegram.log.edits_per_minute(None) == 19
        assert len(telegram.log.refused(429)) == 2

    async def test_all_chats_together_take_thirty_a_second(
        self, telegram: Telegramd, bot: Bot, clock: FakeClock
    ) -> None:
        people = [telegram.add_user(f"Person{number}") for number in range(31)]
        for person in people:
            await telegram.start(person)
        for person in people[:30]:
            await bot.send_message(person.id, "hello")
        with pytest.raises(RetryAfter):
            await bot.send_message(people[30].id, "hello")
        clock.advance(timedelta(seconds=1))
        await bot.send_message(people[30].id, "hello")
        assert telegram.log.most_within(1, None, ("sendMessage",)) == 30

    async def test_a_scripted_429_halts_that_chat_alone(self, telegram: Telegramd, bot: Bot, clock: FakeClock) -> None:
        group, other = telegram.add_group("Team", [telegram.dana]), telegram.add_group("Other", [telegram.dana])
        telegram.faults.next("sendMessage", Fault.flood(35), chat=group.id)
        await bot.send_message(other.id, "passes")
        for _ in range(2):
            with pytest.raises(RetryAfter):
                await bot.send_message(group.id, "x")
        await bot.send_message(other.id, "passes")
        clock.advance(timedelta(seconds=35))
        await bot.send_message(group.id, "x")
        assert telegram.gate.ignored == 1


class TestBursts:
    @pytest.fixture
    def options(self) -> TelegramdOptions:
        return TelegramdOptions(flood=Flood(private_burst=3), realtime=False)

    async def test_they_are_let_through_where_a_test_says_so(self, telegram: Telegramd, bot: Bot) -> None:
        await telegram.start(telegram.dana)
        for text in "abc":
            await bot.send_message(telegram.dana.id, text)
        with pytest.raises(RetryAfter):
            await bot.send_message(telegram.dana.id, "d")
        telegram.advance(1)
        await bot.send_message(telegram.dana.id, "d")


LOST: dict[str, tuple[Fault, bool]] = {
    "reset before": (Fault.reset_before(), False),
    "reset after": (Fault.reset_after_commit(), True),
    "silence before": (Fault.silence_before(), False),
    "silence after": (Fault.silence_after_commit(), True),
    "502 before": (Fault.bad_gateway(), False),
    "502 after": (Fault.bad_gateway(committed=True), True),
    "500 before": (Fault.server_error(), False),
    "500 after": (Fault.server_error(committed=True), True),
    "half a JSON before": (Fault.garbage(), False),
    "half a JSON after": (Fault.garbage(committed=True), True),
    "a refusal": (Fault.error(400, "Bad Request: no luck"), False),
}


@pytest.mark.parametrize("case", LOST)
@pytest.mark.filterwarnings("ignore")
async def test_a_call_that_fails_was_done_or_not(telegram: Telegramd, bot: Bot, case: str) -> None:
    fault, done = LOST[case]
    await telegram.start(telegram.dana)
    telegram.faults.next("sendMessage", fault, match={"text": "~hel"})
    with pytest.raises(TelegramError) as caught:
        await bot.send_message(telegram.dana.id, "hello", read_timeout=0.3)
    assert telegram.ledger.texts(telegram.dana.id) == (["hello"] if done else [])
    assert isinstance(caught.value, TimedOut) is ("silence" in case)
    entry = telegram.log.calls("sendMessage")[0]
    assert (entry.ok, entry.committed, entry.fault) == (False, done, fault.kind)
    await bot.send_message(telegram.dana.id, "hello")
    assert telegram.faults.pending() == 0


async def test_slow_calls_are_done_late_or_answered_late(telegram: Telegramd, bot: Bot) -> None:
    await telegram.start(telegram.dana)
    telegram.faults.next("sendMessage", Fault.latency(0.2))
    telegram.faults.next("sendMessage", Fault.latency(0.2, committed=True))
    async with asyncio.TaskGroup() as group:
        first = group.create_task(bot.send_message(telegram.dana.id, "late"))
        await telegram.eventually(lambda: telegram.faults.pending() == 1)
        assert telegram.sent(telegram.dana) == []
    second = await bot.send_message(telegram.dana.id, "at once")
    assert (first.result().text, second.text) == ("late", "at once")


async def test_a_slow_call_is_done_although_nobody_waits_any_more(telegram: Telegramd, bot: Bot) -> None:
    await telegram.start(telegram.dana)
    telegram.faults.next("sendMessage", Fault.latency(0.4))
    with pytest.raises(TimedOut):
        await bot.send_message(telegram.dana.id, "late", read_timeout=0.1)
    assert telegram.sent(telegram.dana) == []
    await telegram.eventually(lambda: telegram.sent(telegram.dana))


async def test_the_nth_call_of_a_chat_can_be_struck(telegram: Telegramd, bot: Bot) -> None:
    for user in (telegram.dana, telegram.avi):
        await telegram.start(user)
    telegram.faults.next("*", Fault.server_error(), chat=telegram.dana.id, skip=1)
    await bot.send_message(telegram.dana.id, "first")
    await bot.send_message(telegram.avi.id, "elsewhere")
    with pytest.raises(NetworkError):
        await bot.send_message(telegram.dana.id, "second")
    await bot.send_message(telegram.dana.id, "third")
    assert telegram.faults.struck == [("sendMessage", "answer")]


async def test_an_answer_of_502_is_a_page_of_html(telegram: Telegramd) -> None:
    telegram.faults.next("getMe", Fault.bad_gateway())
    url = f"{telegram.api_url}/bot{telegram.token}/getMe"
    async with aiohttp.ClientSession() as session, session.post(url) as response:
        assert (response.status, response.content_type) == (502, "text/html")
        assert "<h1>502 Bad Gateway</h1>" in await response.text()


async def test_a_telegram_out_of_reach_comes_back_at_the_same_address(telegram: Telegramd, bot: Bot) -> None:
    await telegram.start(telegram.dana)
    (start,) = await bot.get_updates()
    url = telegram.api_url
    async with asyncio.TaskGroup() as group:
        poll = group.create_task(refused(bot.get_updates(offset=start.update_id + 1, timeout=30)))
        await telegram.eventually(lambda: telegram.updates.polling)
        await telegram.down()
        assert "httpx" in await poll
    assert "ConnectError" in await refused(bot.send_message(telegram.dana.id, "anybody?"))
    await telegram.up()
    assert telegram.api_url == url
    await bot.send_message(telegram.dana.id, "back")
    assert [entry.params["text"] for entry in telegram.log.calls("sendMessage")] == ["back"]


async def test_a_clock_of_ones_own_dates_everything() -> None:
    clock = FakeClock()
    async with serve_telegramd(TelegramdOptions(clock=clock)) as telegram, ptb(telegram) as bot:
        await telegram.start(telegram.dana)
        clock.advance(timedelta(hours=1))
        sent = await bot.send_message(telegram.dana.id, "hello")
        assert sent.date == clock.now()
        updates = await bot.get_updates()
        assert updates[0].message is not None
        assert sent.date - updates[0].message.date == timedelta(hours=1)


async def test_the_log_keeps_no_token_and_tells_a_failed_wait_what_happened(telegram: Telegramd, bot: Bot) -> None:
    await refused(bot.send_message(1, "x"))
    with pytest.raises(TimeoutError, match="chat not found"):
        await telegram.eventually(lambda: False, 0)
    assert all(telegram.token not in repr(entry.as_json()) for entry in telegram.log)
