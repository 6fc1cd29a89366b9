"""Marks words that mix alphabets to look like another word: ``Dаna`` with a Cyrillic ``а`` is not Dana."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

_TWINS = frozenset(
    "асԁеһіјӏкмнорԛѕтуԝхүАВЅСЕНІЈКМОРԚТУԜХӀ"  # Cyrillic
    "αβγεηικνορτυχωϲϳΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹ"  # Greek
    "aceijklmnopqrsuvwxyABCEHIJKMNOPSTXYZ"  # Latin letters that the others have
)
"""Letters of one alphabet that are drawn as a letter of another."""

_SUSPECT = re.compile("[\u0370-\u03ff\u0400-\u052f\uff21-\uff3a\uff41-\uff5a\U0001d400-\U0001d7cb]")
_WORD = re.compile(r"(?>[^\W\d_]+(?:['’.@-]?[^\W\d_]+)*)(?!⟦⚠)")  # what has its mark gets no second one
_SHOWN = 3


def marked(text: str) -> str:
    """The text, with a visible mark after each word in which a letter of another alphabet poses as one of the word's."""
    return _WORD.sub(lambda match: match[0] + _mark(match[0]), text) if _SUSPECT.search(text) else text


def _mark(word: str) -> str:
    if word.isascii():
        return ""
    odd: dict[str, None] = {}
    for part in re.split(r"['’.@-]", word):
        odd.update(dict.fromkeys(_odd_ones(part)))
    if not odd:
        return ""
    named = " ".join(f"U+{ord(letter):04X}" for letter in list(odd)[:_SHOWN])
    return f"⟦⚠ {named}⟧"


def _odd_ones(part: str) -> list[str]:
    """Letters of a part that are of another alphabet than most of it, where one of them could deceive."""
    alphabets = [(letter, _alphabet(letter)) for letter in part]
    counted = Counter(alphabet for _, alphabet in alphabets if alphabet)
    if len(counted) < 2:
        return []
    latin = "LATIN" in counted
    usual = max(counted, key=lambda alphabet: (counted[alphabet], latin and alphabet == "LATIN"))
    odd = [letter for letter, alphabet in alphabets if alphabet and alphabet != usual]
    return odd if any(letter in _TWINS or _is_styled(letter) for letter in odd) else []


def _alphabet(letter: str) -> str:
    if _is_styled(letter):
        return "STYLED"
    name = unicodedata.name(letter, "")
    return next((alphabet for alphabet in ("LATIN", "CYRILLIC", "GREEK") if name.startswith(alphabet)), "")


def _is_styled(letter: str) -> bool:
    """A letter for mathematics or of full width, which is drawn as a plain one."""
    return "\uff21" <= letter <= "\uff5a" or "\U0001d400" <= letter <= "\U0001d7cb"
