"""A sum over each row that decides something, so that a damaged one is noticed when it is read.

SQLite notices damage to the structure of a page, not to the text in it. Each column that is not NULL adds the CRC-32 of its
value, salted with the column's name, to ``row_sum``; an update adds the difference of what it changes, so that damage elsewhere
in the row is never summed up as if it were right, and a column that is added later and is NULL changes no sum. A CRC finds any
damage of up to 32 neighbouring bits in a column, and misses other damage once in four billion times; it is no protection against
somebody who means it.

A row whose ``row_sum`` is NULL is taken as it is: written before sums existed, or mended by hand.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, cast
from zlib import crc32

from sqlalchemy import BindParameter, ColumnElement, LargeBinary, RowMapping, Table, func, literal, literal_column
from sqlalchemy import cast as cast_to

ROW_SUM = "row_sum"


def teach(connection: sqlite3.Connection) -> None:
    """Give a connection that writes the two functions that statements over summed tables call."""
    connection.create_function("row_sum", -1, sum_of, deterministic=True)
    connection.create_function("row_delta", -1, _difference, deterministic=True)


def is_summed(table: Any) -> bool:
    """Has the table sums?"""
    found: Any = table
    return isinstance(table, Table) and ROW_SUM in found.columns


def whole(table: Table, values: Mapping[str, Any]) -> ColumnElement[Any]:
    """The sum of a new row.

    Args:
        table: into which.
        values: an expression for every other column, by name.
    """
    return func.row_sum(*_flat((_salt(c.name), values[c.name]) for c in table.columns if c.name != ROW_SUM))


def changed(table: Table, values: Mapping[str, Any], *, unreadable: bool = False) -> ColumnElement[Any]:
    """The sum of a row that is being updated.

    Args:
        table: of which.
        values: an expression for every column that changes, by name.
        unreadable: what stands there may not even be text.
    """
    stands = {name: table.columns[name] for name in values}
    old = {name: cast_to(column, LargeBinary) for name, column in stands.items()} if unreadable else stands
    return table.columns[ROW_SUM] + func.row_delta(
        *_flat((_salt(name), old[name], _again(value)) for name, value in values.items())
    )


def is_damaged(table: Table, row: Mapping[Any, Any] | RowMapping) -> bool:
    """Is a row, read with every column of its table, not what was written? One without a sum is not, and none of a table
    without sums."""
    expected = row[ROW_SUM] if is_summed(table) else None
    if expected is None:
        return False
    for name, salt in _salts(table):
        value = row[name]
        if value is not None:
            expected -= crc32(_bytes(value), salt)
    return expected != 0


def sum_of(*pairs: Any) -> int:
    """The sum of a row.

    Args:
        *pairs: salt and value, in turn; a value's bytes stand for itself.
    """
    total = 0
    values = iter(pairs)
    for salt, value in zip(values, values, strict=True):
        if value is not None:
            total += crc32(_bytes(value), salt)
    return total


def _difference(*triples: Any) -> int:
    """Salt, old and new value, in turn."""
    total = 0
    values = iter(triples)
    for salt, old, new in zip(values, values, values, strict=True):
        if old != new:
            total += (0 if new is None else crc32(_bytes(new), salt)) - (0 if old is None else crc32(_bytes(old), salt))
    return total


@lru_cache(maxsize=32)
def _salts(table: Table) -> tuple[tuple[str, int], ...]:
    return tuple((column.name, salt_of(column.name)) for column in table.columns if column.name != ROW_SUM)


def _bytes(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    return value if isinstance(value, bytes) else b"%d" % value


def _again(value: Any) -> Any:
    """A constant a second time: one parameter cannot stand for a column and inside a function."""
    if not isinstance(value, BindParameter):
        return value
    parameter = cast("BindParameter[Any]", value)
    return literal(parameter.value) if parameter.unique else parameter


def salt_of(name: str) -> int:
    """What distinguishes equal values of two columns."""
    return crc32(name.encode())


def _salt(name: str) -> ColumnElement[Any]:
    return literal_column(str(salt_of(name)))


def _flat(groups: Iterable[tuple[Any, ...]]) -> list[Any]:
    return [one for group in groups for one in group]
