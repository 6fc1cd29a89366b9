"""Alembic's entry: runs migrations on the SQLite file named by the ``database`` attribute, all of them or none.

Python's sqlite3 would end a transaction before each change of the schema: a process killed halfway left a database that no start
could mend. So the transaction is begun by hand.
"""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy import URL, Connection, create_engine, event

from storage.row_sums import teach
from storage.tables import metadata

engine = create_engine(URL.create("sqlite", database=context.config.attributes["database"]))


@event.listens_for(engine, "connect")
def _leave_transactions_to_us(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    teach(connection)


@event.listens_for(engine, "begin")
def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
