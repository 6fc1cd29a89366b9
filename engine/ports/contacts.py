"""The person's address book."""

from __future__ import annotations

from typing import Protocol

from engine.domain.artifact import Contacts


class ContactBook(Protocol):
    """Finds people by name, across scripts (Yoav ↔ יואב)."""

    async def find(self, name: str) -> Contacts:
        """Candidates for a name, best first; only the best class of match is returned (exact before partial before
        cross-script), so one item means nobody else fits as well. Empty when nobody does."""
        ...
