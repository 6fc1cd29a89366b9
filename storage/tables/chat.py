"""What came in, what was shown, and what people thought of it."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table, Text, text

from storage.tables.metadata import metadata

inbox = Table(
    "inbox",
    metadata,
    Column("key", Text, primary_key=True),
    Column("surface", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("received_at", Text, nullable=False),
    Column("handled_at", Text),
    Index("ix_inbox_waiting", "received_at", sqlite_where=text("handled_at IS NULL")),
)

chat_messages = Table(
    "chat_messages",
    metadata,
    Column("execution_id", Text, primary_key=True),
    Column("conversation_id", Text, primary_key=True),
    Column("purpose", Text, primary_key=True),
    Column("rendered_seq", Integer, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("ref", Text),
    Column("sending_at", Text),
    Index("ix_chat_messages_ref", "ref", sqlite_where=text("ref IS NOT NULL")),
)

remarks = Table(
    "remarks",
    metadata,
    Column("conversation_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("author_id", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("at", Text, nullable=False),
)

surfaces = Table(
    "surfaces",
    metadata,
    Column("name", Text, primary_key=True),
    Column("heard_at", Text, nullable=False),
    Column("cursor", Text),
)

form_drafts = Table(
    "form_drafts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("body", Text, nullable=False),
    Column("at", Text, nullable=False),
)

local_chat = Table(
    "local_chat",
    metadata,
    Column("id", Text, primary_key=True),
    Column("seq", Integer, nullable=False, unique=True),
    Column("conversation_id", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("execution_id", Text),
    Column("at", Text, nullable=False),
    Column("body", Text, nullable=False),
)

execution_feedback = Table(
    "execution_feedback",
    metadata,
    Column("execution_id", Text, primary_key=True),
    Column("user_id", Text, primary_key=True),
    Column("rating", Integer, nullable=False),
    Column("comment", Text, nullable=False),
    Column("at", Text, nullable=False),
)
