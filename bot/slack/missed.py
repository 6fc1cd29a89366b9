"""Finds what was said to us while nobody listened: looks back once through every channel, and commits what it finds.

What is found has the key it would have had, so what did arrive changes nothing. A failure is waited out, and none reaches
the surface; a gap that could not be looked through is looked through again. Until it has been,
:attr:`Missed.behind_since` remembers it for whoever notes what was heard.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil
from typing import Any, Protocol, TypeVar

from loguru import logger

from bot.slack.address import Thread
from bot.slack.inbound.envelope import Ours
from bot.slack.inbound.events import message_delivery
from bot.slack.inbound.fields import identifier, instant, stamp
from bot.slack.web import PAGE
from engine.concurrency import Wakeup
from engine.errors import IntegrationError, RefusedError, UnavailableError
from engine.ports.chat_log import Delivery
from engine.ports.clock import Clock

OVERLAP = timedelta(minutes=5)
"""Looked at again before a gap: what was said then may not have arrived in time."""
FURTHEST = timedelta(hours=24)
"""Older words are not acted on."""
MOST_CHANNELS = 200
MOST_THREADS = 50
"""Of those in which something was asked, and as many again of those found on the way."""
MOST_MESSAGES = 1_000
"""Of one channel or thread."""
PACE = timedelta(seconds=1.25)
"""After each page of an answer: Slack allows fifty a minute."""
FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(seconds=60)
"""Also before a gap is looked through again."""
MOST_TRIES = 8
"""Of one call; then its channel is left out of this round, and said so."""

T = TypeVar("T")


class History(Protocol):
    """The calls it makes (``bot.slack.web.SlackWeb``)."""

    async def channels(self) -> Sequence[Mapping[str, Any]]:
        """Conversations we are in."""
        ...

    async def history(self, channel: str, oldest: str, limit: int) -> Sequence[Mapping[str, Any]]:
        """The first messages of a channel after ``oldest``, oldest first."""
        ...

    async def replies(
        self, channel: str, thread_ts: str, oldest: str = "0", limit: int = 200
    ) -> Sequence[Mapping[str, Any]]:
        """The root of a thread, and its messages after ``oldest``, oldest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A time in which nobody listened."""

    since: datetime
    until: datetime
    not_before: datetime | None = None
    """What was said earlier may have been acted on by a process whose memory is gone; None: no such process is known of."""

    def looked_at_from(self, now: datetime) -> datetime:
        """Where looking begins."""
        begins = max(self.since - OVERLAP, now - FURTHEST)
        return begins if self.not_before is None else max(begins, self.not_before)

    def joined(self, other: Gap | None) -> Gap:
        """One gap that holds both."""
        if other is None:
            return self
        return replace(self, since=min(self.since, other.since), until=max(self.until, other.until))


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A channel, as far as it matters here."""

    channel: str
    kind: str
    """As ``channel_type`` of events."""


def places(channels: Sequence[Mapping[str, Any]], asked_in: Collection[str] = ()) -> list[Place]:
    """Where to look, at most :data:`MOST_CHANNELS`: first where something was asked, then by what Slack says moved last."""
    known = [c for c in channels if identifier(c, "id") and not c.get("is_archived") and not c.get("is_user_deleted")]
    known.sort(key=lambda c: (c["id"] in asked_in, _last_moved(c)), reverse=True)
    return [Place(channel=identifier(c, "id"), kind=_kind(c)) for c in known[:MOST_CHANNELS]]


def found_in(
    messages: Sequence[Mapping[str, Any]], place: Place, gap: Gap, ours: Ours, now: datetime
) -> list[Delivery]:
    """What of these would have been committed, had it been heard; marked as missed where it was said within the gap."""
    oldest, found = gap.looked_at_from(now), list[Delivery]()
    for message in messages:
        said_at = instant(stamp(message, "ts"))
        if said_at is None or said_at <= oldest:
            continue
        event = {**message, "type": "message", "channel": place.channel, "channel_type": place.kind}
        delivery = message_delivery(event, ours, now, missed=said_at <= gap.until)
        if delivery is not None:
            found.append(delivery)
    return found


def threads_in(
    messages: Sequence[Mapping[str, Any]], place: Place, gap: Gap, ours: Ours, now: datetime
) -> list[Thread]:
    """Threads with replies since, those whose root speaks to us first."""
    oldest, to_us, others = gap.looked_at_from(now), list[Thread](), list[Thread]()
    for message in messages:
        ts, last = stamp(message, "ts"), instant(stamp(message, "latest_reply"))
        if not ts or last is None or last <= oldest or stamp(message, "thread_ts") not in {"", ts}:
            continue
        event = {**message, "type": "message", "channel": place.channel, "channel_type": place.kind}
        root = message_delivery(event, ours, now)
        (others if root is None else to_us).append(Thread(team=ours.team_id, channel=place.channel, ts=ts))
    return [*to_us, *others]


class Missed:
    """Looks back after every connection that ends a gap, one gap at a time, until cancelled."""

    def __init__(
        self,
        web: History,
        ours: Ours,
        receive: Callable[[Delivery], Awaitable[None]],
        clock: Clock,
        threads: Callable[[], Awaitable[Sequence[Thread]]],
        last_heard: datetime | None,
        not_before: datetime | None = None,
    ) -> None:
        """``threads``: those in which something was asked lately, the latest first. ``last_heard``: when an earlier process
        was last known to listen; None: there was none, and there is nothing to look for. ``not_before``: see :class:`Gap`."""
        self._web = web
        self._ours = ours
        self._receive = receive
        self._clock = clock
        self._threads = threads
        self._last_heard = last_heard
        self._not_before = not_before
        self._waiting: Gap | None = None
        self._looking: Gap | None = None
        self._bell = Wakeup()
        self._rest = timedelta(0)
        """Before the next call."""
        self._unread: set[str] = set()
        """Channels that could not be read in this round, although we are in them."""

    @property
    def behind_since(self) -> datetime | None:
        """Where the earliest gap begins that was not yet looked through; None: everything said was heard."""
        gaps = [gap.since for gap in (self._waiting, self._looking) if gap is not None]
        return min([*gaps, *([self._last_heard] if self._last_heard else [])], default=None)

    def connected(self, at: datetime, silent_since: datetime | None) -> None:
        """We listen since ``at``; nobody did since ``silent_since`` (None: since before this process)."""
        since, self._last_heard = silent_since or self._last_heard, None
        if since is not None and since < at:
            self._waiting = Gap(since=since, until=at, not_before=self._not_before).joined(self._waiting)
            self._bell.ring()

    async def receive(self, delivery: Delivery) -> None:
        """Commit what Slack delivers. What cannot be committed now is looked for once it can: Slack gives up after a few tries.

        Raises:
            UnavailableError: it was not committed.
        """
        try:
            await self._receive(delivery)
        except UnavailableError:
            now = self._clock.now()
            self._waiting = Gap(since=now, until=now, not_before=self._not_before).joined(self._waiting)
            self._bell.ring()
            raise

    async def run(self) -> None:
        """See the class. Cancelled in the middle, the rest of a gap is looked through by the next process."""
        while True:
            await self._bell.wait()
            if self._waiting is None:
                continue
            gap, self._waiting, self._looking = self._waiting, None, self._waiting
            if await self._looked_through(gap):
                self._looking = None
                continue
            self._waiting, self._looking = gap.joined(self._waiting), None
            await self._clock.sleep(LONGEST_PAUSE)
            self._bell.ring()

    async def _looked_through(self, gap: Gap) -> bool:
        """Look once; False: not everything could be looked at."""
        if gap.until <= self._clock.now() - FURTHEST:
            logger.bind(since=gap.since.isoformat()).error("slack_gap_given_up")
            return True
        try:
            await self._look_back(gap)
        except IntegrationError as error:
            logger.bind(code=error.code, detail=error.detail).error("slack_look_back_ended")
            return False
        except Exception:  # noqa: BLE001 - the crash barrier of looking back: the surface goes on without it
            logger.exception("slack_look_back_broke")
            return False
        return True

    async def _look_back(self, gap: Gap) -> None:
        ours, now = self._ours, self._clock.now()
        self._unread.clear()
        oldest = f"{gap.looked_at_from(now).timestamp():.6f}"
        asked_in = (await self._patiently(self._threads))[:MOST_THREADS]
        where = places(await self._call(self._web.channels), {thread.channel for thread in asked_in})
        kinds = {place.channel: place for place in where}
        found, also = 0, list[Thread]()
        for place in where:
            messages = await self._read(place, lambda c=place.channel: self._web.history(c, oldest, MOST_MESSAGES))
            found += await self._commit(found_in(messages, place, gap, ours, now))
            also += [t for t in threads_in(messages, place, gap, ours, now) if t not in asked_in]
        for thread in [*asked_in, *also[:MOST_THREADS]]:
            place = kinds.get(thread.channel)
            if place is not None:
                replies = await self._read(
                    place, lambda t=thread: self._web.replies(t.channel, t.ts, oldest, MOST_MESSAGES)
                )
                found += await self._commit(found_in(replies, place, gap, ours, now))
        logger.bind(channels=len(where), found=found, since=gap.since.isoformat()).info("slack_looked_back")
        if self._unread:
            raise UnavailableError("slack_unavailable", f"{len(self._unread)} channels could not be read.")

    async def _read(
        self, place: Place, call: Callable[[], Awaitable[Sequence[Mapping[str, Any]]]]
    ) -> Sequence[Mapping[str, Any]]:
        """Messages; none where this one channel cannot be read.

        Raises:
            AuthExpiredError: nothing can be read.
        """
        try:
            found = await self._call(call)
        except (UnavailableError, RefusedError) as error:
            if isinstance(error, UnavailableError):
                self._unread.add(place.channel)
            logger.bind(channel=place.channel, code=error.code, detail=error.detail).warning("slack_channel_unread")
            return ()
        if len(found) >= MOST_MESSAGES:
            logger.bind(channel=place.channel).warning("slack_channel_looked_at_in_part")
        return found

    async def _commit(self, found: Sequence[Delivery]) -> int:
        for delivery in found:
            await self._patiently(lambda d=delivery: self._receive(d))
        return len(found)

    async def _call(self, call: Callable[[], Awaitable[Sequence[Mapping[str, Any]]]]) -> Sequence[Mapping[str, Any]]:
        """One call to Slack, after a pause for each page of the one before."""
        if self._rest:
            await self._clock.sleep(self._rest)
        self._rest = PACE
        found = await self._patiently(call)
        self._rest = PACE * max(ceil(len(found) / PAGE), 1)
        return found

    async def _patiently(self, call: Callable[[], Awaitable[T]]) -> T:
        """Wait out what passes.

        Raises:
            IntegrationError: it did not pass, or is not of that kind.
        """
        pause = FIRST_PAUSE
        for _ in range(MOST_TRIES - 1):
            try:
                return await call()
            except UnavailableError as error:
                await self._clock.sleep(error.retry_after or pause)
                pause = min(pause * 2, LONGEST_PAUSE)
        return await call()


def _last_moved(channel: Mapping[str, Any]) -> float:
    """Seconds since the epoch; ``updated`` is in milliseconds."""
    latest = instant(stamp(channel, "latest", "ts"))
    if latest is not None:
        return latest.timestamp()
    for name, unit in (("updated", 1000), ("created", 1)):
        moved = channel.get(name)
        if isinstance(moved, int | float):
            return moved / unit
    return 0.0


def _kind(channel: Mapping[str, Any]) -> str:
    for mark, kind in (("is_im", "im"), ("is_mpim", "mpim"), ("is_private", "group")):
        if channel.get(mark):
            return kind
    return "channel"
