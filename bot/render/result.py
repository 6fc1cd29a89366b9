"""What came out of an execution: the answer with numbered sources, the meeting, the agenda, things found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.render.steps import artifact_of
from bot.render.texts import Texts, shorten
from bot.render.undo import TakenBack, taken_back
from engine.agents.shortfalls import read_problem
from engine.domain.artifact import Agenda, Appointments, Artifact, Contacts, Documents, Meeting, Person, Source, Summary
from engine.domain.snapshot import ExecutionSnapshot
from engine.orchestration.results import outside_the_plan

_MARK = re.compile(r"\[(\d{1,3})\]")

MAX_LISTED = 50
"""Rows of one list on a card; the rest is in the files."""
MAX_QUERY = 120
"""Characters of what was looked for, where nothing matches it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """Where something was read."""

    number: int
    """1-based; points refer to it."""
    title: str
    path: str
    line: int | None
    place: str
    """``line 12``, or empty."""
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One thing found, with the number of its source (0: none)."""

    text: str
    source: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingBlock:
    """A meeting that stands in the calendar, or stood there."""

    heading: str
    cancelled: bool
    """It was called off: the rest says how it stood last."""
    id: str
    title: str
    when: str
    starts: str
    """ISO 8601."""
    ends: str
    link: str
    attendees: tuple[str, ...]
    invitation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaBlock:
    """An agenda; ``text`` is Markdown, and data like everything else here."""

    heading: str
    title: str
    text: str
    saved: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a list."""

    title: str
    detail: str = ""
    path: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Things found that are themselves the answer."""

    kind: str
    """``documents``, ``contacts``, ``appointments``; of an undo ``undone`` and ``staying``."""
    heading: str
    rows: tuple[Row, ...]
    empty: str
    """The sentence to show when there are no rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultBlock:
    """Everything delivered."""

    heading: str
    summary: str
    """Prose, in Markdown's headings and bullets; empty when ``points`` say it all. ``[n]`` names source n."""
    points: tuple[Point, ...]
    sources_heading: str
    sources: tuple[SourceLine, ...]
    meeting: MeetingBlock | None
    agenda: AgendaBlock | None
    listings: tuple[Listing, ...]
    problems: tuple[str, ...]


def result_block(snapshot: ExecutionSnapshot, texts: Texts) -> ResultBlock | None:
    """The result of a done execution; None while it runs or when nothing came of it."""
    artifacts = _delivered(snapshot)
    # What a change of the plan left standing in the world; what the plan itself came to goes before it.
    outside = tuple(outside_the_plan(snapshot).values())
    undo = tuple(_undone(snapshot, texts))
    if snapshot.execution.outcome is None or not (artifacts or outside or undo):
        return None
    asked = snapshot.execution.request.text
    meetings = [a for a in (*outside, *artifacts) if isinstance(a, Meeting)]
    summaries = [a for a in artifacts if isinstance(a, Summary)]
    sources = tuple(_sources(summaries, texts))
    points = tuple(_points(summaries, sources))
    numbers = {(s.path, s.line): s.number for s in sources}
    prose = "\n\n".join(_renumbered(s, numbers) for s in summaries if not _covered(s))
    return ResultBlock(
        heading=texts.say("result.summary") if prose or points else "",
        summary=prose,
        points=points,
        sources_heading=texts.say("result.sources") if sources else "",
        sources=sources,
        meeting=_meeting(meetings[-1], texts) if meetings else None,
        agenda=next((_agenda(a, texts) for a in (*artifacts, *outside) if isinstance(a, Agenda)), None),
        listings=(*undo, *(listing for a in artifacts if (listing := _listing(a, asked, texts)) is not None)),
        problems=tuple(_problem(line, texts) for line in _problems((*artifacts, *outside))),
    )


def _delivered(snapshot: ExecutionSnapshot) -> list[Artifact]:
    """Artifacts of steps nobody succeeded in building upon, and every summary, meeting and agenda; in plan order."""
    steps = snapshot.plan.steps if snapshot.plan else ()
    used = {d for step in steps if step.id in snapshot.artifacts for d in step.depends_on}
    found: list[Artifact] = []
    for step in steps:
        artifact = artifact_of(snapshot, step.id)
        if artifact is not None and (step.id not in used or isinstance(artifact, Summary | Meeting | Agenda)):
            found.append(artifact)
    return found


def _sources(summaries: Iterable[Summary], texts: Texts) -> Iterable[SourceLine]:
    found: dict[tuple[str, int | None], Source] = {}
    for summary in summaries:
        for source in (*(e.source for e in summary.extracts), *summary.sources):
            found.setdefault((source.path, source.line), source)
    places = {path for path, line in found if line is not None}
    kept = [s for (path, line), s in found.items() if line is not None or path not in places]
    for number, source in enumerate(kept, 1):
        yield SourceLine(
            number=number,
            title=shorten(source.title or source.path, 160),
            path=source.path,
            line=source.line,
            place=texts.say("result.line", n=source.line) if source.line else "",
            quote=shorten(source.quote, 300),
        )


def _points(summaries: Iterable[Summary], sources: Iterable[SourceLine]) -> Iterable[Point]:
    numbers = {(s.path, s.line): s.number for s in sources}
    for summary in summaries:
        if _covered(summary):
            for extract in summary.extracts:
                yield Point(text=extract.text, source=numbers.get((extract.source.path, extract.source.line), 0))


def _renumbered(summary: Summary, numbers: Mapping[tuple[str, int | None], int]) -> str:
    """Its text with each ``[n]`` of its own turned into the number the card shows for that source."""
    first = {path: number for (path, _), number in sorted(numbers.items(), key=lambda pair: -pair[1])}

    def shown(mark: re.Match[str]) -> str:
        own = int(mark[1])
        if not 1 <= own <= len(summary.sources):
            return mark[0]
        source = summary.sources[own - 1]
        return f"[{numbers.get((source.path, source.line), first.get(source.path, own))}]"

    return _MARK.sub(shown, summary.text)


def _covered(summary: Summary) -> bool:
    """The text is nothing but its extracts, so that the points say it better."""
    return bool(summary.extracts) and all(extract.text in summary.text for extract in summary.extracts)


def _meeting(meeting: Meeting, texts: Texts) -> MeetingBlock:
    return MeetingBlock(
        heading=texts.say("result.meeting_cancelled" if meeting.cancelled else "result.meeting"),
        cancelled=meeting.cancelled,
        id=meeting.id,
        title=meeting.title,
        when=texts.period(meeting.starts, meeting.ends),
        starts=meeting.starts.isoformat(),
        ends=meeting.ends.isoformat(),
        link=meeting.link,
        attendees=meeting.attendees,
        invitation=texts.say("result.invitation", path=meeting.invitation) if meeting.invitation else "",
    )


def _agenda(agenda: Agenda, texts: Texts) -> AgendaBlock:
    return AgendaBlock(
        heading=texts.say("result.agenda"),
        title=agenda.title,
        text=agenda.text,
        saved=texts.say("result.saved", path=agenda.path) if agenda.path else "",
        path=agenda.path,
    )


def _listing(artifact: Artifact, asked: str, texts: Texts) -> Listing | None:
    match artifact:
        case Documents():
            rows = tuple(
                Row(
                    title=shorten(d.title or d.path, 160),
                    detail=texts.say("result.changed", when=texts.short_day(d.modified)),
                    path=d.path,
                    text=shorten(d.snippet, 300),
                )
                for d in artifact.items[:MAX_LISTED]
            )
            rows += _and_more(len(artifact.items), texts)
            return _list("documents", rows, _no_documents(artifact.query, asked, texts), texts)
        case Contacts():
            people = tuple(_contact(Person(contact=c)) for c in artifact.items[:MAX_LISTED])
            people += _and_more(len(artifact.items), texts)
            return _list(
                "contacts", people, texts.say("result.no_contacts", query=shorten(artifact.query, MAX_QUERY)), texts
            )
        case Person():
            return _list("contacts", (_contact(artifact),), "", texts)
        case Appointments():
            return _appointments(artifact, texts)
        case _:
            return None


def _no_documents(query: str, asked: str, texts: Texts) -> str:
    """Names the terms the person wrote: a planner adds some of its own, such as translations, which they never said."""
    terms: dict[str, str] = {}
    for term in query.split():
        if _wrote(term, asked):
            terms.setdefault(term.casefold(), term)
    own = shorten(" ".join(terms.values()), MAX_QUERY)
    return texts.say("result.no_documents", query=own) if own else texts.say("result.no_documents_at_all")


def _wrote(term: str, asked: str) -> bool:
    """It begins a word of what was asked; in Hebrew, behind the letters that are written together with a word."""
    return re.search(rf"(?<!\w)[ובהכלמש]{{0,4}}{re.escape(term)}", asked, re.IGNORECASE) is not None


def _and_more(found: int, texts: Texts) -> tuple[Row, ...]:
    """A last row that says how many are not shown."""
    left = found - MAX_LISTED
    return (Row(title=texts.say("result.and_more", n=left)),) if left > 0 else ()


def _undone(snapshot: ExecutionSnapshot, texts: Texts) -> Iterable[Listing]:
    for kind, found in zip(("undone", "staying"), taken_back(snapshot, texts), strict=True):
        if found:
            yield _list(kind, tuple(_taken_back(one) for one in found[:MAX_LISTED]), "", texts)


def _taken_back(one: TakenBack) -> Row:
    return Row(title=one.title, detail=one.detail, path=one.path, text=one.text)


def _list(kind: str, rows: tuple[Row, ...], empty: str, texts: Texts) -> Listing:
    return Listing(kind=kind, heading=texts.say(f"result.{kind}"), rows=rows, empty="" if rows else empty)


def _contact(person: Person) -> Row:
    contact = person.contact
    work = ", ".join(part for part in (contact.title, contact.organisation) if part)
    reach = " · ".join(part for part in (contact.email, contact.phone) if part)
    return Row(title=contact.name, detail=work, path=reach)


def _appointments(found: Appointments, texts: Texts) -> Listing:
    rows = tuple(
        Row(
            title=entry.title,
            detail=_when(entry.starts, entry.ends, texts, all_day=entry.all_day),
            text=entry.location,
        )
        for entry in found.items[:MAX_LISTED]
    )
    rows += _and_more(len(found.items), texts)
    empty = texts.say("result.no_appointments", start=texts.moment(found.starts), end=texts.moment(found.ends))
    return _list("appointments", rows, empty, texts)


def _when(starts: datetime, ends: datetime, texts: Texts, *, all_day: bool) -> str:
    if not all_day:
        return texts.period(starts, ends)
    return texts.say("time.moment", date=texts.day(starts), time=texts.say("time.all_day"))


def _problems(artifacts: Iterable[Artifact]) -> Iterable[str]:
    seen: dict[str, None] = {}
    for artifact in artifacts:
        if isinstance(artifact, Documents | Summary | Appointments | Agenda):
            seen.update(dict.fromkeys(artifact.problems))
    return list(seen)[:MAX_LISTED]


def _problem(line: str, texts: Texts) -> str:
    known = read_problem(line)
    if known is None:
        return texts.say("result.unread", what=shorten(line, 300))
    shortfall, count = known
    return texts.say(f"shortfall.{shortfall.value}", n=count)
