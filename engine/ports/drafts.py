"""Forms that somebody is filling in, where a chat asks one thing after another: kept, so that a restart loses nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from engine.domain.json import JsonObject


class FormDrafts(Protocol):
    """One form under each name; durable on return."""

    async def read(self, name: str) -> JsonObject | None:
        """What was kept, or None."""
        ...

    async def keep(self, name: str, form: JsonObject, at: datetime) -> None:
        """Keep a form, in the place of an earlier one of this name."""
        ...

    async def drop(self, name: str) -> None:
        """It is sent or given up; repeating is harmless."""
        ...

    async def forget(self, before: datetime) -> int:
        """Drop what was kept before this instant; how many there were."""
        ...
