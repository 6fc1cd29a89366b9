"""How much may be written, and what happens to whoever writes more: 429, for that chat alone."""

from __future__ import annotations

import math
from collections import deque

from tests.servers.clock import Clock
from tests.servers.telegramd.options import Flood
from tests.servers.telegramd.refusals import too_many
from tests.servers.telegramd.state import Chat

_MINUTE = 60.0


class FloodGate:
    """Counts messages and edits. It refills by time that really passes, so that an honest wait is always enough."""

    def __init__(self, clock: Clock, limits: Flood | None) -> None:
        self._clock = clock
        self._limits = limits
        self._private: dict[int, tuple[float, float]] = {}
        self._groups: dict[int, deque[float]] = {}
        self._all: deque[float] = deque()
        self._halted: dict[int, float] = {}
        self.ignored = 0
        """Calls made in a chat while it was halted."""

    def admit(self, chat: Chat) -> None:
        """Let one pass, and count it.

        Raises:
            ApiError: 429 with the seconds to wait; that chat is halted until then.
        """
        now = self._clock.running()
        halted = self._halted.get(chat.id, 0.0) - now
        leeway = self._limits.leeway if self._limits else 0.0
        if halted > leeway:
            self.ignored += 1
            raise too_many(math.ceil(halted))
        if self._limits is None:
            return
        wait = max(self._wait_overall(now, self._limits), self._wait_here(chat, now, self._limits))
        if wait > leeway:
            seconds = math.ceil(wait)
            self.halt(chat.id, seconds)
            raise too_many(seconds)
        self._count(chat, now, self._limits)

    def halt(self, chat: int, seconds: float) -> None:
        """Nothing passes there for so many seconds."""
        self._halted[chat] = self._clock.running() + seconds

    def _wait_overall(self, now: float, limits: Flood) -> float:
        while self._all and self._all[0] <= now - 1:
            self._all.popleft()
        return 1 - (now - self._all[0]) if len(self._all) >= limits.overall_per_second else 0.0

    def _wait_here(self, chat: Chat, now: float, limits: Flood) -> float:
        if chat.type == "private":
            return (1 - self._level(chat.id, now, limits)) / limits.private_per_second
        window = self._groups.setdefault(chat.id, deque())
        while window and window[0] <= now - _MINUTE:
            window.popleft()
        return _MINUTE - (now - window[0]) if len(window) >= limits.group_per_minute else 0.0

    def _level(self, chat: int, now: float, limits: Flood) -> float:
        level, at = self._private.get(chat, (float(limits.private_burst), now))
        return min(float(limits.private_burst), level + (now - at) * limits.private_per_second)

    def _count(self, chat: Chat, now: float, limits: Flood) -> None:
        self._all.append(now)
        if chat.type == "private":
            self._private[chat.id] = (self._level(chat.id, now, limits) - 1, now)
        else:
            self._groups.setdefault(chat.id, deque()).append(now)
