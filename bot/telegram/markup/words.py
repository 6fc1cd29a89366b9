"""Something we say outside cards and replies: our own commands and links in it stay live, what others wrote does not."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.parts.measure import units
from bot.render.bearing import anchored
from bot.render.safe_text import clean, said
from bot.render.texts import FIRST_STRONG_ISOLATE, POP_ISOLATE, Direction, isolate
from bot.telegram.markup.escape import plain_text, still
from engine.domain.json import JsonObject, JsonValue

_CODE = re.compile(r"`([^`\n]+)`")
_COMMAND = re.compile(r"(?<![\w/`])/[a-z_]+")
_STEPS = {FIRST_STRONG_ISOLATE: 1, POP_ISOLATE: -1}
_RIGHT_TO_LEFT = re.compile("[\u0590-\u06ff]")


def words_body(words: str) -> JsonObject:
    """A message with sentences from the catalogue.

    Between the isolates that :meth:`bot.render.texts.Texts.say` puts around values nothing is live; a link of ours is put in
    as a :class:`bot.render.texts.Phrase`, so that it is. What stands between backticks is code.
    """
    pieces = list(_pieces(words))
    side: Direction = "rtl" if any(_RIGHT_TO_LEFT.search(text) for text, ours in pieces if ours) else "ltr"
    shown = "".join(_own(text, side) if ours else _value(text) for text, ours in pieces).strip()
    borne = "\n".join(anchored(line, side) for line in shown.split("\n"))
    text, entities, end = "", list[JsonValue](), 0
    for code in _CODE.finditer(borne):
        text += borne[end : code.start()]
        entities.append({"type": "code", "offset": units(text), "length": units(code[1])})
        text += code[1]
        end = code.end()
    return {"text": f"{text}{borne[end:]}" or "…", "entities": entities, "keyboard": []}


def _pieces(words: str) -> Iterator[tuple[str, bool]]:
    """What stands outside of all isolates, which is ours, and what stands in them, in turn."""
    depth = begun = 0
    for at, letter in enumerate(words):
        step = _STEPS.get(letter, 0)
        if depth == 0 and step:
            yield words[begun:at], True
            begun = at + 1
        elif depth == 1 and step == -1:
            yield words[begun:at], False
            begun = at + 1
        depth = max(depth + step, 0)
    yield words[begun:], not depth


def _own(text: str, side: Direction) -> str:
    """A command keeps its slash before it also where lines run from right to left."""
    shown = plain_text(said(text))
    return _COMMAND.sub(lambda match: isolate(match[0]), shown) if side == "rtl" else shown


def _value(text: str) -> str:
    """On one line, still, and none of it code."""
    return isolate(still(" ".join(clean(text).replace("`", "'").split())))
