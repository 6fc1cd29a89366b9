"""A question with everything needed to answer it, and what came of it; the buttons are each chat's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.parts.fields import has_marks
from bot.parts.model import Items, Line, Para, Part, Span, data, ours, para, small
from bot.parts.scale import Scale
from bot.render.approvals import ApprovalBlock, Button
from bot.render.bearing import pieced
from bot.render.card import Card
from bot.render.replies import Reply
from bot.render.safe_text import clean
from bot.render.texts import Texts, isolate
from engine.domain.approval import ApprovalKind

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


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionRooms:
    """What each piece may weigh: together they leave the arguments their room."""

    scale: Scale
    title: int
    subject: int
    lead: int
    foot: int
    understood: int
    step: int
    """The title of one step of a plan."""
    asks: int
    """That it will ask, or what it writes."""
    choices: int
    """All of them together."""
    choice: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a question says; a call's arguments stand between ``middle`` and ``below``."""

    above: tuple[Part, ...]
    middle: tuple[Part, ...]
    below: tuple[Part, ...]

    @property
    def parts(self) -> tuple[Part, ...]:
        """All of it."""
        return (*self.above, *self.middle, *self.below)


def question(
    card: Card,
    block: ApprovalBlock,
    texts: Texts,
    rooms: QuestionRooms,
    told: Sequence[Button],
    *,
    brisk: bool = False,
) -> Question:
    """The parts of a question.

    Args:
        card: whose question it is.
        block: what is asked.
        texts: the card's language, and the question's zone.
        rooms: what each piece may weigh.
        told: choices whose labels the buttons do not show whole: they are told in the text, numbered.
        brisk: the heading of a gate says what it is about, for chats whose notifications show how a message begins.
    """
    match block.kind:
        case ApprovalKind.PLAN:
            middle = _plan(card, block, texts, rooms)
        case ApprovalKind.GATE:
            middle = list[Part]()
        case ApprovalKind.CHOICE | ApprovalKind.QUESTION | ApprovalKind.UNKNOWN_OUTCOME:
            middle = _told(told, rooms)
    above, below = _heading(block, texts, rooms, brisk=brisk), _below(block, texts, rooms)
    return Question(above=tuple(above), middle=tuple(middle), below=tuple(below))


def icon_of(block: ApprovalBlock) -> str:
    """The picture before a question."""
    return _TOPIC_ICONS.get(block.topic) or _ICONS[block.kind]


def outcome_part(reply: Reply, scale: Scale, limit: int) -> Para:
    """What came of a question, or a reminder of it."""
    text = scale.brief(reply.text, limit).strip() or "…"
    icon = "" if text.lstrip().startswith(("✓", "✗")) else f"{_TONES.get(reply.tone, '▫️')} "
    return para(Span(text=icon), ours(text))


def _heading(block: ApprovalBlock, texts: Texts, rooms: QuestionRooms, *, brisk: bool) -> list[Part]:
    brief = rooms.scale.brief
    title, subject = brief(block.title, rooms.title), brief(" ".join(block.subject.split()), rooms.subject)
    if brisk and block.kind is ApprovalKind.GATE and subject:
        title, subject = f"{title} {isolate(subject)}", ""
    parts: list[Part] = [para(Span(text=f"{icon_of(block)} "), ours(title, bold=True))]
    if subject:
        parts.append(para(ours(subject), tight=True))
    if block.lead:
        parts.append(small(brief(block.lead, rooms.lead), texts.direction))
    return parts


def _below(block: ApprovalBlock, texts: Texts, rooms: QuestionRooms) -> list[Part]:
    foot = " · ".join(part for part in (block.tool, block.expires) if part)
    below: list[Part] = [small(rooms.scale.brief(foot, rooms.foot), texts.direction)] if foot else []
    if has_marks(block.fields):
        below.insert(0, small(texts.say("chat.read_note"), texts.direction))
    return below


def _plan(card: Card, block: ApprovalBlock, texts: Texts, rooms: QuestionRooms) -> list[Part]:
    scale, marks = rooms.scale, {str(step.id): step for step in card.steps}
    items: list[Line] = []
    for drop in block.drops[:MOST_STEPS]:
        step = marks.get(drop.id)
        asks = step.asks if step is not None and step.touches_world else ""
        line = (data(scale.cut(clean(drop.title), rooms.step)),)
        items.append((*line, ours(f" · ✏️ {scale.brief(asks, rooms.asks)}", italic=True)) if asks else line)
    parts: list[Part] = (
        [small(scale.brief(card.understood, rooms.understood), texts.direction)] if card.understood else []
    )
    parts += _changes(card, rooms)
    if items:
        parts.append(Items(items=tuple(items), first=1))
    rest = len(block.drops) - MOST_STEPS
    if rest > 0:
        parts.append(small(texts.say("chat.more_items", n=rest), texts.direction))
    return parts


def _changes(card: Card, rooms: QuestionRooms) -> list[Part]:
    """What this version makes different, a line each; and what it may do again."""
    brief = rooms.scale.brief
    lines = tuple((ours(brief(line.marked, rooms.step)),) for line in card.changes)
    parts: list[Part] = [Para(lines=lines)] if lines else []
    if card.repeats:
        parts.append(para(Span(text="⚠️ "), ours(brief(card.repeats, rooms.lead), bold=True)))
    return parts


def _told(choices: Sequence[Button], rooms: QuestionRooms) -> list[Part]:
    if not choices:
        return []
    most = min(rooms.choice, rooms.choices // len(choices))
    shown = (pieced(rooms.scale.cut(" ".join(clean(made.label).split()), most)) for made in choices)
    lines = tuple((Span(text=label),) for label in shown)
    return [Items(items=lines, first=1)]
