"""A workspace in a temporary folder, and a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine import failpoints
from integrations.local_workspace import LocalDocuments


class StandingClock:
    """Always the same instant; sleeping takes no time."""

    def now(self) -> datetime:
        return datetime(2026, 11, 23, 9, tzinfo=UTC)

    async def sleep(self, duration: timedelta) -> None:
        assert duration >= timedelta(0)


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    return folder


@pytest.fixture
def store(docs: Path) -> Iterator[LocalDocuments]:
    opened = LocalDocuments(docs)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction] - pytest finds it by its mark
    yield
    failpoints.arm(None)
