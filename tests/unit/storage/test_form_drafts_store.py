"""A form that is being filled in is kept under its name, the last state of it, until it is sent or too old."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from engine.domain.json import JsonObject
from storage.codec import instant
from storage.database import open_database
from storage.form_drafts_store import SqliteFormDrafts
from tests.lab import FakeClock

NOW = FakeClock().now()


async def test_forms_are_kept_replaced_dropped_and_forgotten(tmp_path: Path) -> None:
    one: JsonObject = {"values": {"title": "פגישה", "guests": ["a", None]}, "field": 2}
    async with open_database(tmp_path, now=instant(NOW), durable=False) as database:
        drafts = SqliteFormDrafts(database)
        assert await drafts.read("telegram:1") is None
        await drafts.keep("telegram:1", {"field": 1}, NOW)
        await drafts.keep("telegram:1", one, NOW + timedelta(hours=1))
        await drafts.keep("telegram:2", {}, NOW)
    async with open_database(tmp_path, now=instant(NOW), durable=False) as database:
        drafts = SqliteFormDrafts(database)
        assert await drafts.read("telegram:1") == one
        assert await drafts.read("telegram:2") == {}
        for _ in range(2):
            await drafts.drop("telegram:2")
            assert await drafts.read("telegram:2") is None
        assert await drafts.forget(NOW + timedelta(hours=1)) == 0, "kept again since"
        assert await drafts.forget(NOW + timedelta(hours=2)) == 1
        assert await drafts.read("telegram:1") is None
