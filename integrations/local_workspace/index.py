"""The full-text index over the documents folder: in memory, brought up to date before every question.

Owned by ``LocalDocuments`` and called from worker threads under its lock. A row belongs to exactly one state (stamp)
of a file; a file that could not be read is remembered with its reason until it changes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import PurePosixPath

from engine.errors import RefusedError
from engine.ports.documents import DocumentText
from integrations.local_workspace.confined import ConfinedFolder, Stamp
from integrations.local_workspace.dates import Span, named_spans
from integrations.local_workspace.extract import SUFFIXES, ExtractionLimits, Extractor
from integrations.local_workspace.hebrew import is_hebrew, language_of, skeletons, variants, words

HEAD_LINES = 6
"""A date in these first lines dates the document; further down it only names a period."""

_SCHEMA = """
CREATE TABLE documents (id INTEGER PRIMARY KEY, path TEXT UNIQUE NOT NULL, text TEXT NOT NULL, plain TEXT NOT NULL);
CREATE VIRTUAL TABLE texts USING fts5 (title, body, stems, tokenize = "porter unicode61 remove_diacritics 0");
CREATE TABLE vocabulary (skeleton TEXT, word TEXT, PRIMARY KEY (skeleton, word)) WITHOUT ROWID;
"""
_MOST_DATED_CHARACTERS = 200_000
"""Dates are looked for in this much of a document's text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedDocument:
    """What is known of one document besides its words."""

    row: int
    path: str
    title: str
    modified: datetime
    language: str
    dated: tuple[Span, ...]
    """From its name, else its first lines, else its modification day; never empty."""
    names: tuple[Span, ...]
    """Every period its text names."""

    @property
    def agenda(self) -> bool:
        """Whether the product wrote it itself."""
        return self.path.startswith("agendas/")


class DocumentIndex:
    """Documents by word. Not for two threads at once."""

    def __init__(self, folder: ConfinedFolder, limits: ExtractionLimits) -> None:
        self._folder = folder
        self._limits = limits
        self._database = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._database.executescript(_SCHEMA)
        self._known: dict[str, tuple[Stamp, IndexedDocument | str]] = {}
        """A document, or why it could not be read, for each state seen."""

    def close(self) -> None:
        """Give the memory back."""
        self._database.close()

    def refresh(self) -> tuple[str, ...]:
        """Follow every change in the folder; give what could not be read, each with its reason. Blocking."""
        listing = self._folder.list(SUFFIXES)
        for path in self._known.keys() - listing.files.keys():
            self._forget(path)
        problems = list(listing.problems)
        with Extractor(self._limits) as extractor:
            for path, stamp in listing.files.items():
                problems.extend(self._follow(extractor, path, stamp))
        return tuple(problems)

    def documents(self) -> dict[int, IndexedDocument]:
        """Every document by row, in order of path."""
        readable = [known for _, known in self._known.values() if isinstance(known, IndexedDocument)]
        return {document.row: document for document in sorted(readable, key=lambda document: document.path)}

    def matches(self, expression: str) -> dict[int, float]:
        """Rows matching a full-text expression and how well (higher is better; titles weigh most, stems least)."""
        statement = "SELECT rowid, -bm25(texts, 6.0, 2.0, 1.0) FROM texts WHERE texts MATCH ?"
        return {int(row): max(0.0, float(score)) for row, score in self._database.execute(statement, (expression,))}

    def containing(self, fragment: str) -> set[int]:
        """Rows whose text has the fragment anywhere, also inside words."""
        statement = "SELECT id FROM documents WHERE instr(plain, ?) > 0"
        return {int(row) for (row,) in self._database.execute(statement, (fragment,))}

    def spelled_like(self, word: str) -> list[str]:
        """Words of the documents that share a consonant skeleton with this one."""
        found: dict[str, None] = {}
        for skeleton in skeletons(word):
            statement = "SELECT word FROM vocabulary WHERE skeleton = ?"
            found.update((str(other), None) for (other,) in self._database.execute(statement, (skeleton,)))
        return sorted(found)

    def lines(self, row: int) -> tuple[str, ...]:
        """The text of one document."""
        (text,) = self._database.execute("SELECT text FROM documents WHERE id = ?", (row,)).fetchone()
        return tuple(str(text).split("\n"))

    def text(self, path: str) -> DocumentText:
        """One document's text in its present state.

        Raises:
            RefusedError: as :meth:`DocumentStore.read` says.
        """
        stamp, known = self._folder.stamp(path), self._known.get(path)
        if known is None or known[0] != stamp:
            with Extractor(self._limits) as extractor:
                self._add(extractor, path)
            known = self._known[path]
        entry = known[1]
        if isinstance(entry, str):
            raise RefusedError("document_unreadable", entry, {"path": path})
        return DocumentText(path=path, title=entry.title, lines=self.lines(entry.row), language=entry.language)

    def _follow(self, extractor: Extractor, path: str, stamp: Stamp) -> Iterable[str]:
        known = self._known.get(path)
        if known is None or known[0] != stamp:
            try:
                self._add(extractor, path)
            except RefusedError as error:
                # Missing means it went away while we looked: nothing to report.
                return () if error.code == "document_missing" else (error.detail,)
            known = self._known[path]
        return (known[1],) if isinstance(known[1], str) else ()

    def _add(self, extractor: Extractor, path: str) -> None:
        """Read and index one file; what its content makes impossible is remembered, the rest is raised."""
        self._forget(path)
        content, stamp = self._folder.read(path, most=self._limits.file_bytes)
        try:
            lines = extractor.lines(path, content)
        except RefusedError as error:
            self._known[path] = (stamp, error.detail)
            return
        self._known[path] = (stamp, self._insert(path, stamp, lines))

    def _insert(self, path: str, stamp: Stamp, lines: tuple[str, ...]) -> IndexedDocument:
        text = "\n".join(lines)
        plain = words(text)
        title = _title(path, lines)
        named = words(PurePosixPath(path).stem)
        stems = sorted({stem for word in {*plain, *named} for stem in variants(word)})
        cursor = self._database.execute(
            "INSERT INTO documents (path, text, plain) VALUES (?, ?, ?)", (path, text, " ".join([*named, *plain]))
        )
        row = int(cursor.lastrowid or 0)
        self._database.execute(
            "INSERT INTO texts (rowid, title, body, stems) VALUES (?, ?, ?, ?)",
            (
                row,
                " ".join([*words(title), *named]),
                " ".join(plain),
                " ".join(stem for stem in stems if is_hebrew(stem)),
            ),
        )
        self._database.executemany(
            "INSERT OR IGNORE INTO vocabulary (skeleton, word) VALUES (?, ?)",
            [(skeleton, stem) for stem in stems if not stem.isdigit() for skeleton in skeletons(stem)],
        )
        return _described(row, path, title, stamp, lines)

    def _forget(self, path: str) -> None:
        _, known = self._known.pop(path, (None, None))
        if isinstance(known, IndexedDocument):
            self._database.execute("DELETE FROM documents WHERE id = ?", (known.row,))
            self._database.execute("DELETE FROM texts WHERE rowid = ?", (known.row,))


def _described(row: int, path: str, title: str, stamp: Stamp, lines: tuple[str, ...]) -> IndexedDocument:
    modified = datetime.fromtimestamp(stamp.mtime_ns / 1e9, UTC)
    day = modified.date()
    text = "\n".join(lines)
    head = "\n".join([line for line in lines if line.strip()][:HEAD_LINES])
    return IndexedDocument(
        row=row,
        path=path,
        title=title,
        modified=modified,
        language=language_of(text),
        dated=_dated(path, head, day),
        names=named_spans(text[:_MOST_DATED_CHARACTERS], around=day),
    )


def _dated(path: str, head: str, day: date) -> tuple[Span, ...]:
    name = PurePosixPath(path).stem
    return (
        named_spans(name, around=day, bare=False)
        or named_spans(head, around=day, bare=False)
        or named_spans(f"{name}\n{head}", around=day)
        or (Span(first=day, last=day),)
    )


def _title(path: str, lines: tuple[str, ...]) -> str:
    """The first heading near the top, else the file's name without underscores and suffix."""
    top = [line.strip() for line in lines if line.strip()][:HEAD_LINES]
    heading = next((line.lstrip("# ").strip() for line in top if line.startswith("#") and line.strip("# ")), "")
    first = top[0] if top and len(top[0]) <= 120 else ""
    return (heading or first or PurePosixPath(path).stem.replace("_", " "))[:160]
