"""How much Telegram takes, and how texts are measured for it: in UTF-16 units, joiners included."""

from __future__ import annotations

from bot.parts.measure import units
from bot.parts.scale import Scale
from bot.telegram.markup.escape import still

MESSAGE = 4_096
"""Text of one message. Source: Bot API, sendMessage."""
ROOM = 3_900
"""What the parts of a message may weigh: what joins them takes the rest."""
CAPTION = 1_000
"""Text beside a file; Telegram takes 1,024."""
ENTITIES = 100
"""Of one message; it ignores the others."""
BUTTON = 60
"""A button's label; no limit is documented, and a phone shows less."""
BUTTON_SHOWN = 34
"""Of the label of a button as wide as a message, this much is sure to be seen on a phone."""
BUTTONS = 60
"""Choices with a button of their own, for what is told of them has to fit; Telegram takes 100 buttons."""

_SIDES = 3


def weight(text: str) -> int:
    """What a text counts of a message, with the marks that put each of its lines on a side. Of one that fits in none anyhow,
    keeping it still is not counted: that takes time with its length."""
    plain = units(text)
    return plain if plain > MESSAGE else units(still(text)) + _SIDES * text.count("\n")


PLAIN = Scale(weight=weight)
"""How Telegram counts."""
