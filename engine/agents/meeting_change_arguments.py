"""Arguments of ``change_meeting`` as a person reads and edits them, and how they compare with what stands. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from engine.agents.meeting_arguments import Attendee, ScheduleMeetingArguments, is_address, single_line
from engine.agents.quoting import one_line
from engine.domain.json import content_hash
from engine.ports.calendar import MeetingChange, StandingMeeting

MAX_MINUTES = 31 * 24 * 60
"""Other programs make longer meetings than people ask us for."""
_MAX_LINE = 600


class ChangeMeetingArguments(ScheduleMeetingArguments):
    """What the meeting shall be, whole; whoever is not among ``attendees`` is not invited any more."""

    meeting_id: Annotated[str, Field(min_length=1, max_length=1_000), AfterValidator(single_line)]
    """The event's UID."""
    duration_minutes: int = Field(ge=1, le=MAX_MINUTES)
    cancel: bool = False
    """Call it off: it stays in the calendar as cancelled, and everybody is told."""
    instead_of: Annotated[str, Field(max_length=1_000), AfterValidator(single_line)] = ""
    """What stood when this was proposed, see :func:`instead_of`: the call is asked about again where that no longer
    stands. Empty asks no such question."""

    @property
    def fingerprint(self) -> str:
        """Names the meeting this makes, see :func:`fingerprint_of`."""
        return fingerprint_of(
            StandingMeeting(
                meeting_id=self.meeting_id,
                title=self.title,
                starts=self.starts,
                ends=self.ends,
                attendees=tuple((attendee.name, attendee.email) for attendee in self.attendees),
                description=self.description,
                cancelled=self.cancel,
            )
        )

    def to_domain(self) -> MeetingChange:
        """The change for the calendar."""
        return MeetingChange(
            meeting_id=self.meeting_id,
            title=self.title,
            starts=self.starts,
            ends=self.ends,
            attendees=tuple((attendee.name, attendee.email) for attendee in self.attendees),
            description=self.description,
            cancelled=self.cancel,
        )


def instead_of(stands: StandingMeeting, zone: ZoneInfo) -> str:
    """What stands, on one line for people: title, time in ``zone``, who comes; and its fingerprint in brackets."""
    starts, ends = stands.starts.astimezone(zone), stands.ends.astimezone(zone)
    until = f"{ends:%H:%M}" if starts.date() == ends.date() else f"{ends:%d.%m.%Y %H:%M}"
    names = ", ".join(name or address for name, address in stands.attendees)
    parts = (stands.title, f"{starts:%d.%m.%Y %H:%M}–{until}", names)
    return f"{one_line(' · '.join(part for part in parts if part), _MAX_LINE)} [{fingerprint_of(stands)}]"


def fingerprint_of(stands: StandingMeeting) -> str:
    """Eight hexadecimal digits that name everything a change may change of a meeting."""
    content = {
        "title": stands.title,
        "starts": _instant(stands.starts),
        "ends": _instant(stands.ends),
        "attendees": [attendee_of(person).model_dump() for person in stands.attendees],
        "description": stands.description,
        "cancelled": stands.cancelled,
    }
    return content_hash(content)[:8]


def attendee_of(person: tuple[str, str]) -> Attendee:
    """Who stands in the calendar as an argument; an address nobody can be invited at is left out."""
    name, address = person
    return Attendee(name=one_line(name, 200), email=address if is_address(address) else "")


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
