"""The flow as a DBOS workflow over SQLite: each delivery a step. Runs in ``.venv-peers``; imported by name, because the
product's environment does not have it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from importlib import import_module
from typing import Any

from tests.bench.effects.flow import STEPS, Flow, Results, main

DBOS: Any = import_module("dbos").DBOS

_flows: list[Flow] = []
"""The one of this process; steps are module-level functions here."""


@DBOS.step()
async def delivery(step: str) -> str:
    """One step."""
    return await _flows[-1].deliver(step)


@DBOS.workflow()
async def deliveries() -> list[str]:
    """All of them, in a row."""
    return [await delivery(step) for step in STEPS]


async def engine(flow: Flow) -> Results:
    """Begin, or let its recovery finish what the process before left."""
    _flows.append(flow)
    database = flow.home / "dbos.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    DBOS(config={"name": "effects", "system_database_url": f"sqlite:///{database}", "log_level": "ERROR"})
    DBOS.launch()
    try:
        begun = await DBOS.list_workflows_async()
        if begun:
            handle = await DBOS.retrieve_workflow_async(begun[0].workflow_id)
            ended = await handle.get_result(polling_interval_sec=0.02)
        else:
            ended = await deliveries()
    finally:
        DBOS.destroy()
    assert ended == list(STEPS)
    return {"asked": 0}


if __name__ == "__main__":
    main(engine)
