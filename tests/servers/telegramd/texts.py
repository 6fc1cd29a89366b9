"""Texts as Telegram takes them: counted in UTF-16 units, cleaned, trimmed, with entities that must fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast

from tests.servers.telegramd.log import Json
from tests.servers.telegramd.refusals import bad_request

MOST_ENTITIES = 100
FORMATS = {
    "bold": "", "italic": "", "underline": "", "strikethrough": "", "spoiler": "", "code": "", "pre": "", "blockquote": "",
    "expandable_blockquote": "", "text_link": "url", "text_mention": "user", "custom_emoji": "custom_emoji_id",
    "date_time": "unix_time",
}  # fmt: skip
"""Entities a bot may send, and the field each needs."""
FOUND = ("mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "bank_card_number")
"""Entities Telegram finds by itself: sent by a bot they are ignored."""
QUOTES = ("blockquote", "expandable_blockquote")
CODES = ("code", "pre")
_SINGLE = (*CODES, "text_link", "text_mention", "custom_emoji", "date_time")
"""Nothing but styles may share letters with them."""
_REMOVED = {0x0D, 0x0333, 0x033F, 0x030A, *range(0x2028, 0x202F)}
"""Carriage returns, lines through letters, separators and the older marks of direction: Telegram takes them out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Formatted:
    """A text and its entities, as it will be kept."""

    text: str
    entities: tuple[Json, ...] = ()


def units(text: str) -> int:
    """Length in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def part(text: str, offset: int, length: int) -> str:
    """What an entity covers."""
    return text.encode("utf-16-le", "surrogatepass")[2 * offset : 2 * (offset + length)].decode("utf-16-le", "replace")


def prepare(text: str, entities: Iterable[Json], warn: Callable[[str], None]) -> Formatted:
    """The text as Telegram keeps it, with the entities that remain; those it would cut or drop are warned of.

    Raises:
        ApiError: an entity is malformed or does not fit the text.
    """
    given = _checked(list(entities), warn)
    _fit(text, given)
    kept = _untangled(given, warn)
    clean, moved = _cleaned(text)
    shifted = [_moved(entity, moved) for entity in kept]
    return _trimmed(clean, [entity for entity in shifted if entity["length"] > 0])


def _checked(entities: list[Any], warn: Callable[[str], None]) -> list[Json]:
    if len(entities) > MOST_ENTITIES:
        warn(f"entities_ignored:{len(entities)}")
    given: list[Json] = []
    for entity in entities[:MOST_ENTITIES]:
        if not isinstance(entity, dict):
            raise bad_request("can't parse MessageEntity: expected an Object")
        one = cast("Json", entity)
        kind = str(one.get("type") or "")
        _numbers(one)
        if kind in FOUND:
            warn(f"entity_ignored:{kind}")
            continue
        if kind not in FORMATS:
            raise bad_request("can't parse MessageEntity: Unsupported type specified")
        needed = FORMATS[kind]
        if needed and needed not in one:
            raise bad_request(f"can't parse MessageEntity: Can't find field \"{needed}\"")
        unknown = set(one) - {"type", "offset", "length", "language", "date_time_format", needed}
        if unknown:
            warn(f"unknown_field:entity:{','.join(sorted(unknown))}")
        if one["length"]:
            given.append(dict(one))
    return sorted(given, key=lambda one: (one["offset"], -one["length"]))


def _numbers(entity: Json) -> None:
    for name in ("offset", "length"):
        if name not in entity:
            raise bad_request(f"can't parse MessageEntity: Can't find field \"{name}\"")
        value: Any = entity[name]
        if not isinstance(value, int) or isinstance(value, bool):
            raise bad_request(f'can\'t parse MessageEntity: Field "{name}" must be of type Number')
        if not 0 <= value <= 1_000_000:
            raise bad_request(f"receive an entity with incorrect {name} {value}")


def _fit(text: str, entities: list[Json]) -> None:
    """Every entity begins and ends between two letters of the text."""
    at, starts = 0, dict[int, int]()
    size = 0
    for letter in text:
        starts[at] = size
        at += 2 if ord(letter) > 0xFFFF else 1
        size += len(letter.encode("utf-8", "surrogatepass"))
    starts[at] = size
    for entity in entities:
        begin, end = entity["offset"], entity["offset"] + entity["length"]
        if begin >= at:
            raise bad_request(f"entity begins after the end of the text at UTF-16 offset {begin}")
        if begin not in starts:
            raise bad_request(f"entity begins in a middle of a UTF-16 symbol at byte offset {starts[begin + 1]}")
        if end > at:
            raise bad_request(
                f"entity beginning at UTF-16 offset {begin} ends after the end of the text at UTF-16 offset {end}"
            )
        if end not in starts:
            raise bad_request(
                f"entity beginning at UTF-16 offset {begin} ends in a middle of a UTF-16 symbol"
                f" at byte offset {starts[end + 1]}"
            )


def _untangled(entities: list[Json], warn: Callable[[str], None]) -> list[Json]:
    """Telegram splits what overlaps and drops what may not be combined: either is a mistake of the sender's."""
    kept: list[Json] = []
    for entity in entities:
        trouble = next((name for other in kept if (name := _trouble(other, entity))), None)
        if trouble:
            warn(f"entities:{trouble}:{entity['type']}@{entity['offset']}")
        else:
            kept.append(entity)
    return kept


def _trouble(outer: Json, inner: Json) -> str | None:
    begin, end = outer["offset"], outer["offset"] + outer["length"]
    if inner["offset"] >= end:
        return None
    if inner["offset"] + inner["length"] > end:
        return "overlap"
    kinds = (outer["type"], inner["type"])
    if kinds[0] == kinds[1]:
        return "same_type_nested"
    if all(kind in QUOTES for kind in kinds):
        return "quote_in_quote"
    if any(kind in CODES for kind in kinds) and not _quoted(kinds, same=begin == inner["offset"]):
        return "combined_with_code"
    if outer["type"] in _SINGLE and inner["type"] in (*_SINGLE, *QUOTES):
        return "nested_in_single"
    return None


def _quoted(kinds: tuple[str, str], *, same: bool) -> bool:
    """Code may stand within a quotation, and no other way round, unless both cover the same."""
    return kinds[0] in QUOTES or (same and kinds[1] in QUOTES)


def _cleaned(text: str) -> tuple[str, dict[int, int]]:
    """Without what Telegram takes out; where each old unit went."""
    kept: list[str] = []
    moved: dict[int, int] = {}
    old = new = 0
    for letter in text:
        moved[old] = new
        code = ord(letter)
        width = 2 if code > 0xFFFF else 1
        old += width
        if code in _REMOVED:
            continue
        kept.append(" " if code < 0x20 and letter != "\n" else letter)
        new += width
    moved[old] = new
    return "".join(kept), moved


def _moved(entity: Json, moved: dict[int, int]) -> Json:
    begin, end = moved[entity["offset"]], moved[entity["offset"] + entity["length"]]
    return entity | {"offset": begin, "length": end - begin}


def _trimmed(text: str, entities: list[Json]) -> Formatted:
    """Spaces at the end go, entities end with the text; spaces at the start go as far as no entity begins there."""
    text = text.rstrip(" \n")
    end = units(text)
    cut = [one | {"length": min(one["length"], end - one["offset"])} for one in entities if one["offset"] < end]
    first = min((one["offset"] for one in cut), default=end)
    lead = min(len(text) - len(text.lstrip(" \n")), first)
    return Formatted(text=text[lead:], entities=tuple(one | {"offset": one["offset"] - lead} for one in cut))
