"""What one local Telegram is started with."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.servers.telegramd.clock import Now


@dataclass(frozen=True, slots=True, kw_only=True)
class Flood:
    """How much a bot may write; messages and edits count alike."""

    private_per_second: float = 1.0
    private_burst: int = 1
    """So many at once in a private chat before the rate holds."""
    group_per_minute: int = 20
    """In any sixty seconds."""
    overall_per_second: int = 30
    """In any second, over all chats."""
    leeway: float = 0.1
    """Seconds by which a call may be too early: clocks and sockets differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramdOptions:
    """Strict unless loosened here, by name."""

    port: int = 0
    """0 takes a free one."""
    token: str = "7100000001:AAE-a_local_token_of_no_worth_00001"
    username: str = "tizmor_bot"
    name: str = "Tizmor"
    privacy: bool = True
    """In groups the bot hears only commands, mentions and replies to it, unless it is an administrator."""
    topics: bool = False
    """Private chats with the bot have topics."""
    flood: Flood | None = field(default_factory=Flood)
    """None: no limits."""
    clock: Now | None = None
    """Another's clock; None: our own."""
    realtime: bool = True
    """Our own clock follows the wall (it can still be moved ahead). Otherwise it stands still between ``advance``s."""
    start: float | None = None
    """Where our own clock begins, seconds since the epoch; None is now."""
    answer_seconds: float = 900.0
    """How long a press may be answered."""
    keep_seconds: float | None = 86_400.0
    """How long updates wait for the bot; None: for ever."""
    first_update: int = 410_000_001
    webhook_retry: tuple[float, ...] = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0)
    """Seconds from each failed delivery of an update to the next try; the last one repeats."""
    patience: float = 0.2
    """Real seconds after which a wait between two tries has passed, when the clock stands still."""
    topic_replies: bool = True
    """A message in a forum topic that replies to nothing has the topic's beginning as ``reply_to_message``, as Telegram sends it."""
