"""What all of Telegram's deliveries share, and which kinds of update we ask for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.payloads import mapping
from bot.telegram.address import PREFIX, SURFACE, lane, principal_id
from bot.telegram.inbound.fields import number, text
from engine.domain.ids import DEFAULT_TENANT
from engine.domain.json import JsonObject, JsonValue
from engine.ports.chat_log import Delivery

ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
"""``allowed_updates`` of ``getUpdates`` and ``setWebhook`` alike: Telegram keeps what was asked for last."""

GENERAL_TOPIC = 1
"""Thread id of a group's General topic, where a server names it at all."""

_KINDS = frozenset({"private", "group", "supergroup"})


class Ours(Protocol):
    """Who we are."""

    @property
    def id(self) -> int:
        """Our user id."""
        ...

    @property
    def username(self) -> str:
        """Our name without the ``@``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """An update that came in."""

    ours: Ours
    update: int
    at: datetime

    @property
    def key(self) -> str:
        """Names it: the same however often it arrives, over whichever way."""
        return f"{PREFIX}{self.ours.id}:{self.update}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """A chat we can talk in."""

    id: int
    type: str
    """``private``, ``group`` or ``supergroup``."""

    @property
    def private(self) -> bool:
        """Does nobody else read it?"""
        return self.type == "private"


def envelope(arrival: Arrival, chat: Chat, user: int, sent_at: datetime | None) -> Delivery:
    """A delivery of this person's, in this chat, that says nothing yet."""
    return Delivery(
        key=arrival.key,
        surface=SURFACE,
        user_id=principal_id(user),
        tenant_id=DEFAULT_TENANT,
        text="",
        received_at=arrival.at,
        conversation_id=lane(chat.id),
        sent_at=sent_at,
        payload={"chat": chat.id, "type": chat.type},
    )


def chat_of(holder: object) -> Chat | None:
    """The chat something happened in; None where it is none we talk in, such as a channel.

    The chat in which readers write to a channel calls itself a supergroup; it is none.
    """
    chat = mapping(holder, "chat")
    found = Chat(id=number(chat, "id"), type=text(chat, "type"))
    fits = found.id != 0 and found.type in _KINDS and (found.id > 0) == found.private
    return found if fits and chat.get("is_direct_messages") is not True else None


def topic_of(message: object, chat: Chat) -> int:
    """The topic a message belongs to; 0: none, or the General one.

    In a supergroup without topics a reply has a ``message_thread_id`` too, but no ``is_topic_message``.
    """
    thread = number(message, "message_thread_id")
    if mapping(message).get("is_topic_message") is not True or thread < 0:
        return 0
    return 0 if thread == GENERAL_TOPIC and not chat.private else thread


def known(**parts: JsonValue) -> JsonObject:
    """Those of the parts that say something."""
    return {name: part for name, part in parts.items() if part is not None and part != ""}
