"""Gives the rows of a table their sums, within a migration."""

from __future__ import annotations

from alembic import op

from storage.row_sums import ROW_SUM, salt_of


def sum_rows(table: str) -> None:
    """Sum up every row of a table as it stands, over the columns it has at this point of the migration."""
    columns = [row[1] for row in op.get_bind().exec_driver_sql(f"PRAGMA table_info({table})") if row[1] != ROW_SUM]
    pairs = ", ".join(f"{salt_of(name)}, {name}" for name in columns)
    op.execute(f"UPDATE {table} SET {ROW_SUM} = row_sum({pairs})")  # noqa: S608 - names of ours
