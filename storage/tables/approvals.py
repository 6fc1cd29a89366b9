"""Questions to persons, and the alarms that remind and expire them."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, Integer, Table, Text, text

from storage.tables.metadata import metadata

pending_approvals = Table(
    "pending_approvals",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("execution_id", Text, nullable=False),
    Column("step_id", Text, nullable=False),
    Column("plan_version", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("call_hash", Text),
    Column("body", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("expires_at", Text),
    Column("decided_at", Text),
    Column("decided_by", Text),
    Column("row_sum", Integer),
    CheckConstraint("kind IN ('plan', 'gate', 'choice', 'question', 'unknown_outcome')", name="kind"),
    CheckConstraint("(status = 'pending') = (decided_at IS NULL)", name="decided"),
    Index(
        "uq_pending_approvals_open",
        "execution_id",
        "step_id",
        "kind",
        unique=True,
        sqlite_where=text("status = 'pending'"),
    ),
    Index("ix_pending_approvals_execution", "execution_id"),
)

due = Table(
    "due",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("execution_id", Text, nullable=False),
    Column("approval_id", Text),
    Column("kind", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("claimed", Integer, nullable=False),
    Index("ix_due_at", "at", sqlite_where=text("claimed = 0")),
)
