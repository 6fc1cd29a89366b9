"""What Tizmor wrote into a workspace, by content."""

from __future__ import annotations

from email import message_from_bytes
from pathlib import Path
from typing import Any

from icalendar import Calendar

NOTHING: dict[str, list[str]] = {"events": [], "mails": [], "agendas": []}


def our_events(calendar: Path) -> list[str]:
    """UIDs of the events that are ours."""
    components: Any = Calendar.from_ical(calendar.read_bytes())
    return [str(e["UID"]) for e in components.walk("VEVENT") if str(e["UID"]).endswith("@tizmor")]


def written(home: Path) -> dict[str, list[str]]:
    """Event UIDs, Message-IDs and agenda texts of ours in the home's workspace."""
    workspace = home / "workspace"
    return {
        "events": our_events(workspace / "calendar.ics"),
        "mails": [str(message_from_bytes(p.read_bytes())["Message-ID"]) for p in (workspace / "outbox").glob("*.eml")],
        "agendas": [p.read_text("utf-8") for p in (workspace / "docs" / "agendas").glob("*.md")],
    }
