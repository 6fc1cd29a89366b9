"""Keeps other people's text from becoming live: no name in it calls anybody, no command runs, no address opens.

Telegram finds such things by itself in every text, so nothing can be escaped; a word joiner, which nobody sees, parts
them. Its own rules for what it finds are its server's and not published; those of its library (tdlib,
``MessageEntity.cpp``, read in November 2026) come near, and what is parted here is more than they would find.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

JOINER = "\u2060"
"""Word joiner: not seen, breaks no line, and is part of no name, tag or address."""

_ODD = re.compile("[\u0000-\u0009\u000b-\u001f\u2028-\u202e\u030a\u0333\u033f]")
"""What Telegram takes out of any text, or puts a blank for."""
_BLANKED = re.compile("[\u0000-\u0009\u000b\u000c\u000e-\u001f]")

# Each begins with its sign, which makes looking for them quick.
_BEHIND = re.compile(
    r"@(?=\w)"  # a name, or an address of mail
    rf"|#(?=[^\s{JOINER}])"
    r"|\$(?=[A-Z]|1INCH)"
    r"|/(?<![\w/]/)(?=[A-Za-z0-9_])"  # a command
    r"|:(?=//)"
    r"|\+(?=[0-9(][0-9 ().-]{6,})"  # a telephone
)
_BEFORE = re.compile(rf"[.。．｡](?<=[^\s.{JOINER}].)(?=[^\s.])(?!(?<=[0-9]\.)[0-9])")
"""In an address; a number with decimals is none."""
_FOUR_NUMBERS = re.compile(r"[0-9](?<![0-9][0-9])[0-9]*(?:\.[0-9]+){3,}")
_CARD = re.compile(r"[0-9](?:[ -]?[0-9]){12,}")
_CARD_PIECE = 8
_LETTERS = re.compile(r"[^\s<>()\[\]{}\"«»\u2066-\u2069\u200e\u200f]")
"""What may stand in one address or name."""


def still(text: str) -> str:
    """The text with nothing live in it; it looks the same. Harmless to repeat."""
    plain = plain_text(text)
    return parted(plain, places(plain))


def plain_text(text: str) -> str:
    """The text as Telegram will keep it, so that what is counted in it stays where it was."""
    if not _ODD.search(text):
        return text
    return _ODD.sub("", _BLANKED.sub(" ", unicodedata.normalize("NFC", text) if "\u030a" in text else text))


def places(text: str) -> list[int]:
    """Where joiners have to stand, in order: each number is that of the character behind one."""
    found = {match.end() for match in _BEHIND.finditer(text)}
    found.update(match.start() for match in _BEFORE.finditer(text))
    for match in _FOUR_NUMBERS.finditer(text):
        found.update(at for at in range(match.start(), match.end()) if text[at] == ".")
    for match in _CARD.finditer(text):
        found.update(_within_card(match))
    return sorted(found)


def parted(text: str, joints: list[int]) -> str:
    """The text with a joiner before each of these characters."""
    ends = [*joints, len(text)]
    return JOINER.join(text[start:end] for start, end in zip([0, *joints], ends, strict=True))


def live_words(text: str, joints: list[int]) -> list[tuple[int, int]]:
    """Beginning and end of each word that is live, in order: for showing it to the letter instead of parting it."""
    found: list[tuple[int, int]] = []
    cards = [match.span() for match in _CARD.finditer(text)]
    for at in joints:
        start, end = next((span for span in cards if span[0] <= at < span[1]), (at, at))
        while start and _LETTERS.match(text[start - 1]):
            start -= 1
        while end < len(text) and _LETTERS.match(text[end]):
            end += 1
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _within_card(match: re.Match[str]) -> Iterator[int]:
    """Digits of a card's number come in pieces too short for one."""
    digits = 0
    for at in range(match.start(), match.end()):
        if match.string[at].isdigit():
            if digits and digits % _CARD_PIECE == 0:
                yield at
            digits += 1
