"""What is left of a schedule: the rows, as SQLite has them, and what the world outside saw. Nothing of the engine reads it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.laboratory.interleavings.world import Print

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Click:
    """What somebody did at the door, and what came of it."""

    who: str
    what: str
    on: str
    """The approval, or the execution."""
    code: str
    """Of the error it was refused with; empty: it was taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One message of an execution in the chat, as it is shown at the end."""

    execution: str
    purpose: str
    body: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The tables the engine's truth is in, JSON read."""

    executions: Sequence[Row] = ()
    steps: Sequence[Row] = ()
    approvals: Sequence[Row] = ()
    intents: Sequence[Row] = ()
    events: Sequence[Row] = ()
    """In the order of their numbers, execution after execution."""

    def of(self, rows: Iterable[Row], execution: str) -> list[Row]:
        """Those of one execution."""
        return [row for row in rows if row["execution_id"] == execution]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything a schedule is judged by."""

    rows: Rows = Rows()
    prints: Sequence[Print] = ()
    calls: Sequence[str] = ()
    """Effect keys, as often as the world was asked for them."""
    most_at_work: int = 0
    """Effects at a time that need the same lock."""
    clicks: Sequence[Click] = ()
    told: Sequence[Told] = ()
    wanted: Sequence[Told] = ()
    """What the chat should show of the rows."""
    faults: Sequence[str] = ()
    """Exceptions that reached a crash barrier or nobody at all, and what was left running."""


def read_rows(path: Path) -> Rows:
    """Read the tables of a database nobody writes any more."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row

        def table(query: str, *documents: str) -> list[Row]:
            rows = [dict(row) for row in connection.execute(query)]
            for row in rows:
                row.update({name: json.loads(row[name]) for name in documents})
            return rows

        return Rows(
            executions=table("SELECT * FROM executions ORDER BY id"),
            steps=table("SELECT * FROM execution_steps WHERE superseded IS NULL ORDER BY execution_id, step_id"),
            approvals=table("SELECT * FROM pending_approvals ORDER BY created_at, id", "body"),
            intents=table("SELECT * FROM intents ORDER BY key"),
            events=table("SELECT * FROM events ORDER BY execution_id, seq", "payload"),
        )
