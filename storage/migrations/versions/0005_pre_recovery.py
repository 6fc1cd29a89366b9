"""Executions that come from earlier ones, and what recovery must know of a step."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.execute("ALTER TABLE executions ADD COLUMN origin TEXT")
    op.execute("ALTER TABLE execution_steps ADD COLUMN crashes INTEGER DEFAULT '0' NOT NULL")
    op.execute("ALTER TABLE execution_steps ADD COLUMN stand_in TEXT DEFAULT '' NOT NULL")
