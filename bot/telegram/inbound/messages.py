"""Messages and their edits → deliveries: which of them concern us, and what they say to whom. Pure and total."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.claims import may_hold_code
from bot.payloads import mapping
from bot.telegram.inbound.envelope import Arrival, Chat, chat_of, envelope, known, topic_of
from bot.telegram.inbound.fields import instant, number
from bot.telegram.inbound.people import Sender, forwarded_from, sender_of
from bot.telegram.inbound.replies import reply_of
from bot.telegram.inbound.words import Words, read_words, whole
from engine.domain.json import JsonValue
from engine.ports.chat_log import Delivery

_FILES = (
    "animation",
    "audio",
    "document",
    "live_photo",
    "paid_media",
    "photo",
    "video",
    "video_note",
    "voice",
)
"""Parts of a message that may say something, and that we do not read."""
_GESTURES = ("checklist", "contact", "dice", "game", "location", "poll", "sticker", "story", "venue")
"""The same, but in a group they are part of the talk there: only in private they can be meant for us."""


def message_delivery(message: object, arrival: Arrival) -> Delivery | None:
    """What a message is to us: it says something to us, or in answer to somebody; or a group got another id. None for what
    is confirmed and forgotten.

    Args:
        message: a ``Message``, of any shape.
        arrival: of the update it came in.
    """
    chat = chat_of(message)
    if chat is None:
        return None
    return _moved(message, chat, arrival) or _said(message, chat, arrival, instant(message, "date"))


def edit_delivery(message: object, arrival: Arrival) -> Delivery | None:
    """What an edit is to us: the same as the message would be, where it still says something.

    Telegram tells also of changes in which nobody sees any.
    """
    chat, edited = chat_of(message), instant(message, "edit_date")
    said = _said(message, chat, arrival, edited or instant(message, "date")) if chat else None
    return replace(said, kind="edited") if said is not None and said.text else None


def _moved(message: object, chat: Chat, arrival: Arrival) -> Delivery | None:
    """A group became a supergroup, which has another id: said once in the old chat and once in the new one."""
    before, after = number(message, "migrate_from_chat_id"), number(message, "migrate_to_chat_id")
    if not (before or after):
        return None
    made = envelope(arrival, chat, sender_of(message).user or chat.id, instant(message, "date"))
    return replace(made, kind="moved", payload={"chat": before or chat.id, "to": chat.id if before else after})


def _said(message: object, chat: Chat, arrival: Arrival, at: datetime | None) -> Delivery | None:
    sender, name = sender_of(message), number(message, "message_id")
    if name <= 0 or sender.user in {0, arrival.ours.id}:
        return None
    forwarded, author = forwarded_from(message)
    words = read_words(message, arrival.ours, private=chat.private, own=not forwarded)
    reply = reply_of(message, chat, arrival.ours)
    addressed = chat.private or words.ours or bool(words.command) or bool(reply and reply["ours"])
    files = any(mapping(message).get(part) for part in (*_FILES, *(_GESTURES if chat.private else ())))
    says = bool(words.text or words.command or words.ours or files)
    if not says or not (addressed or reply) or words.for_another or _is_post(message):
        addressed, words, reply, files = False, _shown(message, chat), None, False
        if not words.text:
            return None
    payload = {
        "addressed": addressed,
        "forwarded": forwarded,
        "files": files,
        **known(reply=reply),
        **({"from": author} if author else {}),
    }
    return _made(envelope(arrival, chat, sender.user, at), words, sender, {**place_of(message, chat), **payload})


def _shown(message: object, chat: Chat) -> Words:
    """What is said to others in a group, where it holds what could be a code: everybody there has seen it, so it is to be
    void. Nothing of any other talk."""
    text = "" if chat.private else whole(message)
    return Words(text=text if may_hold_code(text) else "")


def _is_post(message: object) -> bool:
    """Is it one of a channel, in the group where it is talked about?"""
    return mapping(message).get("is_automatic_forward") is True


def place_of(message: object, chat: Chat) -> dict[str, JsonValue]:
    """Where a message stands."""
    return {
        "chat": chat.id,
        "message": number(message, "message_id"),
        "topic": topic_of(message, chat),
        "type": chat.type,
    }


def _made(made: Delivery, words: Words, sender: Sender, payload: dict[str, JsonValue]) -> Delivery:
    who = {**known(name=sender.name, language=sender.language), "anonymous": sender.anonymous}
    return replace(
        made,
        kind="command" if words.command else "message",
        text=words.text,
        payload={**payload, **who, **known(command=words.command)},
    )
