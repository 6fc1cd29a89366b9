"""The question before something is taken back: what exactly that would do, and the two answers to it."""

from __future__ import annotations

from bot.parts.model import Items, Line, Part, Span, ours, para, small
from bot.presses import Press
from bot.render.texts import Texts
from bot.render.undo import UndoBlock
from bot.telegram.markup.body import button, message
from bot.telegram.markup.limits import PLAIN, ROOM
from engine.domain.json import JsonObject

_LINE = 500


def undo_body(block: UndoBlock, texts: Texts, execution: str) -> JsonObject:
    """The question, as a message of its own.

    Args:
        block: what can be taken back.
        texts: the language of the execution.
        execution: which is asked about.
    """
    heading = para(Span(text="↩️ "), ours(PLAIN.brief(block.heading, _LINE), bold=True))
    note = small(PLAIN.brief(block.note, _LINE), texts.direction)
    room, told = ROOM - PLAIN.weigh(heading) - PLAIN.weigh(note), list[Line]()
    for line in block.lines:
        made = (ours(PLAIN.brief(line, _LINE)),)
        room -= PLAIN.weigh(Items(items=(made,)))
        if room > 0:
            told.append(made)
    parts: list[Part] = [heading, Items(items=tuple(told), tight=True), note]
    answers = [
        button(Press(action="undo_yes", execution=execution), block.yes),
        button(Press(action="undo_no", execution=execution), block.no),
    ]
    return message(parts, texts, [answers])


def undo_answered(words: str, texts: Texts) -> JsonObject:
    """The same message once it was answered."""
    return message([para(Span(text="↩️ "), ours(words))], texts, [])
