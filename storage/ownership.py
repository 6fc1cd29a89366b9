"""What a process does to the database before anything else: take the next generation, and see what its predecessors left."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from storage.acknowledged import NOTHING, AcknowledgedFile, Mark
from storage.doubt import doubt_everything_under_way
from storage.writer import connect_for_writing


@dataclass(frozen=True, slots=True)
class Taking:
    """A process owns the database from now on."""

    generation: int
    """Greater than that of every process before it, also of those whose rows are gone."""
    missing: str = ""
    """What had been acknowledged and is not there, and what follows; empty: nothing."""


def take_ownership(path: Path, now: str, acknowledged: AcknowledgedFile) -> Taking:
    """Begin a generation, in one transaction; under the home's lock only.

    Raises:
        sqlite3.Error: nothing was changed.
    """
    told = acknowledged.read()
    with closing(connect_for_writing(path, durable=True)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        stands = latest(connection)
        missing = what_is_missing(stands, told)
        if missing:
            left = doubt_everything_under_way(connection, now)
            missing += f"; {left} messages that waited to be begun may have been acted on, and are left" if left else ""
        generation = max(stands.generation, told.generation) + 1
        connection.execute("INSERT INTO generations (number, started_at) VALUES (?, ?)", (generation, now))
        # Calls an earlier process never accounted for cost what was reserved for them.
        connection.execute("UPDATE model_calls SET settled = 1 WHERE settled = 0")
        connection.execute("COMMIT")
    acknowledged.note(Mark(generation, 0))
    acknowledged.close()
    return Taking(generation, missing)


def latest(connection: sqlite3.Connection) -> Mark:
    """The last transaction that a database knows of."""
    row = connection.execute("SELECT number, commits FROM generations ORDER BY number DESC LIMIT 1").fetchone()
    return NOTHING if row is None else Mark(*row)


def what_is_missing(stands: Mark, told: Mark) -> str:
    """What was acknowledged and does not stand, in one sentence; empty: nothing."""
    if stands >= told:
        return ""
    return (
        f"The database ends at transaction {stands.generation}/{stands.commits}, and {told.generation}/{told.commits} had been "
        "acknowledged: its log was cut short or deleted, or an older copy was put in its place"
    )
