"""Many steps at once, of every class of effect, and one that needs them all."""

from __future__ import annotations

from collections.abc import Mapping

from tests.laboratory.sweeps.courier_story import CourierStory


class FanOut(CourierStory):
    """Each delivers once."""

    name = "fan_out"
    plan = (
        "a read start; b keyed one < a; c lookup two < a; d keyed three + four < a; e lookup five + six < a; f read seven < a;"
        " g keyed last < b c d e f"
    )

    def happens(self) -> Mapping[str, int | range]:
        """See the scenario."""
        return dict.fromkeys(("one", "two", "three", "four", "five", "six", "last"), 1)


SCENARIO = FanOut()
