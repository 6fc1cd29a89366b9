"""What all of Slack's deliveries share, and the conversation of those that are said in no thread."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bot.slack.address import PREFIX, SURFACE, principal_id
from engine.domain.ids import DEFAULT_TENANT, ConversationId
from engine.ports.chat_log import Delivery


class Ours(Protocol):
    """Who we are in the workspace (``bot.slack.web.Identity``)."""

    @property
    def team_id(self) -> str:
        """The workspace the app is installed in."""
        ...

    @property
    def bot_user_id(self) -> str:
        """As people mention us."""
        ...

    @property
    def bot_id(self) -> str:
        """As our own messages are marked."""
        ...


def envelope(ours: Ours, user: str, at: datetime) -> Delivery:
    """A delivery of this person's that has neither key nor content yet."""
    return Delivery(
        key="",
        surface=SURFACE,
        user_id=principal_id(ours.team_id, user),
        tenant_id=DEFAULT_TENANT,
        text="",
        received_at=at,
        conversation_id=room(ours, user),
    )


def room(ours: Ours, name: str) -> ConversationId:
    """Where something belongs that was said in no thread: a channel or a person, handled in order, shown nowhere."""
    return ConversationId(f"{PREFIX}{ours.team_id}:{name}")
