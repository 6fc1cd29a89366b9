"""Links and addresses in text a model wrote: none may stay that does not stand, letter for letter, where it was read."""

from __future__ import annotations

import re
from collections.abc import Iterable

REMOVED = "…"
"""Stands where a link stood."""

_LINK = re.compile(
    r"""
    [a-z][a-z0-9+.-]{1,20}://\S+
    | (?<![a-z0-9])(?:mailto|tel|sms|data|javascript|vbscript|file):\S+
    | [a-z0-9](?:[a-z0-9!#$%&'*+/=?^_{|}~.-]*[a-z0-9_+-])?@[^\s@<>()\[\],;:"]+\.[^\s@<>()\[\],;:"]+
    | (?<!\w)(?:[\w-]+[.。．｡])+(?:[a-z]{2,24}|xn--[a-z0-9-]+)(?!\w)(?:[:/?\#]\S*)?
    """,
    re.IGNORECASE | re.VERBOSE,
)
_HEBREW_PREFIX = re.compile(r"^[א-ת]{1,4}-?(?=[^\Wא-ת])|^-+")
_AFTER = ".,;:!?)]}>'\"׳״»…"


def links(text: str) -> frozenset[str]:
    """Every link, e-mail address and host name in a text, without the punctuation and the Hebrew particles around it."""
    return frozenset(_bare(match[0]) for match in _LINK.finditer(text))


def without_unfounded(text: str, places: Iterable[str]) -> tuple[str, int]:
    """The text without the links that stand in none of the places, and how many were taken out.

    A link counts as standing there only whole: a shorter or longer one leads elsewhere.
    """
    founded = frozenset[str]().union(*(links(place) for place in places))
    removed = 0

    def judged(match: re.Match[str]) -> str:
        nonlocal removed
        if _bare(match[0]) in founded:
            return match[0]
        removed += 1
        return REMOVED

    return _LINK.sub(judged, text), removed


def _bare(link: str) -> str:
    return _HEBREW_PREFIX.sub("", link.rstrip(_AFTER))
