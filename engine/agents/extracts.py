"""Ranks what documents say: by topic, by cue, by people named, by position. Pure: same text, same extracts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.agents.cues import Kind, classify
from engine.agents.passages import Passage, passages
from engine.domain.artifact import Contacts, Extract, Source
from engine.ports.documents import DocumentText

MAX_EXTRACTS = 12
MAX_PER_FILE = 4
FAIR_PER_KIND = 3
"""So that a long list of next steps leaves room for goals and risks."""
MAX_CANDIDATES = 8
"""Kept per file until all files are read: repeats across files may use some up."""

SECTION_MARK = " › "
"""Between a document's title and the heading a quote stands under, in ``Source.title``."""

_KIND_SCORE = {
    Kind.DECISION: 3.0,
    Kind.GOAL: 2.5,
    Kind.NEXT_STEP: 2.5,
    Kind.RISK: 2.0,
    Kind.QUESTION: 1.5,
    Kind.OTHER: 0.0,
}
_TOPIC_SCORE, _TOPIC_LIMIT, _PERSON_SCORE, _BULLET_SCORE = 1.5, 6.0, 2.0, 0.25
_SIMILAR = 0.8
_WORD = re.compile(r"[^\W_]+(?:[\"'״׳][^\W_]+)*")
_HEBREW_PREFIX = re.compile("^[והבלכמש]{1,3}(?=[א-ת]{2})")
_STOP_WORDS = (
    "the of and or in on at to for with a an is are was were we i you it this that what did do our about from read all"
    " understand summarise summarize summary find set up meeting את של על עם מה זה או גם כל אני אנחנו הוא היא לא כן"
    " עשינו תקרא תבין תסכם תמצא תקבע פגישה בין אל מן"
)
_STOP = frozenset(_STOP_WORDS.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Interest:
    """What the reader cares about, as word forms."""

    topic: tuple[frozenset[str], ...]
    """One set of forms per topic word."""
    people: frozenset[str]


def interest_in(topic: str, people: Contacts | None) -> Interest:
    """Words of the topic (without stop words, at most 20) and the names and aliases of the people."""
    words = [word for word in dict.fromkeys(_words(topic)) if word not in _STOP and len(word) > 1][:20]
    contacts = people.items if people else ()
    names = {word for c in contacts for name in (c.name, *c.aliases) for word in _words(name) if len(word) > 1}
    return Interest(topic=tuple(_forms(word, 3) for word in words), people=frozenset(names))


def extract(document: DocumentText, interest: Interest, rank: int) -> tuple[Extract, ...]:
    """The best passages of one document, best first, at most ``MAX_CANDIDATES``.

    Passages that show no topic word, cue or person are left out; a document with nothing else gives its first one.

    Args:
        document: the text to read.
        interest: what the reader cares about.
        rank: 0-based place of the document among those found.
    """
    scored = _scored(document, interest)
    telling = [pair for pair in scored if pair[1] > 0] or scored[:1]
    return _best(document, telling, rank)[:MAX_CANDIDATES]


def ranked(document: DocumentText, interest: Interest, rank: int) -> tuple[Extract, ...]:
    """All passages of one document, best first: for a reader who also understands those that show no known word.

    Args:
        document: the text to read.
        interest: what the reader cares about.
        rank: 0-based place of the document among those found.
    """
    return _best(document, _scored(document, interest), rank)


def select(candidates: Iterable[Extract]) -> tuple[Extract, ...]:
    """The extracts to show: best first, no repeats, at most ``MAX_EXTRACTS``, and ``MAX_PER_FILE`` of one file.

    No kind takes more than ``FAIR_PER_KIND`` places while another has something to say. Ties fall in order of path and
    line, whatever the order of the candidates.
    """
    ranked = sorted(candidates, key=_rank)
    chosen: list[Extract] = []
    for per_kind in (FAIR_PER_KIND, MAX_EXTRACTS):
        for candidate in ranked:
            if len(chosen) < MAX_EXTRACTS and _fits(candidate, chosen, per_kind):
                chosen.append(candidate)
    return tuple(sorted(chosen, key=_rank))


def _rank(found: Extract) -> tuple[float, str, int, str]:
    return -found.score, found.source.path, found.source.line or 0, found.text


def _fits(candidate: Extract, chosen: Sequence[Extract], per_kind: int) -> bool:
    kind = kind_of(candidate)
    same_file = sum(e.source.path == candidate.source.path for e in chosen)
    same_kind = sum(kind_of(e) is kind for e in chosen)
    roomy = same_file < MAX_PER_FILE and same_kind < per_kind
    return roomy and not repeats(candidate.text, [e.text for e in chosen])


def repeats(text: str, others: Sequence[str]) -> bool:
    """Whether one of the others says the same, give or take a few words. Different numbers are different facts."""
    mine = set(_words(text))
    return any(_same(mine, set(_words(other))) for other in others)


def kind_of(found: Extract) -> Kind:
    """What an extract is: by its own words, else by the heading it stands under."""
    own = classify(found.text)
    return own if own is not Kind.OTHER else classify(found.source.title.partition(SECTION_MARK)[2])


def _scored(document: DocumentText, interest: Interest) -> list[tuple[Passage, float]]:
    return [(passage, _signal(passage, interest)) for passage in passages(document.lines)]


def _best(document: DocumentText, scored: Sequence[tuple[Passage, float]], rank: int) -> tuple[Extract, ...]:
    found = [_to_extract(document, passage, signal + _place(passage, rank)) for passage, signal in scored]
    return tuple(sorted(found, key=lambda e: -e.score))


def _signal(passage: Passage, interest: Interest) -> float:
    forms = _all_forms(passage.text)
    topic = min(_TOPIC_LIMIT, _TOPIC_SCORE * sum(not forms.isdisjoint(word) for word in interest.topic))
    kind = classify(passage.text)
    cue = _KIND_SCORE[kind] if kind is not Kind.OTHER else 0.8 * _KIND_SCORE[classify(passage.section)]
    return topic + cue + (0.0 if forms.isdisjoint(interest.people) else _PERSON_SCORE)


def _place(passage: Passage, rank: int) -> float:
    return 1 / (1 + passage.line / 40) + 1 / (1 + rank) + (_BULLET_SCORE if passage.bullet else 0)


def _to_extract(document: DocumentText, passage: Passage, score: float) -> Extract:
    title = f"{document.title}{SECTION_MARK}{passage.section}" if passage.section else document.title
    source = Source(path=document.path, line=passage.line, title=title, quote=passage.text)
    return Extract(text=passage.text, source=source, score=round(score, 3))


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _forms(word: str, shortest: int) -> frozenset[str]:
    """A word as it is, without its Hebrew prefix letters, in the English singular; none under ``shortest``."""
    forms = {word}
    if prefix := _HEBREW_PREFIX.match(word):
        forms |= {word[length:] for length in range(1, prefix.end() + 1)}
    if word.isascii() and len(word) > 3 and word.endswith("s"):
        forms.add(word[:-1])
    return frozenset(form for form in forms if form == word or len(form) >= shortest)


def _all_forms(text: str) -> frozenset[str]:
    return frozenset[str]().union(*(_forms(word, 2) for word in _words(text)))


def _same(mine: set[str], other: set[str]) -> bool:
    if any(word.isdigit() for word in mine ^ other):
        return False
    return mine == other or (len(mine | other) > 0 and len(mine & other) / len(mine | other) >= _SIMILAR)
