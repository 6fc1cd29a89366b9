"""Intents: written before an effect, completed after it."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, Integer, Table, Text

from storage.tables.metadata import metadata

intents = Table(
    "intents",
    metadata,
    Column("key", Text, primary_key=True),
    Column("execution_id", Text, nullable=False),
    Column("step_id", Text, nullable=False),
    Column("tool", Text, nullable=False),
    Column("effect", Text, nullable=False),
    Column("call_hash", Text, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("result", Text),
    Column("started_at", Text, nullable=False),
    Column("finished_at", Text),
    Column("title", Text, nullable=False, server_default=""),
    Column("answer", Text),
    Column("row_sum", Integer),
    CheckConstraint("(status = 'done') = (result IS NOT NULL)", name="done_has_result"),
    Index("ix_intents_execution_id", "execution_id"),
)
