"""SQL text is written once: what never changes stands in it, and only what differs is bound."""

from __future__ import annotations

import re
from types import ModuleType

import pytest

from storage.writes import approvals, damage, effects, executions, facts, plans, spend, steps

WRITES = (approvals, damage, effects, executions, facts, plans, spend, steps)

NUMBERED = re.compile(r":\w+_\d+\b")
"""What SQLAlchemy calls a value that it was given, and not the name of a parameter."""


def statements(module: ModuleType) -> list[str]:
    return [value for name, value in vars(module).items() if name.isupper() and isinstance(value, str)]


@pytest.mark.parametrize("module", WRITES, ids=lambda module: module.__name__)
def test_what_never_changes_is_in_the_text(module: ModuleType) -> None:
    found = statements(module)
    assert found
    assert [sql for sql in found if NUMBERED.search(sql)] == []


def test_a_constant_is_quoted_as_sqlite_reads_it() -> None:
    assert "status != 'done'" in steps._SETTLE
