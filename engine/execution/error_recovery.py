"""What follows a failed attempt: pure, by class of error, never by text.

In this order: the same again after a while, once more with another agent, another plan, and the step has failed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from engine.domain.execution import StepError
from engine.errors import (
    AuthExpiredError,
    IntegrationError,
    NotAllowedError,
    PlanError,
    RefusedError,
    RequestError,
    TizmorError,
    UnavailableError,
    WithheldError,
)

MAX_ATTEMPTS = 5
"""Attempts of one step that may fail with something worth retrying."""

MAX_CRASHES = 5
"""Times the process may die while an attempt of one step is under way, or while an execution is worked on outside any step;
then neither is tried again."""

SUSPECT_CRASHES = MAX_CRASHES - 2
"""From so many on, a step or an execution moves alone: the next deaths, of which one may not be counted yet, are its own."""

QUARANTINED = "step_quarantined"

FIRST_DELAY = timedelta(seconds=1)
LONGEST_DELAY = timedelta(minutes=5)

LONGEST_RETRY_AFTER = timedelta(hours=1)
"""A service that wants to be left alone for longer is not waited for."""


class ErrorKind(StrEnum):
    """Whose turn it is to mend something."""

    PERSON = "person"
    """Whoever asked can: by asking for something else."""
    FORBIDDEN = "forbidden"
    """A person or a rule said no, and no way round that is looked for."""
    UNAVAILABLE = "unavailable"
    """Time may."""
    CREDENTIALS = "credentials"
    """Whoever runs the product can: an account has to be connected again."""
    REFUSED = "refused"
    """The service said no; the same call again is useless."""
    PLAN = "plan"
    """Another plan can."""
    BUG = "bug"
    """We have to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An attempt that failed."""

    kind: ErrorKind
    attempt: int
    """Which failing attempt of the step this is, from 1; those the process died of are not counted."""
    retry_after: timedelta | None = None
    """The service asked to be left alone for so long."""
    stand_in: str = ""
    """An agent that could take over; empty: there is none, or it is what failed."""
    stood_in: bool = False
    """What failed was the stand-in already."""
    had_effect: bool = False
    """An effect had begun: only the same agent may go on with it, under the same key."""


@dataclass(frozen=True, slots=True)
class TryAgain:
    """The same agent, after a while."""

    delay: timedelta


@dataclass(frozen=True, slots=True)
class StandIn:
    """Another agent, once, now."""

    agent: str


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The step has failed."""

    mendable: bool
    """Another plan may get round it."""


Following = TryAgain | StandIn | GiveUp


def what_follows(failure: Failure, jitter: float) -> Following:
    """Decide.

    Args:
        failure: what happened.
        jitter: 0 to 1, from outside: full jitter over an exponential delay.
    """
    kind = failure.kind
    patient = failure.retry_after is None or failure.retry_after <= LONGEST_RETRY_AFTER
    if kind is ErrorKind.UNAVAILABLE and not failure.stood_in and patient and failure.attempt < MAX_ATTEMPTS:
        return TryAgain(backoff(failure.attempt, failure.retry_after, jitter))
    if failure.had_effect:
        return GiveUp(mendable=False)
    outside = kind in {ErrorKind.UNAVAILABLE, ErrorKind.CREDENTIALS, ErrorKind.REFUSED}
    if outside and failure.stand_in and not failure.stood_in:
        return StandIn(failure.stand_in)
    elsewhere = kind in {ErrorKind.PERSON, ErrorKind.REFUSED, ErrorKind.PLAN}
    return GiveUp(mendable=elsewhere or (outside and failure.stood_in))


def backoff(attempt: int, retry_after: timedelta | None, jitter: float) -> timedelta:
    """How long to wait after this failing attempt: full jitter over a delay that doubles, and never less than was asked."""
    delay = min(FIRST_DELAY * 2 ** min(attempt - 1, 16), LONGEST_DELAY) * jitter
    return delay if retry_after is None else max(delay, min(retry_after, LONGEST_RETRY_AFTER))


def kind_of(error: Exception) -> ErrorKind:
    """Sort an error by its class."""
    match error:
        case NotAllowedError() | WithheldError():
            return ErrorKind.FORBIDDEN
        case RequestError():
            return ErrorKind.PERSON
        case AuthExpiredError():
            return ErrorKind.CREDENTIALS
        case RefusedError():
            return ErrorKind.REFUSED
        case UnavailableError() | IntegrationError():
            return ErrorKind.UNAVAILABLE
        case PlanError():
            return ErrorKind.PLAN
        case _:
            return ErrorKind.BUG


def retry_after(error: Exception) -> timedelta | None:
    """How long the service asked to be left alone."""
    return error.retry_after if isinstance(error, UnavailableError) else None


def step_error(error: Exception, *, mendable: bool = False) -> StepError:
    """What is kept of an error: of one of ours its code and detail, of any other only what it is."""
    if isinstance(error, TizmorError):
        return StepError(code=error.code, detail=error.detail, mendable=mendable)
    return StepError(code="internal_error", detail=f"The step broke with {type(error).__name__}; see the log.")


def quarantined(deaths: int) -> StepError:
    """Why a step is not tried again."""
    return StepError(code=QUARANTINED, detail=f"The process died {deaths} times while it did this step.")
