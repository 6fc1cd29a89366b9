"""The office's writing tools. All are keyed: repeating a call with its key leaves one meeting, one change, one agenda."""

from __future__ import annotations

from datetime import UTC

from engine.agents.meeting_arguments import SaveAgendaArguments, ScheduleMeetingArguments, read_arguments
from engine.agents.meeting_change import has_passed
from engine.agents.meeting_change_arguments import ChangeMeetingArguments, instead_of
from engine.agents.period import zone_of
from engine.agents.slots import is_free
from engine.agents.undo_tools import REMOVE_AGENDA, TAKE_BACK_MEETING
from engine.domain.agent import ToolSpec
from engine.domain.artifact import Agenda, Meeting
from engine.domain.effect import Effect
from engine.domain.json import JsonObject
from engine.ports.calendar import Calendar, Invitation
from engine.ports.clock import Clock
from engine.ports.documents import DocumentStore
from engine.ports.tools import ToolCall

SCHEDULE_MEETING = "schedule_meeting"
CHANGE_MEETING = "change_meeting"
SAVE_AGENDA = "save_agenda"

_SCHEDULE_SPEC = ToolSpec(
    name=SCHEDULE_MEETING,
    version="1",
    inputs=ScheduleMeetingArguments,
    effect=Effect.KEYED,
    gated=True,
    locks=frozenset({"calendar"}),
    undone_by=TAKE_BACK_MEETING,
)
_CHANGE_SPEC = ToolSpec(
    name=CHANGE_MEETING,
    version="1",
    inputs=ChangeMeetingArguments,
    effect=Effect.KEYED,
    gated=True,
    locks=frozenset({"calendar"}),
    undone_by=TAKE_BACK_MEETING,
)
_SAVE_SPEC = ToolSpec(
    name=SAVE_AGENDA,
    version="1",
    inputs=SaveAgendaArguments,
    effect=Effect.KEYED,
    gated=False,
    held=True,
    undone_by=REMOVE_AGENDA,
)


class ScheduleMeeting:
    """Writes a meeting and its invitation, both under the call's key."""

    def __init__(self, calendar: Calendar, clock: Clock) -> None:
        self._calendar = calendar
        self._clock = clock

    @property
    def spec(self) -> ToolSpec:
        """Keyed, gated, holds the calendar."""
        return _SCHEDULE_SPEC

    async def check(self, arguments: JsonObject) -> str | None:
        """``slot_past`` when it has begun, ``slot_taken`` when an appointment overlaps; all-day entries do not.

        Appointments carry no UID, so a meeting this very call wrote before a crash would count as taken. It is never
        asked about: callers check only while the call has no intent row, and without one nothing has been written.
        """
        wanted = read_arguments(ScheduleMeetingArguments, arguments)
        if wanted.starts <= self._clock.now():
            return "slot_past"
        found = await self._calendar.between(wanted.starts.astimezone(UTC), wanted.ends.astimezone(UTC))
        busy = [(entry.starts, entry.ends) for entry in found.items if not entry.all_day]
        return None if is_free(wanted.starts, wanted.duration, busy) else "slot_taken"

    async def run(self, call: ToolCall, arguments: JsonObject) -> Meeting:
        """Put it into the calendar; see :meth:`engine.ports.calendar.Calendar.schedule` for errors."""
        wanted = read_arguments(ScheduleMeetingArguments, arguments)
        invitation = Invitation(
            title=wanted.title,
            starts=wanted.starts,
            ends=wanted.ends,
            attendees=tuple((attendee.name, attendee.email) for attendee in wanted.attendees),
            description=wanted.description,
        )
        return await self._calendar.schedule(invitation, key=call.key)

    async def find(self, call: ToolCall) -> Meeting | None:  # noqa: ARG002 - keyed tools are repeated, not looked up
        """None: see the port."""
        return None

    def assumed(self, call: ToolCall, arguments: JsonObject) -> Meeting | None:  # noqa: ARG002 - as above
        """None: see the port."""
        return None


class ChangeMeeting:
    """Makes a meeting what its arguments say and tells its people, under the call's key."""

    def __init__(self, calendar: Calendar, clock: Clock) -> None:
        self._calendar = calendar
        self._clock = clock

    @property
    def spec(self) -> ToolSpec:
        """Keyed, gated, holds the calendar."""
        return _CHANGE_SPEC

    async def check(self, arguments: JsonObject) -> str | None:
        """Whether the meeting is still there and still what was shown, and its time still good.

        Called only before anything was written under the call's key, as :meth:`ScheduleMeeting.check`.

        Returns:
            ``meeting_missing``; ``meeting_changed`` where it is not what ``instead_of`` says; ``slot_past``;
            ``slot_taken`` where another appointment overlaps its new time. Time that stays is not looked at again.
        """
        wanted = read_arguments(ChangeMeetingArguments, arguments)
        stands = await self._calendar.find(wanted.meeting_id)
        if stands is None:
            return "meeting_missing"
        if wanted.instead_of and wanted.instead_of != instead_of(stands, zone_of(wanted.timezone)):
            return "meeting_changed"
        if has_passed(wanted, stands, self._clock.now()):
            return "slot_past"
        starts, ends = wanted.starts.astimezone(UTC), wanted.ends.astimezone(UTC)
        if wanted.cancel or (starts, ends) == (stands.starts.astimezone(UTC), stands.ends.astimezone(UTC)):
            return None
        found = await self._calendar.between(starts, ends, without=wanted.meeting_id)
        busy = [(entry.starts, entry.ends) for entry in found.items if not entry.all_day]
        return None if is_free(wanted.starts, wanted.duration, busy) else "slot_taken"

    async def run(self, call: ToolCall, arguments: JsonObject) -> Meeting:
        """Write it; see :meth:`engine.ports.calendar.Calendar.change` for errors."""
        wanted = read_arguments(ChangeMeetingArguments, arguments)
        return await self._calendar.change(wanted.to_domain(), key=call.key)

    async def find(self, call: ToolCall) -> Meeting | None:  # noqa: ARG002 - keyed tools are repeated, not looked up
        """None: see the port."""
        return None

    def assumed(self, call: ToolCall, arguments: JsonObject) -> Meeting | None:  # noqa: ARG002 - as above
        """None: see the port."""
        return None


class SaveAgenda:
    """Writes an agenda among the person's documents: their own draft, so ungated, but held while a gate is open."""

    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents

    @property
    def spec(self) -> ToolSpec:
        """Keyed, held, not gated."""
        return _SAVE_SPEC

    async def check(self, arguments: JsonObject) -> str | None:  # noqa: ARG002 - nothing in the world speaks against it
        """None: a new file takes nobody's place."""
        return None

    async def run(self, call: ToolCall, arguments: JsonObject) -> Agenda:
        """Write the file and give the agenda with its path."""
        wanted = read_arguments(SaveAgendaArguments, arguments)
        path = await self._documents.save_agenda(key=call.key, title=wanted.title, text=wanted.text)
        return Agenda(title=wanted.title, text=wanted.text, path=path)

    async def find(self, call: ToolCall) -> Agenda | None:  # noqa: ARG002 - keyed tools are repeated, not looked up
        """None: see the port."""
        return None

    def assumed(self, call: ToolCall, arguments: JsonObject) -> Agenda | None:  # noqa: ARG002 - as above
        """None: see the port."""
        return None
