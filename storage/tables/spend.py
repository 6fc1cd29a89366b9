"""What model calls cost, and the prompts they were made with."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, Integer, Table, Text

from storage.tables.metadata import metadata

model_calls = Table(
    "model_calls",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("execution_id", Text),
    Column("step_id", Text),
    Column("prompt", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("settled", Integer, nullable=False),
    Column("cost_nano", Integer),
    Column("price_version", Text, nullable=False),
    Column("input_tokens", Integer, nullable=False),
    Column("output_tokens", Integer, nullable=False),
    Column("cache_read_tokens", Integer, nullable=False),
    Column("cache_write_5m_tokens", Integer, nullable=False),
    Column("cache_write_1h_tokens", Integer, nullable=False),
    Column("estimated", Integer, nullable=False),
    Column("request_id", Text, nullable=False),
    CheckConstraint("cost_nano IS NULL OR cost_nano >= 0", name="cost"),
    Index("ix_model_calls_execution_id", "execution_id"),
    Index("ix_model_calls_day", "tenant_id", "day"),
)

prompt_versions = Table(
    "prompt_versions",
    metadata,
    Column("name", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("content_hash", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("first_used_at", Text, nullable=False),
)
