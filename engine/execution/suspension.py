"""Leaving a step to wait: raised, so that every decorator and agent in between is left at once.

``Suspended`` is a BaseException so that nobody's ``except Exception`` eats it; only the attempt catches it.
"""

from __future__ import annotations

from engine.ports.changes import Change


class Suspended(BaseException):
    """The step gives way. ``changes`` open what it waits for, in the transaction that parks the step.

    Args:
        changes: made together with parking; lost when another step has opened the same.
        waiting: for a question of its own; False: it is simply ready again, and starts once its execution is not paused
            and no question about all of it is open.
    """

    def __init__(self, *changes: Change, waiting: bool = True) -> None:
        super().__init__()
        self.changes = changes
        self.waiting = waiting


class Declined(Exception):  # noqa: N818 - an answer, not an error
    """A person said no to the step's call."""


class Unsettled(Exception):  # noqa: N818 - an answer, not an error
    """The effect may have happened, and a person left it at that."""
