"""Fixtures of the laboratory's tests."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest
from loguru import logger

MEMORY = Path("/dev/shm")


@pytest.fixture
def fast_path(tmp_path: Path) -> Generator[Path]:
    """A folder in memory, where there is such a place: a process that is killed takes nothing written there with it, and
    nothing has to be flushed to a disk. What a machine without power takes is another part's."""
    if not MEMORY.is_dir():
        yield tmp_path
        return
    path = Path(tempfile.mkdtemp(prefix="tizmor-", dir=MEMORY))
    yield path
    shutil.rmtree(path)


@pytest.fixture(autouse=True)
def heard() -> Generator[None]:
    """Parts that run thousands of products in this process silence them; whoever comes next is heard again."""
    yield
    logger.enable("bot")
