"""The local workspace: documents, contacts, calendar and outbox as plain files in one folder, no account needed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path

from engine.ports.clock import Clock
from integrations.local_workspace.calendar import LocalCalendar
from integrations.local_workspace.contacts import LocalContacts
from integrations.local_workspace.documents import LocalDocuments
from integrations.local_workspace.invitation import NO_OWNER

__all__ = ["LocalCalendar", "LocalContacts", "LocalDocuments", "LocalWorkspace", "open_workspace"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalWorkspace:
    """The three ports over one folder."""

    documents: LocalDocuments
    contacts: LocalContacts
    calendar: LocalCalendar

    def close(self) -> None:
        """Give memory back; the ports are of no further use."""
        self.documents.close()


def open_workspace(root: Path, clock: Clock, *, zone: tzinfo | None = None) -> LocalWorkspace:
    """Open ``root``: ``docs/``, ``contacts.vcf``, ``calendar.ics``, ``outbox/``. Reads nothing yet.

    Args:
        root: the workspace folder; made when something is first written.
        clock: dates events and mails.
        zone: the person's, for all-day appointments; Asia/Jerusalem by default.
    """
    contacts = LocalContacts(root / "contacts.vcf")

    def owner() -> tuple[str, str]:
        card = contacts.owner()
        return (card.name, card.email) if card is not None and card.email else NO_OWNER

    return LocalWorkspace(
        documents=LocalDocuments(root / "docs"),
        contacts=contacts,
        calendar=LocalCalendar(root, clock, zone=zone, owner=owner),
    )
