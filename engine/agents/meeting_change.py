"""What a person's wish to change a meeting means for the meeting that stands. Pure: the moment is an argument.

A wish is relative ("an hour later", "also Dana"); what is proposed, shown and written is the meeting as a whole.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from engine.agents.meeting_arguments import Attendee, is_address, read_arguments
from engine.agents.meeting_change_arguments import ChangeMeetingArguments, attendee_of, fingerprint_of, instead_of
from engine.agents.period import local_instant
from engine.agents.quoting import one_line
from engine.domain.artifact import Meeting, Person
from engine.errors import RequestError
from engine.ports.calendar import StandingMeeting

_YEAR_MINUTES = 366 * 24 * 60


class MeetingChangeInputs(BaseModel):
    """MeetingChangeAgent → ``meeting``: computes the change from what stands, then calls ``change_meeting``."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    meeting: Meeting
    """Which one: only its id counts, for it may have been changed since."""
    shift_minutes: int | None = Field(default=None, ge=-_YEAR_MINUTES, le=_YEAR_MINUTES)
    """Later by so much on the clock on the wall; earlier where negative."""
    on: date | None = None
    """Its new day, at the hour it has."""
    at: time | None = None
    """Its new local time, on the day it has."""
    duration_minutes: int | None = Field(default=None, ge=5, le=24 * 60)
    add: Person | None = None
    """Invited as well."""
    remove: Person | None = None
    """Not invited any more."""
    title: str | None = Field(default=None, min_length=1, max_length=300)
    cancel: bool = False
    """Called off; goes with nothing else."""


def proposed_change(
    wanted: MeetingChangeInputs, stands: StandingMeeting, zone: ZoneInfo, moment: datetime
) -> ChangeMeetingArguments:
    """The whole meeting as it shall be.

    Args:
        wanted: what the person asked for.
        stands: the meeting in the calendar at this moment.
        zone: the person's; days, hours and shifts are meant in it.
        moment: now.

    Raises:
        RequestError: the meeting's ``obstacle``; ``meeting_cancelled``; ``meeting_all_day`` has no hour to move;
            ``change_ambiguous`` contradicts itself or fits several people; ``not_invited`` cannot be removed;
            ``time_skipped`` by the clocks; ``nothing_to_change``; ``slot_past``; ``arguments_invalid``.
    """
    _refuse_unchangeable(wanted, stands)
    _refuse_contradiction(wanted)
    length = max(timedelta(minutes=1), stands.ends.astimezone(UTC) - stands.starts.astimezone(UTC))
    arguments = {
        "meeting_id": stands.meeting_id,
        "instead_of": instead_of(stands, zone),
        "title": one_line(wanted.title, 300) if wanted.title else stands.title,
        "timezone": zone.key,
        "starts": _start(wanted, stands, zone),
        "duration_minutes": wanted.duration_minutes or ceil(length / timedelta(minutes=1)),
        "attendees": _attendees(wanted, tuple(attendee_of(person) for person in stands.attendees)),
        "description": stands.description,
        "cancel": wanted.cancel,
    }
    proposal = read_arguments(ChangeMeetingArguments, arguments)
    if proposal.fingerprint == fingerprint_of(stands):
        detail = f"{stands.title!r} already is like this; say what should be different."
        raise RequestError("nothing_to_change", detail, {"title": stands.title})
    if has_passed(proposal, stands, moment):
        when = proposal.starts.isoformat(" ", "minutes")
        raise RequestError("slot_past", f"{when} has already passed; ask for a later time.", {"when": when[:16]})
    return proposal


def has_passed(wanted: ChangeMeetingArguments, stands: StandingMeeting, moment: datetime) -> bool:
    """Whether it is too late: a new start has come, or a meeting that keeps its start is over."""
    if wanted.starts.astimezone(UTC) == stands.starts.astimezone(UTC):
        return wanted.ends.astimezone(UTC) <= moment
    return wanted.starts.astimezone(UTC) <= moment


def _refuse_unchangeable(wanted: MeetingChangeInputs, stands: StandingMeeting) -> None:
    parameters = {"title": stands.title}
    if stands.obstacle:
        why = "repeats" if stands.obstacle == "meeting_repeats" else "is organised by somebody else"
        detail = f"{stands.title!r} {why} and cannot be changed from here; change it in the calendar program."
        raise RequestError(stands.obstacle, detail, parameters)
    if stands.cancelled:
        raise RequestError("meeting_cancelled", f"{stands.title!r} was cancelled; ask for a new meeting.", parameters)
    timed = (wanted.shift_minutes, wanted.on, wanted.at, wanted.duration_minutes)
    if stands.all_day and any(each is not None for each in timed):
        detail = f"{stands.title!r} lasts all day and has no hour to move; change it in the calendar program."
        raise RequestError("meeting_all_day", detail, parameters)


def _refuse_contradiction(wanted: MeetingChangeInputs) -> None:
    others = (
        wanted.shift_minutes,
        wanted.on,
        wanted.at,
        wanted.duration_minutes,
        wanted.add,
        wanted.remove,
        wanted.title,
    )
    if wanted.cancel and any(each is not None for each in others):
        raise _ambiguous("Cancelling goes with no other change; ask for one of the two.")
    if wanted.shift_minutes is not None and wanted.at is not None:
        raise _ambiguous(f"{wanted.shift_minutes} minutes later or at {wanted.at.isoformat('minutes')}: ask for one.")
    if wanted.add is not None and wanted.add == wanted.remove:
        raise _ambiguous(f"{wanted.add.contact.name!r} cannot be both invited and not.")


def _start(wanted: MeetingChangeInputs, stands: StandingMeeting, zone: ZoneInfo) -> datetime:
    begin = stands.starts.astimezone(zone)
    hour = begin.time() if wanted.at is None else wanted.at.replace(tzinfo=None, fold=0)
    shift = timedelta(minutes=wanted.shift_minutes or 0)
    wall = datetime.combine(wanted.on or begin.date(), hour) + shift
    if wall == begin.replace(tzinfo=None):
        return begin
    start = local_instant(wall.date(), wall.time(), zone)
    if start is None:
        asked = wall.isoformat(" ", "minutes")
        detail = f"{asked} does not exist in {zone.key}: clocks skip it; choose another time."
        raise RequestError("time_skipped", detail, {"when": asked})
    if shift > timedelta() and start.astimezone(UTC) <= begin.astimezone(UTC):
        return start.replace(fold=1)  # begun in the second of two equal hours: later cannot be in the first
    return start


def _attendees(wanted: MeetingChangeInputs, come: tuple[Attendee, ...]) -> tuple[Attendee, ...]:
    if wanted.remove is not None:
        gone = _match(wanted.remove, come)
        come = tuple(attendee for attendee in come if attendee is not gone)
    if wanted.add is None:
        return come
    name, email = one_line(wanted.add.contact.name, 200), wanted.add.contact.email.strip()
    new = Attendee(name=name, email=email if is_address(email) else "")
    if any(_address(new) == _address(other) if new.email else _name(new) == _name(other) for other in come):
        return come
    # Who came without an address comes with it from here on, once.
    return (*(other for other in come if other.email or _name(other) != _name(new)), new)


def _match(person: Person, come: tuple[Attendee, ...]) -> Attendee:
    wanted = Attendee(name=one_line(person.contact.name, 200))
    address = person.contact.email.strip().casefold()
    found = [other for other in come if address and _address(other) == address]
    found = found or [other for other in come if _name(other) == _name(wanted)]
    if not found:
        names = ", ".join(other.name or other.email for other in come) or "nobody"
        detail = f"{wanted.name!r} is not invited; invited: {names}."
        raise RequestError("not_invited", detail, {"name": wanted.name})
    if len(found) > 1:
        raise _ambiguous(f"{wanted.name!r} fits {len(found)} of the invited people.")
    return found[0]


def _address(attendee: Attendee) -> str:
    return attendee.email.casefold()


def _name(attendee: Attendee) -> str:
    return attendee.name.replace('"', "'").casefold()


def _ambiguous(detail: str) -> RequestError:
    return RequestError("change_ambiguous", detail)
