"""Replies below the card: a question with everything needed to answer it, what came of it, and the result."""

from __future__ import annotations

from collections.abc import Sequence

from bot.parts.measure import units
from bot.parts.question import QuestionRooms, outcome_part, question
from bot.presses import Press, choice_token
from bot.render.approvals import ApprovalBlock, Button
from bot.render.card import Card
from bot.render.replies import FINAL, Reply
from bot.render.safe_text import clean
from bot.render.texts import Texts
from bot.render.view import ExecutionView
from bot.slack.markup.card import fallback
from bot.slack.markup.controls import MOST_BUTTONS, button, menu, rows, shortened
from bot.slack.markup.drawing import Block, drawn
from bot.slack.markup.final import final_bodies
from bot.slack.markup.limits import BUTTON, BUTTON_SHOWN, MESSAGE_BYTES, MRKDWN, OPTION, OPTIONS, weight
from bot.slack.markup.measured import cut_weight, field_parts, weigh
from engine.domain.approval import ApprovalKind
from engine.domain.json import JsonObject

_ROOMS = QuestionRooms(
    scale=MRKDWN,
    title=300,
    subject=1_200,
    lead=600,
    foot=600,
    understood=800,
    step=200,
    asks=200,
    choices=3_000,
    choice=420,
)
_FIELD = 1_600
"""What one argument may weigh, for who reads on a phone: the rest of a longer one is counted and stands in the details."""
_MENU = 2_500
"""What all of a menu may weigh."""

Bodies = list[tuple[str, JsonObject]]
"""Purposes and messages, in the order in which they are posted."""


def reply_bodies(view: ExecutionView, reply: Reply, *, rich: bool = True) -> Bodies:
    """The messages of one reply.

    Args:
        view: what is shown of the execution.
        reply: one of its replies.
        rich: with rich text; False draws sections only, for where that is not taken.

    Returns:
        A purpose and a message; the final reply can be several: ``final``, ``final:2`` … and ``final:file``, whose body has
        no blocks but ``file``: ``name`` and ``text`` of a file to be uploaded.
    """
    if reply.purpose == FINAL:
        return final_bodies(view.card, reply, rich=rich)
    block = view.approval(reply)
    if block is None:
        return [(reply.purpose, _outcome(reply, rich=rich))]
    return [(reply.purpose, _question(view.card, block, reply, rich=rich))]


def _outcome(reply: Reply, *, rich: bool) -> JsonObject:
    part = outcome_part(reply, MRKDWN, MESSAGE_BYTES // 2)
    return {"text": fallback(reply.text), "blocks": drawn([part], rich=rich)}


def _question(card: Card, block: ApprovalBlock, reply: Reply, *, rich: bool) -> JsonObject:
    texts = Texts(reply.locale, block.zone)
    choices = [made for made in block.buttons if made.choice]
    asked = question(card, block, texts, _ROOMS, told=choices if _told_above(choices) else ())
    controls = _controls(card, block, texts)
    spent = sum(map(weigh, asked.parts)) + _labels(controls)
    fields = field_parts(block.fields, texts, MESSAGE_BYTES - spent - 100, longest=_FIELD)
    parts = [*asked.above, *asked.middle, *fields, *asked.below]
    return {"text": fallback(reply.text), "blocks": [*drawn(parts, rich=rich), *controls]}


def _told_above(choices: Sequence[Button]) -> bool:
    limit = BUTTON_SHOWN if len(choices) <= MOST_BUTTONS else OPTION
    return any(units(clean(made.label)) > limit for made in choices)


def _controls(card: Card, block: ApprovalBlock, texts: Texts) -> list[Block]:
    choices = [made for made in block.buttons if made.choice]
    numbered = _told_above(choices)
    elements: list[Block] = []
    if len(choices) > MOST_BUTTONS:
        press = Press(action="choose", execution=card.id, approval=block.id)
        most = max(_MENU // len(choices), 16)
        options = [
            (cut_weight(_label(made, place, OPTION, numbered=numbered), most), made.choice)
            for place, made in enumerate(choices[:OPTIONS], 1)
        ]
        elements.append(menu(press, texts.say("chat.pick"), options))
    else:
        for place, made in enumerate(choices, 1):
            label = _label(made, place, BUTTON_SHOWN if numbered else BUTTON, numbered=numbered)
            elements.append(button(_press(card, made), label, tone=made.tone))
    for made in block.buttons:
        if not made.choice:
            calm = block.kind is ApprovalKind.CHOICE  # to choose none is as good an answer as another
            elements.append(button(_press(card, made), made.label, tone="plain" if calm else made.tone))
    if block.fields:
        details = Press(action="details", execution=card.id, approval=block.id)
        elements.append(button(details, texts.say("chat.details")))
    return rows(elements)


def _label(made: Button, place: int, limit: int, *, numbered: bool) -> str:
    return shortened(f"{place} · {made.label}" if numbered else made.label, limit)


def _press(card: Card, made: Button) -> Press:
    choice = choice_token(made.choice) if made.choice else ""
    return Press(action=made.action, execution=card.id, approval=made.approval, choice=choice)


def _labels(controls: Sequence[Block]) -> int:
    """What buttons and menus weigh."""
    found = 0
    for row in controls:
        for element in row["elements"]:
            shown = [element.get("text", element.get("placeholder"))]
            shown += [option["text"] for option in element.get("options", ())]
            found += sum(weight(text["text"]) for text in shown)
    return found
