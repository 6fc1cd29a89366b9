"""SQL text compiled once from the tables, and one statement with its parameters: what the writer thread runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, ClauseElement, bindparam, insert, literal, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.dml import Insert, Update

from storage import tables as t

Parameters = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL text with ``:name`` parameters, and the values of those that never change."""

    sql: str
    constants: Parameters


@dataclass(frozen=True, slots=True)
class Write:
    """One statement with its parameters."""

    statement: Statement
    values: Parameters
    rows: int | None
    """Row count that means the condition held; None: any."""

    @property
    def parameters(self) -> Parameters:
        """Everything to bind."""
        constants = self.statement.constants
        return {**constants, **self.values} if constants else self.values


def bound(name: str) -> BindParameter[Any]:
    """A named parameter."""
    return bindparam(name)


def compiled(statement: ClauseElement) -> Statement:
    """SQL text for sqlite3, compiled once at import."""
    result = statement.compile(dialect=sqlite.dialect(paramstyle="named"))
    constants: Mapping[str, object] = result.params or {}
    return Statement(str(result), {name: value for name, value in constants.items() if value is not None})


def inserting(table: Any, statement: Insert | None = None) -> Statement:
    """INSERT of every column of a table, each bound to a parameter of its own name."""
    columns: dict[str, BindParameter[Any]] = {
        c.name: bound(c.name) for c in table.columns if not (c.primary_key and c.autoincrement is True)
    }
    return compiled((statement if statement is not None else insert(table)).values(columns))


def setting(statement: Update, *names: str, **fixed: Any) -> Update:
    """The update with these columns set to parameters of their own names, and those to fixed values."""
    return statement.values({**{n: bound(n) for n in names}, **fixed})


_e = t.executions.executions
mine = (_e.c.id == bound("b_execution"), _e.c.fence == bound("b_fence"), _e.c.status != "done")
"""The execution is not done, and this fence owns it."""
owned = select(literal(1)).where(_e.c.id == bound("b_execution"), _e.c.fence == bound("b_fence")).exists()
"""This fence owns the execution of the row being written."""
