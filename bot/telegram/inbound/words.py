"""A message's words with what Telegram marked in them → what was said, to whom, and whether it is a command.

Marks (entities) count in UTF-16 units. Those that do not fit the text are left out; those that overlap are joined.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

from bot.payloads import items, mapping
from bot.telegram.inbound.envelope import Ours
from bot.telegram.inbound.fields import clean, number, text
from bot.telegram.menus import COMMANDS

_MOST_MARKS = 200
"""Telegram marks at most a hundred places."""
_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_]{1,64}))?")
_NO_COMMAND = ("", "", 0)
_UNIT = 2
"""Bytes of a UTF-16 unit."""
_AFTER_OUR_NAME = " \t\r\n,:;،"
"""What stands after our name at the beginning only calls us: "@Tizmor, set up …"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a message says."""

    text: str = ""
    """Clean, without our own name, and without the command it begins with."""
    ours: bool = False
    """Our name is in it."""
    command: str = ""
    """What it begins with, in small letters, where that is for us."""
    for_another: bool = False
    """It begins with a command that names another bot."""


def read_words(message: object, ours: Ours, *, private: bool, own: bool) -> Words:
    """The words of a message, or under a picture or a file.

    Args:
        message: a ``Message``, of any shape.
        ours: who we are.
        private: nobody else listens, so every command is for us; in a group those without a name are that we know.
        own: they are the sender's own words. Others' are not obeyed, whatever they begin with.
    """
    told = "text" if text(message, "text") else "caption"
    said = text(message, told).encode("utf-16-le", "surrogatepass")
    marks = _marks(items(message, "entities" if told == "text" else "caption_entities"), said)
    names = [(mark.start, mark.end) for mark in marks if _is_our_name(mark, said, ours)]
    command, target, end = _command(marks, said) if own else _NO_COMMAND
    to_us = bool(target) and target == ours.username.lower()
    if target and not to_us:
        return Words(for_another=True)
    if not (to_us or private or command in COMMANDS):
        command, end = "", 0
    return Words(text=clean(_without(said, names, end)), ours=bool(names) or to_us, command=command)


def whole(message: object) -> str:
    """Everything a message says, clean."""
    return clean(text(message, "text") or text(message, "caption"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    """A place in a text, in bytes."""

    kind: str
    start: int
    end: int
    user: int


def _marks(entities: Sequence[object], said: bytes) -> list[_Mark]:
    """The marks that lie within the text, in order."""
    found: list[_Mark] = []
    for entity in entities[:_MOST_MARKS]:
        start, length = number(entity, "offset", otherwise=-1) * _UNIT, number(entity, "length") * _UNIT
        if start >= 0 and length > 0 and start + length <= len(said):
            user = number(mapping(entity, "user"), "id")
            found.append(_Mark(kind=text(entity, "type"), start=start, end=start + length, user=user))
    return sorted(found, key=lambda mark: (mark.start, mark.end))


def _is_our_name(mark: _Mark, said: bytes, ours: Ours) -> bool:
    if mark.kind == "text_mention":
        return mark.user != 0 and mark.user == ours.id
    name = _part(said, mark.start, mark.end)
    return mark.kind == "mention" and bool(ours.username) and name.lower() == f"@{ours.username.lower()}"


def _command(marks: Sequence[_Mark], said: bytes) -> tuple[str, str, int]:
    """The command a text begins with, the bot it names, and where it ends; empty, empty and 0 where there is none."""
    mark = next((mark for mark in marks if mark.kind == "bot_command" and mark.start == 0), None)
    found = _COMMAND.fullmatch(_part(said, mark.start, mark.end)) if mark else None
    if mark is None or found is None:
        return _NO_COMMAND
    return found[1].lower(), (found[2] or "").lower(), mark.end


def _part(said: bytes, start: int, end: int) -> str:
    return said[start:end].decode("utf-16-le", "surrogatepass")


def _without(said: bytes, places: Sequence[tuple[int, int]], begin: int) -> str:
    """The text behind ``begin`` without these places, which are in order and may overlap."""
    pieces: list[str] = []
    last = begin
    for start, end in [*places, (len(said), len(said))]:
        pieces.append(_part(said, last, max(last, start)))
        last = max(last, end)
    return reduce(_joined, pieces)


def _joined(before: str, after: str) -> str:
    """Our name within a sentence leaves one space; none at a line's end, and nothing at all at the beginning."""
    before, after = before.rstrip(" \t"), after.lstrip(" \t")
    if not before.strip():
        return after.lstrip(_AFTER_OUR_NAME)
    edge = before.endswith("\n") or not after or after.startswith(("\n", ",", ".", "!", "?", ":", ";"))
    return f"{before}{after}" if edge else f"{before} {after}"
