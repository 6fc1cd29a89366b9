"""Fills an act with what its clause says: terms, names, topic, times — and keeps count of what is left over."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from engine.domain.tenant import PersonalTime
from engine.planning.offline.classify import Head, classify
from engine.planning.offline.clauses import Token, bare, tokenise
from engine.planning.offline.dates import BOUNDARY, Frame, Times, read_times
from engine.planning.offline.intent import Intent, Kind
from engine.planning.offline.lexicon import (
    CONDITIONS,
    DOING,
    GIVEN_NAMES,
    GROUPS,
    NAMES_WITH_VAV,
    NEGATIONS,
    PRONOUNS,
    RECURRING,
    REFERENCES,
    STOPS,
    Noun,
    Verb,
    noun_of,
    stem,
    verb_of,
)
from engine.planning.offline.particles import (
    ABOUT,
    ARTICLES,
    BETWEEN,
    CALENDAR_WORDS,
    DOCUMENTS,
    HOW,
    MANY,
    SOMETHING_ELSE,
    TELLING,
    WEAK,
    WITH,
)
from engine.planning.offline.thread_words import ELSEWHERE, ONLY_ASKS, without_thread

MAX_TERMS = 8
MAX_NAMES = 6


def interpret(clause: str, today: date, personal: PersonalTime) -> Intent:
    """What one clause asks for."""
    rest = without_thread(clause)
    if rest is None:
        return _interpreted(clause, today, personal)
    return _of_thread(clause, rest, classify(clause), _interpreted(rest, today, personal))


def _of_thread(clause: str, rest: str, head: Head, other: Intent) -> Intent:
    """A clause that speaks of this conversation; ``other`` is what the rest of it asks for by itself."""
    if other.kind in {Kind.MEET, Kind.AGENDA}:
        # "An agenda from this thread" names its subject: there is nothing to doubt about it.
        doubts = tuple(doubt for doubt in other.doubts if doubt != "unclear_topic")
        return replace(other, text=clause, thread=True, doubts=doubts)
    reads = {Kind.FIND, Kind.READ}
    if other.kind in reads and (other.times.anything or ELSEWHERE.search(rest)):
        return replace(other, text=clause, thread=True, doubts=(*other.doubts, "unclear_topic"))
    if head.kind not in reads and other.kind not in reads and not ONLY_ASKS.fullmatch(rest):
        return Intent(kind=Kind.NONE, text=clause)
    topic = " ".join(term for term in other.terms if noun_of(term.lower()) is not Noun.SUMMARY)
    doubts = () if rest else ("unclear_topic",)
    return Intent(kind=Kind.THREAD, text=clause, topic=topic, thread=True, doubts=doubts)


def _interpreted(clause: str, today: date, personal: PersonalTime) -> Intent:
    head = classify(clause)
    past = head.kind in {Kind.FIND, Kind.READ} or (
        head.kind is Kind.APPOINTMENTS and bool(re.search(r"\bdid\b|היה|היו", clause))
    )
    frame = Frame(
        today=today,
        past=past,
        week_starts=6 if 6 in personal.workdays else 0,
        earliest=personal.starts.hour,
        latest=personal.ends.hour,
    )
    times = read_times(head.body, frame)
    intent = _FILLERS[head.kind](head, clause, times)
    return intent if times.clear else replace(intent, doubts=(*intent.doubts, "unclear_time"))


def _nothing(head: Head, clause: str, _times: Times) -> Intent:
    return Intent(kind=head.kind, text=clause)


def _contact(head: Head, clause: str, _times: Times) -> Intent:
    reading = _Meeting()
    reading.begin_name()
    for token in tokenise(head.names):
        reading.take_name(token)
    return Intent(kind=Kind.CONTACT, text=clause, names=reading.all_names(), left=tuple(reading.left))


def _search(head: Head, clause: str, times: Times) -> Intent:
    words = [token for token in tokenise(times.rest) if token.text[0].isalnum()]
    # A document is named by what stands before "and"; the act's own name ("a summary of") is no term.
    terms = dict.fromkeys(
        stem(_plain(token))
        for token in words
        if not _is_empty(token.word) and not (_is_act_name(token.word, head, words))
    )
    refers = not terms and any(token.word in REFERENCES for token in words)
    doubts = ("unclear_topic",) if head.verb in WEAK and not DOCUMENTS.search(clause) else ()
    kind = head.kind
    if not terms and not refers and not times.since and not times.until:
        if noun_only := tuple(_plain(token) for token in words if noun_of(token.word) is Noun.SUMMARY):
            return Intent(kind=kind, text=clause, times=times, terms=noun_only[:1], doubts=("unclear_topic",))
        return Intent(kind=Kind.NONE, text=clause)
    return Intent(kind=kind, text=clause, times=times, terms=tuple(terms)[:MAX_TERMS], refers=refers, doubts=doubts)


def _plain(token: Token) -> str:
    text = re.sub(r"['’]s$", "", token.text)
    return text[1:] if text.startswith("ו") and len(text) > 4 and text not in NAMES_WITH_VAV else text


def _is_empty(word: str) -> bool:
    variants = {word, bare(word), re.sub(r"'s$", "", word)}
    return any(one in STOPS or one in DOING for one in variants) or len(word) == 1


def _is_act_name(word: str, head: Head, words: Sequence[Token]) -> bool:
    """Whether "summary" names the act ("write a summary of the plan") and not the document looked for."""
    writes = head.kind is Kind.READ and (verb_of(head.verb) is Verb.WRITE or not head.verb)
    return writes and noun_of(word) is Noun.SUMMARY and len(words) > 1 and word not in {"status", "סטטוס"}


def _appointments(_head: Head, clause: str, times: Times) -> Intent:
    left = tuple(
        token.text
        for token in tokenise(times.rest)
        if token.text[0].isalnum()
        and not ({token.word, bare(token.word)} & (STOPS | CALENDAR_WORDS))
        and noun_of(token.word) is None
    )
    return Intent(kind=Kind.APPOINTMENTS, text=clause, times=times, left=left)


def _agenda(head: Head, clause: str, times: Times) -> Intent:
    tokens = [token for token in tokenise(times.rest) if token.text[0].isalnum() or token.text == ","]
    spot = next((number for number in range(len(tokens)) if _is_agenda(tokens, number)), 0)
    before, after = tokens[:spot], tokens[spot + 1 :]
    if tokens and tokens[spot].word.endswith("סדר"):
        after = after[1:]
    topic = _topic([*(word for word in before if word.word not in HOW), *after])
    left = [token.text for token in tokens if token.word in CONDITIONS | NEGATIONS | TELLING | RECURRING - {"כל"}]
    if _joins(before) or (after and after[0].word in {"and", ",", "&"}) or SOMETHING_ELSE.search(clause):
        left.append(clause)
    doubts = ("unclear_topic",) if head.terse else ()
    return Intent(kind=Kind.AGENDA, text=clause, times=times, topic=topic, left=tuple(left), doubts=doubts)


def _is_agenda(tokens: Sequence[Token], number: int) -> bool:
    following = tokens[number + 1].word if number + 1 < len(tokens) else ""
    word = tokens[number].word
    return noun_of(word) is Noun.AGENDA or (word.endswith("סדר") and following in {"יום", "היום"})


def _joins(before: Sequence[Token]) -> bool:
    """Whether something else is the verb's object: "slides and an agenda", "a room for the meeting"."""
    words = [token.word for token in before]
    first = next((number for number, word in enumerate(words) if word not in STOPS), len(words))
    return any(word in BETWEEN | ABOUT for word in words) or any(word in ARTICLES for word in words[first:])


def _topic(tokens: Sequence[Token]) -> str:
    """What an agenda is about, as written; empty where only "the meeting" was said."""
    words = [token.text for token in tokens if token.text != ","]
    while words and words[0].lower() in STOPS:
        words.pop(0)
    while words and words[-1].lower() in STOPS:
        words.pop()
    if all(noun_of(word.lower()) is Noun.MEETING or word.lower() in STOPS for word in words):
        return ""
    if words[0].startswith("ל") and len(words[0]) > 3:
        words[0] = words[0][1:] if noun_of(words[0]) else stem(words[0])
    return " ".join(words)


@dataclass
class _Meeting:
    """Reads a meeting's clause word by word: who, about what, and what is left."""

    names: list[list[str]] = field(default_factory=list[list[str]])
    topic: list[str] = field(default_factory=list[str])
    left: list[str] = field(default_factory=list[str])
    refers: bool = False
    place: str = ""
    """``name`` or ``topic`` while inside one."""
    noun_seen: bool = False
    guessed: bool = False
    """A name was taken for one by its look, not by its place."""
    before: str = ""
    """The word before."""

    possessive: bool = False
    """The last name was "Dana's": what follows is somebody else."""

    def begin_name(self) -> None:
        self.place, self.possessive = "name", False
        self.names.append([])

    def all_names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(" ".join(name) for name in self.names if name))[:MAX_NAMES]

    def take(self, token: Token) -> None:
        """Give one word its role."""
        self._place(token)
        self.before = token.word

    def _place(self, token: Token) -> None:
        word = token.word
        if word == BOUNDARY:
            self.place = ""
        elif word in CONDITIONS or word in NEGATIONS or word in RECURRING or word in MANY:
            self.left.append(token.text)
        elif bare(word) in WITH:
            self.begin_name()
        elif self.place == "name":
            self.take_name(token)
        elif word in ABOUT:
            self.place = "topic"
        elif self.place == "topic":
            self._take_topic(token)
        else:
            self._take_other(token)

    def take_name(self, token: Token) -> None:
        """A word where a name is expected."""
        word, name = token.word, self.names[-1]
        if word in {"and", "&", ","}:
            self.begin_name()
        elif word in PRONOUNS:
            self.refers = True
        elif word in GROUPS:
            self.left.append(token.text)
        elif name and word.startswith("ו") and len(word) > 2 and word not in NAMES_WITH_VAV:
            self.begin_name()
            self.take_name(replace(token, text=token.text[1:]))
        elif word in STOPS or word in ABOUT or noun_of(word) is Noun.MEETING:
            self._leave_name(token)
        elif token.text[0].isalpha() and len(name) < 3 and not self.possessive:
            name.append(re.sub(r"['’]s$", "", token.text))
            self.possessive = word.endswith("'s")
        elif token.text[0].isalnum():
            self.left.append(token.text)

    def _leave_name(self, token: Token) -> None:
        if token.word == "את":
            return
        self.place = ""
        if token.word in ABOUT:
            self.place = "topic"
        elif noun_of(token.word) is Noun.MEETING:
            self.noun_seen = True

    def _take_topic(self, token: Token) -> None:
        if token.text[0].isalnum() and (self.topic or token.word not in STOPS):
            self.topic.append(token.text)

    def _take_other(self, token: Token) -> None:
        word = token.word
        plain = re.sub(r"['’]s$", "", token.text)
        if noun_of(word) is Noun.MEETING:
            self.noun_seen = True
            if self.before in {"the", "my", "our", "this", "that", "את"} or (
                word.startswith(("ה", "לה")) and len(word) > 5
            ):
                self.left.append(token.text)
            self.place = "topic" if word.endswith("ת") and bare(word)[-2:] in {"שת", "בת", "חת"} else ""
        elif self.topic and not self.noun_seen and word in BETWEEN:
            self.left.extend(self.topic)
            self.topic.clear()
        elif word in STOPS or word in HOW or not token.text[0].isalnum():
            return
        elif plain.lower() in GIVEN_NAMES:
            self.names.append([plain])
            self.guessed = True
        elif word[1:] in GIVEN_NAMES and word[0] in "לו":
            self.names.append([token.text[1:]])
            self.guessed = True
        elif not self.noun_seen and word.isascii() and word.isalpha():
            self.topic.append(token.text)
        else:
            self.left.append(token.text)


def _meet(head: Head, clause: str, times: Times) -> Intent:
    reading = _Meeting()
    if verb_of(head.verb) in {Verb.INVITE, Verb.MEET}:
        reading.begin_name()
    for token in tokenise(times.rest):
        reading.take(token)
    names, topic = reading.all_names(), " ".join(reading.topic)
    left = list(reading.left)
    if SOMETHING_ELSE.search(clause):
        left.append(clause)
    meets = verb_of(head.verb) is Verb.MEET
    if not reading.noun_seen and not meets and (reading.topic or not (times.minutes or head.verb == "schedule")):
        left.append(head.verb)
    doubts: tuple[str, ...] = ("unclear_person",) if reading.guessed else ()
    if not names and not reading.refers and (meets or not topic):
        doubts = ("unclear_person",)
    if head.terse:
        doubts = (*doubts, "unclear_topic")
    return Intent(
        kind=Kind.MEET,
        text=clause,
        times=times,
        names=names,
        topic=topic,
        refers=reading.refers and not names,
        left=tuple(left),
        doubts=doubts,
    )


_FILLERS = {
    Kind.FIND: _search,
    Kind.READ: _search,
    Kind.CONTACT: _contact,
    Kind.MEET: _meet,
    Kind.AGENDA: _agenda,
    Kind.NO_AGENDA: _nothing,
    Kind.APPOINTMENTS: _appointments,
    Kind.THREAD: _nothing,
    Kind.NONE: _nothing,
}
