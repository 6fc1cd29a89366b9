"""The arguments a person consents to: every one of them, to the letter; what does not fit is counted, never just gone."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from bot.parts.model import Line, Para, Part, Span, ours
from bot.parts.scale import Scale
from bot.render.approvals import PEOPLE, Field
from bot.render.bearing import anchored, settled
from bot.render.safe_text import said, spell
from bot.render.texts import Direction, Texts, isolate

_LEAST = 180
"""What a field may weigh at least, its label included; where there are more than fit like this, the rest is counted."""
LABEL = 160
"""What a field's name may weigh."""
_FRAME = 24
"""What holds a field together."""
_ROOM_FOR_COUNT = 120
_WHOLE = 10**9
_MOST_LOOSE = 12
"""More fields than this stand without gaps, so that there are not too many blocks."""
_LISTED, _WRITTEN = re.compile(r"\n"), re.compile(r"[,;]\s*|\n")
"""What stands between people: in a list, and in a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Fields as parts, and whether they are all there."""

    parts: tuple[Part, ...]
    whole: bool
    """Nothing of them was left out."""


def people_first(fields: Sequence[Field]) -> list[Field]:
    """The fields with who hears of it before all others; only what is called off or replaced stays before that."""

    def rank(field: Field) -> int:
        ends = field.name == "instead_of" or (field.name == "cancel" and field.raw is True)
        return 0 if ends else 1 if field.name in PEOPLE else 2

    return sorted(fields, key=rank)


def field_parts(
    fields: Sequence[Field], texts: Texts, scale: Scale, budget: int, *, longest: int | None = None
) -> list[Part]:
    """Fields as parts, see :func:`tell`."""
    return list(tell(fields, texts, scale, budget, longest=longest).parts)


def tell(fields: Sequence[Field], texts: Texts, scale: Scale, budget: int, *, longest: int | None = None) -> Told:
    """Fields as parts. Who hears of it has room before everything else, and is cut between people.

    Args:
        fields: all of them.
        texts: the card's language.
        scale: how the chat counts.
        budget: how much the parts may weigh together.
        longest: how much one of them may weigh, where there is room for more; None for no such limit.
    """
    sizes = [min(_size(field, scale), longest or budget) for field in fields]
    kept = list(fields)[: _fitting(sizes, budget - _ROOM_FOR_COUNT)]
    rest = len(fields) - len(kept)
    rooms = _rooms(kept, sizes[: len(kept)], budget - (_ROOM_FOR_COUNT if rest else 0))
    parts, whole = list[Part](), not rest
    for field, room in zip(kept, rooms, strict=True):
        made, all_of_it = _field(field, texts, scale, room)
        whole = whole and all_of_it
        _append(parts, made, tight=len(kept) > _MOST_LOOSE)
    if rest:
        parts.append(Para(lines=((ours(texts.say("chat.more_fields", n=rest), bold=True),),)))
    return Told(parts=tuple(parts), whole=whole)


def has_marks(fields: Sequence[Field]) -> bool:
    """Whether something in the fields had to be spelled out or marked."""
    return any("⟦" in shown for field in fields for shown in (spell(field.label), spell(field.value)))


def label_of(field: Field, direction: Direction, scale: Scale, limit: int = LABEL) -> str:
    """What a field is called, so that its line runs the card's way."""
    shown = spell(field.label) if field.known else isolate(spell(field.label))
    return anchored(scale.cut(" ".join(shown.split()), limit) or "–", direction)


def _field(field: Field, texts: Texts, scale: Scale, room: int) -> tuple[list[Para], bool]:
    """A field, and whether all of it is there."""
    label, weight = label_of(field, texts.direction, scale, min(LABEL, room // 2)), scale.weight
    whole = label == label_of(field, texts.direction, scale, _WHOLE)
    head: list[Span] = [Span(text=f"{label}:", bold=True)]
    room -= _FRAME + weight(label)
    note = said(field.note)
    if note and room > weight(note) + min(weight(field.value), _LEAST):
        head.append(Span(text=f" ({note})", italic=True))
        room -= weight(note)
    shown, more = _shown(field, room, texts, scale)
    if "\n" not in shown and not more:
        return [Para(lines=((*head, Span(text=f" {_apart(shown)}", exact=True)),))], whole
    lines = tuple((Span(text=line, exact=True),) for line in settled(shown.split("\n"), texts.direction))
    value = Para(lines=(*lines[:-1], (*lines[-1], *more)), quote=True, tight=True)
    return [Para(lines=(tuple(head),)), value], whole and not more


def _shown(field: Field, room: int, texts: Texts, scale: Scale) -> tuple[str, Line]:
    """As much of a value as fits, and how many people or characters of it do not."""
    value = spell(field.value)
    if scale.weight(value) <= room:
        return value, ()
    if field.input == "people" or field.name in PEOPLE:
        shown, left = _people(field, value, room, texts, scale)
        if shown:
            return f"{shown}\n", (ours(left, italic=True),)
    count = scale.weight(texts.say("chat.more_characters", n=len(value))) + 8
    shown = scale.head(value, max(room - count, 12))
    left = texts.say("chat.more_characters", n=len(value) - len(shown))
    return shown, (Span(text="… "), ours(left, italic=True))


def _people(field: Field, value: str, room: int, texts: Texts, scale: Scale) -> tuple[str, str]:
    """The people who fit, each of them whole, and how many others there are; nothing where not even one fits."""
    between = (_LISTED if field.input in {"people", "lines"} else _WRITTEN).finditer(value)
    ends = [found.start() for found in between if value[: found.start()].strip()]
    room -= scale.weight(texts.say("chat.more_people", n=len(ends))) + 8
    fitting = bisect_right(ends, room, key=lambda end: scale.weight(value[:end]))
    if not fitting:
        return "", ""
    return value[: ends[fitting - 1]], texts.say("chat.more_people", n=len(ends) + 1 - fitting)


def _apart(value: str) -> str:
    """A value in a line of ours: isolated as a whole, unless isolates in it do that already."""
    return isolate(value) if "\u2068" not in value else value


def _append(parts: list[Part], made: Sequence[Para], *, tight: bool) -> None:
    """Add a field: fields of one line share a paragraph."""
    last = parts[-1] if parts else None
    first = made[0]
    if len(made) == 1 and isinstance(last, Para) and not last.quote:
        parts[-1] = Para(lines=(*last.lines, *first.lines), tight=last.tight)
        return
    parts.append(Para(lines=first.lines, tight=tight and bool(parts)))
    parts.extend(made[1:])


def _size(field: Field, scale: Scale) -> int:
    weight = scale.weight
    return weight(spell(field.label)) + weight(spell(field.value)) + weight(field.note) + _FRAME + 12


def _fitting(sizes: Sequence[int], budget: int) -> int:
    """How many can have what they need at least; one always."""
    fitting = 0
    for size in sizes:
        budget -= min(size, _LEAST)
        if budget < 0 and fitting:
            break
        fitting += 1
    return fitting


def _rooms(fields: Sequence[Field], sizes: Sequence[int], budget: int) -> list[int]:
    """How much each may weigh: who hears of it all but what the others need at least; those share what is left."""
    people = [place for place, field in enumerate(fields) if field.name in PEOPLE]
    others = [place for place, field in enumerate(fields) if field.name not in PEOPLE]
    rooms = _share(sizes, people, budget - sum(min(sizes[place], _LEAST) for place in others))
    rooms |= _share(sizes, others, budget - sum(rooms.values()))
    return [rooms[place] for place in range(len(sizes))]


def _share(sizes: Sequence[int], places: Sequence[int], budget: int) -> dict[int, int]:
    """What is short gets what it takes, the long ones share what is left."""
    rooms: dict[int, int] = {}
    open_ones = sorted(places, key=lambda place: sizes[place])
    while open_ones:
        place = open_ones.pop(0)
        rooms[place] = min(sizes[place], budget // (len(open_ones) + 1))
        budget -= rooms[place]
    return rooms
