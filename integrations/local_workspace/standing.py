"""One meeting as it stands in the calendar file, read from the lines of its event. Pure; blocking for the file's size."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any

from engine.errors import RefusedError
from engine.ports.calendar import MAX_DESCRIPTION, MAX_TITLE, StandingMeeting
from integrations.local_workspace.hebrew import clean_line
from integrations.local_workspace.ics import aware, is_all_day, is_cancelled, is_timed, read_block, zone_in
from integrations.local_workspace.ics_lines import blocks, properties, unfolded
from integrations.local_workspace.invitation import ADDRESS, flat
from integrations.local_workspace.letter import HOST

_REPEATS = frozenset({"RRULE", "RDATE", "RECURRENCE-ID"})
_CONTROL = re.compile("[\u0080-\u009f]")
_MAX_NAME = 200

Person = tuple[str, str]
"""(name, address); either may be empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundEvent:
    """An event of the file and what it says."""

    block: bytes
    """Its lines as they are."""
    parsed: Any
    """The same as icalendar reads it."""
    meeting: StandingMeeting
    organiser: Person | None
    """None: it names none a mail could come from."""


def found_event(content: bytes, meeting_id: str, *, zone: tzinfo, owner: Callable[[], Person]) -> FoundEvent | None:
    """The event with this UID, or None.

    Args:
        content: the calendar file.
        meeting_id: its UID, in any case.
        zone: the person's, for days and times where the file names none.
        owner: gives the workspace's owner; asked only where somebody else might organise the meeting.

    Raises:
        RefusedError: ``calendar_unreadable``; ``meeting_unreadable``: nobody can tell when it is.
    """
    found = blocks(content, meeting_id)
    if not found:
        return None
    parsed = read_block(content, found[0])
    if isinstance(parsed, Exception) or not is_timed(parsed):
        raise _unreadable(meeting_id)
    organiser = next((person_of(line) for name, line in properties(found[0]) if name == "ORGANIZER"), None)
    organiser = organiser if organiser and organiser[1] else None
    obstacle = ""
    if len(found) > 1 or not _REPEATS.isdisjoint(parsed):
        obstacle = "meeting_repeats"
    elif organiser and not meeting_id.endswith(f"@{HOST}") and not _same_address(organiser, owner()):
        obstacle = "meeting_not_ours"
    return FoundEvent(
        block=found[0],
        parsed=parsed,
        meeting=_meeting(found[0], parsed, zone_in(content) or zone, obstacle),
        organiser=organiser,
    )


def person_of(line: bytes) -> Person | None:
    """Who an ATTENDEE or ORGANIZER line names; None when it cannot be read."""
    from icalendar.parser import Contentline  # noqa: PLC0415 - slow to import, and only calendars need it

    try:
        _, parameters, value = Contentline(unfolded(line)).parts()
    except ValueError:
        return None
    scheme, _, rest = str(value).partition(":")
    address = rest.strip() if scheme.strip().lower() == "mailto" else ""
    address = address if ADDRESS.fullmatch(address) else ""
    name = flat(_CONTROL.sub("", str(parameters.get("CN", ""))))[:_MAX_NAME]
    return ("" if name == address else name), address


def same_person(one: Person, other: Person) -> bool:
    """Whether both are the same invitee: by address where both have one, else by name."""
    if one[1] and other[1]:
        return _same_address(one, other)
    return one == other or (bool(one[0]) and one[0] == other[0])


def _meeting(block: bytes, parsed: Any, zone: tzinfo, obstacle: str) -> StandingMeeting:
    uid = str(parsed["UID"])
    try:
        starts, ends = aware(parsed.start, zone), aware(parsed.end, zone)
    except (ValueError, TypeError) as error:
        raise _unreadable(uid) from error
    attendees = (person_of(line) for name, line in properties(block) if name == "ATTENDEE")
    return StandingMeeting(
        meeting_id=uid,
        title=flat(_CONTROL.sub("", str(parsed.get("SUMMARY", ""))))[:MAX_TITLE] or "-",
        starts=starts,
        ends=max(starts, ends, key=lambda moment: moment.astimezone(UTC)),
        attendees=tuple(dict.fromkeys(person for person in attendees if person)),
        description=_prose(str(parsed.get("DESCRIPTION", ""))),
        cancelled=is_cancelled(parsed),
        all_day=is_all_day(parsed),
        obstacle=obstacle,
    )


def _prose(text: str) -> str:
    lines = (clean_line(_CONTROL.sub("", line)) for line in text.splitlines())
    return "\n".join(lines)[:MAX_DESCRIPTION].rstrip()


def _same_address(one: Person, other: Person) -> bool:
    return one[1].casefold() == other[1].casefold()


def _unreadable(meeting_id: str) -> RefusedError:
    detail = f"The event {meeting_id} in calendar.ics cannot be read, so it was left as it is; mend it there."
    return RefusedError("meeting_unreadable", detail, {"meeting": meeting_id})
