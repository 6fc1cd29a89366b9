"""DBOS over SQLite, its file switched to WAL beforehand: four times fewer flushes than its default.

Steps are told apart by the order of their calls, so they are called layer by layer; for a chain, a fan and a diamond
that costs nothing, for the skewed graph it would not be fair. Runs in ``.venv-peers``; imported by name, because the
product's environment does not have it.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.bench.driving import Run, main
from tests.bench.workloads import Shape, Work

DBOS: Any = import_module("dbos").DBOS

_works: list[Work] = []
"""The one of this process; steps are module-level functions here."""


@DBOS.step()
async def perform(step: str) -> dict[str, str]:
    """One step."""
    return {"kind": "agenda", "title": "note", "text": await _works[-1](step)}


@DBOS.workflow()
async def execution(layers: list[list[str]]) -> list[str]:
    """One execution; gives the steps that ended."""
    ended: list[str] = []
    for layer in layers:
        async with asyncio.TaskGroup() as group:
            for step in layer:
                group.create_task(perform(step))
        ended += layer
    return ended


class Workflows:
    """See ``driving``: an engine that recovers."""

    def __init__(self, database: Path) -> None:
        self.database = database

    async def prepare(self, shape: Shape) -> Run:
        layers = layers_of(shape)

        async def run() -> None:
            ended = await execution(layers)
            if len(ended) != len(shape):
                raise RuntimeError(f"{len(ended)} of {len(shape)} steps ended")

        return run

    async def recovered(self, shape: Shape) -> None:
        found = await DBOS.list_workflows_async()
        handle = await DBOS.retrieve_workflow_async(found[0].workflow_id)
        ended = await handle.get_result(polling_interval_sec=0.02)
        if len(ended) != len(shape):
            raise RuntimeError(f"{len(ended)} of {len(shape)} steps ended")


def layers_of(shape: Shape) -> list[list[str]]:
    """Steps by the length of the longest way to them."""
    depth: dict[str, int] = {}
    for node in shape:
        depth[node.id] = max((depth[name] + 1 for name in node.after), default=0)
    return [[name for name, d in depth.items() if d == level] for level in range(max(depth.values()) + 1)]


@asynccontextmanager
async def open_workflows(home: Path, work: Work) -> AsyncGenerator[Workflows]:
    """DBOS over ``home``; what an earlier process left there goes on at once."""
    _works.append(work)
    database = home / "dbos.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    config = {"name": "bench", "system_database_url": f"sqlite:///{database}", "log_level": "ERROR"}
    DBOS(config=config)
    DBOS.launch()
    try:
        yield Workflows(database)
    finally:
        DBOS.destroy()


if __name__ == "__main__":
    main(open_workflows)
