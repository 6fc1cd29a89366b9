"""What a change makes of a calendar file, and the letters that tell of it. Pure.

Only the lines of what changes are replaced, in their places; whatever else the event and the file hold stays byte for
byte. A line names the key of every change made, so that none is made twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Any

from engine.domain.ids import opaque
from engine.errors import RefusedError
from engine.ports.calendar import Invitation, MeetingChange
from integrations.local_workspace.change_letters import Letters, Telling, letters
from integrations.local_workspace.ics_lines import has_event, newline_of, properties, replace_event, unfolded
from integrations.local_workspace.invitation import checked, event_of
from integrations.local_workspace.standing import FoundEvent, Person, found_event, person_of, same_person

CHANGE = "X-TIZMOR-CHANGE"
"""Property that names the key of a change that was made to an event; one for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Under which key, when, where and for whom something is changed."""

    key: str
    stamp: datetime
    zone: tzinfo
    """The person's, where the file names none, and in mails."""
    owner: Callable[[], Person]
    """The organiser where the event names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """The file after a change, and its letters."""

    content: bytes
    letters: Letters


def checked_change(change: MeetingChange) -> MeetingChange:
    """The change with cleaned texts.

    Raises:
        RefusedError: ``meeting_invalid`` or ``address_invalid``, see :func:`checked`.
    """
    clean = checked(invitation_of(change, ("", "")))
    return replace(change, title=clean.title, attendees=clean.attendees, description=clean.description)


def revise(content: bytes, change: MeetingChange, occasion: Occasion) -> Revision | None:
    """Change the event; None when this key has changed it before.

    Args:
        content: the calendar file.
        change: as :func:`checked_change` gave it.
        occasion: under which key and when.

    Raises:
        RefusedError: ``meeting_missing``, ``meeting_repeats``, ``meeting_not_ours``, ``meeting_unreadable``,
            ``calendar_unreadable``.
    """
    if has_event(content, change.meeting_id, mark_of_change(occasion.key)):
        return None
    found = found_event(content, change.meeting_id, zone=occasion.zone, owner=occasion.owner)
    if found is None:
        raise _refused("meeting_missing", change.meeting_id, "is not in the calendar any more; make a new one")
    if found.meeting.obstacle:
        raise _refused(
            found.meeting.obstacle, change.meeting_id, "cannot be changed from here; use its calendar program"
        )
    invitation = invitation_of(change, found.organiser or occasion.owner())
    event = event_as(found, change, invitation, occasion.stamp)
    newline = newline_of(content)
    block = _block(found, change, event, [mark_of_change(occasion.key) + newline], newline)
    telling = Telling(found=found, cancelled=change.cancelled, invitation=invitation, event=event)
    return Revision(
        content=replace_event(content, change.meeting_id, block),
        letters=letters(telling, key=occasion.key, stamp=occasion.stamp, zone=occasion.zone),
    )


def mark_of_change(key: str) -> bytes:
    """The line, without its end, of an event that was changed under this key."""
    return f"{CHANGE}:{opaque(key)}".encode()


def invitation_of(change: MeetingChange, organiser: Person) -> Invitation:
    """What a change says, as an invitation to it."""
    return Invitation(
        title=change.title,
        starts=change.starts,
        ends=change.ends,
        attendees=change.attendees,
        description=change.description,
        organiser=organiser,
    )


def event_as(found: FoundEvent, change: MeetingChange, invitation: Invitation, stamp: datetime) -> Any:
    """The event as the letters carry it: what a person approved, and where it takes place."""
    event = event_of(invitation, uid=found.meeting.meeting_id, stamp=stamp)
    event.add("LAST-MODIFIED", stamp.astimezone(UTC))
    event.add("SEQUENCE", _sequence(found.parsed) + 1)
    if change.cancelled or found.meeting.cancelled:
        event.add("STATUS", "CANCELLED" if change.cancelled else "CONFIRMED")
    if "LOCATION" in found.parsed:
        event["LOCATION"] = found.parsed["LOCATION"]
    if found.meeting.all_day and not _moved(found, change):
        event.pop("DTEND")
        event.update({name: found.parsed[name] for name in ("DTSTART", "DTEND", "DURATION") if name in found.parsed})
    return event


def _sequence(event: Any) -> int:
    try:
        return max(0, int(event.get("SEQUENCE", 0)))
    except (TypeError, ValueError):
        return 0


def _moved(found: FoundEvent, change: MeetingChange) -> bool:
    pairs = ((change.starts, found.meeting.starts), (change.ends, found.meeting.ends))
    return any(wanted.astimezone(UTC) != stands.astimezone(UTC) for wanted, stands in pairs)


def _block(found: FoundEvent, change: MeetingChange, event: Any, added: list[bytes], newline: bytes) -> bytes:
    """The event's lines with those of what changes replaced, and ``added`` before their end."""
    fresh = fresh_lines(event, newline)
    names = _changing(found, change)
    waiting = {name: fresh[name] for name in names}
    if "ATTENDEE" in names:
        waiting["ATTENDEE"] = _attendees(found, change, fresh["ATTENDEE"], newline)
    lines: list[bytes] = []
    for name, line in properties(found.block):
        lines.extend(waiting.pop(name, ()) if name in names else (line,))
    return b"".join((*lines[:-1], *(line for rest in waiting.values() for line in rest), *added, lines[-1]))


def fresh_lines(event: Any, newline: bytes) -> Mapping[str, list[bytes]]:
    """The lines of an event of ours by property, none for one it does not have."""
    fresh: dict[str, list[bytes]] = defaultdict(list)
    for name, line in properties(event.to_ical()):
        fresh[name].append(line.replace(b"\r\n", newline))
    return fresh


def _changing(found: FoundEvent, change: MeetingChange) -> list[str]:
    stands = found.meeting
    reasons: Mapping[str, bool] = {
        "DTSTART DTEND DURATION": _moved(found, change),
        "SUMMARY": change.title != stands.title,
        "DESCRIPTION": change.description != stands.description,
        "STATUS": change.cancelled != stands.cancelled,
        "ORGANIZER": found.organiser is None and bool(change.attendees),
        "ATTENDEE": _moved(found, change) or set(change.attendees) != set(stands.attendees),
        "DTSTAMP LAST-MODIFIED SEQUENCE": True,
    }
    return [name for names, changes in reasons.items() if changes for name in names.split()]


def _attendees(found: FoundEvent, change: MeetingChange, fresh: list[bytes], newline: bytes) -> list[bytes]:
    """Lines of people who stay, as they are save for an answer that no longer holds; then those of new ones."""
    new = dict(zip(change.attendees, fresh, strict=True))
    lines: list[bytes] = []
    for name, line in properties(found.block):
        person = person_of(line) if name == "ATTENDEE" else None
        if person is None:
            lines.extend((line,) if name == "ATTENDEE" else ())
            continue
        stays = next((wanted for wanted in change.attendees if same_person(wanted, person)), None)
        if stays is not None and (person[1] or not stays[1]):
            new.pop(stays, None)
            anew = _moved(found, change) and not (found.organiser and same_person(person, found.organiser))
            lines.append(asked_anew(line, newline) if anew else line)
    return [*lines, *new.values()]


def asked_anew(line: bytes, newline: bytes) -> bytes:
    """A person's line without their answer: it was to another time."""
    from icalendar.parser import Contentline  # noqa: PLC0415 - slow to import, and only calendars need it

    untyped: Any = Contentline
    name, parameters, value = untyped(unfolded(line)).parts()
    parameters.update({"PARTSTAT": "NEEDS-ACTION", "RSVP": "TRUE"})
    rebuilt: bytes = untyped.from_parts(name, parameters, value, sorted=False).to_ical()
    return rebuilt.replace(b"\r\n", newline) + newline


def _refused(code: str, meeting_id: str, what: str) -> RefusedError:
    return RefusedError(code, f"The meeting {meeting_id} {what}.", {"meeting": meeting_id})
