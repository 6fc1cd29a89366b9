"""May a person edit a plan like this, as it stands? Pure: every refusal names what stands against it."""

from __future__ import annotations

from collections.abc import Mapping

from engine.domain.agent import AgentSpec
from engine.domain.approval import ApprovalKind, ApprovalStatus
from engine.domain.execution import ExecutionStatus, StepOutcome, StepRun, StepStatus
from engine.domain.ids import StepId
from engine.domain.plan import Plan, Step
from engine.domain.snapshot import ExecutionSnapshot
from engine.errors import ConflictError, NotFoundError, PlanError, RequestError
from engine.planning.check import findings
from engine.planning.draft import DraftStep, PlanDraft
from engine.planning.editing import (
    ChangeInputs,
    Drop,
    GoBack,
    Grounds,
    PlanEdit,
    Retry,
    Revision,
    carried_out,
    edited,
    named,
    now_called,
    waiting_edits,
)
from engine.ports.planning import EarlierArtifact


def must_be_open(snapshot: ExecutionSnapshot) -> Plan:
    """The plan, where it can be changed.

    Raises:
        ConflictError: ``execution_ended``; ``plan_not_made``; ``plan_fixed``: it takes another one back; ``plan_changing``:
            the person has just asked for another plan in words, which is being made.
    """
    execution = snapshot.execution
    asked = snapshot.latest(ApprovalKind.PLAN)
    answer = asked.status if asked is not None and asked.plan_version == execution.plan_version else None
    dropped = answer in {ApprovalStatus.REJECTED, ApprovalStatus.EXPIRED}
    if execution.status is ExecutionStatus.DONE or execution.cancelled or dropped:
        state = execution.outcome.value if execution.outcome else "being stopped"
        detail = f"Execution {snapshot.id} is {state}; fork it from a step to do that and what follows again."
        raise ConflictError("execution_ended", detail, {"is": state})
    if execution.request.undoes:
        raise ConflictError("plan_fixed", f"Execution {snapshot.id} is an undo; ask for what you want anew.")
    if not execution.plan_version or snapshot.plan is None:
        raise ConflictError("plan_not_made", f"Execution {snapshot.id} has no plan yet; wait for it.")
    if answer is ApprovalStatus.MODIFIED:
        raise ConflictError("plan_changing", f"The plan of execution {snapshot.id} is being changed; wait for it.")
    return snapshot.plan


def must_be_unfinished(snapshot: ExecutionSnapshot, step: Step) -> None:
    """Let a step pass that has not done what it is for.

    Raises:
        ConflictError: ``step_finished``.
    """
    if _run(snapshot, step).outcome is StepOutcome.SUCCEEDED:
        detail = f"Step {step.id} is done and keeps its result; fork the execution from it to do it otherwise."
        raise ConflictError("step_finished", detail, {"step": step.title})


def ways_to_edit(snapshot: ExecutionSnapshot) -> Mapping[StepId, tuple[str, ...]]:
    """What a person can do to each step of a plan that is open: ``edit retry drop``, in this order; steps to which nothing can
    be done, and all of a plan that cannot be edited or is asked about as a whole, are not in it."""
    try:
        plan = must_be_open(snapshot)
    except ConflictError:
        return {}
    asked = snapshot.latest(ApprovalKind.PLAN)
    if asked is not None and asked.status is ApprovalStatus.PENDING:
        return {}
    waiting = {step_id for edit in waiting_edits(snapshot) for step_id in named(edit.edit or {})}
    open_ones = [step for step in plan.steps if _run(snapshot, step).outcome is not StepOutcome.SUCCEEDED]
    ways: dict[StepId, tuple[str, ...]] = {}
    for step in open_ones:
        done = _run(snapshot, step).status is StepStatus.DONE
        possible = {"edit": bool(step.inputs), "retry": done, "drop": not done and len(plan.steps) > 1}
        if step.id not in waiting and any(possible.values()):
            ways[step.id] = tuple(way for way, can in possible.items() if can)
    return ways


def check_edit(
    snapshot: ExecutionSnapshot, edit: PlanEdit, grounds: Grounds, agents: Mapping[str, AgentSpec]
) -> Revision:
    """What the plan comes to with this edit, on top of those that still wait to be carried out.

    Args:
        snapshot: the execution.
        edit: what the person wants.
        grounds: what else is known of the execution.
        agents: every agent a plan may name, by name.

    Raises:
        ConflictError: as :func:`must_be_open`; ``step_finished``, ``step_not_failed``, ``nothing_changes``, ``plan_empty``.
        NotFoundError: ``step_unknown``, ``version_unknown``.
        RequestError: ``inputs_invalid``.
    """
    must_be_open(snapshot)
    before = edited(snapshot, waiting_edits(snapshot), grounds)
    _must_make_sense(snapshot, before, edit)
    try:
        made = carried_out(snapshot, before, edit, grounds)
    except PlanError as error:
        raise ConflictError(error.code, error.detail, error.parameters) from error
    if isinstance(edit, ChangeInputs):
        _must_fit(made, now_called(made, edit.step), snapshot, agents)
    return made


def _must_make_sense(snapshot: ExecutionSnapshot, before: Revision, edit: PlanEdit) -> None:
    match edit:
        case Drop(steps=steps):
            for step_id in steps:
                _unfinished(snapshot, before, step_id)
        case Retry(step=step_id):
            step = _unfinished(snapshot, before, step_id)
            if _run(snapshot, step).status is not StepStatus.DONE:
                raise ConflictError(
                    "step_not_failed", f"Step {step_id} has not failed; it goes on by itself.", {"step": step.title}
                )
        case ChangeInputs(step=step_id, inputs=inputs):
            step = _unfinished(snapshot, before, step_id)
            if all(step.inputs.get(name) == value for name, value in inputs.items()):
                raise _nothing_changes(f"Step {step_id} has these arguments already.")
        case GoBack(version=version):
            if version == snapshot.execution.plan_version and not waiting_edits(snapshot):
                raise _nothing_changes(f"Version {version} is the current one.")


def _unfinished(snapshot: ExecutionSnapshot, before: Revision, step_id: StepId) -> Step:
    called = now_called(before, step_id)
    step = next((one for one in before.plan.steps if one.id == called), None)
    if step is None:
        raise NotFoundError("step_unknown", f"The plan of {snapshot.id} has no step {step_id!r}.", {"step": step_id})
    must_be_unfinished(snapshot, step)
    return step


def _run(snapshot: ExecutionSnapshot, step: Step) -> StepRun:
    return snapshot.step_runs.get(step.id) or StepRun(step_id=step.id)


def _must_fit(made: Revision, step_id: StepId, snapshot: ExecutionSnapshot, agents: Mapping[str, AgentSpec]) -> None:
    draft = PlanDraft(steps=tuple(_draft(step) for step in made.plan.steps))
    earlier = {
        str(one.name): EarlierArtifact(
            name=one.name,
            execution_id=one.execution_id,
            step_id=one.step_id,
            kind=str(snapshot.artifacts.get(one.name, {}).get("kind")),
            title="",
        )
        for one in made.plan.imports
    }
    faults = [found.detail for found in findings(draft, agents, earlier) if found.step == step_id]
    if faults:
        told = "; ".join(faults[:5])
        raise RequestError("inputs_invalid", f"Field inputs: {told}.", {"faults": told})


def _draft(step: Step) -> DraftStep:
    bindings = {name: {"step": b.step_id, "one": b.one} for name, b in step.bindings.items()}
    whole = {"id": step.id, "agent": step.agent, "title": step.title, "inputs": dict(step.inputs)}
    return DraftStep.model_validate({**whole, "bindings": bindings, "after": tuple(step.after)})


def _nothing_changes(detail: str) -> ConflictError:
    return ConflictError("nothing_changes", detail)
