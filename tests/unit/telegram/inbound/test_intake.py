"""What cannot be read or kept, or is too old to be new, is left out and told, without anybody's words."""

from __future__ import annotations

from collections.abc import Generator
from datetime import timedelta
from typing import Any

import pytest
from loguru import logger

from bot.housekeeping import KEYS_KEPT
from bot.telegram.inbound.intake import Intake
from engine.errors import InternalError, UnavailableError
from engine.ports.chat_log import Delivery
from tests.lab import FakeClock
from tests.unit.telegram.inbound.updates import MENTION, SENT, US, click, message, said, update

SECRET = "the secret words"


class Log:
    def __init__(self) -> None:
        self.taken: list[Delivery] = []
        self.fails: Exception | None = None

    async def receive(self, delivery: Delivery) -> None:
        if self.fails is not None:
            raise self.fails
        self.taken.append(delivery)


@pytest.fixture
def lines() -> Generator[list[str]]:
    """What is logged, with tracebacks."""
    told: list[str] = []
    handle = logger.add(lambda line: told.append(str(line)), level=0, format="{level} {message} {extra}")
    yield told
    logger.remove(handle)


def test_what_breaks_the_reading_is_told_without_its_words_and_left_out(lines: list[str]) -> None:
    class Broken:
        id = US.id

        @property
        def username(self) -> str:
            raise RuntimeError(SECRET)

    intake = Intake(Log().receive, Broken(), FakeClock())
    assert intake.read(said(f"{MENTION} {SECRET}")) is None
    assert ["telegram_update_broke" in line and "500" in line for line in lines] == [True]
    assert SECRET not in "\n".join(lines)


@pytest.mark.parametrize(
    ("age", "kept"),
    [(KEYS_KEPT, True), (KEYS_KEPT + timedelta(seconds=1), False), (timedelta(days=30), False), (-KEYS_KEPT, True)],
    ids=["two days", "a second more", "a month", "of tomorrow"],
)
def test_what_is_older_than_the_inbox_remembers_can_only_be_a_replay(
    age: timedelta, kept: bool, lines: list[str]
) -> None:
    clock = FakeClock()
    clock.instant = clock.instant.fromtimestamp(SENT, clock.instant.tzinfo) + age
    intake = Intake(Log().receive, US, clock)
    assert (intake.read(said(SECRET)) is not None) is kept
    assert any("telegram_update_too_old" in line for line in lines) is not kept
    assert SECRET not in "\n".join(lines)


def test_an_edit_is_as_old_as_the_edit() -> None:
    clock = FakeClock()
    clock.advance(timedelta(days=7))
    edited = message("hi", edit_date=int(clock.now().timestamp()))
    assert Intake(Log().receive, US, clock).read(update(edited_message=edited)) is not None


def test_nobody_says_when_a_button_was_pressed_and_a_card_may_be_old() -> None:
    clock = FakeClock()
    clock.advance(timedelta(days=7))
    assert Intake(Log().receive, US, clock).read(click()) is not None


async def test_what_cannot_be_kept_ever_is_told_and_left_out_and_what_can_later_is_not(lines: list[str]) -> None:
    log = Log()
    intake = Intake(log.receive, US, FakeClock())
    delivery = intake.read(said(SECRET))
    assert delivery is not None
    log.fails = InternalError("write_invalid", "a value")
    await intake.commit(delivery)
    assert ["write_invalid" in line for line in lines] == [True]
    log.fails = UnavailableError("storage_unavailable", "away")
    with pytest.raises(UnavailableError):
        await intake.commit(delivery)
    log.fails = None
    await intake.commit(delivery)
    assert log.taken == [delivery]
    assert SECRET not in "\n".join(lines)


def test_a_kind_that_is_left_alone_is_told_once(lines: list[str]) -> None:
    intake = Intake(Log().receive, US, FakeClock())
    bodies: list[Any] = [update(n, poll={"id": str(n)}) for n in range(1, 5)]
    bodies += [{f"kind{n}" * 99: 1, "update_id": n} for n in range(1, 300)]
    bodies += [None, [], 7]
    for body in bodies:
        assert intake.read(body) is None
    assert sum("'kind': 'poll'" in line for line in lines) == 1
    assert len(lines) <= 100
    assert max(map(len, lines)) < 200
