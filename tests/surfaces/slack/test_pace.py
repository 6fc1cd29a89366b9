"""How often Slack is asked what: never above its limits, whoever asks and whenever, and not at all after it says so."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.pace import MOST_NAMES, Family, Pace


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


def spend(pace: Pace, clock: Hand, family: Family, name: str) -> float:
    """Wait as told and call; when that was."""
    clock.seconds += pace.wait(family, name).total_seconds()
    assert pace.wait(family, name) <= timedelta(0)
    pace.take(family, name)
    return clock.seconds


def most_within(moments: list[float], seconds: float) -> int:
    """The most of these in any window of that length."""
    return max(sum(1 for other in moments if 0 <= other - one < seconds) for one in moments)


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(0, 6)), min_size=1, max_size=150))
def test_no_minute_has_more_than_50_edits_in_the_workspace_however_they_come(asked: list[tuple[float, int]]) -> None:
    clock = Hand()
    pace = Pace(clock)
    moments: list[float] = []
    for idle, message in asked:
        clock.seconds += idle if idle > 20 else 0  # mostly one after the other, sometimes after a rest
        moments.append(spend(pace, clock, Family.UPDATE, f"C1/{message}"))
    assert most_within(moments, 60) <= 50


def test_a_sender_that_never_rests_edits_49_times_in_its_first_minute() -> None:
    clock = Hand()
    pace = Pace(clock)
    moments = [spend(pace, clock, Family.UPDATE, f"C1/{n}") for n in range(120)]
    assert most_within(moments, 60) == 49


def test_five_messages_are_edited_at_once_but_one_message_only_once_a_second() -> None:
    clock = Hand()
    pace = Pace(clock)
    pace.take(Family.UPDATE, "C1/1")
    assert pace.wait(Family.UPDATE, "C1/1") == timedelta(seconds=1)
    for n in range(2, 6):
        assert pace.wait(Family.UPDATE, f"C1/{n}") == timedelta(0)
        pace.take(Family.UPDATE, f"C1/{n}")
    assert pace.wait(Family.UPDATE, "C1/6") == timedelta(seconds=1.35)


def test_three_posts_go_to_a_channel_at_once_then_one_a_second_and_other_channels_do_not_wait() -> None:
    clock = Hand()
    pace = Pace(clock)
    moments = [spend(pace, clock, Family.POST, "C1") - 1_000 for _ in range(5)]
    assert moments == pytest.approx([0, 0, 0, 1, 2])
    assert pace.wait(Family.POST, "C2") == timedelta(0)


def test_after_a_429_nothing_of_the_kind_is_asked_until_slack_says_and_then_one_by_one() -> None:
    clock = Hand()
    pace = Pace(clock)
    pace.penalise("chat.update", timedelta(seconds=30))
    assert pace.wait(Family.UPDATE, "C1/1") == timedelta(seconds=30)
    assert pace.wait(Family.POST, "C1") == timedelta(0), "posting is another limit"
    clock.seconds += 30
    assert pace.wait(Family.UPDATE, "C1/1") == timedelta(0)
    pace.take(Family.UPDATE, "C1/1")
    assert pace.wait(Family.UPDATE, "C1/2") == timedelta(seconds=1.35), "no burst after a penalty"


def test_a_shorter_penalty_does_not_end_a_longer_one() -> None:
    clock = Hand()
    pace = Pace(clock)
    pace.penalise("chat.postMessage", timedelta(seconds=60), "C1")
    pace.penalise("chat.postMessage", timedelta(seconds=2), "C1")
    assert pace.wait(Family.POST, "C1") == timedelta(seconds=60)


@pytest.mark.parametrize(
    ("method", "family"),
    [
        ("assistant.threads.setStatus", Family.SESSION),
        ("conversations.history", Family.READ),
        ("files.completeUploadExternal", Family.FILE),
    ],
)
def test_a_429_of_one_method_holds_those_that_share_its_limit(method: str, family: Family) -> None:
    pace = Pace(Hand())
    pace.penalise(method, timedelta(seconds=9))
    assert pace.wait(family) == timedelta(seconds=9)


def test_a_429_of_a_method_nobody_paces_holds_nothing() -> None:
    pace = Pace(Hand())
    pace.penalise("views.open", timedelta(seconds=9))
    assert all(pace.wait(family, "x") == timedelta(0) for family in Family)


def test_calls_made_without_waiting_are_paid_for_by_those_after_them() -> None:
    pace = Pace(Hand())
    for _ in range(8):
        pace.take(Family.SESSION)
    assert pace.wait(Family.SESSION) == timedelta(seconds=4 * 1.35)


def test_messages_that_were_edited_long_ago_are_not_remembered() -> None:
    clock = Hand()
    pace = Pace(clock)
    for n in range(3 * MOST_NAMES):
        clock.seconds += 2
        pace.take(Family.UPDATE, f"C1/{n}")
    assert len(pace._full) <= MOST_NAMES + 1
