"""The workspace as it stands: people, channels, messages, modals, files. Nothing here knows the wire."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, cast

from tests.servers.changes import Changes
from tests.servers.clock import Clock
from tests.servers.slackd.ids import Ids
from tests.servers.slackd.log import Json, Ledger, WireLog
from tests.servers.slackd.manifest import AppManifest


@dataclass(slots=True, kw_only=True)
class User:
    """A person, a bot, or a stranger from another workspace."""

    id: str
    name: str
    team_id: str
    real_name: str
    email: str
    tz: str = "Asia/Jerusalem"
    locale: str = "en-US"
    guest: bool = False
    stranger: bool = False
    bot: bool = False
    admin: bool = False
    deleted: bool = False


@dataclass(slots=True, kw_only=True)
class Channel:
    """A conversation; ``kind`` is ``channel``, ``group``, ``im`` or ``mpim`` as in ``channel_type`` of events."""

    id: str
    name: str
    kind: str = "channel"
    members: dict[str, None] = field(default_factory=dict[str, None])
    """Ids in the order of joining."""
    archived: bool = False
    shared: bool = False
    """With another workspace (Slack Connect)."""
    created: int = 0
    messages: dict[str, Json] = field(default_factory=dict[str, Json])
    """By ts, oldest first."""
    replies: dict[str, dict[str, None]] = field(default_factory=dict[str, dict[str, None]])
    """Stamps of replies by their root's, oldest first."""
    locked_threads: set[str] = field(default_factory=set[str])
    gone: set[str] = field(default_factory=set[str])
    """Stamps of what was deleted."""

    def thread(self, ts: str) -> list[Json]:
        """The root, if it is still there, and its replies, oldest first."""
        stamps = [ts, *self.replies.get(ts, ())]
        return [self.messages[stamp] for stamp in stamps if stamp in self.messages]


@dataclass(slots=True, kw_only=True)
class Trigger:
    """A trigger id: three seconds, once."""

    user: str
    expires: float
    view_id: str | None = None
    used: bool = False


@dataclass(slots=True, kw_only=True)
class ResponseUrl:
    """Where an interaction may be answered: five times in thirty minutes."""

    channel: str
    user: str
    expires: float
    message_ts: str | None = None
    thread_ts: str | None = None
    ephemeral: bool = False
    uses: int = 0


@dataclass(slots=True, kw_only=True)
class Stream:
    """A message that is being streamed."""

    channel: str
    ts: str
    started: float
    parts: list[Json] = field(default_factory=list[Json])
    state: str = "streaming"
    """``streaming``, ``stopped`` by the app, or ``stopped_by_user``."""


@dataclass(slots=True, kw_only=True)
class Session:
    """An agent session: a thread with a status and a title."""

    status: str
    title: str | None = None
    initiator: str | None = None


@dataclass(slots=True, kw_only=True)
class StoredFile:
    """An upload; it has a place once it was completed."""

    id: str
    name: str
    length: int
    content: bytes = b""
    title: str | None = None
    user: str = ""
    channels: list[str] = field(default_factory=list[str])
    complete: bool = False
    created: int = 0


@dataclass(slots=True, kw_only=True)
class Tokens:
    """Who may call; ``dead`` is the error a token gets once it was taken away."""

    bot: str
    app: str
    config: str
    refresh: str
    dead: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(slots=True, kw_only=True)
class World:
    """Everything there is, and the counters behind it."""

    clock: Clock
    changes: Changes
    manifest: AppManifest
    tokens: Tokens
    log: WireLog
    team_id: str = "T0TIZMOR01"
    team_name: str = "Tizmor"
    domain: str = "tizmor"
    app_id: str = "A0TIZMOR01"
    bot_id: str = "B0TIZMOR01"
    bot_user_id: str = "U0TIZMORB1"
    signing_secret: str = "8f742231b10e8888abcd99yyyzzz85a5"
    base_url: str = ""
    """``http://127.0.0.1:PORT`` once the server listens."""
    skew: float = 0.0
    """Seconds Slack's wall is ahead of ours: in signatures and in the ``Date`` header."""
    marketplace: bool = True
    granted: tuple[str, ...] = ()
    """Scopes of the installation; a manifest changed later counts after a reinstallation."""
    ids: Ids = field(default_factory=Ids)
    ledger: Ledger = field(default_factory=Ledger)
    warnings: list[str] = field(default_factory=list[str])
    unsubscribed: Counter[str] = field(default_factory=Counter[str])
    """Events that were not delivered because the manifest lacks the subscription or its scope."""
    warn_unsubscribed: bool = False
    users: dict[str, User] = field(default_factory=dict[str, User])
    channels: dict[str, Channel] = field(default_factory=dict[str, Channel])
    ephemerals: list[Json] = field(default_factory=list[Json])
    views: dict[str, Json] = field(default_factory=dict[str, Json])
    """Every view there ever was, by id."""
    open_views: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """Ids of each user's open modals, latest last."""
    homes: dict[str, str] = field(default_factory=dict[str, str])
    triggers: dict[str, Trigger] = field(default_factory=dict[str, Trigger])
    response_urls: dict[str, ResponseUrl] = field(default_factory=dict[str, ResponseUrl])
    streams: dict[tuple[str, str], Stream] = field(default_factory=dict[tuple[str, str], Stream])
    sessions: dict[tuple[str, str], Session] = field(default_factory=dict[tuple[str, str], Session])
    statuses: dict[tuple[str, str], tuple[str, float]] = field(default_factory=dict[tuple[str, str], tuple[str, float]])
    prompts: dict[tuple[str, str | None], Json] = field(default_factory=dict[tuple[str, str | None], Json])
    files: dict[str, StoredFile] = field(default_factory=dict[str, StoredFile])
    tickets: set[str] = field(default_factory=set[str])
    """Web sockets that may still be opened."""
    spent: set[str] = field(default_factory=set[str])
    """Codes of installations that were traded."""
    scheduled: dict[str, Json] = field(default_factory=dict[str, Json])
    apps: dict[str, AppManifest] = field(default_factory=dict[str, AppManifest])
    """Apps made over the Manifest API, ours included."""
    chosen: dict[tuple[str, str], Json] = field(default_factory=dict[tuple[str, str], Json])
    """What was chosen in the menus of a message: ``state.values`` of its next interaction."""
    last_micro: int = 0

    def stamp(self) -> str:
        """A message's ts: of the clock, and later than every one before."""
        self.last_micro = max(self.last_micro + 1, int(self.clock.now() * 1_000_000))
        return f"{self.last_micro // 1_000_000}.{self.last_micro % 1_000_000:06d}"

    def touch(self) -> None:
        """Something changed."""
        self.changes.touch()

    def warn(self, text: str) -> None:
        """Something a test should not let pass."""
        self.warnings.append(text)

    def im_of(self, user: str) -> Channel:
        """The direct conversation of the app with this person, opened when there is none."""
        for channel in self.channels.values():
            if channel.kind == "im" and user in channel.members:
                return channel
        made = Channel(
            id=self.ids.next("D"),
            name="",
            kind="im",
            members={user: None, self.bot_user_id: None},
            created=int(self.clock.now()),
        )
        self.channels[made.id] = made
        return made

    def new_trigger(self, user: str, view_id: str | None = None) -> str:
        """A trigger id for three seconds."""
        number = self.ids.count("trigger")
        trigger = f"{number:013d}.{sum(self.team_id.encode()):013d}.{number:032x}"
        self.triggers[trigger] = Trigger(user=user, expires=self.clock.now() + 3, view_id=view_id)
        return trigger

    def new_response_url(self, url: ResponseUrl) -> str:
        """Where this interaction may be answered."""
        name = f"{self.ids.count('response'):012d}"
        self.response_urls[name] = url
        return f"{self.base_url}/response/{self.team_id}/{name}"

    def add_missing_ids(self, blocks: list[Json]) -> list[Json]:
        """The blocks as Slack keeps them: every block and every interactive element has an id."""
        kept: list[Json] = []
        for block in blocks:
            copy = {key: value for key, value in block.items() if key != "elements"}
            copy.setdefault("block_id", self.ids.short("blk"))
            elements: Any = block.get("elements")
            if isinstance(elements, list):
                copy["elements"] = [
                    {"action_id": self.ids.short("act"), **cast("Json", element)}
                    if block["type"] in ("actions", "context_actions") and isinstance(element, dict)
                    else element
                    for element in cast("list[Any]", elements)
                ]
            if isinstance(copy.get("accessory"), dict) and copy["accessory"].get("type") != "image":
                copy["accessory"] = {"action_id": self.ids.short("act"), **copy["accessory"]}
            if isinstance(copy.get("element"), dict):
                copy["element"] = {"action_id": self.ids.short("act"), **copy["element"]}
            kept.append(copy)
        return kept
