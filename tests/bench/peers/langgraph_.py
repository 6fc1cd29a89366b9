"""LangGraph in graph mode: SQLite saver, durability ``sync``, WAL with synchronous=FULL.

Every step keeps its artifact in the state, as ours does. Runs in ``.venv-peers``; imported by name, because the product's
environment does not have it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, TypedDict

from tests.bench.driving import Run, main
from tests.bench.workloads import Shape, Work

saver: Any = import_module("langgraph.checkpoint.sqlite.aio")
graphs: Any = import_module("langgraph.graph")

RECURSION_LIMIT = 1_000
"""Above the longest chain; the default would end it."""


def merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """How what two steps gave back becomes one state."""
    return one | other


class State(TypedDict):
    """What the steps have given back, by step."""

    artifacts: Annotated[dict[str, Any], merged]


class Graph:
    """See ``driving``: an engine that recovers."""

    def __init__(self, home: Path, work: Work, checkpointer: Any) -> None:
        self.database = database_in(home)
        self._work = work
        self._checkpointer = checkpointer
        self._threads = 0

    async def prepare(self, shape: Shape) -> Run:
        graph = self._compiled(shape)

        async def run() -> None:
            self._threads += 1
            await self._invoke(graph, {"artifacts": {}}, f"t{self._threads}", len(shape))

        return run

    async def recovered(self, shape: Shape) -> None:
        await self._invoke(self._compiled(shape), None, "t1", len(shape))

    async def _invoke(self, graph: Any, given: Any, thread: str, steps: int) -> None:
        config = {"configurable": {"thread_id": thread}, "recursion_limit": RECURSION_LIMIT}
        state = await graph.ainvoke(given, config, durability="sync")
        if len(state["artifacts"]) != steps:
            raise RuntimeError(f"{len(state['artifacts'])} of {steps} steps ended")

    def _compiled(self, shape: Shape) -> Any:
        builder: Any = graphs.StateGraph(State)
        for node in shape:
            builder.add_node(node.id, self._node(node.id))
            if len(node.after) > 1:
                builder.add_edge(list(node.after), node.id)
            else:
                builder.add_edge(node.after[0] if node.after else graphs.START, node.id)
        return builder.compile(checkpointer=self._checkpointer)

    def _node(self, step: str) -> Callable[[State], Awaitable[dict[str, Any]]]:
        async def perform(_: State) -> dict[str, Any]:
            return {"artifacts": {step: {"kind": "agenda", "title": "note", "text": await self._work(step)}}}

        return perform


def database_in(home: Path) -> Path:
    """Its SQLite file."""
    return home / "checkpoints.db"


@asynccontextmanager
async def open_graph(home: Path, work: Work) -> AsyncGenerator[Graph]:
    """LangGraph over ``home``."""
    async with saver.AsyncSqliteSaver.from_conn_string(str(database_in(home))) as checkpointer:
        await checkpointer.setup()
        await checkpointer.conn.execute("PRAGMA synchronous=FULL")
        yield Graph(home, work, checkpointer)


if __name__ == "__main__":
    main(open_graph)
