"""Rules every test lives by: what it starts, it ends."""

from __future__ import annotations

import asyncio
import inspect
import os
import threading
from collections.abc import AsyncGenerator, Generator

import pytest

os.environ["TIZMOR_ENV_FILE"] = ""  # noqa: TID251 - a developer's own settings are no test's


@pytest.fixture
async def no_task_is_left() -> AsyncGenerator[None]:
    """Fail an asynchronous test that leaves a task running on its loop."""
    yield
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not left, f"tasks left behind: {sorted(task.get_name() for task in left)}"


@pytest.fixture(autouse=True)
def nothing_is_left(request: pytest.FixtureRequest) -> Generator[None]:
    """Fail a test that leaves a task, a writer, or a reader of a database behind."""
    if inspect.iscoroutinefunction(request.function):
        request.getfixturevalue("no_task_is_left")
    yield
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith("tizmor-")]
    assert not left, f"database threads left behind: {left}"
