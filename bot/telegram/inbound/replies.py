"""What a message is an answer to. Pure and total."""

from __future__ import annotations

from collections.abc import Mapping

from bot.payloads import mapping
from bot.telegram.inbound.envelope import Chat, Ours, known, topic_of
from bot.telegram.inbound.fields import clean, number, text
from bot.telegram.inbound.people import author_of, forwarded_from, sender_of
from bot.telegram.inbound.words import whole
from engine.domain.json import JsonObject


def reply_of(message: object, chat: Chat, ours: Ours) -> JsonObject | None:
    """What a message is a reply to; None: to nothing.

    Returns:
        ``ours``: it is a message of ours in this chat. ``message``, ``author``, ``author_id``, ``text`` where known, and
        ``quote``: the part of it that the person chose. Whoever forwarded something is not the author of its words.
    """
    replied, outside = mapping(message, "reply_to_message"), mapping(message, "external_reply")
    quote = clean(text(message, "quote", "text"))
    if replied and not _opens_topic(replied, message, chat):
        return _inside(replied, chat, ours, quote)
    return _outside(outside, chat, ours, quote) if outside else None


def _opens_topic(replied: Mapping[str, object], message: object, chat: Chat) -> bool:
    """What is said in a topic without being a reply comes as one to the notice that opened the topic.

    Source: tdlib/telegram-bot-api, ``get_implicit_reply_to_message_id``.
    """
    topic = topic_of(message, chat)
    return "forum_topic_created" in replied or (topic != 0 and number(replied, "message_id") == topic)


def _inside(replied: Mapping[str, object], chat: Chat, ours: Ours, quote: str) -> JsonObject:
    """A reply to a message of the same chat."""
    sender, said = sender_of(replied), whole(replied)
    forwarded, author = forwarded_from(replied)
    elsewhere = number(replied, "chat", "id") not in {0, chat.id}
    is_ours = sender.user == ours.id and not elsewhere
    return known(
        message=None if elsewhere else _positive(number(replied, "message_id")),
        ours=is_ours,
        author=author if forwarded and not is_ours else sender.name,
        author_id=None if forwarded and not is_ours else sender.user or None,
        text=said or quote,
        quote=quote,
    )


def _outside(outside: Mapping[str, object], chat: Chat, ours: Ours, quote: str) -> JsonObject:
    """A reply to a message of another chat, or of another topic of this one; of its words only the quote is told."""
    user, same = number(outside, "origin", "sender_user", "id"), number(outside, "chat", "id") == chat.id
    return known(
        message=_positive(number(outside, "message_id")) if same else None,
        ours=same and user == ours.id,
        author=author_of(mapping(outside, "origin")),
        author_id=user or None,
        text=quote,
        quote=quote,
    )


def _positive(found: int) -> int | None:
    return found if found > 0 else None
