"""From understood clauses to steps: shared searches, and every output wired to the inputs that take it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from pydantic import JsonValue

from engine.planning.draft import DraftBinding, DraftStep
from engine.planning.offline.dates import Times
from engine.planning.offline.intent import Intent, Kind
from engine.planning.offline.lexicon import BACK_TRANSLATIONS, TRANSLATIONS
from engine.planning.offline.phrases import period, phrase
from engine.planning.offline.thread_words import ELSEWHERE

_MAX_TITLE = 120
_MAX_TERMS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Wired:
    """Steps, and what a person should look at before they run."""

    steps: tuple[DraftStep, ...]
    left: tuple[str, ...] = ()
    """Parts of the request nothing was made of, as written."""
    doubts: tuple[str, ...] = ()
    """Phrase keys."""
    uninvited: tuple[tuple[str, str], ...] = ()
    """(who is invited, who is not) of each meeting asked with several people."""


def wire(intents: Sequence[Intent], *, locale: str, now: datetime) -> Wired:
    """Make steps of intents.

    Args:
        intents: the clauses, in the order they were asked.
        locale: the language of titles.
        now: the asker's local time, aware.

    """
    work = _Work(locale=locale, now=now)
    for intent in intents:
        work.gather(intent)
    return work.steps()


@dataclass(kw_only=True)
class _Search:
    terms: tuple[str, ...]
    times: Times
    read: bool


@dataclass(kw_only=True)
class _Work:
    """Everything gathered from the clauses so far. Lives for one request."""

    locale: str
    now: datetime
    searches: list[_Search] = field(default_factory=list[_Search])
    names: list[str] = field(default_factory=list[str])
    meetings: list[Intent] = field(default_factory=list[Intent])
    agendas: list[Intent] = field(default_factory=list[Intent])
    appointments: list[Intent] = field(default_factory=list[Intent])
    threads: list[str] = field(default_factory=list[str])
    """Topics for which this conversation is read; empty ones: for everything."""
    no_agenda: bool = False
    left: list[str] = field(default_factory=list[str])
    doubts: list[str] = field(default_factory=list[str])
    uninvited: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    made: list[DraftStep] = field(default_factory=list[DraftStep])

    def gather(self, intent: Intent) -> None:
        """Take one clause in."""
        self.left.extend(intent.left)
        self.doubts.extend(intent.doubts)
        if intent.thread:
            self.threads.append(intent.topic if intent.kind is Kind.THREAD else "")
        match intent.kind:
            case Kind.FIND | Kind.READ:
                self._search(intent)
            case Kind.CONTACT:
                self._people(intent.names)
            case Kind.MEET:
                self._meet(intent)
            case Kind.AGENDA:
                self.agendas.append(intent)
            case Kind.NO_AGENDA:
                self.no_agenda = True
            case Kind.APPOINTMENTS:
                self.appointments.append(intent)
            case Kind.THREAD:
                return
            case Kind.NONE:
                self.left.append(intent.text)

    def _search(self, intent: Intent) -> None:
        last = self.searches[-1] if self.searches else None
        read = intent.kind is Kind.READ
        if intent.refers and last:
            last.read = last.read or read
        elif intent.refers and not self.threads:
            self.left.append(intent.text)
        elif intent.refers:
            return
        elif read and self.threads and last is None and _goes_on(intent):
            self.threads.extend(intent.terms)
        elif last and last.read and read and _fits(last.times, intent.times):
            last.terms = tuple(dict.fromkeys((*last.terms, *intent.terms)))
            last.times = last.times if last.times.anything else intent.times
        else:
            terms = intent.terms or (phrase(self.locale, "status_term"),)
            self.searches.append(_Search(terms=terms, times=intent.times, read=read))

    def _people(self, names: Sequence[str]) -> None:
        known = {name.casefold() for name in self.names}
        self.names.extend(name for name in names if name.casefold() not in known)

    def _meet(self, intent: Intent) -> None:
        if intent.refers and self.names:
            intent = replace(intent, names=(self.names[-1],))
        elif intent.refers:
            self.doubts.append("unclear_person")
        self._people(intent.names)
        if len(intent.names) > 1:
            self.uninvited.append((intent.names[0], ", ".join(intent.names[1:])))
        if self._is_past(intent.times):
            self.doubts.append("unclear_past")
        self.meetings.append(intent)

    def _is_past(self, times: Times) -> bool:
        today = self.now.date()
        if times.day == today and times.at:
            return times.at < self.now.time()
        return bool(times.until and times.until < today)

    def steps(self) -> Wired:
        """The steps, readers first, numbered from s1 on."""
        if self.meetings and self._reads() and not self.agendas and not self.no_agenda:
            self.agendas.append(Intent(kind=Kind.AGENDA, text=""))
        found = [self._search_step(search) for search in self.searches]
        people = {name.casefold(): self._contact_step(name) for name in self.names}
        first = next(iter(people.values()), None)
        statuses = [
            self._status_step(search, source, first)
            for search, source in zip(self.searches, found, strict=True)
            if search.read
        ]
        thread = self._thread_step() if self.threads else None
        read = statuses[-1] if statuses else thread
        summary = {"summary": DraftBinding(step=read)} if read else {}
        for intent in self.appointments:
            self._appointments_step(intent)
        for intent in self.meetings:
            self._calendar_step(intent, people, summary)
        for intent in self.agendas:
            self._editor_step(intent, summary)
        return Wired(
            steps=tuple(self.made),
            left=tuple(dict.fromkeys(self.left)),
            doubts=tuple(dict.fromkeys(self.doubts)),
            uninvited=tuple(self.uninvited),
        )

    def _reads(self) -> bool:
        return bool(self.threads) or any(search.read for search in self.searches)

    def _thread_step(self) -> str:
        topic = ", ".join(dict.fromkeys(topic for topic in self.threads if topic))
        title = phrase(self.locale, "thread_about", what=topic) if topic else phrase(self.locale, "thread")
        return self._add("ThreadAgent", title, {"topic": topic[:500]})

    def _search_step(self, search: _Search) -> str:
        shown = [*search.terms, period(self.locale, search.times.since, search.times.until)]
        what = ", ".join(part for part in shown if part)
        inputs: dict[str, JsonValue] = {"terms": list(_both_languages(search.terms)), **_window(search.times)}
        return self._add("DriveSearchAgent", phrase(self.locale, "search", what=what), inputs)

    def _contact_step(self, name: str) -> str:
        return self._add("ContactSearchAgent", phrase(self.locale, "contact", name=name), {"name": name[:200]})

    def _status_step(self, search: _Search, source: str, person: str | None) -> str:
        topic = ", ".join(search.terms)
        bindings = {"documents": DraftBinding(step=source)}
        if person:
            bindings["people"] = DraftBinding(step=person)
        title = phrase(self.locale, "status", what=topic)
        return self._add("WeeklyStatusAgent", title, {"topic": topic[:500]}, bindings)

    def _appointments_step(self, intent: Intent) -> None:
        today = self.now.date()
        since = intent.times.since or min(today, intent.times.until or today)
        until = intent.times.until or since + timedelta(days=6)
        what = period(self.locale, since, until)
        inputs: dict[str, JsonValue] = {"since": since.isoformat(), "until": until.isoformat()}
        self._add("AppointmentsAgent", phrase(self.locale, "appointments", what=what), inputs)

    def _calendar_step(self, intent: Intent, people: Mapping[str, str], summary: Mapping[str, DraftBinding]) -> None:
        title = self._meeting_title(intent)
        inputs: dict[str, JsonValue] = {"title": title[:300], **_slot(intent.times, self.now.date())}
        bindings = dict(summary)
        if intent.names:
            bindings["person"] = DraftBinding(step=people[intent.names[0].casefold()], one=True)
        when = period(self.locale, intent.times.since, intent.times.until)
        at = phrase(self.locale, "at", time=f"{intent.times.at:%H:%M}") if intent.times.at else ""
        shown = ", ".join(part for part in (title, when, at) if part)
        self._add("CalendarAgent", phrase(self.locale, "calendar", title=shown), inputs, bindings)

    def _meeting_title(self, intent: Intent) -> str:
        meeting = phrase(self.locale, "meeting")
        if intent.names:
            meeting = phrase(self.locale, "meeting_with", names=", ".join(intent.names))
        if intent.topic:
            return phrase(self.locale, "meeting_about", meeting=meeting, topic=intent.topic)
        return meeting

    def _editor_step(self, intent: Intent, summary: Mapping[str, DraftBinding]) -> None:
        terms = [term for search in self.searches if search.read for term in search.terms]
        researched = ", ".join(terms or dict.fromkeys(topic for topic in self.threads if topic))
        subject = intent.topic or (self._meeting_title(self.meetings[0]) if self.meetings else researched)
        if not subject and self.threads:
            subject = phrase(self.locale, "conversation")
        elif not subject:
            self.doubts.append("unclear_topic")
        agenda = phrase(self.locale, "agenda_for", topic=subject) if subject else phrase(self.locale, "agenda")
        inputs: dict[str, JsonValue] = {"title": agenda[:300], "topic": (intent.topic or researched)[:500]}
        self._add("EditorAgent", phrase(self.locale, "editor", title=subject or agenda), inputs, summary)

    def _add(
        self,
        agent: str,
        title: str,
        inputs: Mapping[str, JsonValue],
        bindings: Mapping[str, DraftBinding] | None = None,
    ) -> str:
        step_id = f"s{len(self.made) + 1}"
        short = title if len(title) <= _MAX_TITLE else title[: _MAX_TITLE - 1] + "…"
        self.made.append(
            DraftStep(id=step_id, agent=agent, title=short, inputs=dict(inputs), bindings=dict(bindings or {}))
        )
        return step_id


def _goes_on(intent: Intent) -> bool:
    """Whether what is to be understood may stand in the conversation just read: no period, no documents were named."""
    return not (intent.thread or intent.times.anything or ELSEWHERE.search(intent.text))


def _fits(one: Times, other: Times) -> bool:
    """Whether two reading clauses may share one search: at most one of them names a period, or both the same."""
    windows = {(times.since, times.until) for times in (one, other) if times.since or times.until}
    return len(windows) < 2


def _both_languages(terms: Sequence[str]) -> tuple[str, ...]:
    other = (TRANSLATIONS.get(term.lower()) or BACK_TRANSLATIONS.get(term) for term in terms)
    return tuple(dict.fromkeys((*terms, *(term for term in other if term))))[:_MAX_TERMS]


def _window(times: Times) -> dict[str, JsonValue]:
    ends = {"since": times.since, "until": times.until}
    return {name: day.isoformat() for name, day in ends.items() if day}


def _slot(times: Times, today: date) -> dict[str, JsonValue]:
    slot: dict[str, JsonValue] = {}
    if times.day:
        slot["on"] = times.day.isoformat()
    else:
        since = max(times.since, today) if times.since else None
        slot |= _window(replace(times, since=since))
    if times.at:
        slot["at"] = times.at.isoformat()
    if times.minutes:
        slot["duration_minutes"] = times.minutes
    return slot
