"""How often Telegram is asked what: never above its limits, whoever asks and whenever, with room for what a person waits for."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messenger import Urgency
from bot.telegram.pace import MOST_NAMES, SHARES, Pace

NOTHING = timedelta(0)
GROUP, OTHER, DANA, AVI = -100_1, -100_2, 11, 12
CALLS = st.tuples(
    st.floats(0, 70),
    st.sampled_from([GROUP, OTHER, DANA, AVI]),
    st.sampled_from(list(Urgency)),
    st.integers(0, 3),
)
"""A rest before it, a chat, an urgency, and the message that is edited; 0: a new one."""


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


def spend(pace: Pace, clock: Hand, chat: int, urgency: Urgency = Urgency.NOTIFY, message: int = 0) -> float:
    """Wait as told and call; when that was."""
    clock.seconds += pace.wait(chat, urgency, message).total_seconds()
    assert pace.wait(chat, urgency, message) <= timedelta(microseconds=1)
    pace.take(chat, message)
    return clock.seconds


def most_within(moments: list[float], seconds: float) -> int:
    """The most of these in any window of that length, a microsecond being nothing."""
    return max((sum(1 for other in moments if 0 <= other - one < seconds - 1e-6) for one in moments), default=0)


@given(st.lists(CALLS, min_size=1, max_size=150))
def test_no_window_of_any_chat_nor_of_all_has_more_than_telegram_allows(
    calls: list[tuple[float, int, Urgency, int]],
) -> None:
    clock = Hand()
    pace = Pace(clock)
    moments: dict[int, list[float]] = {GROUP: [], OTHER: [], DANA: [], AVI: []}
    for rest, chat, urgency, message in calls:
        clock.seconds += rest if rest > 50 else 0  # mostly one after the other, sometimes after a rest
        moments[chat].append(spend(pace, clock, chat, urgency, message))
    for group in (GROUP, OTHER):
        assert most_within(moments[group], 60) <= 20
        assert most_within(moments[group], 1) <= 4
    for person in (DANA, AVI):
        assert most_within(moments[person], 1) <= 1
    assert most_within([at for every in moments.values() for at in every], 1) <= 25


def test_many_chats_together_are_sent_no_more_than_telegram_allows_in_all() -> None:
    clock = Hand()
    pace = Pace(clock)
    moments = [spend(pace, clock, chat) for chat in range(1, 100)]
    assert 20 <= most_within(moments, 1) <= 25


@given(st.lists(st.tuples(st.floats(0, 4), st.integers(0, 60)), min_size=1, max_size=120))
def test_whatever_progress_did_a_question_waits_a_second_at_most(calls: list[tuple[float, int]]) -> None:
    clock = Hand()
    pace = Pace(clock)
    for rest, message in calls:
        clock.seconds += rest
        spend(pace, clock, GROUP, Urgency.PROGRESS, message)
        assert pace.wait(GROUP, Urgency.NOTIFY) <= timedelta(seconds=1)
        assert pace.wait(GROUP, Urgency.SETTLE, 1) <= timedelta(seconds=1)


@given(st.lists(st.sampled_from(list(Urgency)), min_size=1, max_size=120), st.sampled_from([GROUP, DANA]))
def test_whoever_waits_as_told_may_go_and_whoever_is_more_urgent_waits_no_longer(
    kinds: list[Urgency], chat: int
) -> None:
    clock = Hand()
    pace = Pace(clock)
    for number, urgency in enumerate(kinds):
        waits = [pace.wait(chat, kind) for kind in Urgency]
        assert waits == sorted(waits)
        spend(pace, clock, chat, urgency, number % 3)


@pytest.mark.parametrize("urgency", list(Urgency))
def test_each_kind_has_its_share_of_a_group_s_minute(urgency: Urgency) -> None:
    clock = Hand()
    pace = Pace(clock)
    for _ in range(SHARES[urgency]):
        assert pace.wait(GROUP, urgency) == NOTHING
        pace.take(GROUP)
        clock.seconds += 1
    clock.seconds += 5  # by now only the minute is short
    assert pace.wait(GROUP, urgency) == timedelta(seconds=62 - 5 - SHARES[urgency])
    assert all(pace.wait(GROUP, kind) == NOTHING for kind in Urgency if SHARES[kind] > SHARES[urgency])


def test_three_posts_go_to_a_group_at_once_then_one_a_second_and_one_a_second_to_a_person() -> None:
    clock = Hand()
    pace = Pace(clock)
    assert [spend(pace, clock, GROUP) - 1_000 for _ in range(5)] == pytest.approx([0, 0, 0, 1, 2])
    assert [spend(pace, clock, DANA) - 1_002 for _ in range(3)] == pytest.approx([0, 1.05, 2.1])


def test_states_of_progress_leave_a_reader_time_and_an_end_does_not_wait_for_that() -> None:
    clock = Hand()
    pace = Pace(clock)
    pace.take(GROUP, 7)
    pace.take(DANA, 7)
    clock.seconds += 1.1
    assert pace.wait(GROUP, Urgency.PROGRESS, 7) == timedelta(seconds=1.9)
    assert pace.wait(DANA, Urgency.PROGRESS, 7) == timedelta(seconds=0.1)
    assert pace.wait(GROUP, Urgency.PROGRESS, 8) == NOTHING, "another message"
    assert pace.wait(GROUP, Urgency.SETTLE, 7) == pace.wait(DANA, Urgency.SETTLE, 7) == NOTHING


def test_progress_of_a_group_is_spread_over_its_minute() -> None:
    clock = Hand()
    pace = Pace(clock)
    moments = [spend(pace, clock, GROUP, Urgency.PROGRESS, 1 + n % 20) for n in range(60)]
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert max(gaps) <= 6.001
    assert most_within(moments, 60) <= 12


def test_edits_that_did_not_wait_keep_progress_away_for_seconds_not_minutes() -> None:
    clock = Hand()
    pace = Pace(clock)
    for message in range(1, 15):
        spend(pace, clock, GROUP, Urgency.SETTLE, message)
    clock.seconds += 62
    assert pace.wait(GROUP, Urgency.PROGRESS, 99) == NOTHING


def test_after_a_429_nothing_is_sent_to_that_chat_until_telegram_says_and_then_one_by_one() -> None:
    clock = Hand()
    pace = Pace(clock)
    pace.penalise(GROUP, timedelta(seconds=30))
    assert pace.wait(GROUP, Urgency.NOTIFY) == timedelta(seconds=30)
    assert pace.wait(GROUP, Urgency.SETTLE, 5) == timedelta(seconds=30)
    assert pace.wait(OTHER, Urgency.PROGRESS) == pace.wait(DANA, Urgency.PROGRESS) == NOTHING, "that chat only"
    clock.seconds += 30
    assert pace.wait(GROUP, Urgency.NOTIFY) == NOTHING
    pace.take(GROUP)
    assert pace.wait(GROUP, Urgency.NOTIFY) == timedelta(seconds=1), "no burst after a penalty"


def test_a_shorter_penalty_does_not_end_a_longer_one() -> None:
    clock = Hand()
    pace = Pace(clock)
    pace.penalise(DANA, timedelta(seconds=60))
    pace.penalise(DANA, timedelta(seconds=2))
    assert pace.wait(DANA, Urgency.NOTIFY) == timedelta(seconds=60)


def test_where_nothing_reaches_telegram_everybody_waits_until_something_does() -> None:
    clock = Hand()
    pace = Pace(clock)
    pace.hold(timedelta(seconds=20))
    pace.hold(timedelta(seconds=5))
    assert pace.wait(GROUP, Urgency.NOTIFY) == pace.wait(AVI, Urgency.NOTIFY) == timedelta(seconds=20)
    pace.release()
    assert pace.wait(GROUP, Urgency.NOTIFY) == NOTHING


def test_calls_made_without_waiting_are_paid_for_by_those_after_them() -> None:
    pace = Pace(Hand())
    for _ in range(4):
        pace.take(DANA)
    assert pace.wait(DANA, Urgency.NOTIFY) == timedelta(seconds=4 * 1.05)


def test_chats_and_messages_of_long_ago_are_not_remembered() -> None:
    clock = Hand()
    pace = Pace(clock)
    for number in range(1, 3 * MOST_NAMES):
        clock.seconds += 2
        pace.take(-number, number)
        pace.take(number, number)
    assert len(pace._chats) <= MOST_NAMES + 1
    assert len(pace._shown) <= MOST_NAMES + 1
    pace.penalise(-5, timedelta(hours=1))
    for number in range(1, 2 * MOST_NAMES):
        clock.seconds += 0.5
        pace.take(number)
    assert pace.wait(-5, Urgency.NOTIFY) > timedelta(minutes=30), "a penalty is not forgotten"
