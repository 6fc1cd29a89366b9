"""One person on several chats, one-time codes, forms that are being filled in, and how far a chat was read"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "person_links",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("linked_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_person_links")),
    )
    op.create_index("ix_person_links_person", "person_links", ["person"])
    op.create_table(
        "codes",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.Text(), nullable=False),
        sa.Column("used_by", sa.Text()),
        sa.CheckConstraint("kind IN ('invitation', 'link')", name=op.f("ck_codes_kind")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_codes")),
    )
    op.create_table(
        "form_drafts",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_form_drafts")),
    )
    op.execute("ALTER TABLE surfaces ADD COLUMN cursor TEXT")
    op.create_index("ix_chat_messages_ref", "chat_messages", ["ref"], sqlite_where=sa.text("ref IS NOT NULL"))
