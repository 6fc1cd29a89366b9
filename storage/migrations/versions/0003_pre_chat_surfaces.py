"""Chats outside: where a message went, who people are, what was said in a thread, when a surface was last heard"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.execute("ALTER TABLE executions ADD COLUMN sent_at TEXT")
    op.create_index("ix_executions_thread", "executions", ["tenant_id", "conversation_id", "created_at"])
    op.execute("ALTER TABLE chat_messages ADD COLUMN ref TEXT")
    op.execute("ALTER TABLE chat_messages ADD COLUMN sending_at TEXT")
    op.create_table(
        "remarks",
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "id", name=op.f("pk_remarks")),
    )
    op.create_table(
        "principals",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_principals")),
    )
    op.create_table(
        "surfaces",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("heard_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_surfaces")),
    )
