"""A small office in memory: every port the first agents use, implemented in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from pydantic import ValidationError

from engine.domain.artifact import (
    Appointments,
    Artifact,
    CalendarEntry,
    Contact,
    Contacts,
    Document,
    Documents,
    Meeting,
)
from engine.domain.ids import DEFAULT_TENANT, ExecutionId, PrincipalId, StepId, opaque
from engine.domain.json import JsonObject
from engine.domain.message import AgentMessage
from engine.domain.request import Request
from engine.domain.tenant import PersonalTime
from engine.errors import NotAllowedError, RefusedError, RequestError, UnavailableError
from engine.ports.agents import Agent
from engine.ports.calendar import Invitation
from engine.ports.documents import DocumentQuery, DocumentText
from engine.ports.tools import Tool, ToolCall

NOW = datetime(2026, 1, 14, 8, 0, tzinfo=UTC)
"""A Wednesday, 10:00 in Jerusalem."""


@dataclass(slots=True)
class FakeClock:
    """Stands still until told otherwise."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    async def sleep(self, duration: timedelta) -> None:
        self.at += duration


@dataclass(slots=True)
class MemoryDocuments:
    """Texts by path; ``broken`` cannot be read, ``down`` fails once for now."""

    texts: dict[str, str] = field(default_factory=dict[str, str])
    broken: frozenset[str] = frozenset()
    down: set[str] = field(default_factory=set[str])
    reads: list[str] = field(default_factory=list[str])
    queries: list[DocumentQuery] = field(default_factory=list[DocumentQuery])
    agendas: dict[str, str] = field(default_factory=dict[str, str])

    async def search(self, query: DocumentQuery) -> Documents:
        self.queries.append(query)
        hits = {path: sum(text.count(term) for term in query.terms) for path, text in self.texts.items()}
        best = sorted((path for path, count in hits.items() if count), key=lambda path: (-hits[path], path))
        items = tuple(Document(path=path, title=path, modified=NOW) for path in best[: query.limit])
        return Documents(query=" ".join(query.terms), items=items, searched=len(self.texts))

    async def read(self, path: str) -> DocumentText:
        self.reads.append(path)
        if path in self.down:
            self.down.discard(path)
            raise UnavailableError("documents_unavailable", f"{path} is on a disk that does not answer; try later.")
        if path in self.broken:
            raise RefusedError("document_unreadable", f"{path} is encrypted.")
        if path not in self.texts:
            raise RefusedError("document_missing", f"{path} is gone.")
        return DocumentText(path=path, title=path.rpartition("/")[2], lines=tuple(self.texts[path].splitlines()))

    async def save_agenda(self, *, key: str, title: str, text: str) -> str:
        del title
        path = f"agendas/{opaque(key)}.md"
        self.agendas[path] = text
        return path

    def found(self, *paths: str, query: str = "") -> Documents:
        """A search result naming these paths, or all."""
        items = tuple(Document(path=path, title=path, modified=NOW) for path in paths or tuple(self.texts))
        return Documents(query=query, items=items, searched=len(items))


@dataclass(slots=True)
class MemoryContacts:
    """Finds by a part of the name or an alias."""

    people: tuple[Contact, ...] = ()

    async def find(self, name: str) -> Contacts:
        hits = (c for c in self.people if any(name.casefold() in n.casefold() for n in (c.name, *c.aliases)))
        return Contacts(query=name, items=tuple(hits))


@dataclass(slots=True)
class MemoryCalendar:
    """Appointments in a list; meetings by key."""

    entries: list[CalendarEntry] = field(default_factory=list[CalendarEntry])
    meetings: dict[str, CalendarEntry] = field(default_factory=dict[str, CalendarEntry])
    invitations: list[Invitation] = field(default_factory=list[Invitation])

    async def between(self, starts: datetime, ends: datetime) -> Appointments:
        everything = sorted([*self.entries, *self.meetings.values()], key=lambda entry: entry.starts)
        items = tuple(entry for entry in everything if entry.starts < ends and starts < entry.ends)
        return Appointments(starts=starts, ends=ends, items=items)

    async def schedule(self, invitation: Invitation, *, key: str) -> Meeting:
        uid = opaque(key)
        self.invitations.append(invitation)
        self.meetings[key] = CalendarEntry(title=invitation.title, starts=invitation.starts, ends=invitation.ends)
        attendees = tuple(f"{name} <{email}>" for name, email in invitation.attendees if email)
        return Meeting(
            id=uid,
            title=invitation.title,
            starts=invitation.starts,
            ends=invitation.ends,
            link=f"calendar.ics#{uid}",
            attendees=attendees,
            invitation=f"outbox/{uid}.eml" if attendees else "",
        )

    async def remove(self, key: str) -> bool:
        return self.meetings.pop(key, None) is not None

    def block(self, starts: datetime, minutes: int, *, title: str = "Busy", all_day: bool = False) -> None:
        """Put an appointment in the way."""
        ends = starts + timedelta(minutes=minutes)
        self.entries.append(CalendarEntry(title=title, starts=starts, ends=ends, all_day=all_day))


class Killed(BaseException):
    """The process died here."""


@dataclass(slots=True)
class Desk:
    """The context of one attempt; ``again()`` is the next attempt of the same step."""

    agent: Agent
    tools: Mapping[str, Tool] = field(default_factory=dict[str, Tool])
    locale: str = "en"
    timezone: str = "Asia/Jerusalem"
    personal: PersonalTime = field(default_factory=PersonalTime)
    now: datetime = NOW
    saved: JsonObject | None = None
    inbox: Sequence[str] = ()
    die_at: int = 0
    """Dies at this progress line, from 1."""
    lines: list[str] = field(default_factory=list[str])
    sent: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    calls: list[tuple[str, JsonObject]] = field(default_factory=list[tuple[str, JsonObject]])
    saves: list[JsonObject] = field(default_factory=list[JsonObject])

    @property
    def request(self) -> Request:
        return Request(text="…", user_id=PrincipalId("u"), locale=self.locale, timezone=self.timezone)

    async def checkpoint(self, state: JsonObject) -> None:
        self.saved = state
        self.saves.append(state)

    async def progress(self, message: str) -> None:
        self.lines.append(message)
        if len(self.lines) == self.die_at:
            raise Killed

    async def call(self, tool: str, arguments: JsonObject) -> Artifact:
        if tool not in self.agent.spec.tools:
            raise NotAllowedError("tool_closed", tool)
        chosen = self.tools[tool]
        try:
            valid: JsonObject = chosen.spec.inputs.model_validate(arguments).model_dump(mode="json")
        except ValidationError as error:
            raise RequestError("arguments_invalid", str(error)) from error
        self.calls.append((tool, valid))
        return await chosen.run(tool_call(len(self.calls)), valid)

    async def send(self, recipient: str, text: str) -> None:
        if (recipient, text) not in self.sent:
            self.sent.append((recipient, text))

    async def messages(self) -> tuple[AgentMessage, ...]:
        return tuple(
            AgentMessage(
                execution_id=ExecutionId("x"), sender=StepId("s3"), recipient=self.agent.spec.name, text=text, at=NOW
            )
            for text in self.inbox
        )

    def again(self) -> Desk:
        """The next attempt: what was saved stays, effect numbers begin anew."""
        return Desk(
            agent=self.agent,
            tools=self.tools,
            locale=self.locale,
            timezone=self.timezone,
            personal=self.personal,
            now=self.now,
            saved=self.saved,
            inbox=self.inbox,
        )


def tool_call(number: int = 1) -> ToolCall:
    """A call of step ``s4``."""
    return ToolCall(tenant_id=DEFAULT_TENANT, execution_id=ExecutionId("x"), step_id=StepId("s4"), number=number)


def contact(name: str, email: str = "") -> Contact:
    """A card."""
    return Contact(id=opaque(name), name=name, email=email)


def local(day: date, hour: int, minute: int = 0) -> datetime:
    """A winter time in Jerusalem, as UTC."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC) - timedelta(hours=2)
