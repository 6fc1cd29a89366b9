"""Spans, measurements and log lines of executions: written behind, never waited for."""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Integer, Table, Text

from storage.tables.metadata import metadata

traces = Table(
    "traces",
    metadata,
    Column("span_id", Text, primary_key=True),
    Column("parent_id", Text),
    Column("execution_id", Text, nullable=False),
    Column("step_id", Text),
    Column("name", Text, nullable=False),
    Column("started_at", Text, nullable=False),
    Column("duration_ms", Float, nullable=False),
    Column("status", Text, nullable=False),
    Column("attributes", Text, nullable=False),
    Index("ix_traces_execution_id", "execution_id"),
)

metrics = Table(
    "metrics",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("execution_id", Text),
    Column("labels", Text, nullable=False),
    Column("value", Float, nullable=False),
    Column("at", Text, nullable=False),
    Index("ix_metrics_name_at", "name", "at"),
)

logs = Table(
    "logs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("execution_id", Text),
    Column("step_id", Text),
    Column("level", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("fields", Text, nullable=False),
    Column("at", Text, nullable=False),
    Index("ix_logs_execution_id", "execution_id"),
)
