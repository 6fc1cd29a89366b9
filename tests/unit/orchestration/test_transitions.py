"""Every (status, signal) pair is decided, and every mix of step outcomes has a name."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from engine.domain.execution import (
    Execution,
    ExecutionOutcome,
    ExecutionStatus,
    Signal,
    StepOutcome,
    StepRun,
    StepStatus,
)
from engine.domain.ids import ExecutionId, PrincipalId, StepId
from engine.domain.request import Request
from engine.orchestration.transitions import Effectiveness, judge_signal, outcome_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)
APPLIES, REPEATED, IMPOSSIBLE = Effectiveness.APPLIES, Effectiveness.REPEATED, Effectiveness.IMPOSSIBLE
LIVE = (ExecutionStatus.PLANNING, ExecutionStatus.RUNNING, ExecutionStatus.WAITING)


def execution(status: ExecutionStatus, **more: object) -> Execution:
    request = Request(text="x", user_id=PrincipalId("u"))
    base = Execution(id=ExecutionId("e"), request=request, status=status, created_at=NOW, updated_at=NOW)
    return replace(base, **more)


@pytest.mark.parametrize("status", LIVE)
@pytest.mark.parametrize(
    ("flags", "signal", "expected"),
    [
        ({}, Signal.PAUSE, APPLIES),
        ({}, Signal.RESUME, REPEATED),
        ({}, Signal.CANCEL, APPLIES),
        ({"paused": True}, Signal.PAUSE, REPEATED),
        ({"paused": True}, Signal.RESUME, APPLIES),
        ({"paused": True}, Signal.CANCEL, APPLIES),
        ({"cancelled": True}, Signal.PAUSE, IMPOSSIBLE),
        ({"cancelled": True}, Signal.RESUME, IMPOSSIBLE),
        ({"cancelled": True}, Signal.CANCEL, REPEATED),
    ],
)
def test_a_live_execution_takes_signals(
    status: ExecutionStatus, flags: dict[str, bool], signal: Signal, expected: Effectiveness
) -> None:
    assert judge_signal(execution(status, **flags), signal) is expected


@pytest.mark.parametrize("outcome", list(ExecutionOutcome))
@pytest.mark.parametrize("signal", list(Signal))
def test_a_done_execution_takes_nothing(outcome: ExecutionOutcome, signal: Signal) -> None:
    again = signal is Signal.CANCEL and outcome is ExecutionOutcome.CANCELLED
    assert judge_signal(execution(ExecutionStatus.DONE, outcome=outcome), signal) is (REPEATED if again else IMPOSSIBLE)


@pytest.mark.parametrize("status", LIVE)
def test_the_pause_flag_covers_the_status_until_it_is_done(status: ExecutionStatus) -> None:
    assert execution(status, paused=True).shown_status is ExecutionStatus.PAUSED
    assert execution(status).shown_status is status
    assert execution(ExecutionStatus.DONE, paused=True).shown_status is ExecutionStatus.DONE


OK, FAILED, SKIPPED = StepOutcome.SUCCEEDED, StepOutcome.FAILED, StepOutcome.SKIPPED
REJECTED, UNKNOWN = StepOutcome.REJECTED, StepOutcome.UNKNOWN


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ((OK, OK), ExecutionOutcome.SUCCEEDED),
        ((OK, FAILED, SKIPPED), ExecutionOutcome.PARTIAL),
        ((FAILED, SKIPPED), ExecutionOutcome.FAILED),
        ((OK, REJECTED, SKIPPED), ExecutionOutcome.REJECTED),
        ((OK, REJECTED, FAILED), ExecutionOutcome.PARTIAL),
        ((REJECTED, FAILED), ExecutionOutcome.FAILED),
        ((OK, UNKNOWN), ExecutionOutcome.PARTIAL),
    ],
)
def test_how_an_ended_execution_is_called(outcomes: tuple[StepOutcome, ...], expected: ExecutionOutcome) -> None:
    runs = [StepRun(step_id=StepId(str(n)), status=StepStatus.DONE, outcome=o) for n, o in enumerate(outcomes)]
    assert outcome_of(runs) is expected
