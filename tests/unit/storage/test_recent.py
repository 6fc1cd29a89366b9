"""Where things were asked lately, read beside a process that writes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from storage.database import DATABASE_FILE, migrate, own_home
from storage.recent import recent_conversations


def at_home(home: Path, *conversations: str) -> None:
    migrate(home / DATABASE_FILE)
    with closing(sqlite3.connect(home / DATABASE_FILE)) as connection, connection:
        for place, conversation in enumerate(conversations):
            at = f"2026-11-2{place}T09:00:00Z"
            connection.execute(
                "INSERT INTO executions (id, tenant_id, user_id, conversation_id, request, locale, timezone, dry_run, status,"
                " created_at, updated_at, plan_version, epoch, fence, paused, cancelled)"
                " VALUES (?, 't', 'u', ?, '', 'en', 'UTC', 0, 'planning', ?, ?, 0, 0, 0, 0, 0)",
                (f"e{place}", conversation, at, at),
            )


def test_conversations_are_read_latest_first_also_while_another_process_has_the_home(tmp_path: Path) -> None:
    talks = (
        "telegram:-7:0:1",
        "telegram:5:0:0",
        "slack:C1:1.2",
        "telegram:-8:0:1",
        "telegram:-7:0:1",
        "telegram:-9%:0:1",
    )
    at_home(tmp_path, *talks)
    expected = ["telegram:-9%:0:1", "telegram:-7:0:1", "telegram:-8:0:1"]
    assert list(recent_conversations(tmp_path / DATABASE_FILE, "telegram:-", 10)) == expected
    assert list(recent_conversations(tmp_path / DATABASE_FILE, "telegram_-", 10)) == []
    with own_home(tmp_path):
        assert list(recent_conversations(tmp_path / DATABASE_FILE, "telegram:-", 2)) == expected[:2]


@pytest.mark.parametrize("content", [None, b"", b"no database at all, but long enough to be looked at" * 9])
def test_where_there_is_no_database_nothing_was_asked(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / DATABASE_FILE).write_bytes(content)
    assert list(recent_conversations(tmp_path / DATABASE_FILE, "telegram:-", 2)) == []
