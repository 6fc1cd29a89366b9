"""The comparison that anybody can run (``python -m tests.bench.effects``): our own side of it, killed in the middle."""

from __future__ import annotations

import pytest

from tests.bench.effects.__main__ import CONTENDERS, Tally, tally_of
from tests.bench.effects.flow import KEYED, LOOKUP, PLAIN


@pytest.mark.crash
@pytest.mark.parametrize(("way", "asked"), [(PLAIN, 1), (KEYED, 0), (LOOKUP, 0)])
def test_killed_right_after_an_effect_nothing_is_done_twice(way: str, asked: int) -> None:
    ours = CONTENDERS[0]
    assert tally_of(ours, way, [3]) == Tally(killed=1, repeated=0, lost=0, asked=asked)
