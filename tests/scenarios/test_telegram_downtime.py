"""What happens while nobody is there, or somebody else is: found on start, answered once, and said to be late."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from bot.serve import Serving
from bot.telegram import surface
from bot.telegram.polling import Polling, PollingOptions
from tests.scenarios.lab import SENTENCES, STORY, TOMORROW, executions, is_hebrew, make_home, over, written
from tests.scenarios.telegram_lab import (
    MODES,
    Mode,
    all_noted,
    ask,
    heard,
    let_all_in,
    local_telegram,
    product,
    surface_of,
    team,
    text_of,
)
from tests.servers.telegramd import Telegramd
from tests.waiting import until

DAY = timedelta(days=1).total_seconds()


async def ready(serving: Serving) -> int:
    """What a load balancer is told."""
    async with aiohttp.ClientSession() as session, session.get(f"{serving.url}/readyz") as answer:
        return answer.status


@pytest.mark.parametrize("mode", MODES)
async def test_what_was_said_while_it_was_down_is_answered_once_and_said_to_be_late(tmp_path: Path, mode: Mode) -> None:
    async with local_telegram() as telegram:
        group = telegram.add_supergroup("Team", [telegram.dana, telegram.avi])
        async with team(tmp_path, telegram, mode):
            running = await ask(telegram, group, SENTENCES["en"])
            gate, _ = await running.gated()
            await all_noted(tmp_path)
        words = f"@{telegram.username} {TOMORROW['en']}"
        late = await telegram.say(telegram.dana, group, words, ago=200)
        private = await telegram.say(telegram.avi, telegram.avi, TOMORROW["he"], ago=100)
        await telegram.say(telegram.avi, group, "not for you", reply_to=late)
        await running.says("stop")
        pressed = await telegram.press(telegram.avi, group, gate["message_id"], "Details")
        async with product(tmp_path, telegram, mode) as serving:
            await running.told("Stopped:")
            await telegram.eventually(lambda: telegram.answer(pressed))
            await over(serving, 3)
            await telegram.eventually(lambda: any("found only now" in text for text in running.texts))
            await telegram.eventually(lambda: len(telegram.sent(telegram.avi)) == 2)
            card, end = telegram.sent(telegram.avi)
            assert (is_hebrew(text_of(card)), private) == (True, min(card["message_id"], end["message_id"]) - 1)
            assert written(tmp_path)["events"] == 0
        async with product(tmp_path, telegram, mode) as serving:
            await (await ask(telegram, telegram.avi, TOMORROW["he"])).finished()
            assert len(await executions(serving)) == 4, "nothing is found a second time"
        below = [m for m in telegram.sent(group) if m["reply_to_message"]["message_id"] == late]
        assert len(below) == 2


async def test_a_gate_survives_a_restart_and_the_way_updates_come(tmp_path: Path) -> None:
    async with local_telegram() as telegram:
        async with team(tmp_path, telegram, "webhook"):
            conversation = await ask(telegram, telegram.avi, SENTENCES["he"])
            gate, approve = await conversation.gated()
            await all_noted(tmp_path)
        posted = len(conversation.ours)
        press = await telegram.press(telegram.avi, telegram.avi, gate["message_id"], approve)
        telegram.updates.hook.unset()
        async with product(tmp_path, telegram, "polling"):
            await telegram.eventually(lambda: telegram.answer(press))
            await conversation.finished()
        assert len(conversation.ours) in {posted + 1, posted + 2}
        assert written(tmp_path) == STORY


@pytest.mark.parametrize("mode", MODES)
async def test_a_week_of_updates_that_come_again_is_answered_once(tmp_path: Path, mode: Mode) -> None:
    async with local_telegram() as telegram:
        group = telegram.add_supergroup("Team", [telegram.dana, telegram.avi, telegram.guest])
        async with team(tmp_path, telegram, mode) as serving:
            first = await ask(telegram, group, SENTENCES["en"])
            await first.story()
            for words in ("/status", "/help", "/invite", "/link", "stop"):
                await telegram.say(telegram.dana, telegram.dana, words)
            await telegram.say(telegram.guest, telegram.guest, "let me in")
            await telegram.say(telegram.avi, telegram.avi, TOMORROW["he"], ago=1.5 * DAY)
            await telegram.eventually(lambda: len(telegram.sent(telegram.dana)) == 5)
            await telegram.eventually(lambda: telegram.sent(telegram.guest) and telegram.sent(telegram.avi))
            await first.at_rest()
            before = told(telegram)
            assert telegram.updates.replay() == 10
            await telegram.settled()
            last = await ask(telegram, group, TOMORROW["en"])
            await telegram.eventually(lambda: len(told(telegram)) == len(before) + 2)
            assert len(await over(serving, 2)) == 2
        async with product(tmp_path, telegram, mode) as serving:
            assert telegram.updates.replay() == 11
            await telegram.settled()
            await ask(telegram, group, TOMORROW["he"])
            await over(serving, 3)
            await telegram.eventually(lambda: len(told(telegram)) == len(before) + 4)
        assert all(m["message_id"] > last.root for m in telegram.sent(group)[-4:])
        assert written(tmp_path) == STORY


def told(telegram: Telegramd) -> list[int]:
    """Every message of the product's, wherever."""
    return [m["message_id"] for chat in telegram.world.chats.values() for m in telegram.sent(chat)]


async def test_what_is_older_than_a_day_starts_nothing(tmp_path: Path) -> None:
    async with local_telegram(keep_seconds=None) as telegram:
        group = telegram.add_supergroup("Team", [telegram.dana, telegram.avi])
        async with team(tmp_path, telegram) as serving:
            old, words = DAY + 60, f"@{telegram.username} {TOMORROW['en']}"
            await telegram.say(telegram.dana, telegram.dana, TOMORROW["en"], ago=old)
            await telegram.say(telegram.avi, telegram.avi, f"/ask {TOMORROW['he']}", ago=old)
            asked = await telegram.say(telegram.dana, group, words, ago=old)
            await telegram.edit(telegram.dana, group, asked, f"{words} again", ago=old)
            await heard(telegram, telegram.dana, "more than a day ago")
            await telegram.eventually(lambda: telegram.sent(group))
            assert "more than a day ago" in text_of(telegram.sent(group)[0])
            just = await telegram.say(telegram.dana, telegram.dana, TOMORROW["en"], ago=DAY - 60)
            await over(serving)
            [execution] = await executions(serving)
            assert (execution.execution.request.request_key or "").endswith(f":{just}")


@asynccontextmanager
async def impatient() -> AsyncGenerator[None]:
    """Conflicts are not waited for as long as in life."""
    pauses = tuple(timedelta(milliseconds=each) for each in (50, 60, 70, 80, 90))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(surface, "Polling", partial(Polling, options=PollingOptions(conflict_pauses=pauses)))
        yield


async def test_a_second_process_is_named_and_one_stops_asking(tmp_path: Path) -> None:
    async with (
        impatient(),
        local_telegram() as telegram,
        team(tmp_path / "one", telegram) as one,
    ):
        await let_all_in(make_home(tmp_path / "two"), telegram)
        async with product(tmp_path / "two", telegram) as two:
            stopped = await until(partial(whoever_stopped, one, two), lambda found: found is not None)
            assert stopped is not None
            other = two if stopped is one else one
            assert surface_of(stopped).trouble == "telegram_start.other_poller"
            assert await until(partial(ready, stopped), lambda status: status != 200) == 503
            assert await until(partial(ready, other), lambda status: status == 200) == 200
            calls = len(telegram.log.calls("getUpdates"))
            conversation = await ask(telegram, telegram.dana, TOMORROW["en"])
            await conversation.finished()
            assert len(await executions(stopped)) == 0
            assert len(telegram.log.calls("getUpdates")) < calls + 10, "whoever stopped asks no more"


async def whoever_stopped(*products: Serving) -> Serving | None:
    """The first that cannot work until somebody mends it."""
    return next((each for each in products if surface_of(each).trouble), None)


async def test_a_webhook_of_somebody_elses_is_named_and_left_alone(tmp_path: Path) -> None:
    async with impatient(), local_telegram() as telegram:
        await let_all_in(make_home(tmp_path), telegram)
        telegram.updates.hook.set("https://elsewhere.example/hook", "theirs", 40)
        async with product(tmp_path, telegram, deaf=True) as serving:
            await until(partial(trouble, serving), bool)
            assert surface_of(serving).trouble == "telegram_start.webhook_active"
            assert await ready(serving) == 503
            assert telegram.updates.hook.url == "https://elsewhere.example/hook"


async def trouble(serving: Serving) -> str:
    """What keeps it from working."""
    return surface_of(serving).trouble


async def test_with_a_wrong_token_it_is_not_ready_and_goes_on_working(tmp_path: Path) -> None:
    async with local_telegram() as telegram:
        make_home(tmp_path)
        wrong = telegram.token[:-5] + "wrong"
        async with product(tmp_path, telegram, deaf=True, telegram_bot_token=wrong) as serving:
            await telegram.eventually(lambda: any(e.status == 401 for e in telegram.log.calls()))
            assert await ready(serving) == 503
            async with aiohttp.ClientSession() as session, session.get(f"{serving.url}/healthz") as answer:
                assert answer.status == 200
            assert (await surface_of(serving).claim_link()).startswith("/claim ")


async def test_with_its_token_revoked_it_is_not_ready_and_goes_on_working(tmp_path: Path) -> None:
    async with local_telegram() as telegram, team(tmp_path, telegram) as serving:
        group = telegram.add_supergroup("Team", [telegram.dana, telegram.avi])
        assert await until(partial(ready, serving), lambda status: status == 200) == 200
        conversation = await ask(telegram, group, SENTENCES["en"])
        gate, approve = await conversation.gated()
        await telegram.press(telegram.dana, group, gate["message_id"], approve)
        await telegram.settled()
        telegram.revoke_token()
        await over(serving)
        assert written(tmp_path) == STORY
        assert await until(partial(ready, serving), lambda status: status != 200) == 503
        telegram.world.dead = False
        telegram.world.queries.clear()


async def test_telegram_may_be_away_at_the_start_and_in_between(tmp_path: Path) -> None:
    async with local_telegram() as telegram:
        await let_all_in(make_home(tmp_path), telegram)
        await telegram.down()
        async with product(tmp_path, telegram, deaf=True) as serving:
            assert await ready(serving) == 503
            await telegram.up()
            await until(partial(ready, serving), lambda status: status == 200)
            group = telegram.add_supergroup("Team", [telegram.dana, telegram.avi])
            conversation = await ask(telegram, group, SENTENCES["en"])
            await conversation.gated()
            await all_noted(tmp_path)
            await telegram.down()
            await telegram.say(telegram.dana, group, f"/ask@{telegram.username} {TOMORROW['en']}")
            await until(partial(ready, serving), lambda status: status != 200)
            await telegram.up()
            await over_but_one(serving)
            await conversation.press("approve")
            await over(serving, 2)
            await telegram.eventually(
                lambda: (
                    sum("feedback" in str(m) or ":1" in str(m.get("reply_markup")) for m in telegram.sent(group)) == 2
                ),
                30,
            )
        assert written(tmp_path) == STORY


async def over_but_one(serving: Serving) -> None:
    """Wait until one of two executions is done."""
    await until(
        partial(executions, serving),
        lambda found: len(found) == 2 and sum(each.outcome is not None for each in found) == 1,
    )
