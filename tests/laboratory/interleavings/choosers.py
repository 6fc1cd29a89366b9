"""Whose order a schedule is: a seed names one chooser and all its chance."""

from __future__ import annotations

from random import Random

from tests.laboratory.interleavings.loop import Chooser

STEPS = 250
"""About as many choices as a schedule has: where a chooser of priorities changes its mind."""


class Walk:
    """Any lane, each time anew: many switches, so that short races are found."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def choose(self, lanes: list[int]) -> int:
        """See ``Chooser``."""
        return self._random.randrange(len(lanes))


class Stubborn:
    """Goes on with the lane it chose before as long as it can, save now and then: few switches, far apart."""

    def __init__(self, random: Random, whim: float) -> None:
        self._random = random
        self._whim = whim
        self._last = -1

    def choose(self, lanes: list[int]) -> int:
        """See ``Chooser``."""
        if self._last in lanes and self._random.random() >= self._whim:
            return lanes.index(self._last)
        place = self._random.randrange(len(lanes))
        self._last = lanes[place]
        return place


class Priorities:
    """Every lane has a priority, and the highest goes; at a few steps whoever goes is put behind everybody else.

    Finds what needs ``depth`` things in an order with a chance that does not shrink with the number of steps in between
    (probabilistic concurrency testing: Burckhardt and others, ASPLOS 2010).
    """

    def __init__(self, random: Random, depth: int) -> None:
        self._random = random
        self._of: dict[int, float] = {}
        self._changes = set(random.sample(range(STEPS), depth - 1))
        self._step = 0
        self._lowest = 0.0

    def choose(self, lanes: list[int]) -> int:
        """See ``Chooser``."""
        for lane in lanes:
            if lane not in self._of:
                self._of[lane] = self._random.random()
        best = max(range(len(lanes)), key=lambda place: self._of[lanes[place]])
        if self._step in self._changes:
            self._lowest -= 1.0
            self._of[lanes[best]] = self._lowest
        self._step += 1
        return best


def order_of(seed: int, random: Random) -> tuple[Chooser, bool]:
    """The chooser a seed stands for, and whether its loop is strict."""
    kind, strict = (seed // 2) % 6, seed % 2 == 0
    match kind:
        case 0:
            return Walk(random), strict
        case 1:
            return Stubborn(random, 0.2), strict
        case 2:
            return Stubborn(random, 0.05), strict
        case _:
            return Priorities(random, depth=kind - 1), strict
