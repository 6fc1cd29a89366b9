"""The last reply: how it ended and everything that came of it, on as many messages as it takes, or in a file."""

from __future__ import annotations

from bot.parts.final import MOST_PAGES, final_parts, foot_parts, rated_parts, whole_file
from bot.parts.model import Part
from bot.render.card import Card
from bot.render.replies import FINAL, Reply
from bot.render.safe_text import clean
from bot.render.texts import Texts
from bot.slack.markup.card import fallback
from bot.slack.markup.controls import feedback
from bot.slack.markup.drawing import Block, drawn
from bot.slack.markup.limits import MESSAGE_BYTES, MRKDWN
from bot.slack.markup.measured import brief, pages_of
from engine.domain.json import JsonObject

_HEADING = 2_000
_ROOM = 600
"""Weight of what stands below the result: costs, the page's number, buttons."""


def final_bodies(card: Card, reply: Reply, *, rich: bool) -> list[tuple[str, JsonObject]]:
    """The messages of the end, see :func:`bot.slack.markup.reply.reply_bodies`."""
    texts = Texts(reply.locale)
    # Where all went well, what came of it stands below.
    told = card.status.label if card.result and card.status.tone == "good" else reply.text
    parts = final_parts(card, reply, brief(told, _HEADING))
    pages = pages_of(parts, MESSAGE_BYTES - _ROOM)
    shown = pages[:MOST_PAGES]
    bodies: list[tuple[str, JsonObject]] = []
    for number, page in enumerate(shown, 1):
        last = number == len(shown)
        foot = foot_parts(card, texts, MRKDWN, (number, len(shown)), beyond=len(pages) > len(shown))
        blocks = drawn([*page, *foot], rich=rich) + (_rating(card, texts, rich=rich) if last else [])
        text = reply.text if number == 1 else f"{reply.text} ({number}/{len(shown)})"
        bodies.append((FINAL if number == 1 else f"{FINAL}:{number}", {"text": fallback(text), "blocks": blocks}))
    if len(pages) > len(shown):
        bodies.append((f"{FINAL}:file", _file(card, parts, texts)))
    return bodies


def _file(card: Card, parts: list[Part], texts: Texts) -> JsonObject:
    text = fallback(texts.say("chat.file_text", title=clean(card.title)))
    return {"text": text, "file": whole_file(parts, texts)}


def _rating(card: Card, texts: Texts, *, rich: bool) -> list[Block]:
    buttons = [made for made in card.actions if made.rating]
    return [*drawn(rated_parts(card, texts, MRKDWN), rich=rich), *feedback(card.id, buttons, rich=rich)]
