"""The documents port over a local folder. Slow work runs in a worker thread; one at a time owns the index."""

from __future__ import annotations

import asyncio
import hashlib
import re
from pathlib import Path
from threading import Lock

from engine.concurrency import finish
from engine.domain.artifact import Documents
from engine.domain.ids import opaque
from engine.errors import RefusedError, UnavailableError
from engine.failpoints import failpoint
from engine.ports.documents import DocumentQuery, DocumentText
from integrations.local_workspace.atomic import make_folder, remove_file, replace_file, sync_folder
from integrations.local_workspace.confined import ConfinedFolder
from integrations.local_workspace.extract import ExtractionLimits
from integrations.local_workspace.hebrew import clean_line
from integrations.local_workspace.index import DocumentIndex
from integrations.local_workspace.ranking import rank

AGENDAS = "agendas"
_MOST_AGENDA = 4 * 1024 * 1024
_WRITE_SECONDS = 30.0


class LocalDocuments:
    """:class:`engine.ports.documents.DocumentStore` over the folder ``root``; call :meth:`close` when done.

    Args:
        root: the documents folder; made when missing. Nothing outside it is read.
        limits: what one document may cost.
    """

    def __init__(self, root: Path, *, limits: ExtractionLimits | None = None) -> None:
        self._root = root
        self._lock = Lock()
        self._index = DocumentIndex(ConfinedFolder(root), limits or ExtractionLimits())

    async def search(self, query: DocumentQuery) -> Documents:
        """Find documents; see the port.

        Raises:
            UnavailableError: ``workspace_unreadable``: the folder itself cannot be opened.
        """
        return await asyncio.to_thread(self._search, query)

    async def read(self, path: str) -> DocumentText:
        """Extract one document's text; see the port."""
        return await asyncio.to_thread(self._read, path)

    async def save_agenda(self, *, key: str, title: str, text: str) -> str:
        """Write an agenda; see the port. A cancelled call still ends its write.

        Raises:
            UnavailableError: ``agenda_unwritable``: disk full, permissions.
        """
        return await finish(asyncio.to_thread(self._save, key, title, text), within=_WRITE_SECONDS)

    async def remove_agenda(self, *, key: str, digest: str) -> bool:
        """Take a saved agenda away, unless somebody changed it; see the port. A cancelled call still ends its write."""
        return await finish(asyncio.to_thread(self._remove, key, digest), within=_WRITE_SECONDS)

    def close(self) -> None:
        """Give the index's memory back; the object is of no further use."""
        with self._lock:
            self._index.close()

    def _search(self, query: DocumentQuery) -> Documents:
        with self._lock:
            problems = self._index.refresh()
            items = rank(self._index, query)
            searched = len(self._index.documents())
        return Documents(query=" ".join(query.terms), items=items, searched=searched, problems=problems)

    def _read(self, path: str) -> DocumentText:
        with self._lock:
            return self._index.text(path)

    def _save(self, key: str, title: str, text: str) -> str:
        mark = opaque(key, 8)
        folder = self._root / AGENDAS
        name = f"{_slug(title)}-{mark}.md"
        try:
            make_folder(folder)
            if folder.is_symlink():
                raise UnavailableError("agenda_unwritable", f"docs/{AGENDAS} is a link; make it a folder.")
            failpoint("agenda.before")
            if (folder / name).exists():  # the call is made again: what somebody has written into it since stays
                sync_folder(folder)
                return f"{AGENDAS}/{name}"
            replace_file(folder / name, text.encode("utf-8", "replace"))
            failpoint("agenda.written")
            for other in folder.glob(f"*-{mark}.md"):
                if other.name != name:
                    remove_file(other)
        except OSError as error:
            raise UnavailableError("agenda_unwritable", f"docs/{AGENDAS}/{name}: {error.strerror}.") from error
        return f"{AGENDAS}/{name}"

    def _remove(self, key: str, digest: str) -> bool:
        mark, folder = opaque(key, 8), ConfinedFolder(self._root)
        found = [path for path in self._agendas() if path.endswith(f"-{mark}.md")]
        try:
            for path in found:
                content, _ = folder.read(path, most=_MOST_AGENDA)
                if hashlib.sha256(content).hexdigest() != digest:
                    raise _changed(path)
            failpoint("agenda.before_undo")
            gone = [remove_file(self._root / path) for path in found]
        except RefusedError as error:
            raise _changed(error.parameters.get("path", "")) from error
        except OSError as error:
            raise UnavailableError("agenda_unwritable", f"docs/{AGENDAS}: {error.strerror}.") from error
        return any(gone)

    def _agendas(self) -> list[str]:
        """Every name in the folder of agendas, links among them."""
        folder = self._root / AGENDAS
        return [f"{AGENDAS}/{path.name}" for path in sorted(folder.iterdir())] if folder.is_dir() else []


def _changed(path: str) -> RefusedError:
    return RefusedError("undo_changed", f"docs/{path} was changed since, so it was left as it is.", {"path": path})


def _slug(title: str) -> str:
    """A file name people recognise: the title's first words, Hebrew kept, at most 60 characters (and 120 bytes)."""
    words = re.findall(r"\w+", clean_line(title).casefold(), re.UNICODE)
    slug = "-".join(words)[:60].strip("-_")
    return slug.encode()[:120].decode(errors="ignore") or "agenda"
