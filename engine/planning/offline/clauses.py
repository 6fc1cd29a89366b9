"""Cuts a request into clauses: one act each, in the order they were asked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.planning.offline.lexicon import FILLERS, NEGATIONS, NOUN_LIKE, STOPS, verb_of

MAX_CLAUSES = 40
"""More than this is no request an office gets; what follows is left out, and said to be."""

_TOKEN = re.compile(
    r"\d{4}-\d{2}-\d{2}|\d+(?:[./:]\d+)*|[A-Za-z\u00c0-\u024f]+(?:[-'’][A-Za-z\u00c0-\u024f]+)*"
    r"|[א-ת]+(?:[-'׳״\"’][א-ת]+)*['׳]?|\w+|[^\w\s]|\n"
)
_HARD = frozenset(".;!?\n")
_SOFT = frozenset((",", "and", "&", "plus"))
_SEQUENCE = re.compile(
    r"(?<!\w)(?:and\s+then|then|after\s+that|afterwards|ואז|ו?אחר[\s-]כך|ו?לאחר\s+מכן|ו?אחרי\s+זה)(?!\w)", re.IGNORECASE
)
_OPENERS = frozenset(
    [
        "who",
        "who's",
        "whos",
        "what",
        "what's",
        "whats",
        "where",
        "where's",
        "without",
        "מי",
        "מה",
        "איפה",
        "היכן",
        "בלי",
        "ללא",
    ]
)
_OBJECT_OPENERS = frozenset(
    [
        "the",
        "a",
        "an",
        "my",
        "our",
        "me",
        "us",
        "with",
        "for",
        "up",
        "it",
        "them",
        "all",
        "this",
        "that",
        "את",
        "לי",
        "לנו",
        "עם",
        "על",
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One word, number or mark of a request."""

    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """In lower case, with plain apostrophes."""
        return self.text.lower().replace("’", "'")


def tokenise(text: str) -> tuple[Token, ...]:
    """Words, numbers, dates and marks, in order."""
    return tuple(Token(text=match[0], start=match.start(), end=match.end()) for match in _TOKEN.finditer(text))


def split_clauses(text: str) -> tuple[str, ...]:
    """The clauses of a request, without what joins them; at most :data:`MAX_CLAUSES` and one with all the rest."""
    joined = _SEQUENCE.sub("\n", text)
    tokens = tokenise(joined)
    cuts = [0]
    for number, token in enumerate(tokens):
        if number and _cuts(tokens, number) and len(cuts) <= MAX_CLAUSES:
            cuts.append(token.start)
    pieces = [joined[start:end].strip(" ,;.!?\n\t") for start, end in zip(cuts, [*cuts[1:], len(joined)], strict=True)]
    return tuple(piece for piece in (_without_joint(piece) for piece in pieces) if piece)


def bare(word: str) -> str:
    """A Hebrew word without a glued ו."""
    return word[1:] if len(word) > 2 and word.startswith("ו") else word


def _cuts(tokens: Sequence[Token], number: int) -> bool:
    word = tokens[number].word
    if word in _HARD:
        return True
    if _is_second_meeting(tokens, number):
        return True
    if word in _SOFT:
        return _opens(tokens, number + 1)
    before = tokens[number - 1].word
    if word.startswith("ו") and len(word) > 2 and before not in _SOFT:
        return _opens(tokens, number, glued=True)
    return word in {"without", "בלי", "ללא"}


def _is_second_meeting(tokens: Sequence[Token], number: int) -> bool:
    """Whether two hours make two meetings, as in: with Dana at 10 and with Yoav at 12."""
    word = tokens[number].word
    following = tokens[number + 1].word if number + 1 < len(tokens) else ""
    if word not in {"ועם", "and"} or (word == "and" and following != "with"):
        return False
    sides = (tokens[max(0, number - 12) : number], tokens[number : number + 12])
    return all(any(token.word[0].isdecimal() for token in side) for side in sides)


def _opens(tokens: Sequence[Token], number: int, *, glued: bool = False) -> bool:
    """Whether a new act begins here: a verb, a question, a refusal, or an unknown word that has an object."""
    while number < len(tokens) and (tokens[number].word in FILLERS or tokens[number].word in _SOFT):
        number += 1
        glued = False
    if number >= len(tokens):
        return False
    word = tokens[number].word
    word = bare(word) if glued or verb_of(word) is None else word
    following = tokens[number + 1].word if number + 1 < len(tokens) else ""
    if word in _OPENERS or word in NEGATIONS:
        return True
    if verb_of(word):
        return word not in NOUN_LIKE or _is_object(following)
    return word not in STOPS and not word[0].isdecimal() and following in {"the", "a", "an", "my", "our", "את"}


def _is_object(word: str) -> bool:
    return bool(word) and (word in _OBJECT_OPENERS or word[0].isdecimal() or (word not in STOPS and word not in _SOFT))


def _without_joint(piece: str) -> str:
    return re.sub(r"^(?:(?:and|plus|&)(?!\w)|[,;.!?\n\s])+", "", piece, flags=re.IGNORECASE).strip()
