"""The disk fills while ten steps are written; ``make chaos`` lets it fill at every page."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.laboratory.disk_full import Case, fill_disks
from tests.laboratory.needs import need_small_disk

ROOMS = [0, 12, 40, 85]


@pytest.mark.crash
@pytest.mark.timeout(300)
def test_a_full_disk_refuses_and_when_there_is_room_everything_ends(fast_path: Path) -> None:
    need_small_disk()
    verdicts = fill_disks(fast_path, [Case(room) for room in ROOMS], jobs=2, until=float("inf"))
    assert [words for verdict in verdicts for words in verdict["wrong"]] == []
    assert [verdict["how"] for verdict in verdicts] == ["done"] * len(ROOMS)
    assert all(verdict["filled"] for verdict in verdicts), verdicts
    assert sum(verdict["refusals"] for verdict in verdicts) > 0
