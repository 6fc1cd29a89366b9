"""Who said something, what they are called, and whose words they are."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.payloads import mapping
from bot.telegram.address import STAND_INS
from bot.telegram.inbound.fields import line, number, text

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who sent a message."""

    user: int
    """0: nobody."""
    name: str = ""
    language: str = ""
    anonymous: bool = False
    """A bot, a channel, or somebody who does not say who they are: nobody whose word can be held to."""


def sender_of(message: object) -> Sender:
    """Who sent a message, or pressed a button. Where somebody speaks for a chat, the name is the chat's."""
    person, chat = mapping(message, "from"), mapping(message, "sender_chat")
    user = number(person, "id") or number(chat, "id")
    hidden = person.get("is_bot") is not False or "sender_chat" in mapping(message) or user in STAND_INS
    return Sender(
        user=user,
        name=title_of(chat) or name_of(person),
        language=_language(person),
        anonymous=hidden,
    )


def name_of(person: object) -> str:
    """What somebody calls themselves."""
    full = f"{line(person, 'first_name')} {line(person, 'last_name')}".strip()
    return full or line(person, "username")


def title_of(chat: object) -> str:
    """What a chat is called: a group's or a channel's title, or the person's name."""
    return line(chat, "title") or name_of(chat)


def forwarded_from(message: object) -> tuple[bool, str]:
    """Are these somebody else's words, and whose, as far as that is known? A bot's, chosen from its offers, are as well."""
    said = mapping(message)
    origin, offered = said.get("forward_origin"), said.get("via_bot")
    if origin is not None or said.get("forward_date") is not None:
        return True, author_of(origin)
    return offered is not None, name_of(offered)


def author_of(origin: object) -> str:
    """The name that stands for the origin of a message, of whatever type."""
    signature = line(origin, "author_signature")
    chat = title_of(mapping(origin, "sender_chat")) or title_of(mapping(origin, "chat"))
    name = name_of(mapping(origin, "sender_user")) or line(origin, "sender_user_name") or chat
    return f"{name} ({signature})" if name and signature else name or signature


def _language(person: object) -> str:
    found = text(person, "language_code")
    return found if _LANGUAGE.fullmatch(found) else ""
