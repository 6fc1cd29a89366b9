"""SQL text compiled once from the tables, and one statement with its parameters: what the writer thread runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, ClauseElement, bindparam, insert, literal, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.dml import Insert, Update

from storage import tables as t
from storage.row_sums import ROW_SUM, changed, is_summed, whole


class Write(NamedTuple):
    """One statement with its parameters."""

    sql: str
    """With a ``:name`` for everything that differs from one time to the next."""
    parameters: Mapping[str, object]
    rows: int | None
    """Row count that means the condition held; None: any."""


class _Compiler(sqlite.dialect.statement_compiler):
    """Writes values that never change into the text: binding one costs more than reading it."""

    def visit_bindparam(self, bindparam: BindParameter[Any], *arguments: Any, **options: Any) -> str:
        options["literal_binds"] = bindparam.value is not None
        return super().visit_bindparam(bindparam, *arguments, **options)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


_dialect = sqlite.dialect(paramstyle="named")
_dialect.statement_compiler = _Compiler


def bound(name: str) -> BindParameter[Any]:
    """A named parameter."""
    return bindparam(name)


def compiled(statement: ClauseElement) -> str:
    """SQL text for sqlite3, compiled once at import. An update of a table with sums keeps the sum right."""
    if isinstance(statement, Update) and is_summed(statement.table):
        table: Any = statement.table
        set_ = statement._values or {}  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - no other way to read what an update sets
        values = {str(getattr(column, "key", column)): value for column, value in set_.items()}
        if ROW_SUM not in values:
            statement = statement.values({ROW_SUM: changed(table, values)})
    return str(statement.compile(dialect=_dialect))


def inserting(table: Any, statement: Insert | None = None) -> str:
    """INSERT of every column of a table, each bound to a parameter of its own name."""
    return compiled((statement if statement is not None else insert(table)).values(row_of(table)))


def row_of(table: Any, **given: Any) -> dict[str, Any]:
    """An expression for every column of a new row: what is given, else a parameter of the column's name; and its sum."""
    names = [c.name for c in table.columns if not (c.primary_key and c.autoincrement is True) and c.name != ROW_SUM]
    row = {name: given.get(name, bound(name)) for name in names}
    return {**row, ROW_SUM: whole(table, row)} if is_summed(table) else row


def conflicting(table: Any, **values: Any) -> dict[str, Any]:
    """What an upsert sets of a row that is there: these values, and its sum."""
    return {**values, ROW_SUM: changed(table, values)} if is_summed(table) else values


def setting(statement: Update, *names: str, **fixed: Any) -> Update:
    """The update with these columns set to parameters of their own names, and those to fixed values."""
    return statement.values({**{n: bound(n) for n in names}, **fixed})


_e = t.executions.executions
mine = (_e.c.id == bound("b_execution"), _e.c.fence == bound("b_fence"), _e.c.status != "done")
"""The execution is not done, and this fence owns it."""
owned = select(literal(1)).where(_e.c.id == bound("b_execution"), _e.c.fence == bound("b_fence")).exists()
"""This fence owns the execution of the row being written."""
