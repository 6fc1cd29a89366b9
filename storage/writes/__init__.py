"""Changes → SQL: each change becomes an ordered list of writes with the row counts that mean it was won."""

from storage.writes import approvals, damage, effects, executions, facts, plans, spend, steps
from storage.writes.dispatch import writes
from storage.writes.statement import Write, bound, compiled, inserting

__all__ = [
    "Write",
    "approvals",
    "bound",
    "compiled",
    "damage",
    "effects",
    "executions",
    "facts",
    "inserting",
    "plans",
    "spend",
    "steps",
    "writes",
]
