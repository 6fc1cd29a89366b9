"""The story in Telegram with the product killed and started again: one card, one meeting, one invitation, and the end is told.

A bot cannot look up what it posted: where a post was cut, one message may be there twice, and says so. Of each kind of moment
one, and one in so many others; ``make chaos`` takes all of them.
"""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.laboratory.chats import swept, wrong
from tests.laboratory.sweeps.telegram import POINTS, problems


@pytest.mark.crash
@pytest.mark.timeout(300)
def test_killed_at_the_worst_moments_the_story_in_telegram_is_told_once(fast_path: Path) -> None:
    verdicts = swept("telegram", fast_path / "work", "named", "--one-in", "12")
    assert len(verdicts) >= len(POINTS) + 3
    assert wrong(verdicts, verdicts.keys(), problems) == {}
    cut = {case for case, verdict in verdicts.items() if verdict["marked"]}
    assert len(cut) <= 3, "nothing was being posted then, save by chance"


@pytest.mark.crash
@pytest.mark.timeout(300)
def test_killed_at_any_point_of_the_chat_the_story_in_telegram_is_told_once(fast_path: Path) -> None:
    verdicts = swept("telegram", fast_path / "work", "every", "--one-in", "12", "--doubles", "2")
    killed = {case for case, verdict in verdicts.items() if verdict["codes"][:1] == [-signal.SIGKILL]}
    # edits are coalesced, so a story may pass one point less than the one that was enumerated
    assert len(killed) >= max(10, 0.9 * len(verdicts))
    assert wrong(verdicts, killed, problems) == {}
    posts = {case for case in killed if ", chat.post." in case and not verdicts[case]["twice"]}
    assert {case for case, verdict in verdicts.items() if verdict["marked"]} >= posts, "what may be there twice says so"
