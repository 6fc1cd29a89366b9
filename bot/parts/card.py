"""What stands on the one message that lives, besides its plan: the status, what it must own up to, what holds it up."""

from __future__ import annotations

from dataclasses import dataclass

from bot.parts.model import Part, ours, para, small
from bot.parts.scale import Scale
from bot.render.card import Card
from bot.render.plan_changes import one_line
from bot.render.safe_text import clean
from bot.render.texts import Phrase, Texts

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


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRooms:
    """What each piece may weigh: together they leave the plan its room."""

    scale: Scale
    title: int
    note: int
    long_note: int
    label: int


def title_of(card: Card, texts: Texts, rooms: CardRooms) -> str:
    """What was asked, on one line."""
    return rooms.scale.cut(" ".join(clean(card.title).split()), rooms.title) or texts.say("card.untitled")


def status_of(card: Card, rooms: CardRooms) -> Phrase:
    """Where it is, in a word."""
    return Phrase(rooms.scale.brief(card.status.label, rooms.label))


def version_of(card: Card) -> Phrase:
    """Which version of the plan it is and what that made different, in one line; empty for a first one."""
    return one_line(Phrase(card.version), card.changes) if card.version else Phrase("")


def note_parts(card: Card, rooms: CardRooms) -> list[Part]:
    """What goes before the plan: what must be owned up to, how the request was understood, what limits it."""
    brief = rooms.scale.brief
    notes = (
        (card.banner, rooms.note),
        (card.notice, rooms.note),
        (card.understood, rooms.long_note),
        (version_of(card), rooms.long_note),
        (card.limited, rooms.note),
    )
    return [small(brief(note, most), card.direction) for note, most in notes]


def halt_parts(card: Card, rooms: CardRooms) -> list[Part]:
    """What holds it up, or has ended it."""
    brief = rooms.scale.brief
    parts: list[Part] = []
    if card.paused:
        parts.append(para(ours(brief(card.paused, rooms.note))))
    if card.problem:
        parts.append(para(ours(brief(card.problem.text, rooms.note))))
        parts.append(small(rooms.scale.cut(clean(card.problem.detail), rooms.long_note), card.direction))
    return parts


def more_parts(card: Card, rooms: CardRooms) -> list[Part]:
    """That further steps are coming."""
    return [small(rooms.scale.brief(card.more, rooms.note), card.direction)] if card.more else []


def sum_parts(card: Card, rooms: CardRooms) -> list[Part]:
    """What it has cost, and who planned it."""
    sums = " · ".join(part for part in (card.cost, card.planned_by) if part)
    return [small(rooms.scale.brief(sums, rooms.note), card.direction)] if sums else []
