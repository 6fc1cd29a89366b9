"""The flow as a LangGraph graph with its SQLite saver, durability ``sync``: each delivery a node. Runs in ``.venv-peers``;
imported by name, because the product's environment does not have it."""

from __future__ import annotations

import operator
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Annotated, Any, TypedDict

from tests.bench.effects.flow import STEPS, Flow, Results, main

saver: Any = import_module("langgraph.checkpoint.sqlite.aio")
graphs: Any = import_module("langgraph.graph")


class State(TypedDict):
    """What was delivered."""

    delivered: Annotated[list[str], operator.add]


async def engine(flow: Flow) -> Results:
    """Begin, or go on from the latest checkpoint of the process before."""
    async with saver.AsyncSqliteSaver.from_conn_string(str(flow.home / "checkpoints.db")) as checkpointer:
        await checkpointer.setup()
        await checkpointer.conn.execute("PRAGMA synchronous=FULL")
        graph = _graph(flow).compile(checkpointer=checkpointer)
        config: dict[str, Any] = {"configurable": {"thread_id": "flow"}}
        begun = await checkpointer.aget_tuple(config) is not None
        state = await graph.ainvoke(None if begun else {"delivered": []}, config, durability="sync")
    assert state["delivered"] == list(STEPS)
    return {"asked": 0}


def _graph(flow: Flow) -> Any:
    builder: Any = graphs.StateGraph(State)
    before = graphs.START
    for step in STEPS:
        builder.add_node(step, _node(flow, step))
        builder.add_edge(before, step)
        before = step
    return builder


def _node(flow: Flow, step: str) -> Callable[[State], Awaitable[dict[str, Any]]]:
    async def deliver(_: State) -> dict[str, Any]:
        return {"delivered": [await flow.deliver(step)]}

    return deliver


if __name__ == "__main__":
    main(engine)
