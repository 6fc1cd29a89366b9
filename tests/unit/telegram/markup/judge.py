"""An eye of its own on what Telegram would take, and what would be live in it: it shares no code with what it judges.

Texts and entities are judged by the local Telegram of the tests; telephones and cards, which that does not look for, here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from engine.domain.json import JsonObject
from tests.servers.telegramd.live import find_live
from tests.servers.telegramd.refusals import ApiError
from tests.servers.telegramd.texts import Formatted, part, prepare, units

KINDS = {"bold", "italic", "code", "blockquote", "expandable_blockquote"}
_TELEPHONE = re.compile(r"\+[0-9][0-9 ().-]{7,}")
_CARD = re.compile(r"(?:[0-9][ -]?){12,}[0-9]")
_DATA = re.compile(r"[a-z]:[0-9A-Za-z_-]{1,32}(?::[0-9A-Za-z.+-]{1,27})?")


def findings(body: JsonObject) -> list[str]:
    """What is wrong with a message; empty for nothing."""
    return [*_text(body), *_keyboard(body), *_hidden(str(body["text"]))]


def styled(body: JsonObject, kind: str) -> list[str]:
    """What stands in one style, in order, without marks that nobody sees."""
    found: Any = body["entities"]
    return [bare(part(str(body["text"]), one["offset"], one["length"])) for one in found if one["type"] == kind]


def visible(body: JsonObject) -> str:
    """The text without marks that nobody sees."""
    return bare(str(body["text"]))


def bare(text: str) -> str:
    """Without isolates, marks of direction and joiners."""
    return re.sub("[\u2068\u2069\u200e\u200f\u2060]", "", text)


def _text(body: JsonObject) -> Iterator[str]:
    text, entities = str(body["text"]), [dict(one) for one in _list(body.get("entities", []))]
    if not 0 < units(text) <= (1_024 if "file" in body else 4_096):
        yield f"{units(text)} units"
    if len(entities) > 100:
        yield f"{len(entities)} entities"
    yield from (f"a {one['type']}" for one in entities if one["type"] not in KINDS)
    warnings: list[str] = []
    try:
        kept = prepare(text, entities, warnings.append)
    except ApiError as error:
        yield str(error)
        return
    yield from warnings
    if kept.text != text:
        yield f"kept differently: {_difference(kept.text, text)}"
    order = sorted(entities, key=lambda one: (one["offset"], -one["length"]))
    if list(kept.entities) != order:
        yield f"entities kept differently: {kept.entities}"
    for one in entities:
        words = part(text, one["offset"], one["length"])
        if words.strip() != words:
            yield f"{one['type']} over blanks: {words!r}"
    yield from (
        f"live {one['type']}: {one['text']!r}" for one in find_live(Formatted(text=text, entities=kept.entities))
    )
    yield from _numbers(text, entities)


def _numbers(text: str, entities: list[dict[str, Any]]) -> Iterator[str]:
    codes = [(one["offset"], one["offset"] + one["length"]) for one in entities if one["type"] == "code"]
    for pattern in (_TELEPHONE, _CARD):
        for match in pattern.finditer(text):
            start, end = units(text[: match.start()]), units(text[: match.end()])
            if not any(a <= start and end <= b + 1 for a, b in codes):
                yield f"live number: {match[0]!r}"


def _keyboard(body: JsonObject) -> Iterator[str]:
    rows = _list(body.get("keyboard", []))
    if sum(map(len, rows)) > 100:
        yield "too many buttons"
    names: list[str] = []
    for row in rows:
        if not 0 < len(row) <= 8:
            yield f"{len(row)} buttons in a row"
        for key in row:
            if set(key) != {"text", "data"} or not key["text"].strip() or units(key["text"]) > 64:
                yield f"button {key}"
            if not _DATA.fullmatch(key["data"]) or len(key["data"].encode()) > 64:
                yield f"data {key['data']!r}"
            names.append(key["data"])
            yield from _hidden(key["text"])
    if len(set(names)) != len(names):
        yield "the same data twice"


def _hidden(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        depth = 0
        for place, letter in enumerate(line):
            depth += (letter == "\u2068") - (letter == "\u2069")
            if depth < 0:
                yield f"closes nothing: {line!r}"
                break
            begins = letter in "\u200e\u200f" and not any(
                unicodedata.category(one).startswith("L") for one in line[:place]
            )
            if letter in "\u2068\u2069\u2060\u200c\u200d" or begins:
                continue
            if unicodedata.category(letter) in {"Cc", "Cf", "Cs"}:
                yield f"hidden U+{ord(letter):04X} in {line!r}"
                break
        if depth > 0:
            yield f"left open: {line!r}"
        if re.search("[\u200e\u200f]{2}", line):
            yield f"two marks in a row, of which Telegram keeps one: {line!r}"


def _list(value: Any) -> list[Any]:
    return list(value)


def _difference(one: str, other: str) -> str:
    place = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return f"{one[max(place - 10, 0) : place + 10]!r} for {other[max(place - 10, 0) : place + 10]!r}"
