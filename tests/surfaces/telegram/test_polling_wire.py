"""Long polling against a strict local Telegram, over our own calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path

from bot.inbox import Inbox
from bot.telegram.api import ALLOWED_UPDATES as ASKED_FOR
from bot.telegram.api import TelegramApi, telegram_api
from bot.telegram.inbound.envelope import ALLOWED_UPDATES
from bot.telegram.polling import Polling, PollingOptions
from engine.errors import UnavailableError
from engine.ports.chat_log import Delivery, Outgoing
from integrations.scheduling.clock import SystemClock
from storage.chat_store import SqliteChatLog
from storage.codec import instant
from storage.database import open_database
from storage.message_log_store import SqliteMessageLog
from tests.servers.telegramd import Fault, Telegramd, TelegramdOptions, serve_telegramd
from tests.surfaces.telegram.listening import WORDS, Heard, Kept, do_everything, logged, name_at, polling, soon
from tests.waiting import until

MOMENT = timedelta(milliseconds=1)
QUICK = PollingOptions(first_pause=MOMENT, refused_pause=MOMENT, conflict_pauses=(MOMENT,) * 5)


@dataclass(slots=True)
class Scene:
    telegram: Telegramd
    api: TelegramApi
    kept: Kept
    heard: Heard

    @asynccontextmanager
    async def listening(
        self, options: PollingOptions = QUICK, *, api: TelegramApi | None = None
    ) -> AsyncGenerator[Polling]:
        clock, ours = SystemClock(), name_at(self.telegram)
        async with polling(api or self.api, self.kept, clock, self.heard, options, ours) as made:
            await soon(lambda: made.alive)
            yield made

    async def taken(self, holds: Callable[[], object]) -> None:
        """Return when this holds on our side and everything is confirmed."""
        await soon(holds)
        await self.telegram.settled()


@asynccontextmanager
async def scene() -> AsyncGenerator[Scene]:
    async with serve_telegramd(TelegramdOptions(flood=None)) as telegram:
        async with telegram_api(telegram.token, telegram.api_url) as api:
            yield Scene(telegram, api, Kept(), Heard())
        assert telegram.warnings == []


def test_the_kinds_of_update_we_ask_for_are_those_we_read() -> None:
    assert ASKED_FOR == ALLOWED_UPDATES


async def test_everything_a_person_can_do_is_committed_confirmed_and_not_logged() -> None:
    async with logged() as lines, scene() as here:
        async with here.listening():
            expected = await do_everything(here.telegram, here.api)
            await here.taken(lambda: len(here.kept.taken) >= len(expected))
        assert here.kept.kinds == expected
        secrets = (WORDS, here.telegram.token)
    assert not any(secret in line for line in lines for secret in secrets)


async def test_what_was_said_is_what_is_read() -> None:
    async with scene() as here, here.listening():
        telegram = here.telegram
        group = telegram.add_forum("Team", [telegram.dana, telegram.avi])
        topic = await telegram.create_topic(group, "Plans")
        asked = await telegram.say(telegram.avi, group, f"🎼 @{telegram.username} מה קורה?", topic=topic)
        await here.taken(lambda: here.kept.taken)
        (delivery,) = here.kept.taken.values()
        assert delivery.text == "🎼 מה קורה?"
        assert delivery.user_id == f"telegram:{telegram.avi.id}"
        assert delivery.payload == {
            "chat": group.id,
            "message": asked,
            "topic": topic,
            "type": "supergroup",
            "addressed": True,
            "forwarded": False,
            "files": False,
            "name": "Avi Cohen",
            "language": "he",
            "anonymous": False,
        }


async def test_senders_without_a_name_of_their_own_and_words_of_others_say_so() -> None:
    async with scene() as here, here.listening():
        telegram, kept = here.telegram, here.kept
        group = telegram.add_supergroup("Team", [telegram.dana])
        news = telegram.add_channel("News", [telegram.dana])
        await telegram.promote(group, telegram.dana)
        words = f"@{telegram.username} {WORDS}"
        await telegram.say(telegram.dana, group, words, anonymous=True)
        await telegram.say(telegram.dana, group, words, as_channel=news)
        await telegram.say(telegram.dana, telegram.dana, "/cancel", forwarded=telegram.avi)
        await telegram.say(telegram.dana, telegram.dana, "/cancel", forwarded="somebody")
        await telegram.say(telegram.dana, telegram.dana, "/cancel", forwarded=news)
        await here.taken(lambda: len(kept.taken) == 5)
        told = [(d.payload["anonymous"], d.payload["forwarded"], d.payload.get("from")) for d in kept.taken.values()]
        assert told == [
            (True, False, None),
            (True, False, None),
            (False, True, "Avi Cohen"),
            (False, True, "somebody"),
            (False, True, "News"),
        ]
        assert kept.kinds == ["message"] * 5


async def test_what_is_said_while_nobody_listens_is_heard_by_the_next_process_once() -> None:
    async with scene() as here:
        telegram, kept = here.telegram, here.kept
        for n in range(3):
            async with here.listening():
                await telegram.say(telegram.dana, telegram.dana, f"up {n}")
                await here.taken(lambda n=n: len(kept.taken) == 2 * n + 1)
            await telegram.say(telegram.dana, telegram.dana, f"down {n}")
        async with here.listening():
            await here.taken(lambda: len(kept.taken) == 6)
        assert kept.texts == ["up 0", "down 0", "up 1", "down 1", "up 2", "down 2"]
        assert not any(step.startswith("known") for step in kept.happened)


async def test_a_replay_of_everything_is_taken_by_nobody_twice() -> None:
    async with scene() as here:
        telegram, kept = here.telegram, here.kept
        async with here.listening():
            expected = await do_everything(telegram, here.api)
            await here.taken(lambda: len(kept.taken) >= len(expected))
            telegram.updates.replay()
            await telegram.say(telegram.dana, telegram.dana, "something new")
            await here.taken(lambda: "something new" in kept.texts)
        async with here.listening():
            telegram.updates.replay()
            await telegram.settled()
        assert kept.kinds == [*expected, "message"]


async def test_updates_that_come_twice_or_in_disorder_are_taken_once() -> None:
    async with scene() as here, here.listening():
        telegram, kept = here.telegram, here.kept
        telegram.updates.repeat("message", 3)
        await telegram.say(telegram.dana, telegram.dana, "one")
        await here.taken(lambda: kept.texts == ["one"])
        telegram.updates.hold()
        for n in range(4):
            await telegram.say(telegram.dana, telegram.dana, f"held {n}")
        telegram.updates.release("reversed")
        await here.taken(lambda: len(kept.taken) == 5)
        assert kept.texts[1:] == ["held 0", "held 1", "held 2", "held 3"]


async def test_numbers_that_go_on_lower_are_heard() -> None:
    async with scene() as here, here.listening():
        telegram, kept = here.telegram, here.kept
        await telegram.say(telegram.dana, telegram.dana, "before", ago=60)
        await here.taken(lambda: kept.taken)
        telegram.updates.jump(17)
        telegram.advance(5)
        await telegram.say(telegram.dana, telegram.dana, "after")
        await here.taken(lambda: kept.texts == ["before", "after"])


async def test_a_telegram_that_is_away_for_a_while_is_heard_again() -> None:
    async with scene() as here:
        async with here.listening() as made:
            for fault in (
                Fault.bad_gateway(),
                Fault.garbage(),
                Fault.reset_before(),
                Fault.server_error(),
                Fault.flood(0),
            ):
                here.telegram.faults.next("getUpdates", fault)
            await here.telegram.down()
            await soon(lambda: not made.alive)
            await here.telegram.up()
            await here.telegram.say(here.telegram.dana, here.telegram.dana, WORDS)
            await here.taken(lambda: here.kept.taken)
            await soon(lambda: made.alive)
            assert here.telegram.faults.pending() == 0
        assert here.kept.texts == [WORDS]
        assert len(here.heard.at) >= 2


async def test_what_telegram_gave_and_we_did_not_get_comes_again() -> None:
    async with scene() as here, here.listening():
        here.telegram.faults.next("getUpdates", Fault.reset_after_commit())
        await here.telegram.say(here.telegram.dana, here.telegram.dana, WORDS)
        await here.taken(lambda: here.kept.taken)
        assert here.kept.texts == [WORDS]


async def test_storage_that_is_away_loses_nothing() -> None:
    async with scene() as here, here.listening():
        here.kept.fails.extend([UnavailableError("storage_unavailable", "away")] * 3)
        for n in range(3):
            await here.telegram.say(here.telegram.dana, here.telegram.dana, f"{n}")
        await here.taken(lambda: len(here.kept.taken) == 3)
        assert here.kept.texts == ["0", "1", "2"]


async def test_of_two_that_ask_with_one_token_one_stays_and_nothing_is_lost() -> None:
    async with scene() as here, telegram_api(here.telegram.token, here.telegram.api_url) as other:
        telegram, kept = here.telegram, here.kept
        async with here.listening() as first, here.listening(replace(QUICK), api=other) as second:
            await soon(lambda: first.trouble or second.trouble)
            assert [first.trouble, second.trouble].count("telegram_start.other_poller") == 1
            left = second if first.trouble else first
            await soon(lambda: left.alive)
            await telegram.say(telegram.dana, telegram.dana, WORDS)
            await here.taken(lambda: kept.texts == [WORDS])


async def test_a_webhook_set_elsewhere_is_named() -> None:
    async with scene() as here, here.listening() as made:
        await here.api.set_webhook("https://elsewhere.example/hook", "secret")
        await soon(lambda: made.trouble)
        assert made.trouble == "telegram_start.webhook_active"
        assert not made.alive


async def test_a_token_that_was_revoked_is_named() -> None:
    async with scene() as here, here.listening() as made:
        here.telegram.revoke_token()
        await soon(lambda: made.trouble)
        assert (made.trouble, made.alive) == ("telegram_start.token_refused", False)


class Listener:
    """Handles what the inbox gives it."""

    def __init__(self) -> None:
        self.handled: list[str] = []

    async def handle(self, delivery: Delivery) -> Outgoing | None:
        self.handled.append(delivery.text)
        return None

    async def broken(self, delivery: Delivery) -> Outgoing | None:
        raise AssertionError(delivery)


async def test_a_process_that_is_started_again_knows_what_was_taken_before(tmp_path: Path) -> None:
    listener, clock = Listener(), SystemClock()
    async with serve_telegramd(TelegramdOptions(flood=None)) as telegram:
        for n in range(3):
            async with (
                open_database(tmp_path, now=instant(clock.now()), durable=False) as database,
                telegram_api(telegram.token, telegram.api_url) as api,
                asyncio.TaskGroup() as group,
            ):
                log, chat = SqliteMessageLog(database), SqliteChatLog(database)
                inbox = Inbox(chat, clock, {"telegram": listener}, lambda: None)
                made = Polling(
                    source=api,
                    ours=name_at(telegram),
                    receive=inbox.receive,
                    log=log,
                    clock=clock,
                    connected=Heard().connected,
                )
                running = [group.create_task(job) for job in (inbox.run(), made.run())]
                telegram.updates.replay()
                await telegram.say(telegram.dana, telegram.dana, f"{n}")
                await soon(lambda n=n: f"{n}" in listener.handled)
                await telegram.settled()
                await until(partial(chat.waiting, "telegram"), lambda waiting: not waiting)
                assert (await log.cursor("telegram") or "").split(":")[1] == str(telegram.updates.history[-1].id)
                for task in running:
                    task.cancel()
    assert listener.handled == ["0", "1", "2"]
