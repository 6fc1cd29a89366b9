"""What must be true of a disk after a power cut: SQLite finds it sound, everything that was told is there, and every file is whole."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storage.acknowledged import ACKNOWLEDGED_FILE, AcknowledgedFile, Mark
from storage.database import DATABASE_FILE
from tests.laboratory.power_loss.images import Image

DATABASE_FILES = (DATABASE_FILE, f"{DATABASE_FILE}-wal", f"{DATABASE_FILE}-journal")
TOKEN = "home/api_token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something wrong with an image."""

    kind: str
    """``corrupt`` (the database), ``lost`` (something told), ``torn`` (a file of the workspace)."""
    words: str


class Judge:
    """Looks at images, in a folder of its own.

    Args:
        root: what the images' names begin with.
        final: the database as it was when everything had ended; an image has no event that it does not have.
        work: where to put an image's database to open it.
    """

    def __init__(self, root: Path, final: Path, work: Path) -> None:
        self._root = str(root)
        self._work = work
        work.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(final)) as connection:
            self._events = frozenset(_events(connection))

    def faults(self, image: Image) -> list[Fault]:
        """What is wrong; empty when nothing is."""
        files = {name.removeprefix(self._root + "/"): content for name, content in image.files.items()}
        found = list(self._torn(image, files))
        if image.told and TOKEN not in files:
            found.append(Fault(kind="lost", words="the owner's token"))
        if f"home/{DATABASE_FILE}" not in files:
            return [*found, Fault(kind="lost", words="the whole database")] if image.told else found
        try:
            with closing(self._opened(files)) as connection:
                sound = connection.execute("PRAGMA integrity_check").fetchall()
                if sound != [("ok",)]:
                    return [*found, Fault(kind="corrupt", words=str(sound[:3]))]
                if connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'surfaces'").fetchone()[0]:
                    found += self._lost(connection, image, files)
                elif image.told:
                    found.append(Fault(kind="lost", words="every table"))
        except sqlite3.DatabaseError as error:
            found.append(Fault(kind="corrupt", words=str(error)))
        return found

    def _opened(self, files: dict[str, bytes]) -> sqlite3.Connection:
        for name in (*DATABASE_FILES, f"{DATABASE_FILE}-shm", ACKNOWLEDGED_FILE):
            path = self._work / name
            path.unlink(missing_ok=True)
            if (content := files.get(f"home/{name}")) is not None:
                path.write_bytes(content)
        return sqlite3.connect(self._work / DATABASE_FILE)

    def _torn(self, image: Image, files: dict[str, bytes]) -> Iterator[Fault]:
        for name, content in files.items():
            seen = name.startswith("workspace/") and not Path(name).name.startswith(".")
            if (seen or name == TOKEN) and content not in image.whole[f"{self._root}/{name}"]:
                yield Fault(kind="torn", words=f"{name}: {len(content)} bytes that were never put in place")

    def _lost(self, connection: sqlite3.Connection, image: Image, files: dict[str, bytes]) -> Iterator[Fault]:
        told = image.told
        for kind, wanted, query in (
            ("request", told.executions, "SELECT id FROM executions"),
            ("answer", told.decisions, "SELECT id FROM pending_approvals WHERE status <> 'pending'"),
            ("message", {f"chat:owner:{name}" for name in told.messages}, "SELECT key FROM inbox"),
        ):
            for name in wanted - {row[0] for row in connection.execute(query)}:
                yield Fault(kind="lost", words=f"{kind} {name}")
        events = set(_events(connection))
        if strange := events - self._events:
            yield Fault(kind="corrupt", words=f"{len(strange)} events that never were")
        there = {(execution, number) for execution, number, _, _ in events}
        for execution, last in told.events.items():
            if (execution, last) not in there:
                yield Fault(kind="lost", words=f"event {last} of {execution}")
        yield from self._alarm(connection)
        for tool, result in connection.execute("SELECT tool, result FROM intents WHERE status = 'done'"):
            yield from _undone(tool, json.loads(result), files)

    def _alarm(self, connection: sqlite3.Connection) -> Iterator[Fault]:
        """The next start would say that something is missing."""
        row = connection.execute("SELECT number, commits FROM generations ORDER BY number DESC LIMIT 1").fetchone()
        noted = AcknowledgedFile(self._work).read()
        if row is not None and noted > Mark(*row):
            yield Fault(kind="lost", words=f"transactions after {Mark(*row)}: {noted} is noted as durable")


def _undone(tool: str, result: dict[str, Any], files: dict[str, bytes]) -> Iterator[Fault]:
    """An effect that is recorded as done must be there: nobody will do it again."""
    if tool == "schedule_meeting":
        if result["id"].encode() not in files.get("workspace/calendar.ics", b""):
            yield Fault(kind="lost", words=f"event {result['id']}, recorded as written")
        if result["invitation"] and f"workspace/{result['invitation']}" not in files:
            yield Fault(kind="lost", words=f"letter {result['invitation']}, recorded as written")
    if tool == "save_agenda" and f"workspace/docs/{result['path']}" not in files:
        yield Fault(kind="lost", words=f"agenda {result['path']}, recorded as written")


def _events(connection: sqlite3.Connection) -> list[tuple[str, int, str, str]]:
    return connection.execute("SELECT execution_id, seq, type, payload FROM events").fetchall()
