"""A text with its entities, as Telegram's clients draw it: styles, links, code, quotations that fold."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Sequence
from typing import Any

from tests.servers.telegramd.live import find_live
from tests.servers.telegramd.texts import QUOTES, Formatted

Json = dict[str, Any]
FOLDED_LINES = 3
"""Lines of a quotation that folds before it is opened."""
_TAGS = {
    "bold": "b", "italic": "i", "underline": "u", "strikethrough": "s", "code": "code", "pre": "pre",
}  # fmt: skip
_LINKS = ("mention", "hashtag", "cashtag", "bot_command", "url", "email", "text_link", "text_mention", "phone_number")


def render_text(text: str, entities: Sequence[Json], live: Sequence[Json] | None = None) -> str:
    """HTML of a text. Without ``live``, what becomes tappable by itself is found here."""
    if live is None:
        live = find_live(Formatted(text=text, entities=tuple(entities)))
    letters = _Letters(text)
    spans = [(one, *letters.between(one)) for one in (*entities, *live) if one.get("type") != "quote"]
    spans.sort(key=lambda span: (span[1], -span[2], span[0]["type"] not in QUOTES))
    return _draw(text, 0, len(text), spans)


def direction(text: str) -> str:
    """``rtl`` or ``ltr``, by the first strong letter."""
    for letter in text:
        kind = unicodedata.bidirectional(letter)
        if kind in ("R", "AL"):
            return "rtl"
        if kind == "L":
            return "ltr"
    return "ltr"


class _Letters:
    """From UTF-16 units to letters of Python's."""

    def __init__(self, text: str) -> None:
        self._at: dict[int, int] = {}
        unit = 0
        for number, letter in enumerate(text):
            self._at[unit] = number
            unit += 2 if ord(letter) > 0xFFFF else 1
        self._at[unit] = len(text)

    def between(self, entity: Json) -> tuple[int, int]:
        begin, end = int(entity["offset"]), int(entity["offset"]) + int(entity["length"])
        return self._near(begin), self._near(end)

    def _near(self, unit: int) -> int:
        while unit not in self._at and unit > 0:
            unit -= 1
        return self._at.get(unit, 0)


def _draw(text: str, begin: int, end: int, spans: Sequence[tuple[Json, int, int]]) -> str:
    parts: list[str] = []
    at, number = begin, 0
    while number < len(spans):
        entity, first, last = spans[number]
        first, last = max(first, at), min(last, end)
        number += 1
        if first >= last:
            continue
        inner: list[tuple[Json, int, int]] = []
        while number < len(spans) and spans[number][1] < last:
            inner.append(spans[number])
            number += 1
        block = entity["type"] in QUOTES or entity["type"] == "pre"
        parts.append(_plain(text[at:first].removesuffix("\n") if block else text[at:first]))
        parts.append(_wrap(entity, text[first:last], _draw(text, first, last, inner)))
        at = last + 1 if block and text[last : last + 1] == "\n" else last
    parts.append(_plain(text[at:end]))
    return "".join(parts)


def _wrap(entity: Json, covered: str, inner: str) -> str:
    kind = str(entity["type"])
    if kind in QUOTES:
        folds = ' class="folds"' if kind == "expandable_blockquote" else ""
        fold = '<span class="fold">⌄</span>' if folds and covered.count("\n") >= FOLDED_LINES else ""
        body = f'<div class="quoted">{inner}</div>'
        return f'<blockquote dir="{direction(covered)}"{folds}>{body}{fold}</blockquote>'
    if kind == "pre":
        language = html.escape(str(entity.get("language", "")))
        head = f"<header>{language}</header>" if language else ""
        return f'<div class="pre" dir="ltr">{head}<pre>{inner}</pre></div>'
    if kind in _LINKS:
        return f'<a class="{kind}">{inner}</a>'
    if kind == "spoiler":
        return f'<span class="spoiler">{inner}</span>'
    tag = _TAGS.get(kind, "span")
    return f"<{tag}>{inner}</{tag}>"


def _plain(text: str) -> str:
    return html.escape(text, quote=False)
