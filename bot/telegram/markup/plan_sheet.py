"""The plan sheet: every step of a plan that is open, and the buttons that change it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from bot.parts.card import CardRooms, title_of
from bot.parts.model import Line, Para, Part, Span, data, ours, para, small
from bot.parts.steps import ICONS
from bot.presses import Press
from bot.render.card import Card
from bot.render.safe_text import clean
from bot.render.steps import StepLine
from bot.render.texts import Texts, isolate
from bot.step_questions import step_question_id
from bot.telegram.markup.body import Button, Keyboard, button, message
from bot.telegram.markup.limits import PLAIN, ROOM
from engine.domain.ids import ExecutionId
from engine.domain.json import JsonObject

BUTTONS = 100
"""Of one message. Source: Bot API, sendMessage; more are refused."""

_WAYS: Mapping[str, tuple[str, str]] = MappingProxyType({
    "edit": ("edit_step", "✏️"),
    "retry": ("retry_step", "🔁"),
    "drop": ("drop_step", "✖️"),
})  # fmt: skip
"""What can be done to a step → the action of its button, and the sign before its words."""
_ROOMS = CardRooms(scale=PLAIN, title=200, note=300, long_note=300, label=60)
_TITLE, _LEAST, _STATUS, _ERROR = 160, 24, 60, 160
"""What a step's title may weigh, and is left of it in a very long plan; its status; what went wrong with it."""
_AROUND = 16
"""What the icon, the number and the line ends of a step weigh."""


def sheet_body(card: Card) -> JsonObject:
    """The sheet, as a message of its own. Where not all steps fit, those that can be changed go first.

    Args:
        card: of an execution whose plan is open; its buttons are about the steps as they are in it.
    """
    texts = Texts(card.locale)
    above: list[Part] = [
        para(Span(text="✏️ "), ours(texts.say("chat.form.plan"), bold=True)),
        para(data(title_of(card, texts, _ROOMS)), tight=True),
    ]
    note, more = (small(texts.say(f"chat.form.{key}"), card.direction) for key in ("plan_note", "plan_more"))
    room = ROOM - sum(map(PLAIN.weigh, (*above, note, more)))
    shown = _fitting(card.steps, room)
    lines = tuple(line for step in shown for line in _lines(step, room // max(len(shown), 1)))
    parts: list[Part] = [*above, Para(lines=lines)]
    parts += [more] if len(shown) < len(card.steps) else []
    return message([*parts, note], texts, _controls(card.id, shown, texts), card.id)


def taken_body(texts: Texts, version: int) -> JsonObject:
    """The sheet once something on it was done: what else stood there is about a version that is over.

    Args:
        texts: the language of the execution.
        version: of the plan, before.
    """
    back = texts.say("conversation.go_back", words=texts.say("action.back", n=version))
    return message([para(ours(texts.say("plan_version.taken"))), small(back, texts.direction)], texts, [])


def can_be_changed(card: Card) -> bool:
    """Is there a step something can be done to?"""
    return any(step.ways for step in card.steps)


def _fitting(steps: Sequence[StepLine], room: int) -> list[StepLine]:
    """As many steps as there is room and there are buttons for, in plan order."""
    most, buttons = room // (_LEAST + _AROUND), BUTTONS
    chosen: list[int] = []
    for step in sorted(steps, key=lambda step: not step.ways):
        if len(chosen) < most and len(step.ways) <= buttons:
            chosen.append(step.number)
            buttons -= len(step.ways)
    return [step for step in steps if step.number in chosen]


def _lines(step: StepLine, room: int) -> list[Line]:
    """Icon, number and title; below it where it is, and what went wrong, as far as there is room for it."""
    lead = f"{ICONS.get(step.icon, '▫️')} {step.number}. "
    room -= PLAIN.weight(lead) + _AROUND - 8
    told = PLAIN.cut(" ".join(clean(step.status).split()), _STATUS)
    status = told if room - PLAIN.weight(told) >= _LEAST else ""
    room -= PLAIN.weight(status)
    title = PLAIN.cut(" ".join(clean(step.title).split()), min(max(room, 12), _TITLE))
    room -= PLAIN.weight(title)
    error = (
        PLAIN.cut(" ".join(clean(step.error).split()), min(room - 4, _ERROR)) if step.error and room > _LEAST else ""
    )
    below = " · ".join(part for part in (status, error) if part)
    lines: list[Line] = [(Span(text=lead), Span(text=isolate(title), bold=True))]
    return [*lines, (Span(text=below),)] if below else lines


def _controls(execution: str, steps: Sequence[StepLine], texts: Texts) -> Keyboard:
    return [[_button(execution, step, way, texts) for way in step.ways] for step in steps]


def _button(execution: str, step: StepLine, way: str, texts: Texts) -> Button:
    action, sign = _WAYS[way]
    press = Press(action=action, approval=step_question_id(ExecutionId(execution), step.id))
    return button(press, f"{sign} {step.number} · {texts.say(f'action.{action}')}")
