"""How updates come: by asking, at an address, once, again, out of order, and all over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from telegram import Bot
from telegram.error import Conflict

from tests.contract.telegramd.talking import heard, ptb, raw, refused
from tests.servers.telegramd import Fault, Telegramd, TelegramdOptions

Json = dict[str, Any]
OTHER = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"


async def ids(telegram: Telegramd, **params: Any) -> list[int]:
    answer = await raw(telegram, "getUpdates", **params)
    return [each["update_id"] for each in answer["result"]]


async def said(telegram: Telegramd, *texts: str) -> None:
    for text in texts:
        await telegram.say(telegram.dana, telegram.dana, text)


async def test_what_is_not_confirmed_comes_again_and_what_is_never_does(telegram: Telegramd) -> None:
    await said(telegram, "one", "two", "three")
    first, second, third = await ids(telegram)
    assert (second, third) == (first + 1, first + 2)
    assert await ids(telegram, offset=first) == [first, second, third]
    assert await ids(telegram, offset=second, limit=1) == [second]
    assert await ids(telegram, offset=0) == [second, third]
    assert await ids(telegram, offset=-1) == [third]
    assert await ids(telegram) == [third]
    assert await ids(telegram, offset=third + 1) == []
    await telegram.settled(0)


async def test_a_poll_waits_for_what_happens_and_no_longer_than_asked(telegram: Telegramd, bot: Bot) -> None:
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(bot.get_updates(timeout=30))
        await telegram.eventually(lambda: telegram.updates.polling)
        await said(telegram, "hello")
    assert [each.message.text for each in waiting.result() if each.message] == ["hello"]
    assert await ids(telegram, offset=waiting.result()[0].update_id + 1, timeout=0) == []


async def test_the_first_of_two_pollers_is_thrown_out(telegram: Telegramd, bot: Bot) -> None:
    async with ptb(telegram) as second, asyncio.TaskGroup() as group:
        first = group.create_task(refused(bot.get_updates(timeout=30)))
        await telegram.eventually(lambda: telegram.updates.polling)
        other = group.create_task(second.get_updates(timeout=30))
        assert await first == OTHER
        await telegram.eventually(lambda: telegram.updates.polling)
        await said(telegram, "hello")
        assert len(await other) == 1


async def test_a_poller_that_hung_up_loses_nothing(telegram: Telegramd, bot: Bot) -> None:
    impatient = asyncio.create_task(bot.get_updates(timeout=30))  # noqa: TID251 - it is cancelled, which a group would not survive
    await telegram.eventually(lambda: telegram.updates.polling)
    impatient.cancel()
    await asyncio.wait({impatient})
    await telegram.eventually(lambda: not telegram.updates.polling)
    await said(telegram, "hello")
    assert len(await heard(bot)) == 1
    assert telegram.log.refused(409) == []


async def test_a_lost_answer_to_a_poll_comes_again(telegram: Telegramd) -> None:
    await said(telegram, "hello")
    telegram.faults.next("getUpdates", Fault.reset_after_commit())
    with pytest.raises(OSError):
        await ids(telegram)
    assert len(await ids(telegram)) == 1


async def test_updates_may_be_held_shuffled_repeated_and_replayed(telegram: Telegramd) -> None:
    telegram.updates.hold()
    await said(telegram, "one", "two", "three", "four")
    assert await ids(telegram) == []
    telegram.updates.release("reversed")
    first = 410_000_001
    assert await ids(telegram) == [first + 3, first + 2, first + 1, first]
    assert await ids(telegram, offset=first + 4) == []
    telegram.updates.repeat("message", copies=3)
    await said(telegram, "five")
    assert await ids(telegram) == [first + 4] * 3
    assert await ids(telegram, offset=first + 5) == []
    assert telegram.updates.replay() == 5
    again = await ids(telegram, offset=first + 5)
    assert again == [first, first + 1, first + 2, first + 3, first + 4], "given out although confirmed"
    assert await ids(telegram, offset=first + 5) == []
    assert telegram.updates.replay(first + 3, same_ids=False) == 2
    assert await ids(telegram, offset=first + 5) == [first + 5, first + 6]


async def test_after_a_week_of_silence_ids_go_on_elsewhere(telegram: Telegramd) -> None:
    await said(telegram, "one")
    (first,) = await ids(telegram)
    assert await ids(telegram, offset=first + 1) == []
    telegram.advance(8 * 86_400)
    await said(telegram, "two")
    (second,) = await ids(telegram, offset=first + 1)
    assert abs(second - first) > 1_000
    assert await ids(telegram, offset=second + 1) == []
    telegram.updates.jump(1_000)
    await said(telegram, "three")
    assert await ids(telegram, offset=second + 1) == [1_000], "a number from the future confirms nothing"
    assert await ids(telegram, offset=1_001) == []


async def test_nothing_waits_for_longer_than_a_day(telegram: Telegramd) -> None:
    await said(telegram, "old")
    telegram.advance(86_401)
    await said(telegram, "new")
    assert len(await ids(telegram)) == 1


class TestForEver:
    @pytest.fixture
    def options(self) -> TelegramdOptions:
        return TelegramdOptions(flood=None, keep_seconds=None, realtime=False, start=1_800_000_000)

    async def test_a_backlog_of_a_week_waits_if_a_test_wants_it(self, telegram: Telegramd, bot: Bot) -> None:
        for _ in range(6):
            await said(telegram, "again")
            telegram.advance(86_400)
        updates = await heard(bot)
        dates = [int(each.message.date.timestamp()) for each in updates if each.message]
        assert dates == [1_800_000_000 + 86_400 * day for day in range(6)]


async def test_kinds_that_were_not_asked_for_are_not_kept(telegram: Telegramd) -> None:
    assert await ids(telegram, allowed_updates=["callback_query"]) == []
    await said(telegram, "unheard")
    assert await ids(telegram) == []
    assert telegram.updates.unheard == {"message": 1}
    await ids(telegram, allowed_updates=[])
    await said(telegram, "heard")
    assert len(await ids(telegram, allowed_updates=["rubbish"])) == 1
    assert telegram.warnings == ["unknown_update_kind:rubbish"]


@pytest.fixture
def options() -> TelegramdOptions:
    return TelegramdOptions(flood=None, webhook_retry=(0.0,))


class Door:
    """A bot's address, as a bot serves it."""

    def __init__(self) -> None:
        self.url = ""
        self.got: list[tuple[Json, str | None]] = []
        self.answers: list[int] = []

    async def take(self, request: web.Request) -> web.Response:
        self.got.append((await request.json(), request.headers.get("X-Telegram-Bot-Api-Secret-Token")))
        return web.Response(status=self.answers.pop(0) if self.answers else 200)


@pytest.fixture
async def door() -> AsyncGenerator[Door]:
    async with opened() as door:
        yield door


@asynccontextmanager
async def opened() -> AsyncGenerator[Door]:
    door = Door()
    app = web.Application()
    app.add_routes([web.post("/hook", door.take)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    door.url = f"http://{host}:{port}/hook"
    try:
        yield door
    finally:
        await runner.cleanup()


async def test_an_address_gets_everything_in_order_with_the_secret(telegram: Telegramd, bot: Bot, door: Door) -> None:
    await said(telegram, "before")
    assert await bot.set_webhook(door.url, secret_token="s3cret")
    await said(telegram, "one", "two")
    await telegram.settled()
    assert [(body["message"]["text"], secret) for body, secret in door.got] == [
        ("before", "s3cret"),
        ("one", "s3cret"),
        ("two", "s3cret"),
    ]
    words = (
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
    )
    assert await refused(bot.get_updates()) == words
    info = await bot.get_webhook_info()
    assert (info.url, info.pending_update_count, info.last_error_message) == (door.url, 0, None)


async def test_an_update_is_tried_until_it_is_taken_and_holds_up_what_follows(
    telegram: Telegramd, bot: Bot, door: Door
) -> None:
    door.answers = [500, 403, 302]
    await bot.set_webhook(door.url)
    await said(telegram, "one", "two")
    await telegram.eventually(lambda: len(door.got) == 5)
    await telegram.settled()
    assert [body["message"]["text"] for body, _ in door.got] == ["one", "one", "one", "one", "two"]
    assert [entry.attempt for entry in telegram.log.updates("message")] == [0, 1, 2, 3, 0]
    info = await bot.get_webhook_info()
    assert info.last_error_message == "Wrong response from the webhook: 302"
    assert await bot.delete_webhook()
    await said(telegram, "three")
    assert len(await heard(bot)) == 1


async def test_a_waiting_poll_ends_when_an_address_is_set(telegram: Telegramd, bot: Bot, door: Door) -> None:
    async with ptb(telegram) as other, asyncio.TaskGroup() as group:
        first = group.create_task(refused(bot.get_updates(timeout=30)))
        await telegram.eventually(lambda: telegram.updates.polling)
        await other.set_webhook(door.url)
        assert await first == "Conflict: terminated by setWebhook request"
        with pytest.raises(Conflict):
            await other.get_updates()


async def test_addresses_and_secrets_telegram_would_not_take(telegram: Telegramd, bot: Bot) -> None:
    assert await refused(bot.set_webhook("ftp://x")) == "Invalid webhook url specified"
    assert (
        await refused(bot.set_webhook("https://x", secret_token="x y")) == "Secret token contains unallowed characters"
    )
    assert await refused(bot.set_webhook("https://x", secret_token="x" * 257)) == "Secret token is too long"
    assert (await bot.get_webhook_info()).url == ""


async def test_an_address_nobody_listens_at_is_told_of_and_what_waits_may_be_dropped(
    telegram: Telegramd, bot: Bot, door: Door
) -> None:
    await bot.set_webhook("http://127.0.0.1:9/hook")
    await said(telegram, "lost")
    await telegram.eventually(lambda: telegram.updates.hook.error)
    assert (await bot.get_webhook_info()).last_error_message == "Connection refused"
    await bot.set_webhook(door.url, drop_pending_updates=True)
    await said(telegram, "found")
    await telegram.settled()
    assert [body["message"]["text"] for body, _ in door.got] == ["found"]
