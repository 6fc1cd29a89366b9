"""What is read together is of one instant, whatever is committed meanwhile."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import event, func, select
from sqlalchemy.engine import Engine

from storage.database import DATABASE_FILE, open_database
from storage.tables import chat

NOW = "2026-11-23T08:00:00.000000Z"
SURFACES = select(func.count().label("n")).select_from(chat.surfaces)


async def test_queries_that_are_read_together_see_nothing_that_is_committed_between_them(tmp_path: Path) -> None:
    async with open_database(tmp_path, now=NOW, durable=False) as database:
        path = tmp_path / DATABASE_FILE
        with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as another:

            def commit(*_arguments: object) -> None:
                another.execute("INSERT INTO surfaces (name, heard_at) VALUES (hex(randomblob(8)), ?)", (NOW,))

            event.listen(Engine, "after_cursor_execute", commit)
            try:
                together = await database.rows_together(SURFACES, SURFACES, SURFACES)
                again = await database.rows_together(SURFACES, SURFACES)
            finally:
                event.remove(Engine, "after_cursor_execute", commit)
        counted = [rows[0]["n"] for rows in together]
        assert len(set(counted)) == 1
        assert again[0] == again[1]
        assert again[0][0]["n"] > counted[0], "and the next ones see all of it"
