"""Calls that answer a person at once wait for the chat's turn, and not long; words wait as little."""

from __future__ import annotations

from dataclasses import MISSING, fields
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from bot.messenger import Urgency
from bot.telegram.api import Target
from bot.telegram.calls import LONGEST_TURN, PacedCalls
from bot.telegram.desk import Desk
from bot.telegram.pace import SHARES, Pace
from engine.domain.json import JsonObject
from engine.errors import IntegrationError, UnavailableError
from tests.lab import FakeClock

DANA, GROUP = 7001, -100500


class MovingClock(FakeClock):
    """Sleeping takes its time, and others may do something meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[timedelta] = []
        self.pace = Pace(self.seconds)
        self.others: list[int] = []
        """Chats that somebody else takes the turn of, one at each sleep."""

    def seconds(self) -> float:
        return self.instant.timestamp()

    async def sleep(self, duration: timedelta) -> None:
        self.slept.append(duration)
        self.advance(duration)
        if self.others:
            self.pace.take(self.others.pop(0))


class Sent:
    """Telegram, which counts what it is sent."""

    def __init__(self, clock: MovingClock) -> None:
        self.pace = clock.pace
        self.clock = clock
        self.at: list[datetime] = []
        self.away: list[IntegrationError] = []
        self.tries = 0

    async def send(self, target: Target, body: JsonObject) -> int:
        del body
        self.tries += 1
        if self.away:
            raise self.away.pop(0)
        self.pace.take(target.chat)
        self.at.append(self.clock.now())
        return len(self.at)


def paced(clock: MovingClock, sent: Sent) -> PacedCalls:
    return PacedCalls(cast("Any", sent), clock)


def desk(clock: MovingClock, sent: Sent) -> Desk:
    needed: dict[str, Any] = {one.name: None for one in fields(Desk) if one.init and one.default_factory is MISSING}
    needed |= {"calls": paced(clock, sent), "clock": clock}
    return Desk(**needed)


async def test_a_turn_that_somebody_else_took_is_waited_for_again() -> None:
    clock = MovingClock()
    sent = Sent(clock)
    clock.pace.take(DANA)
    clock.others = [DANA]
    with pytest.raises(UnavailableError) as raised:
        await paced(clock, sent).send(Target(chat=DANA), {})
    assert raised.value.retry_after is not None
    assert sum(clock.slept, timedelta()) <= LONGEST_TURN
    assert sent.tries == 0
    clock.advance(raised.value.retry_after)
    await paced(clock, sent).send(Target(chat=DANA), {})


async def test_finals_keep_the_room_of_a_group_that_is_theirs() -> None:
    clock = MovingClock()
    sent = Sent(clock)
    for _ in range(SHARES[Urgency.SETTLE]):
        clock.pace.take(GROUP)
        clock.advance(timedelta(seconds=1.1))
    with pytest.raises(UnavailableError):
        await paced(clock, sent).send(Target(chat=GROUP), {})
    assert clock.pace.wait(GROUP, Urgency.NOTIFY) == timedelta(0)
    assert (clock.slept, sent.tries) == ([], 0)


@pytest.mark.parametrize("named", [timedelta(0), timedelta(milliseconds=1)])
async def test_words_never_come_again_at_once(named: timedelta) -> None:
    clock = MovingClock()
    sent = Sent(clock)
    sent.away = [UnavailableError("rate_limited", "Later.", retry_after=named) for _ in range(50)]
    assert await desk(clock, sent).say(Target(chat=DANA), "Hello") is False
    assert sent.tries <= 3
    assert min(clock.slept) >= timedelta(seconds=1)
    sent.away = [UnavailableError("rate_limited", "Later.", retry_after=named)]
    assert await desk(clock, sent).say(Target(chat=DANA), "Hello") is True


async def test_words_that_may_be_there_are_not_said_again_and_are_not_known_to_be_told() -> None:
    clock = MovingClock()
    sent = Sent(clock)
    sent.away = [UnavailableError("telegram_unavailable", "No answer.")]
    assert await desk(clock, sent).say(Target(chat=DANA), "Hello") is False
    assert (sent.tries, clock.slept) == (1, [])
