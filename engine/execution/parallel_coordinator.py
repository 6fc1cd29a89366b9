"""What is ready: pure dataflow over a plan. A step starts when its own inputs exist; there is no barrier."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from engine.domain.approval import ApprovalKind, ApprovalStatus
from engine.domain.execution import StepError, StepOutcome, StepRun, StepStatus
from engine.domain.ids import StepId
from engine.domain.plan import Step
from engine.domain.snapshot import ExecutionSnapshot
from engine.domain.waiting import left
from engine.errors import PlanError
from engine.execution.error_recovery import LONGEST_RETRY_AFTER


class HasDependencies(Protocol):
    """Anything with an id and the ids it waits for."""

    @property
    def id(self) -> str:
        """Its name."""
        ...

    @property
    def depends_on(self) -> Sequence[str]:
        """Names of what must come first."""
        ...


Node = TypeVar("Node", bound=HasDependencies)

Retry = tuple[StepId, datetime]
"""A step, and the instant it is tried again at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """A step that ends without running."""

    step_id: StepId
    outcome: StepOutcome
    error: StepError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """What to do next with an execution. All empty and nothing running: only persons or timers can move it."""

    start: tuple[StepId, ...] = ()
    """In plan order."""
    settle: tuple[Settlement, ...] = ()
    ask: tuple[StepId, ...] = ()
    """Steps whose several candidates a later step needs one of: open a choice."""


def next_moves(
    snapshot: ExecutionSnapshot, gated_agents: frozenset[str], now: datetime, steps: Iterable[Step]
) -> Moves:
    """Decide from one snapshot; the same snapshot gives the same moves.

    Args:
        snapshot: the execution, with a plan.
        gated_agents: agents whose writes a person is asked about.
        now: the current instant, for retries.
        steps: of the plan; those that may have become ready or impossible since this was last asked. All of them is
            always right.
    """
    looked_at = list(steps)
    settle = tuple(_settlements(looked_at, snapshot))
    settled = {s.step_id for s in settle}
    start = tuple(
        step.id for step in looked_at if step.id not in settled and _may_start(step, snapshot, gated_agents, now)
    )
    return Moves(start=start, settle=settle, ask=tuple(_questions(looked_at, snapshot)))


def gates_undecided(snapshot: ExecutionSnapshot, gated_agents: frozenset[str], step_id: StepId) -> bool:
    """Does any step that must pass a gate still stand before it? Steps that need this one are not asked about: their gates
    cannot open before it has ended."""
    passed = {
        a.step_id
        for a in snapshot.approvals
        if a.kind is ApprovalKind.GATE and a.status in {ApprovalStatus.APPROVED, ApprovalStatus.MODIFIED}
    }
    needing = {step_id}
    for step in snapshot.plan.steps if snapshot.plan else ():
        if not needing.isdisjoint(_needed(step)):
            needing.add(step.id)
            continue
        gated = step.agent in gated_agents and step.id not in passed
        if gated and step.id != step_id and _run(snapshot, step.id).status is not StepStatus.DONE:
            return True
    return False


def retries(snapshot: ExecutionSnapshot) -> frozenset[Retry]:
    """Steps of the plan that wait for an instant, or did until a moment ago."""
    runs = [_run(snapshot, step.id) for step in snapshot.plan.steps] if snapshot.plan else []
    return frozenset(
        (run.step_id, run.retry_at) for run in runs if run.status is StepStatus.WAITING and run.retry_at is not None
    )


def lies_ahead(retry_at: datetime, now: datetime) -> bool:
    """Is it too soon to try again?"""
    return bool(left(retry_at, now, LONGEST_RETRY_AFTER))


def engine_asks(snapshot: ExecutionSnapshot) -> bool:
    """Is a question about the whole execution open, such as one about money? Steps that gave way to it wait for it, and so does
    planning: it would give way to it too, and there is room for only one."""
    return any(a.step_id is None and a.status is ApprovalStatus.PENDING for a in snapshot.approvals)


def candidates(snapshot: ExecutionSnapshot, producer: StepId) -> int:
    """How many items the producer's artifact offers to pick from."""
    items = snapshot.artifacts.get(producer, {}).get("items")
    return len(items) if isinstance(items, Sequence) else 0


def analyze_dependencies(steps: Iterable[Node]) -> list[list[Node]]:
    """Batches for people to look at: each holds the steps whose dependencies stand in earlier ones, in given order.

    The executor does not wait for batches.

    Raises:
        PlanError: ``draft_invalid`` when the steps contain a cycle or name a step that is not there.
    """
    waiting = list(steps)
    placed: set[str] = set()
    batches: list[list[Node]] = []
    while waiting:
        batch = [step for step in waiting if set(step.depends_on) <= placed]
        if not batch:
            names = ", ".join(step.id for step in waiting)
            raise PlanError(
                "draft_invalid", f"These steps wait for each other or for a step that is not there: {names}."
            )
        batches.append(batch)
        placed |= {step.id for step in batch}
        waiting = [step for step in waiting if step.id not in placed]
    return batches


def _needed(step: Step) -> Iterable[StepId]:
    """As ``step.depends_on``, in no order and perhaps with repeats."""
    for binding in step.bindings.values():
        if not binding.earlier:
            yield binding.step_id
    yield from step.after


def _run(snapshot: ExecutionSnapshot, step_id: StepId) -> StepRun:
    return snapshot.step_runs.get(step_id) or StepRun(step_id=step_id)


def _succeeded(runs: Mapping[StepId, StepRun], step_id: StepId) -> bool:
    run = runs.get(step_id)
    return run is not None and run.outcome is StepOutcome.SUCCEEDED


def _settlements(steps: Iterable[Step], snapshot: ExecutionSnapshot) -> Iterable[Settlement]:
    for step in steps:
        if _run(snapshot, step.id).status in {StepStatus.DONE, StepStatus.RUNNING}:
            continue
        if any(
            (run := snapshot.step_runs.get(d)) is not None
            and run.status is StepStatus.DONE
            and run.outcome is not StepOutcome.SUCCEEDED
            for d in _needed(step)
        ):
            yield Settlement(step_id=step.id, outcome=StepOutcome.SKIPPED)
            continue
        yield from _refused_choices(step, snapshot)


def _refused_choices(step: Step, snapshot: ExecutionSnapshot) -> Iterable[Settlement]:
    for binding in step.bindings.values():
        choice = snapshot.latest(ApprovalKind.CHOICE, binding.step_id) if binding.one else None
        if choice is None:
            continue
        if choice.status is ApprovalStatus.REJECTED:
            yield Settlement(step_id=step.id, outcome=StepOutcome.REJECTED)
            return
        if choice.status is ApprovalStatus.EXPIRED:
            error = StepError(code="expired", detail="Nobody picked one in time.")
            yield Settlement(step_id=step.id, outcome=StepOutcome.FAILED, error=error)
            return


def _may_start(step: Step, snapshot: ExecutionSnapshot, gated_agents: frozenset[str], now: datetime) -> bool:
    run = _run(snapshot, step.id)
    if run.status in {StepStatus.DONE, StepStatus.RUNNING}:
        return False
    if not all(_succeeded(snapshot.step_runs, d) for d in _needed(step)):
        return False
    if any(b.one and not _settled_pick(snapshot, b.step_id) for b in step.bindings.values()):
        return False
    if run.status is not StepStatus.WAITING:
        gave_way = run.started_at is not None and run.error is None  # not one that another agent takes over
        return not gave_way or not engine_asks(snapshot)
    if run.retry_at is not None:
        return not lies_ahead(run.retry_at, now)
    own = [a for a in snapshot.approvals if a.step_id == step.id and a.kind is not ApprovalKind.CHOICE]
    if own:
        return all(a.status is not ApprovalStatus.PENDING for a in own)
    return not gates_undecided(snapshot, gated_agents, step.id)


def _settled_pick(snapshot: ExecutionSnapshot, producer: StepId) -> bool:
    if candidates(snapshot, producer) <= 1:
        return True
    choice = snapshot.latest(ApprovalKind.CHOICE, producer)
    return choice is not None and choice.status is ApprovalStatus.CHOSEN


def _questions(steps: Iterable[Step], snapshot: ExecutionSnapshot) -> Iterable[StepId]:
    asked: set[StepId] = set()
    for step in steps:
        if _run(snapshot, step.id).status is StepStatus.DONE:
            continue
        for binding in step.bindings.values():
            producer = binding.step_id
            there = binding.earlier or _succeeded(snapshot.step_runs, producer)
            if not binding.one or producer in asked or not there:
                continue
            if candidates(snapshot, producer) > 1 and snapshot.latest(ApprovalKind.CHOICE, producer) is None:
                asked.add(producer)
                yield producer
