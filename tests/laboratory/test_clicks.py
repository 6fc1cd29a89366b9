"""Two people, fifty clicks each within one turn of the loop: one decision and one effect, at the gates and over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.laboratory.clicks.http import race_at_the_door
from tests.laboratory.clicks.races import CLICKS, Ring, race_at_the_gates
from tests.laboratory.interleavings.sabotage import SABOTAGES


def _all_were_answered(ring: Ring, races: int) -> None:
    assert len(ring.races) == races
    assert {len(race.taken) for race in ring.races} == {1}
    assert len({who for race in ring.races for who, _ in race.taken}) == 2, "always the same was faster"
    assert all(race.refused.total() % CLICKS == 0 for race in ring.races)


async def test_one_decision_and_one_effect_at_the_gates(tmp_path: Path) -> None:
    ring = await race_at_the_gates(tmp_path, 20, 1)
    assert ring.violations() == []
    _all_were_answered(ring, 20)


async def test_one_decision_and_one_effect_through_the_door(tmp_path: Path) -> None:
    ring = await race_at_the_door(tmp_path, 6, 1)
    assert ring.violations() == []
    _all_were_answered(ring, 6)


async def test_deciding_without_a_compare_and_set_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    SABOTAGES["decides after reading"].breaks(monkeypatch)
    ring = await race_at_the_gates(tmp_path, 2, 1)
    assert any("decided" in sentence for sentence in ring.violations())
