"""The one function from a change to its writes; each module of this package registers its own."""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch

from storage.writes.statement import Write


@singledispatch
def writes(change: object) -> Iterator[Write]:
    """The writes of one change, in order."""
    raise NotImplementedError(type(change).__name__)
