"""A person's own edits of a plan: what they are, how they are kept, and the version they come to. Pure.

An edit is kept as a question that its author has already answered, about the version they saw. The version after that one
carries out every edit of it, in the order they were made, and no version can be saved over one it does not know.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import cast

from engine.domain.approval import Approval, ApprovalKind, ApprovalStatus
from engine.domain.effect import Effect, Intent, IntentStatus
from engine.domain.execution import StepOutcome
from engine.domain.ids import ApprovalId, ExecutionId, PrincipalId, StepId, opaque
from engine.domain.json import JsonObject, JsonValue
from engine.domain.plan import PLAN_EDIT_PLACE, Plan, PlanOrigin
from engine.domain.snapshot import ExecutionSnapshot
from engine.errors import NotFoundError, PlanError
from engine.planning.revise import Renewal, following, renewed, returned, unsucceeded, without
from engine.ports.store import PlanVersion

PLAN_EDIT = "plan_edit"
"""Topic of an edit."""

_ORDER = "order"
"""Parameter of an edit: how many of the same version were made before it. Clocks do not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """Leave out these steps, and whatever needs one of them as an input."""

    steps: tuple[StepId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Do a step again that failed or was skipped, with what failed before it and everything that waits for it."""

    step: StepId


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeInputs:
    """Do a step with other arguments."""

    step: StepId
    inputs: JsonObject
    """The ones that change; None takes an argument away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoBack:
    """Do what an older version said."""

    version: int


PlanEdit = Drop | Retry | ChangeInputs | GoBack


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What has to be known of an execution besides its snapshot."""

    versions: Mapping[int, Plan]
    """Every version by its number, the current one included."""
    touched: frozenset[StepId] = frozenset()
    """Steps of any version that have begun an effect, however that came out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """The next version."""

    plan: Plan
    names: Mapping[StepId, StepId] = field(default_factory=dict[StepId, StepId])
    """The ids of steps that have another one than in the version before, by that."""


def grounds_of(snapshot: ExecutionSnapshot, versions: Iterable[PlanVersion], intents: Iterable[Intent]) -> Grounds:
    """What is known of an execution, from what the store has of it."""
    return Grounds(versions={one.plan.version: one.plan for one in versions}, touched=touched(snapshot, intents))


def touched(snapshot: ExecutionSnapshot, intents: Iterable[Intent]) -> frozenset[StepId]:
    """Steps whose effect happened, or may have: nobody turned the call down, or a person left it at not knowing."""
    begun = (intent.step_id for intent in intents if intent.status is not IntentStatus.VOID)
    unknown = (step_id for step_id, run in snapshot.step_runs.items() if run.outcome is StepOutcome.UNKNOWN)
    return frozenset((*begun, *unknown))


def edit_id(execution_id: ExecutionId, key: str) -> ApprovalId:
    """The one edit that a delivery, named by its key, can make."""
    return ApprovalId(opaque(f"{PLAN_EDIT}/{execution_id}/{key}"))


def kept(
    snapshot: ExecutionSnapshot, approval_id: ApprovalId, edit: PlanEdit, by: PrincipalId, now: datetime
) -> Approval:
    """The edit as it is kept, decided by its author."""
    return Approval(
        id=approval_id,
        execution_id=snapshot.id,
        kind=ApprovalKind.QUESTION,
        plan_version=snapshot.execution.plan_version,
        created_at=now,
        status=ApprovalStatus.APPROVED,
        step_id=PLAN_EDIT_PLACE,
        parameters={_ORDER: str(len(waiting_edits(snapshot)))},
        topic=PLAN_EDIT,
        decided_at=now,
        decided_by=by,
        edit=_written(edit),
    )


def waiting_edits(snapshot: ExecutionSnapshot) -> tuple[Approval, ...]:
    """The edits of the current version, in the order they were made: the next version carries them out."""
    current = snapshot.execution.plan_version
    found = (a for a in snapshot.approvals if a.topic == PLAN_EDIT and a.plan_version == current)
    return tuple(sorted(found, key=lambda a: int(a.parameters[_ORDER])))


def agreed_to(version: int, plan: Plan, approvals: Iterable[Approval]) -> bool:
    """Does a version run without a question: because it needed none, or because a person said so?"""
    return plan.sure or any(
        a.kind is ApprovalKind.PLAN and a.plan_version == version and a.status is ApprovalStatus.APPROVED
        for a in approvals
    )


def revised(snapshot: ExecutionSnapshot, edits: Sequence[Approval], grounds: Grounds) -> Revision:
    """The version after the current one, with these edits carried out one after the other.

    It runs without a question where the person has agreed to the version that was edited, or that is gone back to; no step
    may do again what was done already; and it writes nothing that the version agreed to last did not write.

    Args:
        snapshot: the execution, which has a plan.
        edits: of the current version, as they were kept, or its question answered with one.
        grounds: what else is known.

    Raises:
        PlanError: ``plan_missing``: there is no plan to edit.
    """
    made, base = edited(snapshot, edits, grounds), snapshot.execution.plan_version
    for edit in edits:
        base = version if isinstance(version := (edit.edit or {}).get("go_back"), int) else base
    sure = (
        agreed_to(base, grounds.versions.get(base, made.plan), snapshot.approvals)
        and not made.plan.repeats
        and not _adds_effects(snapshot, made, grounds)
    )
    return replace(
        made,
        plan=replace(made.plan, sure=sure, took_up=frozenset(edit.id for edit in edits if edit.topic == PLAN_EDIT)),
    )


def edited(snapshot: ExecutionSnapshot, edits: Iterable[Approval], grounds: Grounds) -> Revision:
    """The next version as far as these edits make it.

    Raises:
        PlanError: ``plan_missing``: there is no plan to edit.
    """
    if snapshot.plan is None:
        raise PlanError("plan_missing", f"Execution {snapshot.id} has no plan yet.")
    agreed = agreed_to(snapshot.plan.version, snapshot.plan, snapshot.approvals)
    repeats = frozenset[StepId]() if agreed else snapshot.plan.repeats
    made = Revision(plan=replace(following(snapshot.plan, PlanOrigin.EDIT), repeats=repeats))
    for edit in edits:
        with suppress(PlanError, NotFoundError):  # it was possible when it was made, and has come to nothing since
            made = carried_out(snapshot, made, _read(edit.edit or {}), grounds)
    return made


def carried_out(snapshot: ExecutionSnapshot, before: Revision, edit: PlanEdit, grounds: Grounds) -> Revision:
    """One edit, on top of what the ones before it came to.

    Raises:
        PlanError: ``plan_empty``, ``step_unknown``.
        NotFoundError: ``version_unknown``.
    """
    plan, used = before.plan, _used(grounds)
    again: set[StepId] = set()
    match edit:
        case Drop(steps=steps):
            plan = without(plan, [now_called(before, step) for step in steps])
        case Retry(step=step):
            again = _to_do_again(plan, now_called(before, step), snapshot)
        case ChangeInputs(step=step, inputs=inputs):
            called = now_called(before, step)
            again = {called, *_to_do_again(plan, called, snapshot)}
            plan = _with_inputs(plan, called, inputs)
        case GoBack(version=version):
            return _gone_back(snapshot, before, version, grounds)
    # What was given its id by an edit before this one has never been stored: it may change under it.
    made = renewed(plan, again & used, snapshot.step_runs, used)
    return Revision(plan=_warned(made, before.plan, grounds), names=_chained(before.names, made.names))


def now_called(revision: Revision, step_id: StepId) -> StepId:
    """What a step of the version before is called now."""
    return revision.names.get(step_id, step_id)


def _gone_back(snapshot: ExecutionSnapshot, before: Revision, version: int, grounds: Grounds) -> Revision:
    older = grounds.versions.get(version)
    if older is None:
        raise NotFoundError("version_unknown", f"Execution {snapshot.id} has no version {version} of its plan.")
    current = replace(before.plan, origin=PlanOrigin.RETURN)
    finished = frozenset(step.id for plan in grounds.versions.values() for step in plan.steps) & set(snapshot.artifacts)
    made = returned(older, current, snapshot.step_runs, finished)
    return Revision(plan=_warned(made, before.plan, grounds))


def _to_do_again(plan: Plan, step_id: StepId, snapshot: ExecutionSnapshot) -> set[StepId]:
    """The step and what stands before it, as far as they ended without success."""
    steps = {step.id: step for step in plan.steps}
    if step_id not in steps:
        raise PlanError("step_unknown", f"The plan has no step {step_id}.")
    found: set[StepId] = set()
    waiting = [step_id]
    while waiting:
        one = waiting.pop()
        if one not in found and unsucceeded(snapshot.step_runs, one):
            found.add(one)
            waiting.extend(steps[one].depends_on)
    return found


def _with_inputs(plan: Plan, step_id: StepId, inputs: JsonObject) -> Plan:
    def changed(before: JsonObject) -> JsonObject:
        return {name: value for name, value in {**before, **inputs}.items() if value is not None}

    steps = tuple(replace(step, inputs=changed(step.inputs)) if step.id == step_id else step for step in plan.steps)
    return replace(plan, steps=steps)


def _warned(made: Renewal, before: Plan, grounds: Grounds) -> Plan:
    """The plan with what it may do again: what the one before it may, and effects under new ids that may have happened under
    the old ones."""
    effects = {step.id: step.effect for step in made.plan.steps}
    repeats = {made.names.get(step, step) for step in before.repeats}
    repeats |= {new for old, new in made.names.items() if old in grounds.touched}
    return replace(
        made.plan, repeats=frozenset(one for one in repeats if effects.get(one, Effect.READ) is not Effect.READ)
    )


def _adds_effects(snapshot: ExecutionSnapshot, made: Revision, grounds: Grounds) -> bool:
    """Does it write what the version agreed to last did not? A step that only changed its id or its arguments is not
    another one: what a person tapped is what they want."""
    agreed = [n for n, plan in grounds.versions.items() if agreed_to(n, plan, snapshot.approvals)]
    if not agreed:
        return True
    known = {step.id for step in grounds.versions[max(agreed)].steps}
    known |= {new for old, new in made.names.items() if old in known}
    return any(step.effect is not Effect.READ and step.id not in known for step in made.plan.steps)


def _chained(first: Mapping[StepId, StepId], then: Mapping[StepId, StepId]) -> Mapping[StepId, StepId]:
    """Old names to the newest, through what came between."""
    between = set(first.values())
    chained = {old: then.get(new, new) for old, new in first.items()}
    return {**chained, **{old: new for old, new in then.items() if old not in between}}


def _used(grounds: Grounds) -> set[StepId]:
    return {step.id for plan in grounds.versions.values() for step in plan.steps}


def dropped(edit: JsonObject) -> tuple[StepId, ...]:
    """The steps an edit leaves out."""
    steps = edit.get("drop")
    return tuple(StepId(str(step)) for step in cast("Sequence[JsonValue]", steps)) if isinstance(steps, list) else ()


def named(edit: JsonObject) -> tuple[StepId, ...]:
    """The steps that an edit, as it is kept, is about; none where it goes back to an older version."""
    match _read(edit):
        case Drop(steps=steps):
            return steps
        case Retry(step=step) | ChangeInputs(step=step):
            return (step,)
        case GoBack():
            return ()


def _written(edit: PlanEdit) -> JsonObject:
    match edit:
        case Drop(steps=steps):
            return {"drop": list[JsonValue](steps)}
        case Retry(step=step):
            return {"retry": step}
        case ChangeInputs(step=step, inputs=inputs):
            return {"edit": {"step": step, "inputs": inputs}}
        case GoBack(version=version):
            return {"go_back": version}


def _read(value: JsonObject) -> PlanEdit:
    match value:
        case {"retry": str(step)}:
            return Retry(step=StepId(step))
        case {"edit": {"step": str(step), "inputs": inputs}}:
            return ChangeInputs(step=StepId(step), inputs=cast("JsonObject", inputs))
        case {"go_back": int(version)}:
            return GoBack(version=version)
        case _:
            return Drop(steps=dropped(value))
