"""Gives the rows of a table their sums, within a migration."""

from __future__ import annotations

from typing import Any

from alembic import op

from storage.row_sums import ROW_SUM, salt_of, sum_of

_ROW_SUM_AS_IT_STANDS = "row_sum_as_it_stands"


def sum_rows(table: str) -> None:
    """Sum up every row of a table as it stands, over the columns it has at this point of the migration.

    A row with a text that is not UTF-8 was damaged before there were sums: it gets one that is not its own, so that it is found
    to be damaged whenever it is read, and keeps no other from being summed up.
    """
    bind = op.get_bind()
    raw: Any = bind.connection.driver_connection
    raw.create_function(_ROW_SUM_AS_IT_STANDS, -1, _sum_as_it_stands, deterministic=True)
    columns = [row[1] for row in bind.exec_driver_sql(f"PRAGMA table_info({table})") if row[1] != ROW_SUM]
    pairs = ", ".join(f"{salt_of(name)}, CAST({name} AS BLOB)" for name in columns)  # a text would have to be one
    op.execute(f"UPDATE {table} SET {ROW_SUM} = {_ROW_SUM_AS_IT_STANDS}({pairs})")  # noqa: S608 - names of ours


def _sum_as_it_stands(*pairs: int | bytes | None) -> int:
    total = sum_of(*pairs)
    return total if all(_is_text(stored) for stored in pairs[1::2]) else total + 1


def _is_text(stored: int | bytes | None) -> bool:
    if not isinstance(stored, bytes):
        return True
    try:
        stored.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
