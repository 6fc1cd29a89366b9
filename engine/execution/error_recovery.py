"""What follows a failed attempt: pure, by class of error, never by text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from engine.domain.execution import StepError
from engine.errors import TizmorError, UnavailableError

MAX_ATTEMPTS = 5
"""Attempts of one step that may fail with something worth retrying."""

MAX_CRASHES = 20
"""Attempts of one step, all told, waiting included: a step that keeps killing its process is given up."""

FIRST_DELAY = timedelta(seconds=1)
LONGEST_DELAY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """Try again after ``retry_in``, or give up (None)."""

    error: StepError
    retry_in: timedelta | None


def recover(error: Exception, attempt: int, jitter: float) -> Recovery:
    """Decide what follows.

    Args:
        error: what the attempt raised.
        attempt: its number, from 1.
        jitter: 0 to 1, from outside: full jitter over an exponential delay.
    """
    known = StepError(code=error.code, detail=error.detail) if isinstance(error, TizmorError) else _unknown(error)
    if not isinstance(error, UnavailableError) or attempt >= MAX_ATTEMPTS:
        return Recovery(error=known, retry_in=None)
    delay = min(FIRST_DELAY * 2 ** (attempt - 1), LONGEST_DELAY) * jitter
    if error.retry_after is not None:
        delay = max(delay, min(error.retry_after, LONGEST_DELAY))
    return Recovery(error=known, retry_in=delay)


def _unknown(error: Exception) -> StepError:
    return StepError(code="internal_error", detail=f"The step broke with {type(error).__name__}; see the log.")
