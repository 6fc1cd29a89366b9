"""Tells one state of a meeting from another by what people mean by it, whoever wrote its lines. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from engine.domain.json import content_hash
from integrations.local_workspace.ics_lines import blocks, properties, unfolded
from integrations.local_workspace.standing import person_of

_OF_NOBODY = frozenset({"", "DTSTAMP", "CREATED", "LAST-MODIFIED", "SEQUENCE"})
"""Lines that say when something was written and how often; and alarms, which are each person's own."""
_PEOPLE = frozenset({"ATTENDEE", "ORGANIZER"})


def etag_of(content: bytes, uid: str) -> str:
    """Names what the events with this UID say: equal where nobody changed what they say, empty where there is none.

    Answers of invited people, alarms, and properties that begin with ``X-`` do not count.

    Raises:
        RefusedError: ``calendar_unreadable``.
    """
    found = blocks(content, uid)
    return content_hash([sorted(_said(block)) for block in found])[:32] if found else ""


def _said(block: bytes) -> Iterator[str]:
    for name, line in properties(block):
        if name in _OF_NOBODY or name.startswith("X-"):
            continue
        person = person_of(line) if name in _PEOPLE else None
        yield f"{name} {person[0]} <{person[1].casefold()}>" if person else name + unfolded(line).lstrip()[len(name) :]
