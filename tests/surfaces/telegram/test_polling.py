"""Long polling: committed, then confirmed; told, not hurried, when something is wrong; ended, not fought, by a rival."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from bot.telegram.polling import PollingOptions
from bot.telegram.watermark import Watermark
from engine.domain.json import JsonObject
from engine.errors import AuthExpiredError, InternalError, RefusedError, UnavailableError
from engine.failpoints import arm
from tests.surfaces.telegram.listening import WORDS, Clock, Heard, Kept, Scripted, listened, logged, polling, soon
from tests.unit.telegram.inbound.updates import BOT_ID, GROUP, NOW, SENT, click, message, update

AWAY = UnavailableError("telegram_unavailable", "getUpdates: ConnectError.")
STORAGE = UnavailableError("storage_unavailable", "the database is away.")
TOKEN = AuthExpiredError("telegram_token_refused", "getUpdates: Unauthorized.")


def one(number: int, text: str = WORDS, **fields: Any) -> dict[str, Any]:
    return update(number, message=message(text, **fields))


def conflict(reason: str) -> RefusedError:
    return RefusedError("telegram_refused", "getUpdates: Conflict.", {"method": "getUpdates", "reason": reason})


def marked(number: int, ago: timedelta = timedelta(hours=1), bot: int = BOT_ID) -> Kept:
    """What an earlier process left."""
    return Kept(kept={"telegram": str(Watermark(bot=bot, update=number, at=NOW - ago))})


async def test_everything_is_committed_then_noted_and_only_then_confirmed() -> None:
    kept = Kept()
    await listened(kept, [one(500), one(501)], [], [one(502)])
    assert kept.happened == [
        "ask 0",
        "commit 500",
        "commit 501",
        "cursor 501",
        "ask 502",
        "ask 502",
        "commit 502",
        "cursor 502",
        "ask 503",
    ]


async def test_it_is_asked_at_once_whether_telegram_answers_and_then_as_long_as_it_holds() -> None:
    heard, clock = Heard(), Clock()
    source = await listened(Kept(), [], [], AWAY, [], [], clock=clock, heard=heard)
    assert [held for _, held in source.asked] == [0, 50, 50, 0, 50, 50]
    assert heard.at == [NOW, NOW + timedelta(seconds=1)]


async def test_it_says_whether_it_hears() -> None:
    kept, clock = Kept(), Clock()
    source = Scripted(kept, [[]])
    async with polling(source, kept, clock) as made:
        assert not made.alive
        await soon(lambda: source.held)
        assert made.alive
        assert made.trouble == ""


async def test_what_could_not_be_committed_is_not_confirmed() -> None:
    kept, clock = Kept(fails=[None, STORAGE, None, STORAGE]), Clock()
    batch = [one(500), one(501), one(502)]
    await listened(kept, batch, batch, batch, clock=clock)
    assert [step for step in kept.happened if not step.startswith("known")] == [
        "ask 0",
        "commit 500",
        "ask 0",
        "ask 0",
        "commit 501",
        "commit 502",
        "cursor 502",
        "ask 503",
    ]
    assert clock.waited == [1, 2]


async def test_what_could_not_be_noted_is_not_confirmed() -> None:
    kept = Kept()
    source = Scripted(kept, [[one(500)], [one(500)]])
    async with polling(source, kept) as made:
        await soon(lambda: source.asked)
        kept.cursor_fails = 1
        await soon(lambda: source.held)
        assert made.alive
    assert kept.happened == ["ask 0", "commit 500", "ask 0", "known 500", "cursor 500", "ask 501"]


async def test_nothing_is_asked_before_it_is_known_how_far_we_are() -> None:
    kept, clock = marked(500), Clock()
    kept.cursor_fails = 3
    source = await listened(kept, [], clock=clock)
    assert source.asked[0] == (501, 0)
    assert clock.waited == [1, 2, 4]


async def test_a_replay_is_passed_over_and_what_is_new_is_taken() -> None:
    kept = marked(500)
    async with logged() as lines:
        await listened(kept, [one(n, date=SENT - 7_000) for n in range(499, 503)])
    assert kept.happened == ["ask 501", "commit 501", "commit 502", "cursor 502", "ask 503"]
    assert not any(level in line for line in lines for level in ("WARNING", "ERROR"))


async def test_a_press_that_comes_again_is_passed_over_although_nobody_says_when_it_was() -> None:
    kept, clock = marked(500), Clock()
    await listened(kept, [click() | {"update_id": 500}], clock=clock)
    assert kept.taken == {}
    assert clock.waited == [1]


async def test_a_telegram_that_gives_the_same_again_and_again_is_not_asked_without_a_pause() -> None:
    kept, clock = marked(500), Clock()
    again = [click() | {"update_id": 500}]
    await listened(kept, again, again, again, [one(501)], again, clock=clock)
    assert clock.waited == [1, 2, 4, 1]


async def test_a_telegram_that_holds_no_question_is_not_asked_without_a_pause() -> None:
    clock = Clock()

    def held() -> Sequence[Any]:
        clock.advance(timedelta(seconds=1))
        return []

    await listened(Kept(), [], [], [], [], [one(500)], [], [], held, held, held, [], clock=clock)
    assert clock.waited == [1, 2, 1]


async def test_after_a_week_of_silence_the_numbers_may_be_any() -> None:
    kept, clock = marked(500, timedelta(days=7)), Clock()
    source = await listened(kept, [one(17)], [one(18)], clock=clock)
    assert [offset for offset, _ in source.asked] == [0, 18, 19]
    assert list(kept.taken) == [f"telegram:{BOT_ID}:17", f"telegram:{BOT_ID}:18"]


async def test_a_week_passes_while_it_listens() -> None:
    kept, clock = Kept(), Clock()

    def silence() -> Sequence[Any]:
        clock.advance(timedelta(days=7))
        return []

    source = await listened(kept, [one(500)], silence, [click() | {"update_id": 17}], clock=clock)
    assert [offset for offset, _ in source.asked] == [0, 501, 0, 18]
    assert kept.kinds == ["message", "click"]


async def test_a_lower_number_that_is_newer_is_no_replay() -> None:
    kept = marked(500, timedelta(hours=1))
    await listened(kept, [one(17)], [one(18)])
    assert kept.happened == ["ask 501", "commit 17", "cursor 17", "ask 18", "commit 18", "cursor 18", "ask 19"]


@pytest.mark.parametrize("kept", [marked(900, bot=8), Kept(kept={"telegram": "odd"})], ids=["another bot", "odd"])
async def test_what_is_kept_of_another_bot_says_nothing(kept: Kept) -> None:
    await listened(kept, [one(500)])
    assert kept.happened[:2] == ["ask 0", "commit 500"]
    assert kept.kept["telegram"].startswith(f"{BOT_ID}:500:")


async def test_a_batch_in_disorder_is_taken_in_order() -> None:
    kept = Kept()
    await listened(kept, [one(502), one(500), one(501)])
    assert kept.happened[1:5] == ["commit 500", "commit 501", "commit 502", "cursor 502"]


async def test_what_is_nothing_to_us_is_confirmed_all_the_same() -> None:
    kept = Kept()
    source = await listened(kept, [one(500, chat=GROUP), update(501, poll={"id": "1"})])
    assert kept.taken == {}
    assert source.asked[-1][0] == 502


async def test_poison_is_told_and_passed_over() -> None:
    kept = Kept(fails=[InternalError("write_invalid", "a value")])
    odd: list[Any] = [one(500), {"message": WORDS}, 7, None, [WORDS], {"update_id": "x", WORDS: WORDS}, one(501)]
    async with logged() as lines:
        source = await listened(kept, odd)
    assert kept.happened == ["ask 0", "commit 501", "cursor 501", "ask 502"]
    assert source.asked[-1][0] == 502
    told = "\n".join(lines)
    assert "telegram_update_not_kept" in told
    assert "telegram_update_unnamed" in told
    assert told.count(WORDS) == told.count(f"'kind': '{WORDS}'")  # a name of a field, not what somebody said


async def test_poison_alone_is_not_asked_for_without_a_pause() -> None:
    clock = Clock()
    await listened(Kept(), [{"message": WORDS}], [{"message": WORDS}], clock=clock)
    assert clock.waited == [1, 2]


async def test_what_only_a_replay_can_be_is_told_confirmed_and_not_committed() -> None:
    kept = Kept()
    async with logged() as lines:
        source = await listened(kept, [one(500, date=SENT - 3 * 86_400)])
    assert kept.taken == {}
    assert source.asked[-1][0] == 501
    assert any("WARNING telegram_update_too_old" in line for line in lines)


async def test_pauses_double_up_to_a_minute_and_begin_anew() -> None:
    clock = Clock()
    away = [AWAY] * 8
    await listened(Kept(), *away, [], AWAY, clock=clock)
    assert clock.waited == [1, 2, 4, 8, 16, 32, 60, 60, 1]


@pytest.mark.parametrize(("named", "waited"), [(7, 7), (0, 1), (300, 300)])
async def test_telegram_is_left_alone_as_long_as_it_wants(named: int, waited: int) -> None:
    clock = Clock()
    flood = UnavailableError("telegram_unavailable", "getUpdates: flood.", retry_after=timedelta(seconds=named))
    await listened(Kept(), flood, clock=clock)
    assert clock.waited == [waited]


async def test_a_question_that_is_never_answered_ends() -> None:
    class Silent:
        asked = 0

        async def updates(self, offset: int, timeout: timedelta, limit: int) -> list[JsonObject]:
            self.asked += 1
            await asyncio.Event().wait()
            raise AssertionError

    source, clock = Silent(), Clock()
    quick = PollingOptions(margin=timedelta(milliseconds=5))
    async with polling(source, Kept(), clock, options=quick) as made:
        await soon(lambda: source.asked >= 3)
        assert not made.alive
    assert clock.waited[:2] == [1, 2]


@pytest.mark.parametrize("reason", ["webhook_active", "other_poller"])
async def test_a_rival_is_borne_for_about_a_minute_and_then_we_stop_for_good(reason: str) -> None:
    kept, clock = Kept(), Clock()
    source = Scripted(kept, [[], *[conflict(reason)] * 6])
    async with logged() as lines, polling(source, kept, clock) as made:
        await soon(lambda: made.trouble)
        assert made.trouble == f"telegram_start.{reason}"
        assert not made.alive
        assert clock.waited == [2, 5, 10, 15, 30]
        asked = len(source.asked)
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(source.asked) == asked == 7
    assert sum("WARNING telegram_updates_taken_elsewhere" in line for line in lines) == 5
    assert sum("ERROR telegram_polling_stopped" in line and reason in line for line in lines) == 1


async def test_what_a_dead_process_left_is_outlived() -> None:
    kept, clock = Kept(), Clock()
    source = Scripted(kept, [conflict("other_poller"), conflict("other_poller"), [one(500)]])
    async with polling(source, kept, clock) as made:
        await soon(lambda: source.held)
        assert made.alive
        assert made.trouble == ""
    assert clock.waited == [2, 5]
    assert kept.texts == [WORDS]


async def test_two_that_end_each_others_questions_do_not_go_on_for_ever_because_some_are_answered() -> None:
    kept, clock = Kept(), Clock()
    answers = [answer for n in range(6) for answer in (conflict("other_poller"), [one(500 + n)])]
    source = Scripted(kept, list(answers))
    async with polling(source, kept, clock) as made:
        await soon(lambda: made.trouble)
    assert len(kept.taken) == 5


async def test_a_conflict_long_after_another_is_a_new_one() -> None:
    kept, clock = Kept(), Clock()

    def quiet() -> Sequence[Any]:
        clock.advance(timedelta(minutes=3))
        return []

    rivals = [conflict("other_poller")] * 5
    source = Scripted(kept, [*rivals, quiet, *rivals])
    async with polling(source, kept, clock) as made:
        await soon(lambda: source.held)
        assert made.trouble == ""


async def test_another_refusal_is_told_and_tried_again_slowly() -> None:
    clock = Clock()
    async with logged() as lines:
        await listened(Kept(), conflict("other"), [], clock=clock)
    assert clock.waited == [60]
    assert any("ERROR telegram_updates_refused" in line for line in lines)


async def test_a_refused_token_is_told_once_and_tried_again_slowly() -> None:
    kept, clock = Kept(), Clock()
    source = Scripted(kept, [TOKEN, TOKEN])
    async with logged() as lines, polling(source, kept, clock) as made:
        await soon(lambda: source.held)
        assert made.trouble == "telegram_start.token_refused"
        assert not made.alive
    assert clock.waited == [300, 300]
    assert sum("ERROR telegram_token_refused" in line for line in lines) == 1


async def test_a_token_that_is_good_again_is_no_trouble() -> None:
    kept = Kept()
    source = Scripted(kept, [TOKEN, []])
    async with polling(source, kept) as made:
        await soon(lambda: source.held)
        assert (made.alive, made.trouble) == (True, "")


async def test_ended_while_it_commits_nothing_of_it_is_confirmed() -> None:
    kept = Kept()
    kept.open.clear()
    source = Scripted(kept, [[one(500), one(501)]])
    async with polling(source, kept):
        await soon(lambda: kept.happened)
    assert kept.happened == ["ask 0"]
    assert kept.kept == {}


async def test_ended_while_telegram_holds_the_question_nothing_more_is_asked() -> None:
    kept = Kept()
    source = await listened(kept, [one(500)])
    assert kept.happened[-1] == "ask 501"
    assert len(source.asked) == 2


@pytest.fixture
def points() -> Generator[list[str]]:
    """Points that are passed; at the last one named, the process dies."""
    passed: list[str] = []
    arm(None, passed.append)
    yield passed
    arm(None)


async def test_a_test_may_stop_the_process_before_and_after_each_step(points: list[str]) -> None:
    kept = Kept()
    await listened(kept, [], [one(500), one(501)], [])
    assert points == ["telegram.commit.before#1", "telegram.commit.after#1", "telegram.cursor.after#1"]


class _Died(BaseException):
    """As a kill does, nothing is caught."""


@pytest.mark.parametrize("point", ["telegram.commit.before#2", "telegram.commit.after#2", "telegram.cursor.after#2"])
async def test_killed_at_any_point_everything_is_taken_once(point: str) -> None:
    kept = Kept()
    waiting = [one(n, f"{WORDS} {n}") for n in range(500, 506)]

    class Queue:
        """Forgets what is confirmed, as Telegram does; gives two at a time."""

        async def updates(self, offset: int, timeout: timedelta, limit: int) -> list[JsonObject]:
            waiting[:] = [each for each in waiting if each["update_id"] >= offset]
            await asyncio.sleep(0)
            if not waiting:
                await asyncio.Event().wait()
            return list(waiting[:2])

    def die(passed: str) -> None:
        if passed == point:
            raise _Died

    arm(None, die)
    try:
        with pytest.raises(BaseExceptionGroup) as died:
            async with polling(Queue(), kept):
                await asyncio.Event().wait()
        assert died.group_contains(_Died)
        arm(None)
        async with polling(Queue(), kept):
            await soon(lambda: not waiting)
    finally:
        arm(None)
    assert kept.texts == [f"{WORDS} {n}" for n in range(500, 506)]
    again = [step for step in kept.happened if step.startswith("known")]
    assert again == (["known 502", "known 503"] if "commit.after" in point else [])
