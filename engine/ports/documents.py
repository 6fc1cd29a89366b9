"""The person's documents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from engine.domain.artifact import Documents


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentQuery:
    """What to look for. Terms are OR-ed and ranked; the period narrows, and never hides a document that names it."""

    terms: tuple[str, ...]
    """Words or phrases, in Hebrew or English, prefixes (ב, ל, מ, ה, ו, כ, ש) and all."""
    since: date | None = None
    until: date | None = None
    """Inclusive. A document belongs to a period by a date in its name or text, else by its modification time."""
    limit: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentText:
    """The extracted text of one document."""

    path: str
    title: str
    lines: tuple[str, ...]
    """In reading order, right-to-left text in logical order."""
    language: str = "en"


class DocumentStore(Protocol):
    """Reads documents; never leaves its root, never follows a symlink out of it."""

    async def search(self, query: DocumentQuery) -> Documents:
        """Find documents, best first; a file added a moment ago is found. A file that cannot be read is named in ``problems``."""
        ...

    async def read(self, path: str) -> DocumentText:
        """Extract one document's text.

        Raises:
            RefusedError: ``document_unreadable`` (corrupt, encrypted, too large, too slow, changed twice while it was
                read), ``document_outside`` (the path leaves the root) or ``document_missing``; ``detail`` names the file.
        """
        ...

    async def save_agenda(self, *, key: str, title: str, text: str) -> str:
        """Write an agenda to ``agendas/`` and give its path relative to the root. Writing the same key twice leaves one file."""
        ...

    async def remove_agenda(self, *, key: str, digest: str) -> bool:
        """Take away what :meth:`save_agenda` wrote under this key; False where it is not there any more. Repeating is
        harmless.

        Args:
            key: of the saving.
            digest: SHA-256 of the saved text in UTF-8, as hexadecimal digits.

        Raises:
            RefusedError: ``undo_changed``: somebody changed it since; it stays as it is.
            UnavailableError: ``agenda_unwritable``: permissions.
        """
        ...
