"""Facts, numbered per execution, and messages between agents."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Table, Text

from storage.tables.metadata import metadata

events = Table(
    "events",
    metadata,
    Column("execution_id", Text, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("type", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("payload", Text, nullable=False),
)

agent_messages = Table(
    "agent_messages",
    metadata,
    Column("execution_id", Text, primary_key=True),
    Column("recipient", Text, primary_key=True),
    Column("text_hash", Text, primary_key=True),
    Column("sender", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("at", Text, nullable=False),
)
