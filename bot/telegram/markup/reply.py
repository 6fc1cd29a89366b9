"""Replies below the card: a question with everything needed to answer it, what came of it, and the result."""

from __future__ import annotations

from collections.abc import Sequence

from bot.parts.fields import people_first, tell
from bot.parts.measure import units
from bot.parts.model import small
from bot.parts.question import QuestionRooms, outcome_part, question
from bot.presses import Press, short_token
from bot.render.approvals import ApprovalBlock
from bot.render.approvals import Button as Choice
from bot.render.card import Card
from bot.render.replies import FINAL, Reply
from bot.render.safe_text import clean
from bot.render.texts import Texts
from bot.render.view import ExecutionView
from bot.telegram.markup.body import Button, Keyboard, button, message
from bot.telegram.markup.final import final_bodies
from bot.telegram.markup.limits import BUTTON, BUTTON_SHOWN, BUTTONS, PLAIN, ROOM
from engine.domain.json import JsonObject

MOST_ROWS = 8
"""Choices with a row each; more of them are told in the text, and their buttons are numbers."""

_NUMBERS = 5
"""Buttons that are numbers in one row."""
_ROW = 30
"""Buttons whose labels together are no longer than this share a row."""
_ROOMS = QuestionRooms(
    scale=PLAIN, title=160, subject=500, lead=260, foot=260, understood=360, step=90, asks=36, choices=1_500, choice=240
)


def reply_bodies(view: ExecutionView, reply: Reply) -> list[tuple[str, JsonObject]]:
    """The messages of one reply.

    Args:
        view: what is shown of the execution.
        reply: one of its replies.

    Returns:
        A purpose and a message; the final reply can be several: ``final``, ``final:2`` … and ``final:file``, whose body has
        neither entities nor buttons but ``file``: ``name`` and ``text`` of a document.
    """
    if reply.purpose == FINAL:
        return final_bodies(view.card, reply)
    block = view.approval(reply)
    texts = Texts(reply.locale, block.zone if block else "UTC")
    if block is None:
        return [(reply.purpose, message([outcome_part(reply, PLAIN, ROOM // 2)], texts, [], reply.execution_id))]
    return [(reply.purpose, _question(view.card, block, texts))]


def _question(card: Card, block: ApprovalBlock, texts: Texts) -> JsonObject:
    choices = [made for made in block.buttons if made.choice]
    above = choices[:BUTTONS] if _told_above(choices) else ()
    asked = question(card, block, texts, _ROOMS, above, brisk=True)
    rest = len(choices) - BUTTONS
    middle = [*asked.middle, *([small(texts.say("chat.more_items", n=rest), texts.direction)] if rest > 0 else [])]
    room = ROOM - sum(map(PLAIN.weigh, (*asked.above, *middle, *asked.below)))
    told = tell(people_first(block.fields), texts, PLAIN, room)
    parts = [*asked.above, *middle, *told.parts, *asked.below]
    return message(parts, texts, _controls(block, choices, texts, whole=told.whole), card.id)


def _told_above(choices: Sequence[Choice]) -> bool:
    return len(choices) > MOST_ROWS or any(units(clean(made.label)) > BUTTON_SHOWN for made in choices)


def _controls(block: ApprovalBlock, choices: Sequence[Choice], texts: Texts, *, whole: bool) -> Keyboard:
    """Where something of the call is not shown, the way to it stands before everything else."""
    plain = [made for made in block.buttons if not made.choice]
    others = [button(_press(block, made), made.label) for made in plain if made.action != "back"]
    # Longer than the rest, which a row cuts to the same width.
    back = [[button(_press(block, made), made.label)] for made in plain if made.action == "back"]
    details = [button(Press(action="details", approval=block.id), texts.say("chat.details"))] if block.fields else []
    chosen = _choices(block, choices)
    if whole:
        return [*chosen, *_rows(others), *back, details]
    return [details, *chosen, *_rows(others)] if chosen else _rows([*details, *others])


def _choices(block: ApprovalBlock, choices: Sequence[Choice]) -> Keyboard:
    """A row each, so that a phone shows what they are; or numbers, where there are many."""
    if len(choices) > MOST_ROWS:
        numbers = [button(_press(block, made), str(place)) for place, made in enumerate(choices[:BUTTONS], 1)]
        return [numbers[start : start + _NUMBERS] for start in range(0, len(numbers), _NUMBERS)]
    numbered = _told_above(choices)
    limit = BUTTON_SHOWN if numbered else BUTTON
    return [
        [button(_press(block, made), f"{place} · {made.label}" if numbered else made.label, limit)]
        for place, made in enumerate(choices, 1)
    ]


def _rows(buttons: Sequence[Button]) -> Keyboard:
    """As many in a row as are read without being cut."""
    rows: Keyboard = []
    room = 0
    for made in buttons:
        size = units(str(made["text"]))
        if not rows or size > room:
            rows.append([])
            room = _ROW
        rows[-1].append(made)
        room -= size
    return rows


def _press(block: ApprovalBlock, made: Choice) -> Press:
    return Press(action=made.action, approval=block.id, choice=short_token(made.choice) if made.choice else "")
