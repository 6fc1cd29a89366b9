"""Where in Telegram something is said, and who says it: the one mapping between Telegram's names and our opaque ids."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.domain.ids import ConversationId, PrincipalId

SURFACE = "telegram"
"""Name of this surface: in deliveries, and before every id made here."""

PREFIX = f"{SURFACE}:"

STAND_INS = frozenset({777000, 136817688, 1087968824})
"""Accounts that stand for many: Telegram's own, the author of channel posts, and anonymous admins of groups. Source: Bot API,
``Message.from`` and ``sender_chat``."""

_NUMBER = re.compile(r"-?[0-9]{1,19}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """One conversation: a private chat, or a thread of replies in a group; within a topic where the chat has them."""

    chat: int
    """Of private chats it is the person's own id; of groups it is negative."""
    topic: int = 0
    """0: there are none, or it is the General one, which messages are sent to without naming it."""
    root: int = 0
    """The message that began it, in a group; 0: everything said in the chat, or its topic, is one conversation."""

    @property
    def conversation_id(self) -> ConversationId:
        """Its conversation."""
        return ConversationId(f"{PREFIX}{self.chat}:{self.topic}:{self.root}")

    @property
    def private(self) -> bool:
        """Does nobody else read it?"""
        return self.chat > 0


def talk_of(conversation_id: ConversationId) -> Talk | None:
    """The talk of a conversation; None where it is not one of ours."""
    surface, *numbers = conversation_id.split(":")
    if surface != SURFACE or len(numbers) != 3 or not all(map(_NUMBER.fullmatch, numbers)):
        return None
    chat, topic, root = map(int, numbers)
    return Talk(chat=chat, topic=topic, root=root)


def principal_id(user: int) -> PrincipalId:
    """Our id of a person."""
    return PrincipalId(f"{PREFIX}{user}")


def user_of(principal: PrincipalId) -> int | None:
    """The person's id in Telegram; None where the principal is of another surface."""
    surface, _, number = principal.partition(":")
    return int(number) if surface == SURFACE and _NUMBER.fullmatch(number) else None


def message_key(chat: int, message: int) -> str:
    """Names a message: the same however often, and in whichever kinds of update, it arrives."""
    return f"{PREFIX}{chat}:{message}"


def lane(chat: int) -> ConversationId:
    """What deliveries of one chat have in common: they are handled one after another. The talk they belong to, its root
    included, is found when they are handled."""
    return Talk(chat=chat).conversation_id


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRef:
    """One message of ours, as the message log keeps it."""

    chat: int
    message: int

    def __str__(self) -> str:
        return f"{self.chat}/{self.message}"


def message_ref(text: str) -> MessageRef:
    """Read a reference back."""
    chat, _, message = text.partition("/")
    return MessageRef(chat=int(chat), message=int(message))
