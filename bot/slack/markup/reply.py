"""Replies below the card: a question with everything needed to answer it, what came of it, and the result."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.presses import Press, choice_token
from bot.render.approvals import ApprovalBlock, Button
from bot.render.card import Card
from bot.render.replies import FINAL, Reply
from bot.render.safe_text import clean
from bot.render.texts import Texts
from bot.render.view import ExecutionView
from bot.slack.markup.card import fallback
from bot.slack.markup.controls import MOST_BUTTONS, button, menu, rows, shortened
from bot.slack.markup.fields import field_parts, has_marks
from bot.slack.markup.final import final_bodies
from bot.slack.markup.limits import BUTTON, BUTTON_SHOWN, MESSAGE_BYTES, OPTION, OPTIONS, cut_weight, units, weight
from bot.slack.markup.parts import Block, Items, Line, Part, Span, brief, data, drawn, ours, para, small, weigh
from engine.domain.approval import ApprovalKind
from engine.domain.json import JsonObject

MOST_STEPS = 15
"""Steps of a plan that are named under the question about it."""

_ICONS = {
    ApprovalKind.GATE: "✋",
    ApprovalKind.PLAN: "📋",
    ApprovalKind.CHOICE: "🔀",
    ApprovalKind.QUESTION: "💬",
    ApprovalKind.UNKNOWN_OUTCOME: "❓",
}
_TOPIC_ICONS = {"budget": "💰", "model_unavailable": "⚠️", "follow_up": "✏️"}
_TONES = {"attention": "✋", "good": "✅", "bad": "❌", "quiet": "▫️"}
_TITLE, _SUBJECT, _LEAD, _FOOT, _UNDERSTOOD, _STEP = 300, 1_200, 600, 600, 800, 200
"""What each may weigh: together they leave the arguments their room."""
_FIELD = 1_600
"""What one argument may weigh, for who reads on a phone: the rest of a longer one is counted and stands in the details."""
_CHOICES, _CHOICE, _MENU = 3_000, 420, 2_500
"""What all choices, one of them, and all of a menu may weigh."""

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
    text = brief(reply.text, MESSAGE_BYTES // 2).strip() or "…"
    icon = "" if text.lstrip().startswith(("✓", "✗")) else f"{_TONES.get(reply.tone, '▫️')} "
    part = para(Span(text=icon), ours(text))
    return {"text": fallback(reply.text), "blocks": drawn([part], rich=rich)}


def _question(card: Card, block: ApprovalBlock, reply: Reply, *, rich: bool) -> JsonObject:
    texts = Texts(reply.locale, block.zone)
    above = _heading(block, texts)
    foot = " · ".join(part for part in (block.tool, block.expires) if part)
    below: list[Part] = [small(brief(foot, _FOOT), texts.direction)] if foot else []
    if has_marks(block.fields):
        below.insert(0, small(texts.say("chat.read_note"), texts.direction))
    middle = _MIDDLES[block.kind](card, block, texts)
    controls = _controls(card, block, texts)
    spent = sum(map(weigh, (*above, *middle, *below))) + _labels(controls)
    fields = field_parts(block.fields, texts, MESSAGE_BYTES - spent - 100, longest=_FIELD)
    parts = [*above, *middle, *fields, *below]
    return {"text": fallback(reply.text), "blocks": [*drawn(parts, rich=rich), *controls]}


def _heading(block: ApprovalBlock, texts: Texts) -> list[Part]:
    icon = _TOPIC_ICONS.get(block.topic) or _ICONS[block.kind]
    parts: list[Part] = [para(Span(text=f"{icon} "), ours(brief(block.title, _TITLE), bold=True))]
    if block.subject:
        parts.append(para(ours(brief(" ".join(block.subject.split()), _SUBJECT)), tight=True))
    if block.lead:
        parts.append(small(brief(block.lead, _LEAD), texts.direction))
    return parts


def _plan(card: Card, block: ApprovalBlock, texts: Texts) -> list[Part]:
    marks = {str(step.id): step for step in card.steps}
    items: list[Line] = []
    for drop in block.drops[:MOST_STEPS]:
        step = marks.get(drop.id)
        asks = step.asks if step is not None and step.touches_world else ""
        line = (data(cut_weight(clean(drop.title), _STEP)),)
        items.append((*line, ours(f" · ✏️ {brief(asks, _STEP)}", italic=True)) if asks else line)
    parts: list[Part] = [small(brief(card.understood, _UNDERSTOOD), texts.direction)] if card.understood else []
    if items:
        parts.append(Items(items=tuple(items), first=1))
    rest = len(block.drops) - MOST_STEPS
    if rest > 0:
        parts.append(small(texts.say("chat.more_items", n=rest), texts.direction))
    return parts


def _choices(card: Card, block: ApprovalBlock, texts: Texts) -> list[Part]:
    """Choices whose labels a button cannot show whole are told above the buttons, numbered."""
    del card, texts
    choices = [made for made in block.buttons if made.choice]
    if not _told_above(choices):
        return []
    most = min(_CHOICE, _CHOICES // len(choices))
    lines = tuple((data(cut_weight(" ".join(clean(made.label).split()), most)),) for made in choices)
    return [Items(items=lines, first=1)]


def _nothing(card: Card, block: ApprovalBlock, texts: Texts) -> list[Part]:
    del card, block, texts
    return []


_MIDDLES: dict[ApprovalKind, Callable[[Card, ApprovalBlock, Texts], list[Part]]] = {
    ApprovalKind.PLAN: _plan,
    ApprovalKind.CHOICE: _choices,
    ApprovalKind.QUESTION: _choices,
    ApprovalKind.UNKNOWN_OUTCOME: _choices,
    ApprovalKind.GATE: _nothing,
}


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
