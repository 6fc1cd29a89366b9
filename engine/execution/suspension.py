"""Leaving a step to wait: raised, so that every decorator and agent in between is left at once.

``Suspended`` is a BaseException so that nobody's ``except Exception`` eats it; only the step runner catches it.
"""

from __future__ import annotations

from engine.ports.store import Change


class Suspended(BaseException):
    """The step waits for a person. ``changes`` open what it waits for, in the transaction that parks the step."""

    def __init__(self, *changes: Change) -> None:
        super().__init__()
        self.changes = changes


class Declined(Exception):  # noqa: N818 - an answer, not an error
    """A person said no to the step's call."""


class Unsettled(Exception):  # noqa: N818 - an answer, not an error
    """The effect may have happened, and a person left it at that."""
