"""A mail that carries an event: text for people, iTIP (RFC 5546) for their calendars. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from engine.domain.ids import opaque

HOST = "tizmor"
"""The right-hand side of our UIDs and Message-IDs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One mail; every text in it is a single cleaned line, save ``text``."""

    key: str
    """Same key, same Message-ID."""
    method: str
    """``REQUEST`` or ``CANCEL``."""
    event: Any
    """The icalendar event."""
    sender: tuple[str, str]
    """(name, address)."""
    recipients: tuple[tuple[str, str], ...]
    """(name, address) of each; every address is one."""
    subject: str
    text: str
    stamp: datetime
    """When it was written, aware."""
    mark: str
    """Names the content."""


def letter_bytes(letter: Letter) -> bytes:
    """The mail as a file for an outbox."""
    from icalendar import Calendar  # noqa: PLC0415 - slow to import, and only calendars need it

    calendar: Any = Calendar()
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", "-//Tizmor//Local workspace//EN")
    calendar.add("METHOD", letter.method)
    calendar.add_component(letter.event)
    message = EmailMessage(policy=SMTP)
    message["From"] = _mailbox(letter.sender)
    message["To"] = [_mailbox(person) for person in letter.recipients]
    message["Subject"] = letter.subject
    message["Date"] = letter.stamp
    message["X-Tizmor-Content"] = letter.mark
    message["Message-ID"] = f"<{opaque(letter.key)}@{HOST}>"
    message.set_content(letter.text)
    message.add_alternative(calendar.to_ical().decode(), subtype="calendar", params={"method": letter.method})
    message.set_boundary(f"=_{opaque(letter.key + '#boundary')}")
    return message.as_bytes()


def _mailbox(person: tuple[str, str]) -> Address:
    return Address(display_name=person[0], addr_spec=person[1])
