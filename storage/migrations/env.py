"""Alembic's entry: runs migrations on the SQLite file named by the ``database`` attribute."""

from __future__ import annotations

from alembic import context
from sqlalchemy import URL, create_engine

from storage.tables import metadata

engine = create_engine(URL.create("sqlite", database=context.config.attributes["database"]))
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
