"""Draws parts as a text and its entities: offsets in UTF-16 units, nothing live, every line on the side it belongs to.

Styles are spans beside the text, so that nothing in anybody's text is ever read as markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from bot.parts.measure import units
from bot.parts.model import Items, Line, Para, Part, Small, Span, filled
from bot.render.bearing import anchored, settled
from bot.render.texts import Direction
from bot.telegram.markup.escape import live_words, parted, places, plain_text
from bot.telegram.markup.limits import ENTITIES
from engine.domain.json import JsonObject

MOST_EXACT = 60
"""Words of one message that are shown to the letter though they would be live; more of them are parted."""

_OWN_WAY = 160
"""A line of another language longer than this many characters runs its own way; shorter ones stand with ours."""
_FOLDED_LINES, _FOLDED = 4, 260
"""Lines or characters: what has more of either is folded away, where it may be."""
_MARKS: dict[Direction, str] = {"rtl": "\u200f", "ltr": "\u200e"}
_PROBE: dict[Direction, str] = {"rtl": "א", "ltr": "a"}
_KEPT_FIRST = {"blockquote": 0, "expandable_blockquote": 0, "code": 1, "bold": 2, "italic": 3}
"""Where there are too many entities, the styles are the first to go."""
_BLANKS = " \n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A message's text and entities."""

    text: str
    entities: tuple[JsonObject, ...] = ()


def drawn(parts: Iterable[Part], direction: Direction) -> Drawn:
    """The parts in order; blank ones are left out.

    Args:
        parts: together they weigh at most :data:`bot.telegram.markup.limits.ROOM`.
        direction: which way the message's own sentences run.
    """
    pen = _Pen(direction=direction)
    for row in _rows([part for part in map(filled, parts) if part is not None]):
        pen.write(row)
    return pen.done()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One line of the message."""

    line: Line
    lead: str = ""
    """A bullet or a number."""
    gap: bool = False
    """An empty line goes before it."""
    quote: str = ""
    """The kind of quotation it stands in."""
    goes_on: bool = False
    """In the same quotation as the row before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    """A style over some of a text: in characters of a line, or in units of the message."""

    kind: str
    start: int
    end: int


def _rows(parts: Sequence[Part]) -> Iterator[_Row]:
    before: Part | None = None
    folded = ""
    for place, part in enumerate(parts):
        goes_on = _is_aside(part) and before is not None and _is_aside(before)
        if _is_aside(part) and not goes_on:
            folded = _fold(parts[place:])
        quote = folded if _is_aside(part) else "blockquote" if isinstance(part, Para) and part.quote else ""
        gap = before is not None and _gap(before, part)
        for lead, line in _lines(part):
            yield _Row(line=line, lead=lead, gap=gap, quote=quote, goes_on=goes_on)
            gap, goes_on = False, bool(quote)
        before = part


def _is_aside(part: Part) -> bool:
    return not isinstance(part, Small) and part.aside


def _fold(parts: Sequence[Part]) -> str:
    """How what begins here, and may be folded away, is quoted."""
    lines = size = 0
    for part in parts:
        if not _is_aside(part):
            break
        for _, line in _lines(part):
            lines += 1
            size += sum(len(span.text) for span in line)
    return "expandable_blockquote" if lines > _FOLDED_LINES or size > _FOLDED else "blockquote"


def _gap(before: Part, part: Part) -> bool:
    """Whether an empty line goes between the two: small print stands close to what it is about, and a text to its heading."""
    if isinstance(part, Small) or part.tight:
        return False
    return not _is_heading(before) or _is_heading(part)


def _is_heading(part: Part) -> bool:
    """A line in bold after a picture."""
    if not isinstance(part, Para) or len(part.lines) != 1 or part.quote:
        return False
    first, *rest = part.lines[0]
    return bool(rest) and rest[0].bold and not any(letter.isalnum() for letter in first.text)


def _lines(part: Part) -> Iterator[tuple[str, Line]]:
    """The lines of a part with what goes before each."""
    match part:
        case Small(text=text):
            yield "", (Span(text=text, italic=True),)
        case Para(lines=lines):
            for line in lines:
                yield from (("", one) for one in _split(line))
        case Items(items=items, first=first):
            for place, item in enumerate(items):
                lead = f"{first + place}. " if first else "• "
                for one in _split(item):
                    yield lead, one
                    lead = ""


def _split(line: Line) -> Iterator[Line]:
    """A line at the breaks in it, as Telegram would keep it."""
    spans: list[Span] = []
    for span in line:
        first, *rest = plain_text(span.text).split("\n")
        spans.append(replace(span, text=first))
        for text in rest:
            yield tuple(spans)
            spans = [replace(span, text=text)]
    yield tuple(spans)


@dataclass(slots=True, kw_only=True)
class _Pen:
    """Writes row by row and notes where the styles are."""

    direction: Direction
    pieces: list[str] = field(default_factory=list[str])
    size: int = 0
    """Of all pieces, in units."""
    styles: list[_Mark] = field(default_factory=list[_Mark])
    quotes: list[_Mark] = field(default_factory=list[_Mark])
    begun: int | None = None
    """Where the quotation that is being written has its first words."""
    exact: int = 0

    def write(self, row: _Row) -> None:
        if self.pieces:
            self._put("\n\n" if row.gap else "\n")
        content = "".join(span.text for span in row.line)
        before, after = self._bearing(row, content)
        text = f"{before}{content}{after}"
        styles = _styles(row.line, len(before))
        joints, codes = self._stilled(text, [mark for mark in styles if mark.kind == "exact"])
        start = self.size
        for mark in (*codes, *(mark for mark in styles if mark.kind != "exact")):
            self._note(mark, text, joints, start)
        self._put(parted(text, joints))
        self._quote(row, start, start + units(parted(text, joints).rstrip(_BLANKS)))

    def done(self) -> Drawn:
        text = "".join(self.pieces)
        lead = len(text) - len(text.lstrip(_BLANKS))  # blanks are one unit each
        text = text.strip(_BLANKS)
        whole = units(text)
        marks = [
            _Mark(kind=mark.kind, start=max(mark.start - lead, 0), end=min(mark.end - lead, whole))
            for mark in (*self.quotes, *self.styles)
        ]
        marks = sorted((mark for mark in marks if mark.start < mark.end), key=lambda mark: _KEPT_FIRST[mark.kind])
        kept = sorted(marks[:ENTITIES], key=lambda mark: (mark.start, -mark.end, _KEPT_FIRST[mark.kind]))
        entities: list[JsonObject] = [
            {"type": mark.kind, "offset": mark.start, "length": mark.end - mark.start} for mark in kept
        ]
        return Drawn(text=text or "…", entities=tuple(entities))

    def _put(self, text: str) -> None:
        self.pieces.append(text)
        self.size += units(text)

    def _quote(self, row: _Row, start: int, end: int) -> None:
        """A quotation grows with each of its lines that has words in it."""
        self.begun = self.begun if row.goes_on else None
        if not row.quote or start == end:
            return
        if self.begun is None:
            self.begun = start
        else:
            self.quotes.pop()
        self.quotes.append(_Mark(kind=row.quote, start=self.begun, end=end))

    def _bearing(self, row: _Row, content: str) -> tuple[str, str]:
        """What goes before and after a line so that it stands on the message's side, and runs its own way there."""
        before, after = self._sides(row, content)
        if row.quote and f"{before}{content}"[:1] == " ":
            return f"{_MARKS[self.direction]}{before}", after  # a quotation would begin only behind its blanks
        return before, after

    def _sides(self, row: _Row, content: str) -> tuple[str, str]:
        told = bool(row.quote) and any(span.exact for span in row.line)
        if told or (len(content) > _OWN_WAY and not row.lead):
            return row.lead, ""
        borne = settled([_PROBE[self.direction], content])[1]
        if borne != content:
            return f"{borne[0]}{row.lead}{borne[1]}", borne[-1]
        line = f"{row.lead}{content}"
        whole = anchored(line, self.direction)
        return whole[: len(whole) - len(content)], ""

    def _stilled(self, text: str, exact: Sequence[_Mark]) -> tuple[list[int], list[_Mark]]:
        """Where joiners go, and what is code instead: words that are live, in what is shown to the letter."""
        joints = places(text)
        codes: list[_Mark] = []
        for start, end in live_words(text, joints) if exact else ():
            inside = any(mark.start <= start and end <= mark.end for mark in exact)
            if inside and self.exact < MOST_EXACT:
                codes.append(_Mark(kind="code", start=start, end=end))
                self.exact += 1
        parts = [joint for joint in joints if not any(code.start <= joint < code.end for code in codes)]
        return parts, codes

    def _note(self, mark: _Mark, text: str, joints: Sequence[int], line: int) -> None:
        """Keep a style where it is in the message; blanks at its ends have none."""
        words = text[mark.start : mark.end]
        core = words.strip(_BLANKS)
        if not core:
            return
        start = mark.start + len(words) - len(words.lstrip(_BLANKS))
        end = start + len(core)
        offset = units(text[:start]) + sum(1 for joint in joints if joint <= start)
        length = units(core) + sum(1 for joint in joints if start < joint < end)
        self.styles.append(_Mark(kind=mark.kind, start=line + offset, end=line + offset + length))


def _styles(line: Line, shift: int) -> list[_Mark]:
    """Bold, italic and exact stretches of a line, one style each; what is styled alike and stands together is one."""
    found: list[_Mark] = []
    at = shift
    for span in line:
        end = at + len(span.text)
        kind = "bold" if span.bold else "italic" if span.italic else "exact" if span.exact else ""
        if kind and span.text:
            joined = bool(found) and (found[-1].kind, found[-1].end) == (kind, at)
            start = found.pop().start if joined else at
            found.append(_Mark(kind=kind, start=start, end=end))
        at = end
    return found
