"""Named points at which a test may stop the process: enabled by settings, free when off.

A point is named where a crash could matter: before and after every commit and every effect. ``arm`` is called once by
the composition root; nothing else in the product changes what a point does.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable

_ANY = "*"

_armed: str | None = None
_hits: Counter[str] = Counter()
_observer: Callable[[str], None] | None = None


def arm(spec: str | None, observer: Callable[[str], None] | None = None) -> None:
    """Choose where to die.

    Args:
        spec: ``name#n`` kills the process (SIGKILL) the n-th time the point is passed, counted from 1; ``*#n`` at the
            n-th point of any name; None disarms.
        observer: called with each point's ``name#n`` as it is passed, to enumerate them.
    """
    global _armed, _observer
    _armed, _observer = spec, observer
    _hits.clear()


def failpoint(name: str) -> None:
    """Pass a named point."""
    if _armed is None and _observer is None:
        return
    _hits[name] += 1
    _hits[_ANY] += 1
    passed, whichever = f"{name}#{_hits[name]}", f"{_ANY}#{_hits[_ANY]}"
    if _observer is not None:
        _observer(passed)
    if _armed in {passed, whichever}:
        os.kill(os.getpid(), signal.SIGKILL)
