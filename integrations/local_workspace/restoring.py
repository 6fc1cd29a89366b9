"""What taking effects back makes of a calendar file, and the letters that tell of it. Pure.

A meeting that was made is taken out; one that was changed gets the lines it had. Both only where it still says what the
effects left: what somebody changed since is theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.domain.artifact import Undone
from engine.domain.ids import opaque
from engine.errors import RefusedError
from engine.ports.calendar import MeetingChange, StandingMeeting
from integrations.local_workspace.change_letters import Letters, Telling, letters
from integrations.local_workspace.etag import etag_of
from integrations.local_workspace.ics_lines import has_event, newline_of, properties, put_event, replace_event
from integrations.local_workspace.keepsakes import Keepsake
from integrations.local_workspace.revision import (
    CHANGE,
    Occasion,
    asked_anew,
    event_as,
    fresh_lines,
    invitation_of,
    mark_of_change,
)
from integrations.local_workspace.standing import FoundEvent, Person, found_event, same_person

_STAMPS = ("DTSTAMP", "LAST-MODIFIED", "SEQUENCE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoration:
    """The file once effects are taken back, its letters, and what it comes to."""

    content: bytes
    letters: Letters
    undone: Undone


def taken_back(content: bytes, kept: Sequence[Keepsake], occasion: Occasion) -> Restoration | None:
    """Take back what these effects did to one meeting, all at once.

    Args:
        content: the calendar file.
        kept: of each effect, the oldest first; at least one.
        occasion: under which key and when it is taken back.

    Returns:
        What to write; None where this key has done it before.

    Raises:
        RefusedError: ``undo_done`` under another key; ``undo_gone``: the meeting is not there any more;
            ``undo_changed``: somebody changed it since; ``undo_unknown``: the effects are not of one meeting;
            ``calendar_unreadable``, ``meeting_unreadable``.
    """
    first, last = kept[0], kept[-1]
    ours = opaque(occasion.key)
    if any(each.uid != last.uid for each in kept):
        raise _refused("undo_unknown", last.uid, "is not the only one that these effects are about")
    if last.taken_back_by not in {"", ours}:
        raise _refused("undo_done", last.uid, "was taken back before")
    stands = etag_of(content, last.uid)
    if last.taken_back_by and _is_done(content, first, occasion.key, stands):
        return None
    if not stands:
        raise _refused("undo_gone", last.uid, "is not in the calendar any more")
    found = found_event(content, last.uid, zone=occasion.zone, owner=occasion.owner)
    if found is None or stands != last.left:
        raise _refused("undo_changed", last.uid, "was changed since, so it was left as it is")
    return _taken_out(content, found, occasion) if first.before is None else _restored(content, found, first, occasion)


def _is_done(content: bytes, first: Keepsake, key: str, stands: str) -> bool:
    return not stands if first.before is None else has_event(content, first.uid, mark_of_change(key))


def _taken_out(content: bytes, found: FoundEvent, occasion: Occasion) -> Restoration:
    telling = _telling(found, replace(_change(found.meeting), cancelled=True), occasion)
    return Restoration(
        content=put_event(content, found.meeting.meeting_id, None),
        letters=letters(telling, key=occasion.key, stamp=occasion.stamp, zone=occasion.zone),
        undone=Undone(
            what="meeting_removed",
            title=found.meeting.title,
            starts=found.meeting.starts,
            ends=found.meeting.ends,
            told=_told(telling),
        ),
    )


def _restored(content: bytes, found: FoundEvent, first: Keepsake, occasion: Occasion) -> Restoration:
    uid, before = found.meeting.meeting_id, first.before or b""
    earlier = found_event(replace_event(content, uid, before), uid, zone=occasion.zone, owner=occasion.owner)
    if earlier is None:
        raise _refused("undo_unknown", uid, "was kept in a way that cannot be read")
    telling = _telling(found, _change(earlier.meeting), occasion)
    return Restoration(
        content=replace_event(content, uid, _as_it_was(earlier, telling, occasion.key)),
        letters=letters(telling, key=occasion.key, stamp=occasion.stamp, zone=occasion.zone),
        undone=Undone(
            what="meeting_restored",
            title=earlier.meeting.title,
            starts=earlier.meeting.starts,
            ends=earlier.meeting.ends,
            told=_told(telling),
        ),
    )


def _as_it_was(earlier: FoundEvent, telling: Telling, key: str) -> bytes:
    """The lines from before, newer than what stands; people answer anew where its time is not the one they last knew."""
    now, newline = telling.found, newline_of(telling.found.block)
    moves = (now.meeting.starts, now.meeting.ends) != (earlier.meeting.starts, earlier.meeting.ends)
    fresh = fresh_lines(telling.event, newline)
    lines: list[bytes] = []
    for name, line in properties(earlier.block):
        if name == "ATTENDEE" and moves:
            lines.append(asked_anew(line, newline))
        elif name not in _STAMPS and name != CHANGE:
            lines.append(line)
    stamps = [line for name in _STAMPS for line in fresh[name]]
    marks = [line for name, line in properties(now.block) if name == CHANGE]
    return b"".join((*lines[:-1], *stamps, *marks, mark_of_change(key) + newline, lines[-1]))


def _telling(found: FoundEvent, change: MeetingChange, occasion: Occasion) -> Telling:
    invitation = invitation_of(change, found.organiser or occasion.owner())
    event = event_as(found, change, invitation, occasion.stamp)
    return Telling(found=found, cancelled=change.cancelled, invitation=invitation, event=event)


def _told(telling: Telling) -> tuple[str, ...]:
    """Everybody whom a letter reaches."""
    comes, came = telling.invitation.attendees, telling.found.meeting.attendees
    people = [*comes, *(person for person in came if not any(same_person(person, other) for other in comes))]
    others = (person for person in people if person[1] and not same_person(person, telling.invitation.organiser))
    return tuple(_shown(person) for person in others)


def _shown(person: Person) -> str:
    name, address = person
    return f"{name} <{address}>" if name else address


def _change(stands: StandingMeeting) -> MeetingChange:
    return MeetingChange(
        meeting_id=stands.meeting_id,
        title=stands.title,
        starts=stands.starts,
        ends=stands.ends,
        attendees=stands.attendees,
        description=stands.description,
        cancelled=stands.cancelled,
    )


def _refused(code: str, uid: str, what: str) -> RefusedError:
    return RefusedError(code, f"The meeting {uid} {what}.", {"meeting": uid})
