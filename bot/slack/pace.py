"""How often Slack may be asked what, by its own rates: counted here, so that a limit is seen before Slack has to say it.

Slack's tiers are per method, app and workspace, posts also per channel
(https://docs.slack.dev/apis/web-api/rate-limits, November 2026). When Slack says it none the less, nothing of that kind is
asked until the time it names, and then one by one. Belongs to one event loop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Family(StrEnum):
    """Calls that share a limit."""

    UPDATE = "chat.update"  # every message of the workspace together, and each for itself
    POST = "chat.postMessage"  # every channel for itself, and the workspace
    SESSION = "agents.sessions.setStatus"  # status of sessions and threads
    FILE = "files"  # each of an upload's two calls
    READ = "conversations.replies"  # looking up what may have been posted


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """So many at once, then one each so often."""

    burst: int
    every: timedelta


_TIER_3 = Rate(burst=5, every=timedelta(seconds=1.35))
"""Slack says "50 and more a minute": no minute, wherever it begins, has more than 49 of these."""
WHOLE = {
    Family.UPDATE: _TIER_3,
    Family.POST: Rate(burst=20, every=timedelta(milliseconds=250)),  # "several hundred a minute"
    Family.SESSION: _TIER_3,
    Family.FILE: Rate(burst=5, every=timedelta(seconds=0.7)),  # tier 4: 100 a minute
    Family.READ: _TIER_3,
}
"""In the whole workspace."""
EACH = {
    Family.UPDATE: Rate(burst=1, every=timedelta(seconds=1)),  # faster than this nobody reads it
    Family.POST: Rate(burst=3, every=timedelta(seconds=1)),  # "one a second", short bursts allowed
}
"""For each message or channel by itself."""
MOST_NAMES = 1_000
"""Messages and channels remembered before those that are free again are forgotten."""

_BY_METHOD = {
    **{family.value: family for family in Family if family is not Family.FILE},
    "assistant.threads.setStatus": Family.SESSION,
    "conversations.history": Family.READ,
    "files.getUploadURLExternal": Family.FILE,
    "files.completeUploadExternal": Family.FILE,
}


class Pace:
    """What may be asked when.

    Args:
        monotonic: seconds on a clock that never goes back.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._full: dict[tuple[Family, str], float] = {}
        """When each bucket is full again: in the past for one nothing was taken from of late, which need not be kept."""

    def now(self) -> float:
        """The clock's time."""
        return self._monotonic()

    def wait(self, family: Family, name: str = "") -> timedelta:
        """How long until one more call may be made; zero or less: at once.

        Args:
            family: its kind.
            name: the message that is edited, or the channel that is posted to.
        """
        now = self._monotonic()
        waits = [
            self._full.get(bucket, now) - (rate.burst - 1) * rate.every.total_seconds() - now
            for bucket, rate in _buckets(family, name)
        ]
        return timedelta(seconds=max(0.0, *waits))

    def take(self, family: Family, name: str = "") -> None:
        """A call is made. Made without waiting, it makes the next ones wait longer."""
        now = self._monotonic()
        for bucket, rate in _buckets(family, name):
            self._full[bucket] = max(self._full.get(bucket, now), now) + rate.every.total_seconds()
        self._forget(now)

    def penalise(self, method: str, retry_after: timedelta, name: str = "") -> None:
        """Slack said of a method not to call it for so long: its whole family waits, and begins without a burst.

        Methods without a limit of ours are left to whoever called them.
        """
        family = _BY_METHOD.get(method)
        if family is None:
            return
        until = self._monotonic() + retry_after.total_seconds()
        for bucket, rate in _buckets(family, name):
            empty = until + (rate.burst - 1) * rate.every.total_seconds()
            self._full[bucket] = max(self._full.get(bucket, empty), empty)

    def _forget(self, now: float) -> None:
        if len(self._full) > MOST_NAMES:
            self._full = {bucket: full for bucket, full in self._full.items() if full > now}


def _buckets(family: Family, name: str) -> list[tuple[tuple[Family, str], Rate]]:
    each = EACH.get(family)
    whole = [((family, ""), WHOLE[family])]
    return [*whole, ((family, name), each)] if each is not None and name else whole
