"""How a question is shown to somebody in Telegram who asked for it elsewhere: in private, saying what it is about."""

from __future__ import annotations

from bot.parts.measure import units
from bot.render.texts import Texts, shorten
from bot.telegram.address import Talk, user_of
from bot.telegram.drawings import TEXT_UNITS, headed
from bot.telegram.markup.escape import still
from engine.domain.ids import ConversationId, PrincipalId
from engine.domain.json import JsonObject

TITLE_CHARACTERS = 120


def place_of(account: PrincipalId) -> ConversationId | None:
    """The private chat with a person; None for accounts of other chats."""
    user = user_of(account)
    return None if user is None or user <= 0 else Talk(chat=user).conversation_id


def mirrored(body: JsonObject, title: str, locale: str) -> JsonObject:
    """See :class:`bot.mirror.Mirrored`: a line above the text, where there is room for one."""
    line = still(Texts(locale).say("linking.about_request", title=shorten(title, TITLE_CHARACTERS)))
    told = headed(body, [line])
    return told if units(str(told["text"])) <= TEXT_UNITS else body
