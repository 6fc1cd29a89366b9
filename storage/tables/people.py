"""Access: tokens of principals, whose accounts are one person's, codes, remembered responses, the process generation."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, Integer, Table, Text

from storage.tables.metadata import metadata

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("name", Text, nullable=False),
)

principals = Table(
    "principals",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("seen_at", Text, nullable=False),
)

person_links = Table(
    "person_links",
    metadata,
    Column("account", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("linked_at", Text, nullable=False),
    Index("ix_person_links_person", "person"),
)

codes = Table(
    "codes",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("tenant_id", Text, nullable=False),
    Column("expires_at", Text, nullable=False),
    Column("used_by", Text),
    CheckConstraint("kind IN ('invitation', 'link')", name="kind"),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("route", Text, nullable=False),
    Column("body_hash", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("at", Text, nullable=False),
)

generations = Table(
    "generations",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("started_at", Text, nullable=False),
    Column("commits", Integer, nullable=False, server_default="0"),
)
