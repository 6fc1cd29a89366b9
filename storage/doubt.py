"""What follows from a database that is older than what was done: effects may have happened that it knows nothing of."""

from __future__ import annotations

import sqlite3

from sqlalchemy import update

from storage import tables as t
from storage.writes import bound, compiled

_e = t.executions.executions
_DOUBT = compiled(update(_e).where(_e.c.status != "done").values(doubtful=bound("now")))
_DO_NOT_LOOK_BACK = "UPDATE surfaces SET heard_at = :now"


def doubt_everything_under_way(connection: sqlite3.Connection, now: str) -> None:
    """Of every execution that is not done, take no effect any more for one that surely did not happen; and let no chat be
    searched for messages that came before: they may have been acted on.

    Args:
        connection: in a transaction, and taught (``storage.row_sums``).
        now: as ``storage.codec.instant`` writes it.
    """
    connection.execute(_DOUBT.sql, {**_DOUBT.constants, "now": now})
    connection.execute(_DO_NOT_LOOK_BACK, {"now": now})
