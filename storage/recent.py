"""Where things were asked lately, read from a database that may be in use, without opening it for writing."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from sqlalchemy import desc, func, select
from sqlalchemy.dialects import sqlite

from engine.domain.ids import ConversationId
from storage.database import connect_for_reading
from storage.tables import executions

_e = executions.executions.c


def recent_conversations(path: Path, prefix: str, limit: int) -> Sequence[ConversationId]:
    """Conversations whose id begins like this, the latest asked in first; none where the database cannot be read."""
    query = (
        select(_e.conversation_id)
        .where(_e.conversation_id.startswith(prefix, autoescape=True))
        .group_by(_e.conversation_id)
        .order_by(desc(func.max(_e.created_at)))
        .limit(limit)
    )
    statement = str(query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
    if not path.exists():
        return ()
    try:
        with closing(connect_for_reading(path)) as connection:
            return [ConversationId(row[0]) for row in connection.execute(statement)]
    except sqlite3.DatabaseError:
        return ()
