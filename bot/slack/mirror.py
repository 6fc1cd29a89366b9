"""How a question is shown to somebody in Slack who asked for it elsewhere: in their direct messages, saying what it is about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from bot.render.texts import Texts, shorten
from bot.slack.address import Private, user_of
from bot.slack.drawings import MOST_BLOCKS
from bot.slack.markup.escape import escape
from engine.domain.ids import ConversationId, PrincipalId
from engine.domain.json import JsonObject, JsonValue

TITLE_CHARACTERS = 120


def place_of(team: str, account: PrincipalId) -> ConversationId | None:
    """Where a person of this workspace is told things in private; None for anybody else."""
    parts, user = account.split(":"), user_of(account)
    return None if user is None or parts[1] != team else Private(team=team, user=user).conversation_id


def mirrored(body: JsonObject, title: str, locale: str) -> JsonObject:
    """See :class:`bot.mirror.Mirrored`: a note above its blocks, in each of its drawings."""
    line = escape(Texts(locale).say("linking.about_request", title=shorten(title, TITLE_CHARACTERS)))
    note: JsonValue = {"type": "context", "elements": [{"type": "mrkdwn", "text": line}]}
    told: dict[str, JsonValue] = {**body, "text": f"{line}\n{body['text']}"}
    for name in ("blocks", "plain"):
        blocks = cast("Sequence[JsonValue]", body.get(name) or ())
        if blocks and len(blocks) < MOST_BLOCKS:
            told[name] = [note, *blocks]
    return told
