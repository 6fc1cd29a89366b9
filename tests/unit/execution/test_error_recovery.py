"""What follows a failure: the whole table, and what holds for every entry of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import (
    AuthExpiredError,
    ConflictError,
    IntegrationError,
    InternalError,
    NotAllowedError,
    NotFoundError,
    PlanError,
    RefusedError,
    RequestError,
    StorageAwayError,
    UnavailableError,
    WithheldError,
)
from engine.execution.error_recovery import (
    FIRST_DELAY,
    LONGEST_DELAY,
    LONGEST_RETRY_AFTER,
    MAX_ATTEMPTS,
    ErrorKind,
    Failure,
    GiveUp,
    StandIn,
    TryAgain,
    backoff,
    kind_of,
    step_error,
    what_follows,
)

K = ErrorKind
LAST = MAX_ATTEMPTS
NO, PLAN, OTHER = GiveUp(mendable=False), GiveUp(mendable=True), StandIn("Other")
AGAIN = TryAgain(FIRST_DELAY)

TABLE = [
    # kind, failing attempt, is there a stand-in, did it fail, had an effect begun: what follows at full jitter
    (K.PERSON, 1, False, False, False, PLAN),
    (K.PERSON, 1, True, False, False, PLAN),
    (K.PERSON, 1, False, True, False, PLAN),
    (K.PERSON, 1, True, False, True, NO),
    (K.FORBIDDEN, 1, False, False, False, NO),
    (K.FORBIDDEN, 1, True, False, False, NO),
    (K.FORBIDDEN, 1, False, True, False, NO),
    (K.FORBIDDEN, 1, True, False, True, NO),
    (K.UNAVAILABLE, 1, False, False, False, AGAIN),
    (K.UNAVAILABLE, 1, True, False, False, AGAIN),
    (K.UNAVAILABLE, 1, True, False, True, AGAIN),
    (K.UNAVAILABLE, LAST, False, False, False, NO),
    (K.UNAVAILABLE, LAST, True, False, False, OTHER),
    (K.UNAVAILABLE, LAST, True, False, True, NO),
    (K.UNAVAILABLE, 1, False, True, False, PLAN),
    (K.UNAVAILABLE, 1, False, True, True, NO),
    (K.CREDENTIALS, 1, False, False, False, NO),
    (K.CREDENTIALS, 1, True, False, False, OTHER),
    (K.CREDENTIALS, 1, True, False, True, NO),
    (K.CREDENTIALS, 1, False, True, False, PLAN),
    (K.REFUSED, 1, False, False, False, PLAN),
    (K.REFUSED, 1, True, False, False, OTHER),
    (K.REFUSED, 1, True, False, True, NO),
    (K.REFUSED, 1, False, True, False, PLAN),
    (K.PLAN, 1, False, False, False, PLAN),
    (K.PLAN, 1, True, False, False, PLAN),
    (K.PLAN, 1, False, True, False, PLAN),
    (K.PLAN, 1, True, False, True, NO),
    (K.BUG, 1, False, False, False, NO),
    (K.BUG, 1, True, False, False, NO),
    (K.BUG, 1, False, True, False, NO),
    (K.BUG, 1, True, False, True, NO),
]


@pytest.mark.parametrize(("kind", "attempt", "other", "stood_in", "effect", "expected"), TABLE)
def test_what_follows(
    kind: ErrorKind, attempt: int, other: bool, stood_in: bool, effect: bool, expected: TryAgain | StandIn | GiveUp
) -> None:
    failure = Failure(
        kind=kind, attempt=attempt, stand_in="Other" if other else "", stood_in=stood_in, had_effect=effect
    )
    assert what_follows(failure, 1.0) == expected


def test_the_table_has_every_kind() -> None:
    assert {row[0] for row in TABLE} == set(ErrorKind)


def test_a_service_that_wants_to_be_left_alone_for_too_long_is_not_waited_for() -> None:
    patient = Failure(kind=K.UNAVAILABLE, attempt=1, retry_after=LONGEST_RETRY_AFTER, stand_in="Other")
    assert what_follows(patient, 0.0) == TryAgain(LONGEST_RETRY_AFTER)
    longer = Failure(
        kind=K.UNAVAILABLE, attempt=1, retry_after=LONGEST_RETRY_AFTER + timedelta(seconds=1), stand_in="Other"
    )
    assert what_follows(longer, 0.0) == OTHER


FAILURES = st.builds(
    Failure,
    kind=st.sampled_from(ErrorKind),
    attempt=st.integers(1, 1_000),
    retry_after=st.none() | st.timedeltas(timedelta(0), timedelta(days=2)),
    stand_in=st.sampled_from(["", "Other"]),
    stood_in=st.booleans(),
    had_effect=st.booleans(),
)


@given(failure=FAILURES, jitter=st.floats(0, 1))
def test_only_what_time_may_mend_is_tried_again_and_only_so_often(failure: Failure, jitter: float) -> None:
    follows = what_follows(failure, jitter)
    if isinstance(follows, TryAgain):
        assert failure.kind is K.UNAVAILABLE
        assert failure.attempt < MAX_ATTEMPTS
        assert not failure.stood_in
        assert timedelta() <= follows.delay <= LONGEST_RETRY_AFTER
        assert failure.retry_after is None or follows.delay >= failure.retry_after


@given(failure=FAILURES, jitter=st.floats(0, 1))
def test_what_may_have_changed_the_world_is_neither_handed_on_nor_planned_again(
    failure: Failure, jitter: float
) -> None:
    follows = what_follows(failure, jitter)
    if failure.had_effect:
        assert not isinstance(follows, StandIn)
        assert follows != PLAN
    if isinstance(follows, StandIn):
        assert failure.stand_in
        assert not failure.stood_in


@given(attempt=st.integers(1, 10_000), jitter=st.floats(0, 1))
def test_the_delay_doubles_up_to_its_longest_with_full_jitter(attempt: int, jitter: float) -> None:
    most = min(FIRST_DELAY * 2 ** min(attempt - 1, 30), LONGEST_DELAY)
    assert timedelta() <= backoff(attempt, None, jitter) <= most
    assert backoff(attempt, None, 1.0) == most
    assert backoff(attempt, None, 0.0) == timedelta()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (RequestError("a", "b"), K.PERSON),
        (NotFoundError("a", "b"), K.PERSON),
        (ConflictError("a", "b"), K.PERSON),
        (NotAllowedError("a", "b"), K.FORBIDDEN),
        (WithheldError("a", "b"), K.FORBIDDEN),
        (UnavailableError("a", "b"), K.UNAVAILABLE),
        (StorageAwayError("a", "b"), K.UNAVAILABLE),
        (IntegrationError("a", "b"), K.UNAVAILABLE),
        (AuthExpiredError("a", "b"), K.CREDENTIALS),
        (RefusedError("a", "b"), K.REFUSED),
        (PlanError("a", "b"), K.PLAN),
        (InternalError("a", "b"), K.BUG),
        (KeyError("a"), K.BUG),
        (TimeoutError(), K.BUG),
    ],
)
def test_an_error_is_sorted_by_its_class(error: Exception, kind: ErrorKind) -> None:
    assert kind_of(error) is kind


def test_of_a_strange_error_only_its_name_is_kept() -> None:
    assert step_error(ValueError("a secret")).detail == "The step broke with ValueError; see the log."
    assert step_error(RefusedError("no", "Because."), mendable=True).mendable
