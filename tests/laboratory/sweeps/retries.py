"""Services that fail before they work, each in its way: what was done is not done again, and what was not is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from engine.execution import error_recovery
from tests.laboratory.sweeps.courier_story import CourierStory
from tests.servers.courier import Fault


class Retries(CourierStory):
    """Busy twice; done although the answer was lost; away while it is looked for."""

    name = "retries"
    plan = "a read start; b keyed one < a; c lookup two < a; d keyed three < b c"
    faults = (
        Fault(kind="status", status=503, service="read", parcel="start", times=2),
        Fault(kind="status", status=429, retry_after=0, service="keyed", parcel="one", times=2),
        Fault(kind="reset", committed=True, service="marked", parcel="two"),
        Fault(kind="reset", service="find", parcel="two"),
        Fault(kind="reset", committed=True, service="keyed", parcel="three", times=2),
    )

    def prepare(self) -> None:
        """Nobody waits for seconds."""
        error_recovery.FIRST_DELAY = timedelta(milliseconds=10)

    def happens(self) -> Mapping[str, int | range]:
        """See the scenario."""
        return {"one": 1, "two": 1, "three": 1}


SCENARIO = Retries()
