"""The one message that lives: where it is, what was asked, the plan, what holds it up, and the buttons that steer it.

Questions and the result are replies of their own below it, because an edit notifies nobody.
"""

from __future__ import annotations

from bot.parts.card import ICONS, CardRooms, halt_parts, more_parts, status_of, sum_parts, title_of, version_of
from bot.parts.model import Part, Span, data, ours, para, small
from bot.parts.question import icon_of
from bot.parts.steps import left_out
from bot.presses import Press
from bot.render.approvals import ApprovalBlock
from bot.render.card import ON_THE_RESULT, Card
from bot.render.texts import Texts
from bot.telegram.markup.body import Keyboard, button, message
from bot.telegram.markup.limits import PLAIN, ROOM
from bot.telegram.markup.steps import step_parts
from engine.domain.json import JsonObject

MOST_NAMED = 3
"""Open questions that the card names."""

_ROOMS = CardRooms(scale=PLAIN, title=200, note=200, long_note=360, label=60)
_NAMED = 100
_TURNED_DOWN = frozenset({"rejected", "cancelled"})
"""Ends after which what was found on the way is nobody's result."""


def card_body(card: Card) -> JsonObject:
    """The card as a message."""
    texts = Texts(card.locale)
    above, below = _above(card, texts), _below(card, texts)
    room = ROOM - sum(map(PLAIN.weigh, (*above, *below)))
    return message([*above, *step_parts(card, room), *below], texts, _controls(card), card.id)


def _above(card: Card, texts: Texts) -> list[Part]:
    status = (Span(text=f"{ICONS.get(card.status.name, '•')} "), ours(status_of(card, _ROOMS)))
    notes = (
        (card.banner, _ROOMS.note),
        (card.notice, _ROOMS.note),
        (card.understood, _ROOMS.long_note),
        (version_of(card), _ROOMS.long_note),
    )
    return [
        para(*status),
        para(data(title_of(card, texts, _ROOMS), bold=True), tight=True),
        *(small(PLAIN.brief(note, most), card.direction) for note, most in notes),
        *halt_parts(card, _ROOMS),
    ]


def _below(card: Card, texts: Texts) -> list[Part]:
    parts: list[Part] = [*left_out(card, texts), *more_parts(card, _ROOMS)]
    if card.approvals:
        asked = texts.say("telegram.answer_below", n=len(card.approvals))
        parts.append(para(Span(text="👇 "), ours(asked, bold=True)))
        parts += [_named(block) for block in card.approvals[:MOST_NAMED]]
    elif card.result and card.status.name not in _TURNED_DOWN:
        parts.append(para(Span(text="👇 "), ours(texts.say("telegram.result_below"))))
    sums = [small(PLAIN.brief(card.limited, _ROOMS.note), card.direction), *sum_parts(card, _ROOMS)]
    return [*parts, *sums]


def _named(block: ApprovalBlock) -> Part:
    about = PLAIN.brief(block.subject or block.title, _NAMED)
    return para(Span(text=f"{icon_of(block)} "), ours(about), tight=True)


def _controls(card: Card) -> Keyboard:
    """Pause, resume, stop, and below them the way to the plan, whose words are longer; the result is rated, and what failed is
    tried again, where it stands."""
    steering = [action for action in card.actions if action.action not in ON_THE_RESULT]
    rows = ([a for a in steering if a.action != "plan"], [a for a in steering if a.action == "plan"])
    return [[button(Press(action=a.action, execution=card.id), a.label) for a in row] for row in rows]
