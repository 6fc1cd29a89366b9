"""Pure transitions: what a signal does to an execution, and how an ended one is called."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from engine.domain.execution import Execution, ExecutionOutcome, ExecutionStatus, Signal, StepOutcome, StepRun


class Effectiveness(StrEnum):
    """What a signal comes to."""

    APPLIES = "applies"
    """It changes the execution."""
    REPEATED = "repeated"
    """It is already so; harmless."""
    IMPOSSIBLE = "impossible"
    """The execution has ended otherwise."""


def judge_signal(execution: Execution, signal: Signal) -> Effectiveness:
    """Decide every (status, signal) pair.

    A done execution takes nothing, except that cancelling a cancelled one is a repetition. Pause and resume are a flag
    over the status; cancelling a paused execution works.
    """
    if execution.status is ExecutionStatus.DONE:
        repeated = signal is Signal.CANCEL and execution.outcome is ExecutionOutcome.CANCELLED
        return Effectiveness.REPEATED if repeated else Effectiveness.IMPOSSIBLE
    if execution.cancelled:
        return Effectiveness.REPEATED if signal is Signal.CANCEL else Effectiveness.IMPOSSIBLE
    match signal:
        case Signal.PAUSE:
            return Effectiveness.REPEATED if execution.paused else Effectiveness.APPLIES
        case Signal.RESUME:
            return Effectiveness.APPLIES if execution.paused else Effectiveness.REPEATED
        case Signal.CANCEL:
            return Effectiveness.APPLIES


def outcome_of(runs: Iterable[StepRun]) -> ExecutionOutcome:
    """How an execution whose steps are all done is called."""
    outcomes = {run.outcome for run in runs}
    if outcomes <= {StepOutcome.SUCCEEDED}:
        return ExecutionOutcome.SUCCEEDED
    failed = outcomes & {StepOutcome.FAILED, StepOutcome.UNKNOWN}
    if StepOutcome.REJECTED in outcomes and not failed:
        return ExecutionOutcome.REJECTED
    return ExecutionOutcome.PARTIAL if StepOutcome.SUCCEEDED in outcomes else ExecutionOutcome.FAILED
