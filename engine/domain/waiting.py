"""How long is left until an instant, where the wall clock may have been put back since that was set."""

from __future__ import annotations

from datetime import datetime, timedelta

NOTHING = timedelta()


def left(until: datetime, now: datetime, at_most: timedelta) -> timedelta:
    """How long to wait until an instant that was set at most so far ahead; nothing once it has passed.

    More than that can only be left where the clock was put back: then nothing is, for a wait that is too short does no harm,
    and one of a day does.
    """
    wait = until - now
    return wait if NOTHING < wait <= at_most else NOTHING
