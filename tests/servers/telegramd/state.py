"""Telegram as it stands: people, chats, topics, messages, files. Nothing here knows the wire."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.servers.changes import Changes
from tests.servers.clock import Clock
from tests.servers.telegramd.log import Json, Ledger, WireLog

GENERAL = 1
"""The topic every forum has; the wire never names it."""
PRESENT = ("creator", "administrator", "member", "restricted")


@dataclass(slots=True, kw_only=True, eq=False)
class User:
    """A person, or a bot."""

    id: int
    first_name: str
    last_name: str = ""
    username: str = ""
    language_code: str = ""
    is_bot: bool = False
    met: bool = False
    """The bot has seen this person somewhere."""
    started: bool = False
    """This person has written to the bot: it may write back."""
    blocked: bool = False
    gone: bool = False
    """The account was deleted."""


@dataclass(slots=True, kw_only=True)
class Member:
    """How somebody belongs to a chat."""

    status: str = "member"
    """``creator``, ``administrator``, ``member``, ``restricted``, ``left`` or ``kicked``."""
    rights: dict[str, bool] = field(default_factory=dict[str, bool])
    title: str = ""


@dataclass(slots=True, kw_only=True)
class Topic:
    """A topic of a forum, or of a private chat."""

    id: int
    """The number of the message that began it."""
    name: str
    closed: bool = False
    deleted: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class Chat:
    """A place with messages."""

    id: int
    type: str
    """``private``, ``group``, ``supergroup`` or ``channel``."""
    title: str = ""
    username: str = ""
    forum: bool = False
    muted: bool = False
    """Members who are no administrators may not write."""
    general_closed: bool = False
    members: dict[int, Member] = field(default_factory=dict[int, Member])
    topics: dict[int, Topic] = field(default_factory=dict[int, Topic])
    messages: dict[int, Json] = field(default_factory=dict[int, Json])
    """By number, oldest first."""
    gone: set[int] = field(default_factory=set[int])
    """Numbers of what was deleted."""
    moved_to: int | None = None
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(2))
    """The next message's. Private chats and basic groups share one counter; others have their own, and 1 was their creation."""

    def status(self, user: int) -> str:
        """How somebody belongs to it."""
        member = self.members.get(user)
        return member.status if member else "left"

    def has(self, user: int) -> bool:
        """Is somebody in it?"""
        return self.status(user) in PRESENT

    def is_admin(self, user: int) -> bool:
        """Does somebody rule it?"""
        return self.status(user) in ("creator", "administrator")


@dataclass(slots=True, kw_only=True)
class Query:
    """A press that waits for its answer."""

    id: str
    user: int
    data: str
    at: float
    answer: Json | None = None
    """``text``, ``alert``, ``at``."""


@dataclass(slots=True, kw_only=True)
class StoredFile:
    """The bytes of a document."""

    id: str
    name: str
    mime: str
    content: bytes


@dataclass(slots=True, kw_only=True)
class World:
    """Everything there is, and the counters behind it."""

    clock: Clock
    changes: Changes
    log: WireLog
    token: str
    bot: User
    privacy: bool
    has_topics: bool
    answer_seconds: float
    topic_replies: bool
    base_url: str = ""
    """``http://127.0.0.1:PORT`` once the server listens."""
    dead: bool = False
    """The token was taken away."""
    ledger: Ledger = field(default_factory=Ledger)
    warnings: list[str] = field(default_factory=list[str])
    users: dict[int, User] = field(default_factory=dict[int, User])
    chats: dict[int, Chat] = field(default_factory=dict[int, Chat])
    queries: dict[str, Query] = field(default_factory=dict[str, Query])
    files: dict[str, StoredFile] = field(default_factory=dict[str, StoredFile])
    commands: dict[tuple[str, str], list[Json]] = field(default_factory=dict[tuple[str, str], list[Json]])
    """By scope (as compact JSON) and language."""
    actions: list[tuple[int, int, str]] = field(default_factory=list[tuple[int, int, str]])
    """Chat, topic and action of every “typing …”."""
    counters: Counter[str] = field(default_factory=Counter[str])
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    """The server ends."""
    shared: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    """Numbers of messages in private chats and basic groups."""

    def count(self, kind: str) -> int:
        """1, 2, 3 … for each kind on its own."""
        self.counters[kind] += 1
        return self.counters[kind]

    def warn(self, text: str) -> None:
        """Something a test should know of."""
        self.warnings.append(text)

    def touch(self) -> None:
        """Something changed."""
        self.changes.touch()

    def today(self) -> int:
        """The date of what happens now, seconds since the epoch."""
        return int(self.clock.now())

    def private(self, user: User) -> Chat:
        """The chat of the bot and one person; made when it is first needed."""
        found = self.chats.get(user.id)
        if found is None:
            found = Chat(id=user.id, type="private", numbers=self.shared)
            found.members = {user.id: Member(), self.bot.id: Member()}
            self.chats[user.id] = found
        return found
