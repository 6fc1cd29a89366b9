"""The one message that lives: what was asked, where it is, the plan, what holds it up, and the buttons that steer it.

Questions and the result are replies of their own below it, because an edit notifies nobody.
"""

from __future__ import annotations

from bot.parts.card import ICONS, CardRooms, halt_parts, more_parts, note_parts, status_of, sum_parts, title_of
from bot.parts.model import Part, Span, data, ours, para
from bot.parts.steps import left_out
from bot.presses import Press
from bot.render.card import ON_THE_RESULT, Card
from bot.render.texts import Texts
from bot.slack.markup.controls import button, confirmation, rows
from bot.slack.markup.drawing import Block, drawn
from bot.slack.markup.escape import escape
from bot.slack.markup.limits import FALLBACK, MESSAGE_BYTES, MRKDWN, weight
from bot.slack.markup.measured import brief, weigh
from bot.slack.markup.steps import plan_blocks, step_parts
from engine.domain.json import JsonObject

_ROOMS = CardRooms(scale=MRKDWN, title=600, note=500, long_note=1_300, label=200)


def card_body(card: Card, *, rich: bool) -> JsonObject:
    """The card as a message.

    Args:
        card: what is shown.
        rich: with Slack's plan and rich text; False draws sections only, for where those are not taken.
    """
    texts = Texts(card.locale)
    title = title_of(card, texts, _ROOMS)
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
    told = texts.say("chat.card", status=status_of(card, _ROOMS), title=title)
    return {"text": fallback(told), "blocks": blocks}


def fallback(text: str) -> str:
    """A message's own text, which notifications show: on one line, and nothing in it is markup."""
    return escape(" ".join(brief(text, FALLBACK).split())).strip() or "…"


def _above(card: Card, title: str, progress: str) -> list[Part]:
    status = [Span(text=f"{ICONS.get(card.status.name, '•')} "), ours(status_of(card, _ROOMS), bold=True)]
    if progress:
        status.append(ours(f" · {brief(progress, _ROOMS.label)}"))
    return [
        para(data(title, bold=True)),
        para(*status, tight=True),
        *note_parts(card, _ROOMS),
        *halt_parts(card, _ROOMS),
    ]


def _below(card: Card, texts: Texts) -> list[Part]:
    parts: list[Part] = [*left_out(card, texts), *more_parts(card, _ROOMS)]
    if card.approvals:
        parts.append(para(Span(text="👇 "), ours(texts.say("chat.answer_below", n=len(card.approvals)), bold=True)))
    elif card.result:
        parts.append(para(Span(text="👇 "), ours(texts.say("chat.result_below"))))
    return [*parts, *sum_parts(card, _ROOMS)]


def _controls(card: Card, texts: Texts) -> list[Block]:
    """Pause, resume, stop: none in a colour, for none of them is what one is meant to press."""
    made: list[Block] = []
    for action in card.actions:
        if action.action in ON_THE_RESULT:
            continue
        press = Press(action=action.action, execution=card.id)
        confirm = confirmation(texts, "chat.stop") if action.action == "cancel" else None
        made.append(button(press, action.label, confirm=confirm))
    return rows(made)
