"""What is sent as one message: its text, its entities, and the buttons below it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.parts.measure import cut
from bot.parts.model import Part
from bot.presses import Press
from bot.render.bearing import borne, pieced
from bot.render.safe_text import clean
from bot.render.texts import Texts
from bot.telegram.markup.drawing import drawn
from bot.telegram.markup.limits import BUTTON
from bot.telegram.presses import data_of
from engine.domain.json import JsonObject, JsonValue

Button = dict[str, JsonValue]
"""``text`` and ``data`` of a button."""
Keyboard = list[list[Button]]
"""Rows of buttons; they stand from left to right in every language."""


def message(parts: Sequence[Part], texts: Texts, keyboard: Keyboard, execution: str = "") -> JsonObject:
    """A message.

    Args:
        parts: what it says; at most :data:`bot.telegram.markup.limits.ROOM`.
        texts: its language.
        keyboard: the buttons below it.
        execution: whose message it is; empty where no execution is steered by it.
    """
    made = drawn(parts, texts.direction)
    rows: list[JsonValue] = [[*row] for row in keyboard if row]
    body: JsonObject = {"text": made.text, "entities": [*made.entities], "keyboard": rows, "locale": texts.locale}
    return {**body, "execution": execution} if execution else body


def button(press: Press, label: str, limit: int = BUTTON) -> Button:
    """A button that stands for a press; its label is one line that shows at most ``limit`` units."""
    shown = cut(" ".join(clean(label).split()), limit)
    return {"text": borne(pieced(shown)) or "–", "data": data_of(press)}
