"""Searches documents, finds people, lists appointments for an assisting model. Nothing here changes or sends anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never
from zoneinfo import ZoneInfo

from engine.agents.evidence import Evidence
from engine.agents.lookup_tools import AppointmentsInput, InvalidInputError, Lookup, PeopleInput, SearchInput
from engine.agents.period import checked, day_end, day_start, zone_of
from engine.agents.quoting import one_line
from engine.agents.wording import wording
from engine.domain.artifact import CalendarEntry, Contact, Contacts, Document, Documents, Source
from engine.errors import RequestError
from engine.ports.agents import StepContext
from engine.ports.calendar import Calendar
from engine.ports.contacts import ContactBook
from engine.ports.documents import DocumentQuery, DocumentStore

_MAX_APPOINTMENTS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What somebody who read says, and what it rests on."""

    text: str
    rests_on: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one look-up gave."""

    evidence: tuple[Evidence, ...] = ()
    said: tuple[Said, ...] = ()
    problems: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    """Paths of the documents that were read for it."""


class Lookups:
    """Searches, finds and lists over one person's office."""

    def __init__(self, documents: DocumentStore, contacts: ContactBook, calendar: Calendar) -> None:
        self._documents = documents
        self._contacts = contacts
        self._calendar = calendar

    async def run(self, wanted: Lookup, context: StepContext) -> Found:
        """Do one look-up; nothing found is a result.

        Raises:
            InvalidInputError: a period is reversed, too long or out of range, or no term is left.
            UnavailableError: may work later.
        """
        try:
            match wanted:
                case SearchInput():
                    return await self._search(wanted, context)
                case PeopleInput():
                    return await self._find(wanted, context)
                case AppointmentsInput():
                    return await self._list(wanted, context)
                case _:
                    assert_never(wanted)
        except RequestError as error:
            raise InvalidInputError(error.detail) from error

    async def _search(self, wanted: SearchInput, context: StepContext) -> Found:
        terms = tuple(dict.fromkeys(term for term in (one_line(t, 100) for t in wanted.terms) if term))
        if not terms:
            raise InvalidInputError("terms: there is no word to search for.")
        checked(wanted.since, wanted.until)
        await context.progress(wording(context.request.locale).searching.format(what=one_line(", ".join(terms), 200)))
        found = await self._documents.search(DocumentQuery(terms=terms, since=wanted.since, until=wanted.until))
        return Found(evidence=documents_evidence(found), problems=found.problems)

    async def _find(self, wanted: PeopleInput, context: StepContext) -> Found:
        name = one_line(wanted.name, 200)
        if not name:
            raise InvalidInputError("name: there is no name to look for.")
        words = wording(context.request.locale)
        await context.progress(words.searching.format(what=name))
        found = people_evidence(await self._contacts.find(name))
        return Found(evidence=found or (Evidence(text=words.nobody.format(name=name)),))

    async def _list(self, wanted: AppointmentsInput, context: StepContext) -> Found:
        checked(wanted.since, wanted.until)
        zone = zone_of(context.request.timezone)
        period = f"{wanted.since.isoformat()} – {wanted.until.isoformat()}"
        words = wording(context.request.locale)
        await context.progress(words.searching.format(what=period))
        found = await self._calendar.between(day_start(wanted.since, zone), day_end(wanted.until, zone))
        entries = tuple(_appointment(entry, zone) for entry in found.items[:_MAX_APPOINTMENTS])
        # That a day is free is an answer too, and needs something to rest on.
        counted = Evidence(text=words.in_calendar.format(what=period, count=len(found.items)))
        return Found(evidence=(counted, *entries), problems=found.problems)


def documents_evidence(found: Documents) -> tuple[Evidence, ...]:
    """Each document by title and snippet."""
    return tuple(_document(document) for document in found.items)


def people_evidence(found: Contacts) -> tuple[Evidence, ...]:
    """Each card on one line."""
    return tuple(_person(contact) for contact in found.items)


def _document(document: Document) -> Evidence:
    title = one_line(document.title or document.path, 160)
    snippet = one_line(document.snippet, 300)
    source = Source(path=document.path, line=document.line, title=title, quote=snippet)
    return Evidence(text=": ".join(part for part in (title, snippet) if part), source=source)


def _person(contact: Contact) -> Evidence:
    facts = (contact.name, contact.title, contact.organisation, contact.email, contact.phone, *contact.aliases[:5])
    return Evidence(text=one_line(", ".join(fact for fact in facts if fact), 320))


def _appointment(entry: CalendarEntry, zone: ZoneInfo) -> Evidence:
    starts, ends = entry.starts.astimezone(zone), entry.ends.astimezone(zone)
    when = f"{starts:%a %Y-%m-%d}" if entry.all_day else f"{starts:%a %Y-%m-%d %H:%M}–{ends:%H:%M}"
    return Evidence(text=one_line(", ".join(part for part in (when, entry.title, entry.location) if part), 320))
