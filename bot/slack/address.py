"""Where in Slack something is said, and who says it: the one mapping between Slack's names and our opaque ids."""

from __future__ import annotations

from dataclasses import dataclass

from engine.domain.ids import ConversationId, PrincipalId

SURFACE = "slack"
"""Name of this surface: in deliveries, and before every id made here."""

PREFIX = f"{SURFACE}:"

_PERSON = "@"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """One thread; its conversation's id names it."""

    team: str
    channel: str
    ts: str
    """Of its root message."""

    @property
    def conversation_id(self) -> ConversationId:
        """Its conversation."""
        return ConversationId(f"{PREFIX}{self.team}:{self.channel}:{self.ts}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Private:
    """Somebody's direct messages, as a place where things are shown that were asked for elsewhere. No thread, so nothing is ever
    asked in it."""

    team: str
    user: str

    @property
    def conversation_id(self) -> ConversationId:
        """Its name; no channel is called like this."""
        return ConversationId(f"{PREFIX}{self.team}:{_PERSON}{self.user}:0")


def private_of(conversation_id: ConversationId) -> Private | None:
    """The direct messages of a conversation; None where it is a thread, or none of ours."""
    parts = conversation_id.split(":")
    if len(parts) != 4 or parts[0] != SURFACE or not parts[2].startswith(_PERSON):
        return None
    return Private(team=parts[1], user=parts[2].removeprefix(_PERSON))


def thread_of(conversation_id: ConversationId) -> Thread | None:
    """The thread of a conversation; None where it is not one of ours."""
    parts = conversation_id.split(":")
    if len(parts) != 4 or parts[0] != SURFACE or parts[2].startswith(_PERSON):
        return None
    return Thread(team=parts[1], channel=parts[2], ts=parts[3])


def principal_id(team: str, user: str) -> PrincipalId:
    """Our id of a person of a workspace."""
    return PrincipalId(f"{PREFIX}{team}:{user}")


def user_of(principal: PrincipalId) -> str | None:
    """The person's id in Slack; None where the principal is of another surface."""
    parts = principal.split(":")
    return parts[2] if len(parts) == 3 and parts[0] == SURFACE else None


def request_key(team: str, channel: str, ts: str) -> str:
    """Names a message: the same however often, and in whichever kinds of event, it arrives."""
    return f"{PREFIX}{team}:{channel}:{ts}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRef:
    """One message of ours, as the message log keeps it."""

    channel: str
    ts: str

    def __str__(self) -> str:
        return f"{self.channel}/{self.ts}"


def message_ref(text: str) -> MessageRef:
    """Read a reference back."""
    channel, _, ts = text.partition("/")
    return MessageRef(channel=channel, ts=ts)
