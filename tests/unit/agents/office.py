"""A small office in memory: every port the first agents use, implemented in full."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
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
    Undone,
)
from engine.domain.ids import DEFAULT_TENANT, ExecutionId, PrincipalId, StepId, opaque
from engine.domain.json import JsonObject
from engine.domain.message import AgentMessage
from engine.domain.request import Request
from engine.domain.spend import Usage
from engine.domain.tenant import PersonalTime
from engine.errors import NotAllowedError, RefusedError, RequestError, UnavailableError
from engine.ports.agents import Agent
from engine.ports.calendar import Invitation, MeetingChange, StandingMeeting
from engine.ports.documents import DocumentQuery, DocumentText
from engine.ports.language_model import (
    Message,
    ModelAnswer,
    ModelRequest,
    StopReason,
    Text,
    ToolResult,
    ToolUse,
)
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

    async def remove_agenda(self, *, key: str, digest: str) -> bool:
        path = f"agendas/{opaque(key)}.md"
        text = self.agendas.get(path)
        if text is not None and hashlib.sha256(text.encode()).hexdigest() != digest:
            raise RefusedError("undo_changed", f"{path} was changed since.")
        return self.agendas.pop(path, None) is not None

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
    """Appointments in a list; meetings by key, and as they stand by UID; changes by key, each made once."""

    entries: list[CalendarEntry] = field(default_factory=list[CalendarEntry])
    meetings: dict[str, CalendarEntry] = field(default_factory=dict[str, CalendarEntry])
    invitations: list[Invitation] = field(default_factory=list[Invitation])
    standing: dict[str, StandingMeeting] = field(default_factory=dict[str, StandingMeeting])
    changes: dict[str, MeetingChange] = field(default_factory=dict[str, MeetingChange])

    async def between(self, starts: datetime, ends: datetime, *, without: str = "") -> Appointments:
        made = [entry for key, entry in self.meetings.items() if without not in (key, opaque(key))]
        everything = sorted([*self.entries, *made], key=lambda entry: entry.starts)
        items = tuple(entry for entry in everything if entry.starts < ends and starts < entry.ends)
        return Appointments(starts=starts, ends=ends, items=items)

    async def schedule(self, invitation: Invitation, *, key: str) -> Meeting:
        uid = opaque(key)
        self.invitations.append(invitation)
        self.meetings[key] = CalendarEntry(title=invitation.title, starts=invitation.starts, ends=invitation.ends)
        self.standing[uid] = StandingMeeting(
            meeting_id=uid,
            title=invitation.title,
            starts=invitation.starts,
            ends=invitation.ends,
            attendees=invitation.attendees,
            description=invitation.description,
        )
        return _meeting(self.standing[uid], key)

    async def find(self, meeting_id: str) -> StandingMeeting | None:
        return self.standing.get(meeting_id)

    async def change(self, change: MeetingChange, *, key: str) -> Meeting:
        wanted = StandingMeeting(
            meeting_id=change.meeting_id,
            title=change.title,
            starts=change.starts,
            ends=change.ends,
            attendees=change.attendees,
            description=change.description,
            cancelled=change.cancelled,
        )
        if key not in self.changes:
            if change.meeting_id not in self.standing:
                raise RefusedError("meeting_missing", f"{change.meeting_id} is gone.")
            self.changes[key] = change
            self.stand(wanted)
        return _meeting(wanted, key)

    def stand(self, meeting: StandingMeeting) -> None:
        """Put a meeting in as somebody wrote it elsewhere, in the place of what had its UID."""
        self.standing[meeting.meeting_id] = meeting
        name = next((key for key in self.meetings if opaque(key) == meeting.meeting_id), meeting.meeting_id)
        self.meetings[name] = CalendarEntry(title=meeting.title, starts=meeting.starts, ends=meeting.ends)
        if meeting.cancelled:
            del self.meetings[name]

    async def take_back(self, done: Sequence[str], *, key: str) -> Undone:
        """Meetings that were made only; what a change replaced is not remembered here."""
        del key
        first = done[0]
        stands = self.standing.pop(opaque(first), None)
        if stands is None:
            raise RefusedError("undo_gone", f"{first} is gone.")
        self.meetings.pop(first, None)
        told = tuple(f"{name} <{email}>" for name, email in stands.attendees if email)
        return Undone(what="meeting_removed", title=stands.title, starts=stands.starts, ends=stands.ends, told=told)

    def block(self, starts: datetime, minutes: int, *, title: str = "Busy", all_day: bool = False) -> None:
        """Put an appointment in the way."""
        ends = starts + timedelta(minutes=minutes)
        self.entries.append(CalendarEntry(title=title, starts=starts, ends=ends, all_day=all_day))


def _meeting(stands: StandingMeeting, key: str) -> Meeting:
    attendees = tuple(f"{name} <{email}>" for name, email in stands.attendees if email)
    return Meeting(
        id=stands.meeting_id,
        title=stands.title,
        starts=stands.starts,
        ends=stands.ends,
        link=f"calendar.ics#{stands.meeting_id}",
        attendees=attendees,
        invitation=f"outbox/{opaque(key)}.eml" if attendees else "",
        cancelled=stands.cancelled,
    )


class Killed(BaseException):
    """The process died here."""


Reply = ModelAnswer | BaseException | Callable[[ModelRequest], ModelAnswer]
"""What a scripted model does at one call: answer, break, or answer to what it was asked."""


@dataclass(slots=True)
class ScriptedModel:
    """Gives its replies in order and remembers what it was asked; refuses what the real service refuses."""

    replies: list[Reply]
    asked: list[ModelRequest] = field(default_factory=list[ModelRequest])

    def ask(self, request: ModelRequest) -> ModelAnswer:
        """The next reply; running out of them is a fault of the product: it asked once too often."""
        refuse_malformed(request)
        self.asked.append(request)
        assert self.replies, "the model was asked once more than expected"
        reply = self.replies.pop(0)
        if isinstance(reply, BaseException):
            raise reply
        return reply if isinstance(reply, ModelAnswer) else reply(request)

    def blocks(self, number: int = 0) -> str:
        """All words of the first message of one call."""
        return "\n".join(part.text for part in self.asked[number].messages[0].parts if isinstance(part, Text))

    def passages(self, number: int = 0, tag: str = "passages") -> list[dict[str, object]]:
        """The rows of one block of one call."""
        inside = self.blocks(number).partition(f"<{tag}>\n")[2].partition(f"\n</{tag}>")[0]
        return [json.loads(line) for line in inside.splitlines()]


def refuse_malformed(request: ModelRequest) -> None:
    """Roles alternate, no message is empty, every tool use is answered at once, and a bound answer offers no tools."""
    assert not (request.answer and request.tools)
    assert [m.role for m in request.messages] == [("user", "assistant")[n % 2] for n in range(len(request.messages))]
    assert request.messages[-1].role == "user"
    wanted: list[str] = []
    for message in request.messages:
        assert message.parts
        given = [part.tool_use_id for part in message.parts if isinstance(part, ToolResult)]
        if message.role == "user":
            assert given == wanted
        wanted = [part.id for part in message.parts if isinstance(part, ToolUse)]


def shaped(value: JsonObject) -> ModelAnswer:
    """An answer that is an object."""
    return _answer(Text(text=json.dumps(value)), shaped=value)


def said(*statements: tuple[str, str, list[int]]) -> ModelAnswer:
    """Statements of (kind, text, numbers of passages)."""
    listed = [{"kind": kind, "text": text, "sources": sources} for kind, text, sources in statements]
    return shaped({"statements": listed})


def prose(text: str) -> ModelAnswer:
    """Words where an object was wanted, or the end of a search."""
    return _answer(Text(text=text))


def refused(value: JsonObject | None = None) -> ModelAnswer:
    """A refusal, with what was said before it."""
    return _answer(Text(text="I cannot"), stop=StopReason.REFUSED, shaped=value)


def cut(value: JsonObject | None = None) -> ModelAnswer:
    """An answer that reached the limit."""
    return _answer(Text(text="The tea"), stop=StopReason.MAX_TOKENS, shaped=value)


def uses(*wanted: tuple[str, JsonObject]) -> ModelAnswer:
    """A turn that wants look-ups."""
    parts = [ToolUse(id=f"use_{n}", name=name, input=value) for n, (name, value) in enumerate(wanted, start=1)]
    return _answer(*parts, stop=StopReason.TOOL_USE)


def results(message: Message) -> list[ToolResult]:
    """What the model was told."""
    return [part for part in message.parts if isinstance(part, ToolResult)]


def _answer(
    *parts: Text | ToolUse, stop: StopReason = StopReason.FINISHED, shaped: JsonObject | None = None
) -> ModelAnswer:
    return ModelAnswer(model="scripted", parts=parts, stop=stop, usage=Usage(), shaped=shaped)


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
    die_after_save: int = 0
    """Dies right after this checkpoint, from 1."""
    model: ScriptedModel | None = None
    lines: list[str] = field(default_factory=list[str])
    sent: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    calls: list[tuple[str, JsonObject]] = field(default_factory=list[tuple[str, JsonObject]])
    saves: list[JsonObject] = field(default_factory=list[JsonObject])

    @property
    def request(self) -> Request:
        return Request(text="…", user_id=PrincipalId("u"), locale=self.locale, timezone=self.timezone)

    async def checkpoint(self, state: JsonObject) -> None:
        # As a store keeps it: JSON and nothing else.
        self.saved = json.loads(json.dumps(state, allow_nan=False))
        self.saves.append(state)
        if len(self.saves) == self.die_after_save:
            raise Killed

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

    @property
    def has_model(self) -> bool:
        return self.model is not None

    async def ask(self, request: ModelRequest) -> ModelAnswer:
        if self.model is None:
            raise RefusedError("model_absent", "There is no model.")
        return self.model.ask(request)

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
            model=self.model,
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
