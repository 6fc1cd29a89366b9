"""Makes other people's text fit to be shown anywhere: nothing in it hides or turns its neighbours.

Three ways, by where a text goes. :func:`clean` drops what cannot be seen; :func:`said` is the same for our own sentences,
whose isolates around values stay; :func:`spell` is for what a person consents to and spells out what cannot be seen. What
a platform's own markup reads besides is that platform's to escape.
"""

from __future__ import annotations

import json
import re

from bot.render.lookalikes import marked

ISOLATES = re.compile("([\u2068\u2069])")
"""Marks our sentences put around values."""
_LINE_ENDS = re.compile("\r\n?|[\u000b\u000c\u0085\u2028\u2029]")
_HIDDEN = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u2067\u206a-\u206f\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb\ufdd0-\ufdef\ufffe\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
    "|(?<![\u0600-\uffff\U00010000-\U0010ffff])[\u200c\u200d]"  # joiners have work to do in Arabic, Indic and emoji only
)
_HIDDEN_IN_JSON = re.compile(f"{_HIDDEN.pattern}|[\u2068\u2069\ud800-\udfff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_BLANK = re.compile("[\t\u00a0\u2000-\u200a\u202f\u205f\u2800\u3000]")
_PILED = re.compile(
    "([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{4})"
    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)
"""More marks on one letter than any language has."""

_RUN = re.compile("([\u200c\u200d\ufe0f])[\u200c\u200d\ufe0f]*\\1")
_DEEPEST = 2
"""Isolates in one another that our own sentences have at most."""


def clean(text: str) -> str:
    """Somebody's text on its lines: without what cannot be seen or steers direction, look-alike words marked."""
    return marked(_visible(ISOLATES.sub("", text)))


def said(text: str) -> str:
    """A sentence of our own with values in it: as :func:`clean`, but isolates that come in pairs stay."""
    return marked(_visible(_paired(text)))


def spell(text: str) -> str:
    """What a person consents to: everything that cannot be seen is spelled out, nothing is dropped; pairs of isolates,
    which the renderer puts around values, stay."""
    lines = text.replace("\r\n", "\n").replace("\t", "    ")
    shown = _HIDDEN.sub(_spelled, _SURROGATE.sub(_spelled, lines))
    return marked(_PILED.sub(r"\1⟦…⟧", _paired(shown)))


def escaped_json(text: str) -> str:
    """JSON with whatever cannot be seen in it written as escapes, which mean the same."""
    return _HIDDEN_IN_JSON.sub(lambda match: json.dumps(match[0])[1:-1], text)


def _visible(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    seen = _HIDDEN.sub("", _SURROGATE.sub("\ufffd", _LINE_ENDS.sub("\n", text)))
    return _PILED.sub(r"\1", _RUN.sub(r"\1", _BLANK.sub(" ", seen)))


def _paired(text: str) -> str:
    """Without isolates that nothing closes on their line, or that close nothing."""
    return "\n".join(map(_paired_line, text.split("\n"))) if ISOLATES.search(text) else text


def _paired_line(line: str) -> str:
    parts, opened = ISOLATES.split(line), list[int]()
    for place, part in enumerate(parts):
        if part == "\u2068":
            opened.append(place)
        elif part == "\u2069":
            start = opened.pop() if opened else None
            if start is None or len(opened) >= _DEEPEST:
                parts[place] = ""
                if start is not None:
                    parts[start] = ""
    for place in opened:
        parts[place] = ""
    return "".join(parts)


def _spelled(match: re.Match[str]) -> str:
    return f"⟦U+{ord(match[0]):04X}⟧"
