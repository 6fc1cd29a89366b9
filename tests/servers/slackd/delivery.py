"""Telling the app things: tries and tries again, what a test scripts about it, and what came back."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.servers.nursery import Nursery
from tests.servers.slackd.events import Delivery
from tests.servers.slackd.log import Json
from tests.servers.slackd.state import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """What the app answered to one delivery, or why it did not."""

    ok: bool
    payload: Json | None = None
    """The body of its answer, when it had one."""
    reason: str | None = None
    """``timeout``, ``connection_failed``, ``http_error`` …; None when it answered in time."""
    seconds: float = 0.0
    """Real seconds it took."""
    status: int | None = None
    """HTTP only."""
    final: bool = False
    """The app asked not to be tried again (``X-Slack-No-Retry``)."""

    @property
    def action(self) -> str | None:
        """``response_action`` of an answer to a modal: ``errors``, ``update``, ``push`` or ``clear``."""
        return self.payload.get("response_action") if self.payload else None

    @property
    def errors(self) -> dict[str, str]:
        """Errors by block, of an answer to a modal."""
        return dict(self.payload.get("errors") or {}) if self.payload else {}

    def as_json(self) -> Json:
        """For the control interface."""
        return {name: getattr(self, name) for name in self.__slots__}


class Transport(Protocol):
    """A way to reach the app."""

    async def send(self, delivery: Delivery, attempt: int, reason: str | None) -> Ack:
        """Try once. ``attempt`` 0 is the first; later ones carry the ``reason`` the one before failed for."""
        ...


@dataclass(slots=True, kw_only=True)
class _Script:
    name: str
    copies: int
    drop_first: bool
    drop: bool
    delay: float
    times: int
    when: Callable[[Json], bool] | None


@dataclass(slots=True)
class Deliveries:
    """Everything that is on its way to the app."""

    world: World
    nursery: Nursery
    transport: Callable[[], Transport]
    """Socket Mode or HTTP, as it stands."""
    retry_after: tuple[float, ...]
    is_down: bool = False
    """Nobody can be reached."""
    _scripts: list[_Script] = field(default_factory=list[_Script])
    _held: list[Delivery] | None = None
    _under_way: int = 0

    def next(
        self,
        name: str,
        *,
        copies: int = 1,
        drop_first: bool = False,
        drop: bool = False,
        delay: float = 0.0,
        times: int = 1,
        when: Callable[[Json], bool] | None = None,
    ) -> None:
        """What happens to the next ``times`` deliveries of this name (``message``, ``app_mention`` …; ``*``: any event).

        ``copies``: so many in all, under one event id. ``drop_first``: the first try never arrives, only the retry does.
        ``drop``: none arrives. ``delay``: seconds of the server's clock before the first try. ``when`` sees the event.
        """
        self._scripts.append(
            _Script(name=name, copies=copies, drop_first=drop_first, drop=drop, delay=delay, times=times, when=when)
        )

    def hold(self) -> None:
        """Keep events back from here on, until ``release``."""
        self._held = []

    def release(self, order: str | int = "fifo") -> None:
        """Send what was kept back: ``fifo``, ``reversed``, or shuffled by a seed."""
        held, self._held = self._held or [], None
        if order == "reversed":
            held.reverse()
        elif isinstance(order, int):
            random.Random(order).shuffle(held)
        for delivery in held:
            self.start(delivery)

    def start(self, delivery: Delivery) -> None:
        """Send an event; nobody waits for it."""
        if self._held is not None:
            self._held.append(delivery)
            return
        script = self._script_for(delivery)
        copies = 1 if script is None else script.copies
        self._under_way += copies
        for copy in range(copies):
            self.nursery.start(self._persist(delivery, copy, script), f"delivery-{delivery.name}")

    async def ask(self, delivery: Delivery) -> Ack:
        """Send an interaction or a command and wait for the answer. Slack tries these once."""
        return await self._try(delivery, 0, None)

    @property
    def quiet(self) -> bool:
        """Whether nothing is under way: every event was acknowledged or given up. Held ones do not count."""
        return self._under_way == 0

    def _script_for(self, delivery: Delivery) -> _Script | None:
        for script in self._scripts:
            if script.name not in ("*", delivery.name):
                continue
            if script.when is not None and not script.when(delivery.payload["event"]):
                continue
            script.times -= 1
            if script.times <= 0:
                self._scripts.remove(script)
            return script
        return None

    async def _persist(self, delivery: Delivery, copy: int, script: _Script | None) -> None:
        try:
            await self._tries(delivery, copy, script)
        finally:
            self._under_way -= 1
            self.world.touch()

    async def _tries(self, delivery: Delivery, copy: int, script: _Script | None) -> None:
        attempt, reason = copy, "timeout" if copy else None
        if script is not None and script.delay:
            await self.world.clock.sleep(script.delay)
        if script is not None and (script.drop or (script.drop_first and copy == 0)):
            self._lose(delivery, attempt)
            if script.drop:
                return
            attempt, reason = attempt + 1, "timeout"
        last = len(self.retry_after)
        while True:
            ack = await self._try(delivery, attempt, reason)
            if ack.ok or ack.final or attempt >= last:
                return
            await self.world.clock.sleep(self.retry_after[attempt])
            attempt, reason = attempt + 1, ack.reason

    async def _try(self, delivery: Delivery, attempt: int, reason: str | None) -> Ack:
        world = self.world
        entry = world.log.add("delivery", delivery.name, world.clock.now(), delivery.payload)
        entry.attempt = attempt
        entry.ok = False
        if self.is_down:
            ack = Ack(ok=False, reason="connection_failed")
        else:
            ack = await self.transport().send(delivery, attempt, reason)
        entry.ok, entry.acked_after, entry.answer = ack.ok, ack.seconds if ack.ok else None, ack.payload
        entry.fault = ack.reason
        entry.status = ack.status or 0
        world.log.settled()
        return ack

    def _lose(self, delivery: Delivery, attempt: int) -> None:
        entry = self.world.log.add("delivery", delivery.name, self.world.clock.now(), delivery.payload)
        entry.attempt, entry.ok, entry.fault = attempt, False, "lost"
        self.world.log.settled()


def compact(values: Mapping[str, Any]) -> Json:
    """Without what is None."""
    return {key: value for key, value in values.items() if value is not None}
