"""The last reply: how it ended and everything that came of it, on as many messages as it takes, or in a file."""

from __future__ import annotations

from bot.parts.final import MOST_PAGES, final_parts, foot_parts, rated_parts, whole_file
from bot.parts.model import Part
from bot.presses import Press
from bot.render.card import Card
from bot.render.replies import FINAL, Reply
from bot.render.safe_text import clean, said
from bot.render.texts import Texts
from bot.slack.markup.card import fallback
from bot.slack.markup.controls import button, feedback, rows
from bot.slack.markup.drawing import Block, drawn, plain_text
from bot.slack.markup.limits import CONFIRM_BUTTON, CONFIRM_TEXT, CONFIRM_TITLE, MESSAGE_BYTES, MRKDWN
from bot.slack.markup.measured import brief, pages_of
from engine.domain.json import JsonObject

_HEADING = 2_000
_ROOM = 1_600
"""Weight of what stands below the result: that it was taken back, costs, the page's number, buttons and what they ask first."""


def final_bodies(card: Card, reply: Reply, *, rich: bool) -> list[tuple[str, JsonObject]]:
    """The messages of the end, see :func:`bot.slack.markup.reply.reply_bodies`."""
    texts = Texts(reply.locale)
    # Where all went well, what came of it stands below.
    told = card.status.label if card.result and card.status.tone == "good" else reply.heading or reply.text
    parts = final_parts(card, reply, brief(told, _HEADING))
    pages = pages_of(parts, MESSAGE_BYTES - _ROOM)
    shown = pages[:MOST_PAGES]
    bodies: list[tuple[str, JsonObject]] = []
    for number, page in enumerate(shown, 1):
        last = number == len(shown)
        foot = foot_parts(card, reply, MRKDWN, (number, len(shown)), beyond=len(pages) > len(shown))
        below = [*rows([*_again(card), *_undo(card, reply)]), *_rating(card, texts, rich=rich)] if last else []
        blocks = drawn([*page, *foot], rich=rich) + below
        text = reply.text if number == 1 else f"{reply.text} ({number}/{len(shown)})"
        bodies.append((FINAL if number == 1 else f"{FINAL}:{number}", {"text": fallback(text), "blocks": blocks}))
    if len(pages) > len(shown):
        bodies.append((f"{FINAL}:file", _file(card, parts, texts)))
    return bodies


def _file(card: Card, parts: list[Part], texts: Texts) -> JsonObject:
    text = fallback(texts.say("chat.file_text", title=clean(card.title)))
    return {"text": text, "file": whole_file(parts, texts)}


def _undo(card: Card, reply: Reply) -> list[Block]:
    """The button that takes it back; Slack asks first, and says what exactly is taken back."""
    if reply.undo is None:
        return []
    undo = reply.undo
    told = "\n".join([*(f"• {said(line)}" for line in undo.lines), said(undo.note)])
    asked: Block = {
        "title": plain_text(said(undo.heading), CONFIRM_TITLE),
        "text": plain_text(told, CONFIRM_TEXT),
        "confirm": plain_text(said(undo.yes), CONFIRM_BUTTON),
        "deny": plain_text(said(undo.no), CONFIRM_BUTTON),
    }
    press = Press(action="undo", execution=card.id)
    return [button(press, f"↩️ {undo.label}", confirm=asked)]


def _again(card: Card) -> list[Block]:
    """The button that does again what failed."""
    made = [action for action in card.actions if action.action == "retry"]
    return [button(Press(action="retry", execution=card.id), f"🔁 {one.label}") for one in made]


def _rating(card: Card, texts: Texts, *, rich: bool) -> list[Block]:
    buttons = [made for made in card.actions if made.rating]
    return [*drawn(rated_parts(card, texts, MRKDWN), rich=rich), *feedback(card.id, buttons, rich=rich)]
