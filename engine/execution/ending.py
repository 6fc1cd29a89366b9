"""How an execution ends: everything that is open is closed, in the transaction that records the outcome."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.domain.agent import AgentSpec
from engine.domain.effect import Intent, IntentStatus
from engine.domain.event import EventType
from engine.domain.execution import ExecutionOutcome, ExecutionStatus, StepError, StepOutcome, StepRun, StepStatus
from engine.domain.ids import StepId
from engine.domain.json import JsonObject
from engine.domain.snapshot import ExecutionSnapshot
from engine.errors import TizmorError
from engine.execution.attempt import Workshop
from engine.execution.recording import Recorder
from engine.orchestration.account import effects_by_step
from engine.orchestration.results import compose
from engine.ports.changes import Change, MoveExecution, SettleStep, SupersedeApprovals


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What is recorded of an execution's effects, and what their steps' agents say of them."""

    intents: tuple[Intent, ...] = ()
    agents: Mapping[str, AgentSpec]


NO_EFFECTS = Effects(agents={})
"""Of an execution without a plan, or one that succeeded as it was planned first: its steps say everything."""


async def recorded_effects(workshop: Workshop, snapshot: ExecutionSnapshot, outcome: ExecutionOutcome) -> Effects:
    """What an ending with this outcome must know; nothing runs any more, so that it is the last word."""
    if outcome is ExecutionOutcome.SUCCEEDED and snapshot.execution.plan_version < 2:
        return NO_EFFECTS
    agents = {name: agent.spec for name, agent in workshop.agents.items()}
    return Effects(intents=tuple(await workshop.store.intents(snapshot.id)), agents=agents)


def ending(
    snapshot: ExecutionSnapshot,
    recorder: Recorder,
    outcome: ExecutionOutcome,
    error: TizmorError | None = None,
    effects: Effects = NO_EFFECTS,
) -> tuple[Change, ...]:
    """The changes, from a snapshot that knows every step; ``error`` says why there is no plan, if there is none.

    An answer that came in the meantime makes them lose, so that a change of plan agreed to is not overlooked; a person's
    stop does not wait for one. A question may have been opened from outside: whatever is open is closed.
    """
    execution = snapshot.execution
    closings = tuple(_closings(snapshot, effects))
    ended = replace(_closed(snapshot, closings), execution=replace(execution, outcome=outcome))
    done = MoveExecution(
        execution_id=recorder.execution_id,
        fence=recorder.fence,
        status=ExecutionStatus.DONE,
        at=recorder.at,
        outcome=outcome,
        result=compose(ended, effects.intents),
        error=None if error is None else StepError(code=error.code, detail=error.detail),
        unless_moved_from=None if execution.cancelled else execution.epoch,
    )
    questions = SupersedeApprovals(execution_id=recorder.execution_id, at=recorder.at)
    finished = recorder.event(EventType.EXECUTION_FINISHED, outcome=outcome.value)
    closed = [change for closing in closings for change in _record(closing, recorder)]
    return (questions, *closed, done, finished)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Closing:
    """How a step that is open ends with its execution."""

    step_id: StepId
    outcome: StepOutcome
    artifact: JsonObject | None = None


def _closings(snapshot: ExecutionSnapshot, effects: Effects) -> Iterator[_Closing]:
    """Of every open step; a plan that was only to be looked at has none to close."""
    if snapshot.plan is None or snapshot.execution.request.dry_run:
        return
    begun = effects_by_step(effects.intents)
    for step in snapshot.plan.steps:
        run = snapshot.step_runs.get(step.id)
        if run is None or run.status is not StepStatus.DONE:
            name = (run.stand_in if run else "") or step.agent
            yield _closing(step.id, begun.get(step.id, ()), effects.agents.get(name))


def _closing(step_id: StepId, intents: Sequence[Intent], agent: AgentSpec | None) -> _Closing:
    if any(intent.status is IntentStatus.STARTED for intent in intents):
        return _Closing(step_id=step_id, outcome=StepOutcome.UNKNOWN)
    if len(intents) == 1 and agent is not None and agent.ends_with_effect:
        return _Closing(step_id=step_id, outcome=StepOutcome.SUCCEEDED, artifact=intents[0].result)
    return _Closing(step_id=step_id, outcome=StepOutcome.CANCELLED)


def _closed(snapshot: ExecutionSnapshot, closings: Iterable[_Closing]) -> ExecutionSnapshot:
    runs, artifacts = dict(snapshot.step_runs), dict(snapshot.artifacts)
    for closing in closings:
        run = runs.get(closing.step_id) or StepRun(step_id=closing.step_id)
        runs[closing.step_id] = replace(run, status=StepStatus.DONE, outcome=closing.outcome)
        if closing.artifact is not None:
            artifacts[closing.step_id] = closing.artifact
    return replace(snapshot, step_runs=runs, artifacts=artifacts)


def _record(closing: _Closing, recorder: Recorder) -> tuple[Change, ...]:
    if closing.artifact is not None:
        return recorder.succeeded(closing.step_id, closing.artifact).changes
    settle = SettleStep(
        execution_id=recorder.execution_id,
        step_id=closing.step_id,
        fence=recorder.fence,
        outcome=closing.outcome,
        at=recorder.at,
    )
    return (settle,)
