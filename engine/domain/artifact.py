"""Outputs of steps: typed, self-describing, with the sources they rest on.

An artifact is stored as JSON with its ``kind``; :func:`dump` and :func:`load` are the one mapper.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from engine.domain.json import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where something was read."""

    path: str
    """Relative to the workspace's ``docs/``, with forward slashes."""
    line: int | None = None
    """1-based line of the extracted text."""
    title: str = ""
    quote: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document found by a search."""

    path: str
    title: str
    modified: datetime
    snippet: str = ""
    line: int | None = None
    score: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """Documents found, best first."""

    kind: Literal["documents"] = "documents"
    query: str
    items: tuple[Document, ...] = ()
    searched: int = 0
    """How many documents were looked at."""
    problems: tuple[str, ...] = ()
    """Files that could not be read, each with the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One person of the address book. ``id`` is opaque and stable while the card's UID is."""

    id: str
    name: str
    email: str = ""
    phone: str = ""
    organisation: str = ""
    title: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contacts:
    """Candidates for one or more wanted names, best first. More than one for a name opens a choice where one is needed."""

    kind: Literal["contacts"] = "contacts"
    query: str
    items: tuple[Contact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """The one contact a person (or the only match) settled on: a typed pick."""

    kind: Literal["person"] = "person"
    contact: Contact


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """A sentence or bullet quoted from a document."""

    text: str
    source: Source
    score: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What was read, as ranked extracts (without a model) or prose (with one), with every source."""

    kind: Literal["summary"] = "summary"
    topic: str
    text: str
    extracts: tuple[Extract, ...] = ()
    sources: tuple[Source, ...] = ()
    read: int = 0
    """How many documents were read."""
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEntry:
    """One occurrence in the calendar. Both ends are aware; the end is exclusive."""

    title: str
    starts: datetime
    ends: datetime
    location: str = ""
    all_day: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointments:
    """What stands in the calendar between two instants, in order of start."""

    kind: Literal["appointments"] = "appointments"
    starts: datetime
    ends: datetime
    items: tuple[CalendarEntry, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """A meeting that was put into the calendar, changed or cancelled."""

    kind: Literal["meeting"] = "meeting"
    id: str
    """The event's UID."""
    title: str
    starts: datetime
    ends: datetime
    link: str = ""
    """Relative to the workspace: ``calendar.ics#<uid>``."""
    attendees: tuple[str, ...] = ()
    """``Name <address>`` of each invited person."""
    invitation: str = ""
    """Relative to the workspace: the ``.eml`` written to the outbox, or empty."""
    cancelled: bool = False
    """It was called off; what else is said here is how it stood last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """An agenda. ``path`` is empty while it has not been saved."""

    kind: Literal["agenda"] = "agenda"
    title: str
    text: str
    """Markdown."""
    path: str = ""
    """Relative to the workspace's ``docs/``."""
    sources: tuple[Source, ...] = ()
    problems: tuple[str, ...] = ()
    """Where less came of it than was wanted: a code, a colon, a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """Something that an earlier execution did, taken back."""

    kind: Literal["undone"] = "undone"
    what: Literal["meeting_removed", "meeting_restored", "agenda_removed", "agenda_gone"]
    """``agenda_gone``: it was not there any more."""
    title: str
    starts: datetime | None = None
    ends: datetime | None = None
    """Of a meeting: when it would have been, or when it is again."""
    told: tuple[str, ...] = ()
    """``Name <address>`` of everybody whom a letter tells."""
    letters: tuple[str, ...] = ()
    """Relative to the workspace: those letters."""
    path: str = ""
    """Of an agenda: where it was, relative to the workspace's ``docs/``."""


Artifact = Annotated[
    Documents | Contacts | Person | Summary | Appointments | Meeting | Agenda | Undone,
    Field(discriminator="kind"),
]
"""Everything a step can give back."""

_ADAPTER: TypeAdapter[Artifact] = TypeAdapter(Artifact)


def dump(artifact: Artifact) -> JsonObject:
    """The artifact as JSON, ``kind`` included."""
    value: JsonObject = _ADAPTER.dump_python(artifact, mode="json")
    return value


def load(value: JsonObject) -> Artifact:
    """Read back what :func:`dump` wrote.

    Raises:
        pydantic.ValidationError: the JSON is of no known kind or shape.
    """
    return _ADAPTER.validate_python(value)
