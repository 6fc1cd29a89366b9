"""Executions, their plans, steps, attempts and shared context."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, Integer, Table, Text, text

from storage.tables.metadata import metadata

executions = Table(
    "executions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("conversation_id", Text, nullable=False),
    Column("request_key", Text),
    Column("request", Text, nullable=False),
    Column("locale", Text, nullable=False),
    Column("timezone", Text, nullable=False),
    Column("dry_run", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("outcome", Text),
    Column("created_at", Text, nullable=False),
    Column("updated_at", Text, nullable=False),
    Column("plan_version", Integer, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("paused", Integer, nullable=False),
    Column("pause_reason", Text, nullable=False, server_default=""),
    Column("cancelled", Integer, nullable=False),
    Column("error", Text),
    Column("result", Text),
    Column("sent_at", Text),
    Column("origin", Text),
    Column("crashes", Integer, nullable=False, server_default="0"),
    Column("damaged", Text),
    Column("doubtful", Text),
    Column("row_sum", Integer),
    CheckConstraint("(status = 'done') = (outcome IS NOT NULL)", name="done_has_outcome"),
    CheckConstraint("status IN ('planning', 'running', 'waiting', 'done')", name="status"),
    Index("uq_executions_request_key", "tenant_id", "user_id", "request_key", unique=True),
    Index("ix_executions_newest", "tenant_id", "created_at", "id"),
    Index("ix_executions_unfinished", "created_at", sqlite_where=text("status <> 'done'")),
    Index("ix_executions_moving", "created_at", "id", sqlite_where=text("status IN ('planning', 'running')")),
    Index("ix_executions_conversation", "tenant_id", "user_id", "conversation_id", "created_at"),
    Index("ix_executions_thread", "tenant_id", "conversation_id", "created_at"),
)

plans = Table(
    "plans",
    metadata,
    Column("execution_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("schema", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("row_sum", Integer),
)

execution_steps = Table(
    "execution_steps",
    metadata,
    Column("execution_id", Text, primary_key=True),
    Column("step_id", Text, primary_key=True),
    Column("plan_version", Integer, nullable=False),
    Column("superseded", Integer),
    Column("agent", Text, nullable=False),
    Column("effect", Text, nullable=False),
    Column("argument_hash", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("outcome", Text),
    Column("attempts", Integer, nullable=False),
    Column("retry_at", Text),
    Column("started_at", Text),
    Column("finished_at", Text),
    Column("cached", Integer, nullable=False),
    Column("error", Text),
    Column("checkpoint", Text),
    Column("crashes", Integer, nullable=False, server_default="0"),
    Column("stand_in", Text, nullable=False, server_default=""),
    Column("row_sum", Integer),
    CheckConstraint("(status = 'done') = (outcome IS NOT NULL)", name="done_has_outcome"),
    CheckConstraint("status IN ('pending', 'ready', 'running', 'waiting', 'done')", name="status"),
    CheckConstraint("effect IN ('read', 'keyed', 'lookup', 'unknown')", name="effect"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("execution_id", Text, primary_key=True),
    Column("step_id", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("fence", Integer, nullable=False),
    Column("started_at", Text, nullable=False),
)

shared_context = Table(
    "shared_context",
    metadata,
    Column("execution_id", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("integrity", Integer, nullable=False),
    Column("readers", Text, nullable=False),
    Column("written_at", Text, nullable=False),
    Column("row_sum", Integer),
)
