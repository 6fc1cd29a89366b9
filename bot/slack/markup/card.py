"""The one message that lives: what was asked, where it is, the plan, what holds it up, and the buttons that steer it.

Questions and the result are replies of their own below it, because an edit notifies nobody.
"""

from __future__ import annotations

from bot.presses import Press
from bot.render.card import Card
from bot.render.safe_text import clean
from bot.render.texts import Phrase, Texts
from bot.slack.markup.controls import button, confirmation, rows
from bot.slack.markup.escape import escape
from bot.slack.markup.limits import FALLBACK, MESSAGE_BYTES, cut_weight, weight
from bot.slack.markup.parts import Block, Part, Span, brief, data, drawn, ours, para, small, weigh
from bot.slack.markup.steps import left_out, plan_blocks, step_parts
from engine.domain.json import JsonObject

ICONS = {
    "planning": "💭",
    "running": "⏳",
    "waiting": "⏳",
    "asking": "✋",
    "paused": "⏸️",
    "stopping": "⏹️",
    "succeeded": "✅",
    "partial": "⚠️",
    "failed": "❌",
    "cancelled": "⏹️",
    "rejected": "🚫",
    "planned": "📋",
}
"""By the name of a status."""

_TITLE, _NOTE, _LONG_NOTE, _LABEL = 600, 500, 1_300, 200
"""What each may weigh: together they leave the plan its room."""


def card_body(card: Card, *, rich: bool) -> JsonObject:
    """The card as a message.

    Args:
        card: what is shown.
        rich: with Slack's plan and rich text; False draws sections only, for where those are not taken.
    """
    texts = Texts(card.locale)
    title = cut_weight(" ".join(clean(card.title).split()), _TITLE) or texts.say("card.untitled")
    # Slack's plan says by itself how far it is.
    progress = card.progress.label if card.progress and not (rich and card.steps) else ""
    above, below = _above(card, title, progress), _below(card, texts)
    controls = _controls(card, texts)
    labels = sum(weight(element["text"]["text"]) for row in controls for element in row["elements"])
    room = MESSAGE_BYTES - sum(map(weigh, (*above, *below))) - labels - weight(texts.say("chat.plan")) - 100
    if rich:
        blocks = [*drawn(above, rich=True), *plan_blocks(card, texts, room), *drawn(below, rich=True), *controls]
    else:
        blocks = [*drawn([*above, *step_parts(card, room), *below], rich=False), *controls]
    return {"text": fallback(texts.say("chat.card", status=_status(card), title=title)), "blocks": blocks}


def fallback(text: str) -> str:
    """A message's own text, which notifications show: on one line, and nothing in it is markup."""
    return escape(" ".join(brief(text, FALLBACK).split())).strip() or "…"


def _above(card: Card, title: str, progress: str) -> list[Part]:
    status = [Span(text=f"{ICONS.get(card.status.name, '•')} "), ours(_status(card), bold=True)]
    if progress:
        status.append(ours(f" · {brief(progress, _LABEL)}"))
    parts: list[Part] = [para(data(title, bold=True)), para(*status, tight=True)]
    notes = ((card.banner, _NOTE), (card.notice, _NOTE), (card.understood, _LONG_NOTE), (card.limited, _NOTE))
    parts += [small(brief(note, most), card.direction) for note, most in notes]
    if card.paused:
        parts.append(para(ours(brief(card.paused, _NOTE))))
    if card.problem:
        parts.append(para(ours(brief(card.problem.text, _NOTE))))
        parts.append(small(cut_weight(clean(card.problem.detail), _LONG_NOTE), card.direction))
    return parts


def _below(card: Card, texts: Texts) -> list[Part]:
    parts: list[Part] = [*left_out(card, texts)]
    if card.more:
        parts.append(small(brief(card.more, _NOTE), card.direction))
    if card.approvals:
        parts.append(para(Span(text="👇 "), ours(texts.say("chat.answer_below", n=len(card.approvals)), bold=True)))
    elif card.result:
        parts.append(para(Span(text="👇 "), ours(texts.say("chat.result_below"))))
    sums = " · ".join(part for part in (card.cost, card.planned_by) if part)
    if sums:
        parts.append(small(brief(sums, _NOTE), card.direction))
    return parts


def _controls(card: Card, texts: Texts) -> list[Block]:
    """Pause, resume, stop: none in a colour, for none of them is what one is meant to press."""
    made: list[Block] = []
    for action in card.actions:
        if action.rating:
            continue  # the result is rated where it stands
        press = Press(action=action.action, execution=card.id)
        confirm = confirmation(texts, "chat.stop") if action.action == "cancel" else None
        made.append(button(press, action.label, confirm=confirm))
    return rows(made)


def _status(card: Card) -> Phrase:
    return Phrase(brief(card.status.label, _LABEL))
