"""A meeting as bytes: the event and the mail that invites. Pure; nothing a person typed becomes syntax."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from typing import Any

from engine.domain.ids import opaque
from engine.domain.json import content_hash
from engine.errors import RefusedError
from engine.ports.calendar import MAX_TITLE, Invitation
from integrations.local_workspace.hebrew import clean_line, language_of
from integrations.local_workspace.letter import HOST, Letter, letter_bytes

NO_OWNER = ("Tizmor", "owner@localhost.invalid")
"""Organiser where the workspace names no owner; the address can receive nothing."""

ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,190}")
"""What a mail can be addressed to."""


def uid_of(key: str) -> str:
    """The event's UID for an effect key."""
    return f"{opaque(key)}@{HOST}"


def mark_of(invitation: Invitation) -> str:
    """Names the invitation's content: an event with it needs no second write."""
    return content_hash(
        {
            "title": invitation.title,
            "starts": invitation.starts.astimezone(UTC).isoformat(),
            "ends": invitation.ends.astimezone(UTC).isoformat(),
            "attendees": [list(person) for person in invitation.attendees],
            "description": invitation.description,
            "organiser": list(invitation.organiser),
        }
    )[:24]


def checked(invitation: Invitation) -> Invitation:
    """The invitation with its texts on one line each, free of controls and bidi overrides.

    Raises:
        RefusedError: ``meeting_invalid``: ends before it starts, or times without a zone; ``address_invalid``: an
            address that is none. An empty address is allowed: that person gets no mail.
    """
    if invitation.starts.tzinfo is None or invitation.ends.tzinfo is None or invitation.ends <= invitation.starts:
        detail = f"A meeting from {invitation.starts} to {invitation.ends} cannot be; give aware times in order."
        raise RefusedError("meeting_invalid", detail)
    return Invitation(
        title=flat(invitation.title)[:MAX_TITLE] or "-",
        starts=invitation.starts,
        ends=invitation.ends,
        attendees=tuple(dict.fromkeys(_person(person) for person in invitation.attendees)),
        description="\n".join(clean_line(line) for line in invitation.description.splitlines()),
        organiser=_person(invitation.organiser),
    )


def event_lines(invitation: Invitation, *, key: str, stamp: datetime) -> bytes:
    """The VEVENT for the calendar file. ``invitation`` is :func:`checked`; ``stamp`` is when it was written."""
    return event_of(invitation, uid=uid_of(key), stamp=stamp).to_ical()


def mail(invitation: Invitation, *, key: str, stamp: datetime, zone: tzinfo) -> bytes:
    """The invitation as a mail: text for people, ``METHOD:REQUEST`` for calendars; same key, same Message-ID."""
    return letter_bytes(
        Letter(
            key=key,
            method="REQUEST",
            event=event_of(invitation, uid=uid_of(key), stamp=stamp),
            sender=invitation.organiser,
            recipients=tuple(person for person in invitation.attendees if person[1]),
            subject=invitation.title,
            text=text_of(invitation, zone),
            stamp=stamp,
            mark=mark_of(invitation),
        )
    )


def event_of(invitation: Invitation, *, uid: str, stamp: datetime) -> Any:
    """The icalendar event of a :func:`checked` invitation, written at ``stamp``."""
    from icalendar import Event  # noqa: PLC0415 - slow to import, and only calendars need it

    event: Any = Event()
    event.add("UID", uid)
    event.add("DTSTAMP", stamp.astimezone(UTC))
    event.add("DTSTART", invitation.starts.astimezone(UTC))
    event.add("DTEND", invitation.ends.astimezone(UTC))
    event.add("SUMMARY", invitation.title)
    if invitation.description:
        event.add("DESCRIPTION", invitation.description)
    event.add("ORGANIZER", *_calendar_person(invitation.organiser))
    for person in invitation.attendees:
        address, parameters = _calendar_person(person)
        event.add("ATTENDEE", address, parameters | {"PARTSTAT": "NEEDS-ACTION", "RSVP": "TRUE"})
    event.add("X-TIZMOR-CONTENT", mark_of(invitation))
    return event


def text_of(invitation: Invitation, zone: tzinfo, *, note: str = "") -> str:
    """What people read in the mail, in the title's language; ``note`` says what happened, under the title."""
    starts = invitation.starts.astimezone(zone).strftime("%d.%m.%Y %H:%M %Z")
    ends = invitation.ends.astimezone(zone).strftime("%H:%M")
    hebrew = language_of(invitation.title) == "he"
    who, when = ("משתתפים", "מתי") if hebrew else ("With", "When")
    names = ", ".join(name or address for name, address in invitation.attendees)
    head = f"{invitation.title}\n{note}\n\n" if note else f"{invitation.title}\n\n"
    return f"{head}{when}: {starts} - {ends}\n{who}: {names}\n\n{invitation.description}\n"


def flat(text: str) -> str:
    """The text on one cleaned line."""
    return clean_line(" ".join(text.split()))


def _person(person: tuple[str, str]) -> tuple[str, str]:
    name, address = flat(person[0]), person[1].strip()
    if address and not ADDRESS.fullmatch(address):
        shown = flat(address)[:80]
        raise RefusedError("address_invalid", f"{shown!r} is not a mail address; correct it in contacts.vcf.")
    return name, address


def _calendar_person(person: tuple[str, str]) -> tuple[str, dict[str, str]]:
    name, address = person
    shown = name.replace('"', "'") or address
    return f"mailto:{address}" if address else "invalid:nomail", {"CN": shown}
