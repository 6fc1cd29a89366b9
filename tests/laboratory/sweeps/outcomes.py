"""Every class of effect, one after the other: what can be known is found out, what cannot is asked, nothing is done twice."""

from __future__ import annotations

from collections.abc import Mapping

from engine.domain.execution import ExecutionOutcome
from tests.laboratory.sweeps.courier_story import CourierStory


class Outcomes(CourierStory):
    """The person asks the receiver before answering."""

    name = "outcomes"
    plan = "a read start; b keyed one < a; c lookup two < b; d unknown three + four < c; e keyed~ five < d; f blind six < e"
    outcomes = frozenset({ExecutionOutcome.SUCCEEDED, ExecutionOutcome.PARTIAL})
    """What the last one gave may be beyond knowing."""

    def happens(self) -> Mapping[str, int | range]:
        """See the scenario."""
        return dict.fromkeys(("one", "two", "three", "four", "five", "six"), 1)


SCENARIO = Outcomes()
