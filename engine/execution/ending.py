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
from engine.domain.plan import Step
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
    return await all_effects(workshop, snapshot)


async def all_effects(workshop: Workshop, snapshot: ExecutionSnapshot) -> Effects:
    """What is recorded of an execution's effects so far."""
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
    left = tuple(_open(snapshot, effects))
    ended = replace(_closed(snapshot, left), execution=replace(execution, outcome=outcome))
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
    closed = [change for closing in left for change in _record(closing, recorder)]
    return (questions, *closed, done, finished)


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """How a step that is open ends, though no attempt of it does."""

    step_id: StepId
    outcome: StepOutcome
    artifact: JsonObject | None = None


def closings(
    snapshot: ExecutionSnapshot, steps: Iterable[Step], effects: Effects, otherwise: StepOutcome
) -> Iterator[Closing]:
    """How each of these open steps ends by what is recorded of its effects; ``otherwise`` where that settles nothing."""
    begun = effects_by_step(effects.intents)
    for step in steps:
        run = snapshot.step_runs.get(step.id)
        name = (run.stand_in if run else "") or step.agent
        yield _closing(step.id, begun.get(step.id, ()), effects.agents.get(name), otherwise)


def _open(snapshot: ExecutionSnapshot, effects: Effects) -> Iterable[Closing]:
    """Of every open step; a plan that was only to be looked at has none to close."""
    if snapshot.plan is None or snapshot.execution.request.dry_run:
        return ()
    runs = snapshot.step_runs
    steps = [s for s in snapshot.plan.steps if s.id not in runs or runs[s.id].status is not StepStatus.DONE]
    return closings(snapshot, steps, effects, StepOutcome.CANCELLED)


def _closing(step_id: StepId, intents: Sequence[Intent], agent: AgentSpec | None, otherwise: StepOutcome) -> Closing:
    if any(intent.status is IntentStatus.STARTED for intent in intents):
        return Closing(step_id=step_id, outcome=StepOutcome.UNKNOWN)
    if len(intents) == 1 and agent is not None and agent.ends_with_effect:
        return Closing(step_id=step_id, outcome=StepOutcome.SUCCEEDED, artifact=intents[0].result)
    return Closing(step_id=step_id, outcome=otherwise)


def _closed(snapshot: ExecutionSnapshot, left: Iterable[Closing]) -> ExecutionSnapshot:
    runs, artifacts = dict(snapshot.step_runs), dict(snapshot.artifacts)
    for closing in left:
        run = runs.get(closing.step_id) or StepRun(step_id=closing.step_id)
        runs[closing.step_id] = replace(run, status=StepStatus.DONE, outcome=closing.outcome)
        if closing.artifact is not None:
            artifacts[closing.step_id] = closing.artifact
    return replace(snapshot, step_runs=runs, artifacts=artifacts)


def _record(closing: Closing, recorder: Recorder) -> tuple[Change, ...]:
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
