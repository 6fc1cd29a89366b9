"""The tasks of one server, ended with it.

A ``TaskGroup`` would do, were it not that fixtures enter a context in one task and leave it in another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


class Nursery:
    """Starts tasks, keeps what broke, and ends everything in ``close``."""

    def __init__(self) -> None:
        self.broken: list[BaseException] = []
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Run ``work`` until it ends or the server does."""
        task = asyncio.get_running_loop().create_task(work, name=f"server-{name}")
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def close(self) -> None:
        """Cancel what runs and wait for its end."""
        while self._tasks:
            tasks = set(self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            self._tasks -= tasks

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.broken.append(error)
