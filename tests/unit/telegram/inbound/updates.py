"""Updates as the Bot API sends them, and who we are in these tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.telegram.inbound.updates import delivery_of
from engine.ports.chat_log import Delivery

Json = dict[str, Any]

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SENT = int(NOW.timestamp()) - 5
SENT_AT = datetime(2026, 11, 23, 7, 59, 55, tzinfo=UTC)
BOT_ID, BOT_NAME = 7000000001, "TizmorTestBot"
MENTION = f"@{BOT_NAME}"
BOT: Json = {"id": BOT_ID, "is_bot": True, "first_name": "Tizmor", "username": BOT_NAME}
DANA: Json = {
    "id": 101,
    "is_bot": False,
    "first_name": "Dana",
    "last_name": "Levi",
    "username": "dana",
    "language_code": "he",
}
AVI: Json = {"id": 102, "is_bot": False, "first_name": "Avi"}
OTHER_BOT: Json = {"id": 103, "is_bot": True, "first_name": "Weather", "username": "WeatherBot"}
ANONYMOUS: Json = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
CHANNEL_BOT: Json = {"id": 136817688, "is_bot": True, "first_name": "Channel", "username": "Channel_Bot"}
SERVICE: Json = {"id": 777000, "is_bot": False, "first_name": "Telegram"}
PRIVATE: Json = {"id": 101, "first_name": "Dana", "last_name": "Levi", "username": "dana", "type": "private"}
GROUP: Json = {"id": -2001, "title": "The team", "type": "group", "all_members_are_administrators": False}
SUPERGROUP: Json = {"id": -1001234567890, "title": "The team", "type": "supergroup"}
FORUM: Json = SUPERGROUP | {"is_forum": True}
CHANNEL: Json = {"id": -1009999999999, "title": "News", "type": "channel"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Us:
    id: int = BOT_ID
    username: str = BOT_NAME


US = Us()


def units(text: str) -> int:
    """Length as Telegram counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def mark(text: str, part: str, kind: str, **more: Any) -> Json:
    """The place of a part of a text."""
    return {"type": kind, "offset": units(text[: text.index(part)]), "length": units(part), **more}


def message(text: Any = "hello", *, chat: Any = PRIVATE, sender: Any = DANA, **fields: Any) -> Json:
    """A message with our name and a command in it marked as Telegram does."""
    said: Json = {"message_id": 7, "chat": chat, "date": SENT}
    if sender is not None:
        said["from"] = sender
    if text is not None:
        said["text"] = text
    if isinstance(text, str):
        entities = [mark(text, MENTION, "mention")] if MENTION in text.split("/")[0] else []
        if text.startswith("/"):
            entities.insert(0, {"type": "bot_command", "offset": 0, "length": units(text.split()[0])})
        if entities:
            said["entities"] = entities
    return said | fields


def update(update_id: int = 500, **content: Any) -> Json:
    return {"update_id": update_id, **content}


def said(text: Any = "hello", **fields: Any) -> Json:
    return update(message=message(text, **fields))


def ours(text: str | None = "card", **fields: Any) -> Json:
    """A message of ours, as one replies to it."""
    return message(text, sender=BOT, message_id=3, **fields)


def click(shown: Any = None, *, sender: Any = DANA, **fields: Any) -> Json:
    query = {"id": "4382bfdwdsb323b2d9", "from": sender, "chat_instance": "-3887", "data": "a:appr1"}
    card = shown if shown is not None else ours(chat=fields.pop("chat", PRIVATE))
    return update(callback_query=query | {"message": card} | fields)


def member(status: str, *, chat: Json = GROUP, before: str = "left", sender: Any = DANA, **fields: Any) -> Json:
    change = {
        "chat": chat,
        "from": sender,
        "date": SENT,
        "old_chat_member": {"user": BOT, "status": before},
        "new_chat_member": {"user": BOT, "status": status},
    }
    return update(my_chat_member=change | fields)


def heard(body: Any) -> Delivery | None:
    return delivery_of(body, US, NOW)


def taken(body: Any) -> Delivery:
    """What is committed of it."""
    delivery = heard(body)
    assert delivery is not None
    return delivery
