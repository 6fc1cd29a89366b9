"""Executions that come from earlier ones, and what recovery must know of a step."""

from __future__ import annotations

from alembic import op

from storage.migrations.summing import sum_rows

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.execute("ALTER TABLE executions ADD COLUMN origin TEXT")
    op.execute("ALTER TABLE executions ADD COLUMN crashes INTEGER DEFAULT '0' NOT NULL")
    op.execute("ALTER TABLE intents ADD COLUMN title TEXT DEFAULT '' NOT NULL")
    op.execute("ALTER TABLE intents ADD COLUMN answer TEXT")
    op.execute("ALTER TABLE execution_steps ADD COLUMN crashes INTEGER DEFAULT '0' NOT NULL")
    op.execute("ALTER TABLE execution_steps ADD COLUMN stand_in TEXT DEFAULT '' NOT NULL")
    op.execute("ALTER TABLE executions ADD COLUMN damaged TEXT")
    op.execute("ALTER TABLE executions ADD COLUMN doubtful TEXT")
    op.execute("ALTER TABLE generations ADD COLUMN commits INTEGER DEFAULT '0' NOT NULL")
    for table in ("executions", "plans", "execution_steps", "shared_context", "intents", "pending_approvals"):
        op.execute(f"ALTER TABLE {table} ADD COLUMN row_sum INTEGER")
        sum_rows(table)  # after every other column: what is added to a row later has to be NULL, or summed up again
