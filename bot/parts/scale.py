"""Measures texts and parts the way one chat counts them, and cuts and divides them by it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.parts.measure import Weight, head, split
from bot.parts.model import Items, Line, Para, Part, Small
from bot.render.safe_text import said


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """One chat's way of counting."""

    weight: Weight
    """What a text counts, when it is escaped as that chat needs it."""

    def cut(self, text: str, limit: int) -> str:
        """The text weighing at most ``limit`` and an ellipsis where it was cut; isolates are closed."""
        return text if self.weight(text) <= limit else f"{head(text, limit, self.weight)}…"

    def head(self, text: str, limit: int) -> str:
        """The longest beginning that weighs at most ``limit``, without an ellipsis; isolates are closed."""
        return head(text, limit, self.weight)

    def split(self, text: str, limit: int) -> tuple[str, str]:
        """A beginning that weighs at most ``limit`` and the rest, see :func:`bot.parts.measure.split`."""
        return split(text, limit, self.weight)

    def brief(self, text: str, limit: int) -> str:
        """A sentence of ours that weighs at most ``limit``: first made safe, which can lengthen it, then cut."""
        return self.cut(said(text).replace("\n", " "), limit)

    def weigh(self, part: Part) -> int:
        """What a part counts of a message; what holds it together included."""
        match part:
            case Small():
                return self.weight(part.text) + 4
            case Para(lines=lines) | Items(items=lines):
                return 8 + sum(map(self._line, lines))

    def divide(self, part: Para, limit: int) -> tuple[Para, Para | None]:
        """As much of a paragraph as weighs at most ``limit``, at least one character, and the rest."""
        room, kept = limit - 8, list[Line]()
        for place, line in enumerate(part.lines):
            size = self._line(line)
            if size <= room:
                kept.append(line)
                room -= size
                continue
            fitting, rest = self._divided(line, room - 4, must=not kept)
            lines = (*kept, *([fitting] if fitting else []))
            return replace(part, lines=lines), replace(part, lines=(rest, *part.lines[place + 1 :]), tight=True)
        return part, None

    def _line(self, line: Line) -> int:
        return 4 + sum(self.weight(span.text) + 2 for span in line)

    def _divided(self, line: Line, room: int, *, must: bool) -> tuple[Line, Line]:
        for place, span in enumerate(line):
            size = self.weight(span.text) + 2
            if size <= room:
                room -= size
                continue
            if room < 40 and not (must and place == 0):
                return line[:place], line[place:]
            beginning, rest = self.split(span.text, max(room - 2, 4))
            return (*line[:place], replace(span, text=beginning)), (replace(span, text=rest), *line[place + 1 :])
        return line, ()
