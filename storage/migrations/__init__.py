"""Alembic revisions and how they run."""
