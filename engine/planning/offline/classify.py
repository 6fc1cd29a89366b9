"""Which act a clause asks for: its first verb, its objects and a few fixed questions decide."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from engine.planning.offline.clauses import Token, bare, tokenise
from engine.planning.offline.intent import Kind
from engine.planning.offline.lexicon import (
    FILLERS,
    GROUPS,
    NEGATIONS,
    NOUN_LIKE,
    QUESTIONS,
    Noun,
    Verb,
    noun_of,
    verb_of,
)

_APPOINTMENTS = re.compile(
    r"^(?:what|when|which|show|list|am|do|did|is|are|how|tell|check)\b.*\b(?:(?:do|did|will)\s+(?:i|we)\s+have\b|(?:my|our|the)\s+(?:calendar|schedule|diary|day|week|appointments"
    r"|(?:next\s+)?meetings?)\b(?!\s+(?:notes|summary|minutes|about|with))|i\s+(?:free|busy|available)\b)"
    r"|^(?:ו?(?:מה|מתי|איזה|אילו|אלו|האם|כמה|תראה|תראי|הראה|הצג|תציג)\s+)?(?:.*\s)?(?:(?:יש|היה|היו|יהיה)\s+(?:לי|לנו)|ב?יומן(?:\s+שלי)?|(?:ה|ב)לו[\"״]?ז"
    r"|אני\s+(?:פנוי|פנויה|עסוק|עסוקה))",
    re.IGNORECASE,
)
_RESEARCH = re.compile(
    r"^(?:what(?:['’]?s)?\s+(?:(?:did|have|had)\s+(?:we|they|i|the)\b|(?:was|were|has\s+been)\s+(?:\w+\s+)*?(?:decided|agreed|said|done|discussed)|happened"
    r"|(?:(?:is|was|are)\s+)?(?:the\s+|our\s+)?(?:status|latest|progress|strategy|plan|conclusions?|decisions?)\b)"
    r"|ו?מה\s+(?:(?:עשי|החלט|סיכמ|דיבר|כתב|אמר|סגר|למד|הספק|תכננ|הבטח)נו|קרה|הוחלט|סוכם|נאמר|ה?סטטוס|המצב|החדש|האסטרטגיה|ההתקדמות))",
    re.IGNORECASE,
)
_SLOT = re.compile(r"^\w+\s+(?:me\s+|us\s+)?(?:a\s+|some\s+)?(?:free\s+)?(?:time|slot|זמן)(?!\w)", re.IGNORECASE)
_DETAILS = r"(?:contact(?:\s+details)?|phone(?:\s+number)?|email(?:\s+address)?|e-mail|number|mobile|details)"
_WHO = (
    re.compile(r"^(?:and\s+)?who(?:['’]?s|\s+is|\s+are)\s+(?P<names>.+)$", re.IGNORECASE),
    re.compile(rf"^(?:\w+['’]?s?\s+){{1,3}}?(?P<names>\w+(?:\s\w+)?)['’]s\s+{_DETAILS}\b", re.IGNORECASE),
    re.compile(rf"\b{_DETAILS}\s+(?:of|for)\s+(?P<names>.+)$", re.IGNORECASE),
    re.compile(r"^\w+\s+(?:the\s+|a\s+)?contact\s+(?P<names>\w.+)$", re.IGNORECASE),
    re.compile(r"^ו?מי\s+(?:זה|זו|זאת|הוא|היא|אלה|הם|הן)\s+(?P<names>.+)$"),
    re.compile(r"(?:טלפון|מייל|אימייל|כתובת|מספר|נייד|פרטים)(?:\s+ה\w+)?\s+של\s+(?P<names>.+)$"),
    re.compile(r"איש(?:ת)?\s+ה?קשר\s+(?P<names>.+)$"),
)
_ARTICLES = frozenset(["the", "a", "an", "my", "our", "in", "on", "responsible", "ה"])
_NEEDS_PARTICLE = {"go": {"over", "through"}, "תעבור": {"על"}, "תעברי": {"על"}, "לעבור": {"על"}, "עבור": {"על"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A clause seen from its front."""

    kind: Kind
    verb: str = ""
    """The deciding verb, as a word; empty where none decided."""
    body: str = ""
    """The clause behind its fillers and verb."""
    names: str = ""
    """What a question about a person asks for, raw."""
    terse: bool = False
    """No verb asked for it: only the thing was named."""


def classify(clause: str) -> Head:
    """Decide a clause's act. :attr:`Kind.NONE` for whatever is not known for certain to be one."""
    tokens = tokenise(clause)
    start, negated = _front(tokens)
    if negated or start >= len(tokens):
        return _refusal(tokens) if negated else Head(kind=Kind.NONE)
    first = _first(tokens, start)
    rest = clause[tokens[start].start :]
    body = clause[tokens[start].end :]
    verb = _verb(tokens, start, first)
    if verb is Verb.FOREIGN:
        return Head(kind=Kind.NONE, verb=first)
    asked = _question(rest, clause) if verb in {None, Verb.FIND, Verb.READ} else None
    if asked:
        return asked
    if verb is None:
        return _without_verb(tokens, start, first, rest)
    act = _act(verb, first, tokens[start + 1 :], rest)
    if act in {Kind.MEET, Kind.AGENDA} and _states(tokens[:start]):
        return Head(kind=Kind.NONE)
    return Head(kind=act, verb=first, body=body)


def _states(fillers: Sequence[Token]) -> bool:
    """Whether "I set up a meeting" tells of one instead of asking for one."""
    words = [token.word for token in fillers]
    return (
        bool(words) and words[-1] in {"i", "we", "you"} and not {"can", "could", "will", "would", "shall"} & set(words)
    )


def _front(tokens: Sequence[Token]) -> tuple[int, bool]:
    """Where the fillers end, and whether a refusal stands there."""
    number = 0
    while number < len(tokens):
        word = tokens[number].word
        if word in NEGATIONS or bare(word) in NEGATIONS:
            return number, True
        if word not in FILLERS and word not in {",", "and"} and not (bare(word) in FILLERS and word not in FILLERS):
            break
        number += 1
    return number, False


def _first(tokens: Sequence[Token], start: int) -> str:
    word = tokens[start].word
    return word if verb_of(word) else bare(word)


def _verb(tokens: Sequence[Token], start: int, first: str) -> Verb | None:
    verb = verb_of(first)
    following = tokens[start + 1].word if start + 1 < len(tokens) else ""
    if first in NOUN_LIKE and noun_of(first) and following in {"with", "about", "עם", "", "on", "for"}:
        return None
    if first in _NEEDS_PARTICLE and following not in _NEEDS_PARTICLE[first]:
        return Verb.FOREIGN
    if first == "look" and following not in {"for", "up"}:
        return Verb.READ
    return verb


def _refusal(tokens: Sequence[Token]) -> Head:
    nouns = _nouns(tokens)
    return Head(kind=Kind.NO_AGENDA if Noun.AGENDA in nouns and Noun.MEETING not in nouns else Kind.NONE)


def _question(rest: str, clause: str) -> Head | None:
    for pattern in _WHO:
        match = pattern.search(rest)
        if match and _nameable(match["names"]):
            return Head(kind=Kind.CONTACT, names=match["names"])
    if _APPOINTMENTS.search(clause) or _APPOINTMENTS.search(rest):
        return Head(kind=Kind.APPOINTMENTS, body=rest)
    if _RESEARCH.search(rest):
        return Head(kind=Kind.READ, body=rest)
    return None


def _nameable(names: str) -> bool:
    words = [token.word for token in tokenise(names)]
    return bool(words) and words[0] not in _ARTICLES and words[0] not in GROUPS


def _without_verb(tokens: Sequence[Token], start: int, first: str, rest: str) -> Head:
    if first in QUESTIONS:
        return Head(kind=Kind.NONE)
    if first in {"where", "where's", "wheres", "איפה", "היכן"}:
        return Head(kind=Kind.FIND, verb=first, body=rest[len(tokens[start].text) :])
    nouns = _nouns(tokens[start : start + 4])
    wanted = start > 0 and any(
        token.word in {"need", "want", "like", "צריך", "צריכה", "רוצה", "צריכים", "רוצים", "אשמח"}
        for token in tokens[:start]
    )
    if Noun.AGENDA in nouns and (
        wanted or (Noun.AGENDA in _nouns(tokens[start : start + 2]) and first not in {"the", "what's"})
    ):
        return Head(kind=Kind.AGENDA, body=rest, terse=not wanted)
    if Noun.MEETING in nouns and (wanted or noun_of(first) is Noun.MEETING):
        return Head(kind=Kind.MEET, body=rest, terse=not wanted)
    if noun_of(first) is Noun.SUMMARY:
        return Head(kind=Kind.READ, body=rest)
    return Head(kind=Kind.NONE)


def _act(verb: Verb, first: str, following: Sequence[Token], rest: str) -> Kind:
    nouns = _nouns(following)
    if verb is Verb.WRITE:
        return _written(first, following, nouns)
    if verb is Verb.READ or (verb is Verb.FIND and not (Noun.MEETING in nouns and _SLOT.match(rest))):
        return Kind.READ if verb is Verb.READ else Kind.FIND
    with_somebody = verb is Verb.ARRANGE and any(token.word in {"with", "עם"} for token in following)
    meets = verb is Verb.MEET or Noun.MEETING in nouns or with_somebody
    return Kind.MEET if meets else Kind.NONE


def _written(first: str, following: Sequence[Token], nouns: frozenset[Noun]) -> Kind:
    if Noun.AGENDA in nouns:
        return Kind.AGENDA
    if Noun.SUMMARY in nouns:
        return Kind.READ
    direct = bool(following) and noun_of(following[0].word) is Noun.MEETING and not following[0].word.startswith("ל")
    if Noun.MEETING in nouns and (direct or first in {"create", "make"}):
        return Kind.MEET
    return Kind.NONE


def _nouns(tokens: Sequence[Token]) -> frozenset[Noun]:
    found = {noun for token in tokens if (noun := noun_of(token.word))}
    words = [token.word for token in tokens]
    if any(one.endswith("סדר") and two in {"יום", "היום"} for one, two in pairwise(words)):
        found.add(Noun.AGENDA)
    return frozenset(found)
