"""What tells a replay from something new."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.telegram.watermark import RENUMBERED_AFTER, Watermark, read_watermark

AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
MARK = Watermark(bot=7, update=500, at=AT)
LATER = AT + timedelta(hours=1)
WEEK = timedelta(days=7)


def test_it_is_kept_and_read_back() -> None:
    assert str(MARK) == f"7:500:{int(AT.timestamp())}"
    assert read_watermark(str(MARK), 7) == MARK


@pytest.mark.parametrize(
    "kept", [None, "", "8:500:1", "7:500", "7:x:1", "7:-5:1", f"7:5:{10**13}", "7:٣:1", "7:500:1:2"]
)
def test_what_is_another_bots_or_cannot_be_read_is_none(kept: str | None) -> None:
    assert read_watermark(kept, 7) is None


@pytest.mark.parametrize(
    ("update", "sent_at", "now", "covered"),
    [
        (500, AT, LATER, True),
        (499, None, LATER, True),
        (1, AT - timedelta(days=3), LATER, True),
        (501, AT, LATER, False),
        (501, None, LATER, False),
        (3, AT + timedelta(seconds=1), LATER, False),
        (3, None, AT + RENUMBERED_AFTER, False),
        (3, None, AT + RENUMBERED_AFTER - timedelta(seconds=1), True),
        (3, None, AT + WEEK, False),
        (3, None, AT - WEEK, True),
    ],
    ids=[
        "the same",
        "a lower one",
        "an old one",
        "the next",
        "the next press",
        "sent after the last was taken: counted anew",
        "after a week less what one may wait",
        "just before",
        "after a week",
        "a clock that went back",
    ],
)
def test_a_lower_number_is_a_replay_unless_numbers_began_anew(
    update: int, sent_at: datetime | None, now: datetime, covered: bool
) -> None:
    assert MARK.covers(update, sent_at, now) is covered


def test_after_a_week_of_silence_nothing_is_said_about_the_next_number() -> None:
    assert MARK.following(LATER) == 501
    assert MARK.following(AT + WEEK) == 0
