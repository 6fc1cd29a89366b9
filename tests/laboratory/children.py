"""Forked processes that do one thing and end: everything is imported once, and each costs its own work only."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable


def in_child(work: Callable[[], None]) -> int:
    """Run in a forked process; its exit code, or minus the signal that killed it. Call it where no loop and no thread runs."""
    return reaped(start(work))


def start(work: Callable[[], None]) -> int:
    """Begin it in a forked process; its process id, for :func:`reaped`."""
    pid = os.fork()
    if pid == 0:
        leave(work)
    return pid


def reaped(pid: int) -> int:
    """Wait for its end; its exit code, or minus the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def leave(work: Callable[[], None]) -> None:
    """What a forked process does, and its end."""
    code = 1
    try:
        work()
        code = 0
    except BaseException:  # noqa: BLE001 - the child's last word
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
