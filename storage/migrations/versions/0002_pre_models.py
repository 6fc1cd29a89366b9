"""Model calls and prompts; drafts of plans; only what can move is looked at after a restart"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "model_calls",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("execution_id", sa.Text(), nullable=True),
        sa.Column("step_id", sa.Text(), nullable=True),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("settled", sa.Integer(), nullable=False),
        sa.Column("cost_nano", sa.Integer(), nullable=True),
        sa.Column("price_version", sa.Text(), nullable=False),
        sa.Column("input_tokens", sa.Integer(), nullable=False),
        sa.Column("output_tokens", sa.Integer(), nullable=False),
        sa.Column("cache_read_tokens", sa.Integer(), nullable=False),
        sa.Column("cache_write_5m_tokens", sa.Integer(), nullable=False),
        sa.Column("cache_write_1h_tokens", sa.Integer(), nullable=False),
        sa.Column("estimated", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.CheckConstraint("cost_nano IS NULL OR cost_nano >= 0", name=op.f("ck_model_calls_cost")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_calls")),
    )
    op.create_index("ix_model_calls_execution_id", "model_calls", ["execution_id"])
    op.create_index("ix_model_calls_day", "model_calls", ["tenant_id", "day"])
    op.create_table(
        "prompt_versions",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("first_used_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", "version", name=op.f("pk_prompt_versions")),
    )
    op.execute("ALTER TABLE executions ADD COLUMN pause_reason TEXT NOT NULL DEFAULT ''")
    op.create_index(
        "ix_executions_moving",
        "executions",
        ["created_at", "id"],
        sqlite_where=sa.text("status IN ('planning', 'running')"),
    )
    op.create_index(
        "ix_executions_conversation", "executions", ["tenant_id", "user_id", "conversation_id", "created_at"]
    )
    # An older program noted an answer without saying that the execution moves again: look at every one once.
    op.execute("UPDATE executions SET status = 'running' WHERE status = 'waiting'")
