"""What the bot is still to hear: the queue behind ``getUpdates`` and the webhook, and what a test does to it."""

from __future__ import annotations

import asyncio
import copy
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.servers.telegramd.log import Json
from tests.servers.telegramd.refusals import BY_WEBHOOK, OTHER_POLLER, conflict
from tests.servers.telegramd.shapes import chat_json, user_json
from tests.servers.telegramd.state import Chat, User, World

KINDS = [
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
    "message_reaction",
    "message_reaction_count",
    "inline_query",
    "chosen_inline_result",
    "callback_query",
    "shipping_query",
    "pre_checkout_query",
    "purchased_paid_media",
    "poll",
    "poll_answer",
    "my_chat_member",
    "chat_member",
    "chat_join_request",
    "chat_boost",
    "removed_chat_boost",
    "managed_bot",
]
UNASKED = ("message_reaction", "message_reaction_count", "chat_member")
"""Kinds a bot hears only when it names them."""
USUAL = tuple(kind for kind in KINDS if kind not in UNASKED)
WEEK = 7 * 86_400.0
_FUTURE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """One thing that happened."""

    id: int
    kind: str
    content: Json
    at: float

    def wire(self) -> Json:
        """As it is sent."""
        return {"update_id": self.id, self.kind: copy.deepcopy(self.content)}


@dataclass(slots=True, eq=False)
class Waiting:
    """An update in the queue."""

    update: Update
    forced: bool = False
    """It is given out whatever was confirmed already."""
    given: bool = False


@dataclass(slots=True)
class Hook:
    """Where updates are delivered to; no address: nowhere."""

    url: str = ""
    secret: str = ""
    connections: int = 40
    error: str = ""
    error_at: float = 0.0
    """When a delivery failed last; 0: none did."""
    version: int = 0
    """Grows with every change of the address."""

    def set(self, url: str, secret: str, connections: int) -> None:
        """Deliver there from here on."""
        if (url, secret, connections) != (self.url, self.secret, self.connections):
            self.error, self.error_at = "", 0.0
        self.url, self.secret, self.connections = url, secret, connections
        self.version += 1

    def unset(self) -> None:
        """Deliver nowhere."""
        self.set("", "", 40)


@dataclass(slots=True, eq=False)
class _Poll:
    """A ``getUpdates`` that waits."""

    limit: int
    answer: asyncio.Future[list[Update]]


@dataclass(slots=True)
class Updates:
    """Everything that happened since the beginning, and what of it is still to be confirmed."""

    world: World
    next_id: int
    keep_seconds: float | None
    queue: list[Waiting] = field(default_factory=list[Waiting])
    """Not confirmed yet, in the order of delivery."""
    history: list[Update] = field(default_factory=list[Update])
    """All there ever were, in the order of happening."""
    unheard: dict[str, int] = field(default_factory=dict[str, int])
    """How often something of a kind happened that the bot does not listen to."""
    allowed: tuple[str, ...] = USUAL
    hook: Hook = field(default_factory=Hook)
    _held: list[Update] | None = None
    _repeats: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    _poll: _Poll | None = None

    def emit(self, kind: str, content: Json) -> None:
        """Something happened: put it into the queue, if the bot listens to its kind."""
        world = self.world
        if kind not in self.allowed:
            self.unheard[kind] = self.unheard.get(kind, 0) + 1
            world.touch()
            return
        at = world.clock.now()
        if self.history and at - self.history[-1].at >= WEEK:
            self.jump()
        update = Update(id=self.next_id, kind=kind, content=copy.deepcopy(content), at=at)
        self.next_id += 1
        self.history.append(update)
        if self._held is not None:
            self._held.append(update)
            world.touch()
        else:
            self._append(Waiting(update) for _ in range(self._copies(kind)))

    def membership(self, chat: Chat, actor: User, before: Json, after: Json) -> None:
        """Somebody belongs to a chat in another way than before."""
        world = self.world
        kind = "my_chat_member" if after["user"]["id"] == world.bot.id else "chat_member"
        if kind == "chat_member" and not chat.is_admin(world.bot.id):
            return
        content: Json = {"chat": chat_json(world, chat), "from": user_json(actor), "date": world.today()}
        self.emit(kind, content | {"old_chat_member": before, "new_chat_member": after})

    def listen(self, allowed: Iterable[Any] | None) -> None:
        """Kinds to put into the queue from here on; None changes nothing, empty is what Telegram sends unasked."""
        if allowed is None:
            return
        named = [str(kind) for kind in allowed]
        for kind in named:
            if kind not in KINDS:
                self.world.warn(f"unknown_update_kind:{kind}")
        self.allowed = tuple(kind for kind in named if kind in KINDS) or USUAL

    async def take(self, offset: int, limit: int, timeout: float) -> list[Update]:
        """Answer one ``getUpdates``: forget what ``offset`` confirms, then give what follows, waiting real seconds for it.

        Raises:
            ApiError: 409 to a wait that another ``getUpdates`` or a webhook ends.
        """
        self._forget(offset)
        if self.queue or timeout <= 0:
            return self._give(limit)
        self.interrupt(OTHER_POLLER)
        poll = _Poll(limit, asyncio.get_running_loop().create_future())
        self._poll = poll
        self.world.touch()
        try:
            await asyncio.wait({poll.answer}, timeout=timeout)
        finally:
            if self._poll is poll:
                self._poll = None
                self.world.touch()
        return poll.answer.result() if poll.answer.done() else []

    def interrupt(self, words: str = BY_WEBHOOK) -> None:
        """End a waiting ``getUpdates`` with 409."""
        if self._poll is not None and not self._poll.answer.done():
            self._poll.answer.set_exception(conflict(words))
        self._poll = None

    def abandon(self) -> None:
        """End a waiting ``getUpdates`` with nothing."""
        if self._poll is not None and not self._poll.answer.done():
            self._poll.answer.set_result([])
        self._poll = None

    @property
    def pending(self) -> list[Update]:
        """What the bot has not confirmed yet, in the order of delivery."""
        return [waiting.update for waiting in self.queue]

    @property
    def polling(self) -> bool:
        """Does a ``getUpdates`` wait right now?"""
        return self._poll is not None

    def confirm(self, waiting: Waiting) -> None:
        """A webhook took it."""
        if waiting in self.queue:
            self.queue.remove(waiting)
        self.world.touch()

    def drop(self) -> None:
        """Forget everything that waits."""
        self.queue.clear()
        self.world.touch()

    def expire(self) -> None:
        """Telegram keeps nothing for longer than a day."""
        if self.keep_seconds is not None:
            oldest = self.world.clock.now() - self.keep_seconds
            self.queue = [waiting for waiting in self.queue if waiting.update.at >= oldest]

    def hold(self) -> None:
        """Keep updates back from here on, until ``release``."""
        self._held = []

    def release(self, order: str | int = "fifo") -> None:
        """Hand out what was kept back: ``fifo``, ``reversed``, or shuffled by a seed. Ids stay with what they belong to."""
        held, self._held = self._held or [], None
        if order == "reversed":
            held.reverse()
        elif isinstance(order, int):
            random.Random(order).shuffle(held)
        self._append(Waiting(update) for update in held)

    def repeat(self, kind: str = "*", copies: int = 2) -> None:
        """The next update of this kind comes so many times, under one id."""
        self._repeats.append((kind, copies))

    def replay(self, since: int = 0, *, same_ids: bool = True) -> int:
        """Put everything that ever happened into the queue once more, from an update on; how many there were.

        With ``same_ids`` it is given out although it was confirmed: a bot that meets that must not act twice.
        """
        again = [update for update in self.history if update.id >= since]
        if not same_ids:
            fresh = enumerate(again, self.next_id)
            again = [
                Update(id=number, kind=one.kind, content=one.content, at=self.world.clock.now())
                for number, one in fresh
            ]
            self.next_id += len(again)
        self._append(Waiting(update, forced=True) for update in again)
        return len(again)

    def jump(self, to: int | None = None) -> int:
        """Ids go on somewhere else, as after a week of silence: a lower number as likely as a higher one."""
        self.next_id = to if to is not None else random.Random(self.next_id).randrange(100_000_000, 900_000_000)
        return self.next_id

    def _copies(self, kind: str) -> int:
        for script in self._repeats:
            if script[0] in ("*", kind):
                self._repeats.remove(script)
                return script[1]
        return 1

    def _append(self, more: Iterable[Waiting]) -> None:
        self.queue.extend(more)
        poll = self._poll
        if poll is not None and self.queue and not poll.answer.done():
            self._poll = None
            poll.answer.set_result(self._give(poll.limit))
        self.world.touch()

    def _give(self, limit: int) -> list[Update]:
        given = self.queue[:limit]
        for waiting in given:
            waiting.given = True
        return [waiting.update for waiting in given]

    def _forget(self, offset: int) -> None:
        self.expire()
        if offset < 0:
            self.queue = self.queue[offset:]
        elif offset > 0:
            self.queue = [waiting for waiting in self.queue if self._stays(waiting, offset)]
        self.world.touch()

    def _stays(self, waiting: Waiting, offset: int) -> bool:
        if waiting.forced:
            return not waiting.given
        # a number far beyond the next one confirms nothing: ids went on somewhere else
        return waiting.update.id >= offset or offset > self.next_id + _FUTURE
