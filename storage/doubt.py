"""What follows from a database that is older than what was done: effects may have happened that it knows nothing of."""

from __future__ import annotations

import sqlite3

from sqlalchemy import update

from engine.ports.message_log import EVERY_SURFACE
from storage import tables as t
from storage.writes import bound, compiled

_e = t.executions.executions
_DOUBT = compiled(update(_e).where(_e.c.status != "done").values(doubtful=bound("now")))
_DO_NOT_LOOK_BACK = "UPDATE surfaces SET heard_at = :now"
_BEFORE_NOTHING_IS_LOOKED_FOR = (
    "INSERT INTO surfaces (name, heard_at) VALUES (:every, :now) ON CONFLICT (name) DO UPDATE SET heard_at = :now"
)
_LEAVE_WHAT_WAITS = (
    "UPDATE inbox SET handled_at = :now WHERE handled_at IS NULL AND json_valid(body)"
    " AND coalesce(json_extract(body, '$.kind'), 'message') IN ('message', 'command', 'shortcut', 'edited')"
)
"""Kinds that begin something. An answer or a stop is about what the database knows of, and that is doubted; what a platform tells
of itself asks for nothing."""


def doubt_everything_under_way(connection: sqlite3.Connection, now: str) -> int:
    """Of every execution that is not done, take no effect any more for one that surely did not happen; and begin nothing for
    what was said before, found in a chat or waiting in the inbox: it may have been acted on.

    Args:
        connection: in a transaction, and taught (``storage.row_sums``).
        now: as ``storage.codec.instant`` writes it.

    Returns:
        How many messages had been accepted, and are left as they are.
    """
    connection.execute(_DOUBT, {"now": now})
    connection.execute(_DO_NOT_LOOK_BACK, {"now": now})
    connection.execute(_BEFORE_NOTHING_IS_LOOKED_FOR, {"every": EVERY_SURFACE, "now": now})
    return connection.execute(_LEAVE_WHAT_WAITS, {"now": now}).rowcount
