"""The offline planner's figures have floors: it may get better, never quietly worse, and never writes unasked."""

from __future__ import annotations

import pytest

from tests.unit.planning.evaluate import Verdict, judge_all, shares

FLOORS = {False: (0.95, 0.99), True: (0.65, 0.95)}
"""Held out or not → least share that is exact, least share that is right or asks."""


@pytest.fixture(name="verdicts")
async def _verdicts() -> tuple[Verdict, ...]:
    return await judge_all()


async def test_set_is_large_and_bilingual(verdicts: tuple[Verdict, ...]) -> None:
    held_out = sum(one.case.held_out for one in verdicts)
    hebrew = sum(any("א" <= letter <= "ת" for letter in one.case.text) for one in verdicts)
    assert len(verdicts) >= 70
    assert held_out >= 30
    assert hebrew >= 40
    assert len({one.case.text for one in verdicts}) == len(verdicts)


@pytest.mark.parametrize("held_out", [False, True])
async def test_shares_stay_above_their_floors(verdicts: tuple[Verdict, ...], held_out: bool) -> None:
    figures = shares([one for one in verdicts if one.case.held_out is held_out])
    exact, right_or_asks = FLOORS[held_out]
    assert figures.exact >= exact
    assert figures.right_or_asks >= right_or_asks


async def test_nothing_is_written_that_was_not_asked(verdicts: tuple[Verdict, ...]) -> None:
    assert [one.case.text for one in verdicts if one.wrong_write] == []
