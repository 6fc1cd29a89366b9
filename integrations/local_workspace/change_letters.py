"""The letters that tell people of a changed meeting, in the language of its title. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any

from engine.ports.calendar import Invitation
from integrations.local_workspace.hebrew import language_of
from integrations.local_workspace.invitation import event_of, mark_of, text_of
from integrations.local_workspace.letter import Letter, letter_bytes
from integrations.local_workspace.standing import FoundEvent, same_person

_SUBJECTS: Mapping[tuple[str, str], str] = {
    ("he", "REQUEST"): "עדכון: {title}",
    ("he", "CANCEL"): "ביטול: {title}",
    ("en", "REQUEST"): "Updated: {title}",
    ("en", "CANCEL"): "Cancelled: {title}",
}
_NOTES: Mapping[tuple[str, str], str] = {
    ("he", "update"): "פרטי הפגישה עודכנו.",
    ("he", "cancelled"): "הפגישה בוטלה.",
    ("he", "farewell"): "ההזמנה שלך לפגישה הזאת בוטלה.",
    ("en", "update"): "The details of this meeting have changed.",
    ("en", "cancelled"): "This meeting was cancelled.",
    ("en", "farewell"): "You are no longer invited to this meeting.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Letters:
    """What goes to the outbox for one change; None: nobody to tell."""

    update: bytes | None
    """To all who come; of a cancelled meeting, to all who would have."""
    farewell: bytes | None
    """To those who no longer come, about the meeting they knew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What there is to tell."""

    found: FoundEvent
    """As it stood before."""
    cancelled: bool
    invitation: Invitation
    """As it shall be."""
    event: Any
    """The same as an icalendar event, with its sequence number."""


def farewell_key(key: str) -> str:
    """Names the farewell of a change."""
    return f"{key}#farewell"


def letters(telling: Telling, *, key: str, stamp: datetime, zone: tzinfo) -> Letters:
    """Both letters of a change made under ``key`` at ``stamp``; times are shown in ``zone``."""
    return Letters(update=_update(telling, key, stamp, zone), farewell=_farewell(telling, key, stamp, zone))


def _update(telling: Telling, key: str, stamp: datetime, zone: tzinfo) -> bytes | None:
    invitation, stood = telling.invitation, telling.found.meeting.attendees
    recipients = tuple(p for p in invitation.attendees if p[1] and not same_person(p, invitation.organiser))
    if telling.cancelled:
        recipients = tuple(person for person in recipients if any(same_person(person, other) for other in stood))
    method = "CANCEL" if telling.cancelled else "REQUEST"
    letter = _letter(invitation, telling.event, (method, "cancelled" if telling.cancelled else "update"), zone)
    return letter_bytes(replace(letter, key=key, stamp=stamp, recipients=recipients)) if recipients else None


def _farewell(telling: Telling, key: str, stamp: datetime, zone: tzinfo) -> bytes | None:
    stood, organiser = telling.found.meeting, telling.invitation.organiser
    comes = (*telling.invitation.attendees, organiser)
    gone = tuple(p for p in stood.attendees if p[1] and not any(same_person(p, other) for other in comes))
    if not gone:
        return None
    invitation = Invitation(
        title=stood.title, starts=stood.starts, ends=stood.ends, attendees=gone, organiser=organiser
    )
    # Without STATUS: a cancellation to some people only must not say that all of it is off (RFC 5546, 3.2.5).
    event = event_of(invitation, uid=stood.meeting_id, stamp=stamp)
    event["SEQUENCE"] = telling.event["SEQUENCE"]
    letter = _letter(invitation, event, ("CANCEL", "farewell"), zone)
    return letter_bytes(replace(letter, key=farewell_key(key), stamp=stamp, recipients=gone))


def _letter(invitation: Invitation, event: Any, kind: tuple[str, str], zone: tzinfo) -> Letter:
    """The letter without name, date and recipients; ``kind`` is its method and what it tells."""
    method, what = kind
    language = language_of(invitation.title)
    return Letter(
        key="",
        method=method,
        event=event,
        sender=invitation.organiser,
        recipients=(),
        subject=_SUBJECTS[language, method].format(title=invitation.title),
        text=text_of(invitation, zone, note=_NOTES[language, what]),
        stamp=event["DTSTAMP"].dt,
        mark=mark_of(invitation),
    )
