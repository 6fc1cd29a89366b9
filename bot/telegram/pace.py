"""How often Telegram may be asked what, by its own limits: counted here, so that a limit is seen before Telegram has to say it.

One message a second to a chat, 20 a minute to a group, edits included, and 30 a second in all
(https://core.telegram.org/bots/faq, November 2026). Where
Telegram says of a chat none the less that it was too much, nothing is sent to that chat until the time it names; the others
are not concerned. Belongs to one event loop.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from bot.messenger import Urgency


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """So many at once, then one each so often."""

    burst: int
    every: timedelta

    @property
    def reserve(self) -> float:
        """Seconds by which a bucket may be ahead and still take one more."""
        return (self.burst - 1) * self.every.total_seconds()


ALL = Rate(burst=5, every=timedelta(milliseconds=50))
"""Everything together: no second, wherever it begins, has more than 25 of these."""
PRIVATE = Rate(burst=1, every=timedelta(seconds=1.05))
"""Each private chat. Telegram allows bursts there too, and says not how large: none of ours depends on it."""
GROUP = Rate(burst=3, every=timedelta(seconds=1))
"""Each group, within its minute."""
EDITS = Rate(burst=2, every=timedelta(seconds=6))
"""Each group's edits, for progress alone, so that its share is spread over the minute: what ends or asks does not wait."""
MINUTE = timedelta(seconds=62)
"""In which a group's calls are counted. Longer than Telegram's, because a call is counted there when it arrives, and the
first ones of a minute may take longer to get there than the last."""
SHARES = {Urgency.NOTIFY: 20, Urgency.OPEN: 18, Urgency.SETTLE: 17, Urgency.PROGRESS: 12}
"""Of a group's minute: up to how many calls each kind may still be made, so that what a person waits for finds room."""
GROUP_GAP, PRIVATE_GAP = timedelta(seconds=3), timedelta(seconds=1.2)
"""Between two states of progress in one message: faster than this nobody reads it."""
MOST_NAMES = 1_000
"""Chats and messages remembered before those that are free again are forgotten."""

_MOST = max(SHARES.values())


@dataclass(slots=True)
class _Chat:
    """What one chat was sent of late, by the clock of :class:`Pace`."""

    full: float
    """When its bucket is full again; in the past for one nothing was taken from of late."""
    edits_full: float
    """The same of :data:`EDITS`."""
    calls: deque[float] = field(default_factory=lambda: deque[float](maxlen=_MOST))
    """The newest ones of a group."""

    def is_free(self, now: float) -> bool:
        """Would a chat never heard of be treated alike?"""
        latest = self.calls[-1] + MINUTE.total_seconds() if self.calls else now
        return max(self.full, self.edits_full, latest) <= now


class Pace:
    """What may be sent when.

    Args:
        monotonic: seconds on a clock that never goes back.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._full = monotonic()
        self._held = monotonic()
        self._chats: dict[int, _Chat] = {}
        self._shown: dict[tuple[int, int], float] = {}
        """When each message was last edited."""

    def now(self) -> float:
        """The clock's time."""
        return self._monotonic()

    def wait(self, chat: int, urgency: Urgency, message: int = 0) -> timedelta:
        """How long until one more call may be made; zero: at once.

        Args:
            chat: where to.
            urgency: the less urgent it is, the more room it leaves.
            message: the one that is edited; 0: a new one.
        """
        now = self._monotonic()
        known = self._chats.get(chat)
        waits = [self._held - now, self._full - ALL.reserve - now]
        if known is not None:
            waits += [known.full - _rate(chat).reserve - now, _wait_for_room(known, SHARES[urgency], now)]
        if urgency is Urgency.PROGRESS and message:
            waits.append(self._wait_for_readers(chat, message, now))
            if known is not None and chat < 0:
                waits.append(known.edits_full - EDITS.reserve - now)
        return timedelta(seconds=max(0.0, *waits))

    def take(self, chat: int, message: int = 0) -> None:
        """A call is made. Made without waiting, it makes the next ones wait longer."""
        now = self._monotonic()
        known = self._chats.setdefault(chat, _Chat(full=now, edits_full=now))
        self._full = max(self._full, now) + ALL.every.total_seconds()
        known.full = max(known.full, now) + _rate(chat).every.total_seconds()
        if chat < 0:
            known.calls.append(now)
        if message:
            self._shown[chat, message] = now
            # Never deeper than empty: edits that did not wait must not keep progress away for minutes.
            empty = now + EDITS.burst * EDITS.every.total_seconds()
            known.edits_full = min(max(known.edits_full, now) + EDITS.every.total_seconds(), empty)
        self._forget(now)

    def penalise(self, chat: int, retry_after: timedelta) -> None:
        """Telegram said to send this chat nothing for so long; it then begins without a burst. The others are not concerned."""
        now = self._monotonic()
        known = self._chats.setdefault(chat, _Chat(full=now, edits_full=now))
        known.full = max(known.full, now + retry_after.total_seconds() + _rate(chat).reserve)

    def hold(self, pause: timedelta) -> None:
        """Telegram cannot be reached: nobody is sent anything for so long, or until :meth:`release`."""
        self._held = max(self._held, self._monotonic() + pause.total_seconds())

    def release(self) -> None:
        """Telegram can be reached."""
        self._held = self._monotonic()

    def _wait_for_readers(self, chat: int, message: int, now: float) -> float:
        gap = GROUP_GAP if chat < 0 else PRIVATE_GAP
        shown = self._shown.get((chat, message))
        return 0.0 if shown is None else shown + gap.total_seconds() - now

    def _forget(self, now: float) -> None:
        if len(self._chats) > MOST_NAMES:
            self._chats = {chat: known for chat, known in self._chats.items() if not known.is_free(now)}
        if len(self._shown) > MOST_NAMES:
            old = now - max(GROUP_GAP, PRIVATE_GAP).total_seconds()
            self._shown = {name: shown for name, shown in self._shown.items() if shown > old}


def _rate(chat: int) -> Rate:
    return GROUP if chat < 0 else PRIVATE


def _wait_for_room(chat: _Chat, share: int, now: float) -> float:
    """Until fewer calls than the share lie within the last minute."""
    return 0.0 if len(chat.calls) < share else chat.calls[-share] + MINUTE.total_seconds() - now
