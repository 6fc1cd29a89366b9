"""What may be raised where nothing but an error should be: the crash barriers of steps and of planning sort it here."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import cast

from engine.errors import InternalError


def errors_in(error: Exception) -> Iterator[Exception]:
    """What broke, one by one: what breaks in a group of tasks comes as a group, perhaps of groups."""
    if isinstance(error, ExceptionGroup):
        for one in cast("ExceptionGroup[Exception]", error).exceptions:
            yield from errors_in(one)
    else:
        yield error


def fault_in(error: BaseException) -> Exception | None:
    """The error that a barrier goes on with; None where its task was cancelled from outside, and simply gives way.

    A cancellation that nobody outside asked for comes from within, such as a task of a library's own that it had cancelled and
    waits for. To give way to it would be to begin again at once, for ever.

    Raises:
        KeyboardInterrupt, SystemExit, GeneratorExit: as given: the program ends, or this coroutine does.
    """
    if isinstance(error, Exception):
        return error
    if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit):
        raise error
    task = asyncio.current_task()
    if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
        return None
    fault = InternalError("internal_error", f"It broke with {type(error).__name__}; see the log.")
    fault.__cause__ = error
    return fault
