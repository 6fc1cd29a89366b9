"""New versions of a plan, purely: drop steps, do some again, or make room for another plan.

A step id is never reused with other work, and work that stands is never given another id.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from engine.domain.execution import StepOutcome, StepRun, StepStatus
from engine.domain.ids import StepId
from engine.domain.plan import Plan, PlanOrigin, Step
from engine.errors import PlanError

_NUMBERED = re.compile(r"(?:v[0-9]+)+(?=[a-z])")
_MAX_ID_CHARACTERS = 32

Runs = Mapping[StepId, StepRun]
_Work = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """A plan, some of whose steps are to be done again."""

    plan: Plan
    names: Mapping[StepId, StepId]
    """The new ids of those steps, by the old ones."""


def following(plan: Plan, origin: PlanOrigin) -> Plan:
    """The same steps as the next version, made for this reason."""
    return replace(plan, version=plan.version + 1, origin=origin, took_up=frozenset())


def without(plan: Plan, dropped: Iterable[str]) -> Plan:
    """The plan without these steps and without every step that needs one of them as an input.

    A step that merely comes after a dropped one stays.

    Raises:
        PlanError: ``plan_empty`` when nothing is left; ``step_unknown`` for an id that is not in the plan.
    """
    gone = {StepId(d) for d in dropped}
    unknown = gone - {step.id for step in plan.steps}
    if unknown:
        raise PlanError("step_unknown", f"The plan has no step {', '.join(sorted(unknown))}.")
    for step in plan.steps:
        if not gone.isdisjoint(inputs_of(step)):
            gone.add(step.id)
    kept = tuple(
        replace(step, after=tuple(a for a in step.after if a not in gone)) for step in plan.steps if step.id not in gone
    )
    if not kept:
        raise PlanError("plan_empty", "Nothing is left of the plan without these steps.")
    return replace(plan, steps=kept)


def renewed(plan: Plan, again: Collection[StepId], runs: Runs, taken: Collection[StepId]) -> Renewal:
    """The plan with these steps to be done again, under ids of its version, and with them whatever must be:

    a step that takes from one of them, and a step that was skipped over one that will now be done again or is gone.

    Args:
        plan: numbered as the version it is to be.
        again: of its steps.
        runs: where its steps are; one without a run has not begun.
        taken: ids that no step may be given, besides the plan's own.
    """
    ids = {*taken, *(step.id for step in plan.steps)}
    names: dict[StepId, StepId] = {}
    steps: list[Step] = []
    for step in plan.steps:
        bound = any(source in names for source in inputs_of(step))
        if step.id in again or bound or _needlessly_skipped(step, runs, names):
            names[step.id] = _fresh(step.id, plan.version, ids)
            ids.add(names[step.id])
        steps.append(replace(_referring(step, names), id=names.get(step.id, step.id)))
    return Renewal(plan=replace(plan, steps=tuple(steps)), names=names)


def reconciled(plan: Plan, current: Plan, version: int) -> Plan:
    """The plan as that version, its step ids made safe to store beside those of the versions before it.

    A step keeps its id only where the current plan has the same work under it: agent, inputs and bindings, all the way
    back. Work that stands under another id there gets that one, so that nothing is done again for being counted anew.
    Every other step, and every reference to it, gets an id of this version (``v2s4``), which no earlier version can have
    used, a dropped step's least of all. A first version, which only drafts came before, renames nothing else than what the
    draft has under the same id with other work.

    Args:
        plan: checked, each step after those it takes from.
        current: the version before, or the draft (version 0).
        version: of the result, above ``current.version``.

    """
    works = [(step.id, _work(step, current)) for step in current.steps]
    return _numbered(plan, works, {step.id for step in current.steps}, version).plan


def returned(plan: Plan, current: Plan, runs: Runs, finished: Collection[StepId]) -> Renewal:
    """An older version's steps as the next version: what is done stays so, and what had failed is done again.

    A step that has succeeded, then or since, keeps its id and with it what it gave; so does one of the current plan that
    may still succeed. Every other step gets an id of the new version.

    Args:
        plan: the older version.
        current: the version it is to follow; the result has its number and origin.
        runs: where the current version's steps are.
        finished: every step of any version that has succeeded.
    """
    works = [(step.id, _work(step, current)) for step in current.steps if not unsucceeded(runs, step.id)]
    held = {step.id for step in current.steps}
    works += [(step.id, _work(step, plan)) for step in plan.steps if step.id in finished and step.id not in held]
    taken = {*held, *finished, *(step.id for step in plan.steps)}
    target = replace(plan, origin=current.origin)
    return _numbered(target, works, taken, current.version)


def _numbered(plan: Plan, works: Iterable[tuple[StepId, _Work]], used: Collection[StepId], version: int) -> Renewal:
    """The plan with the ids of works that are known, and ids of this version for all others."""
    known = list(works)
    names: dict[StepId, StepId] = {}
    taken, given = set(used), set[StepId]()
    steps: list[Step] = []
    for step in plan.steps:
        renamed = _referring(step, names)
        work = _work(renamed, plan)
        same = [one for one, their_work in known if one not in given and their_work == work]
        if step.id in same or (version == 1 and step.id not in taken):
            names[step.id] = step.id
        elif same and version > 1:
            names[step.id] = same[0]
        else:
            names[step.id] = _fresh(step.id, version, taken)
        given.add(names[step.id])
        taken.add(names[step.id])
        steps.append(replace(renamed, id=names[step.id]))
    made = replace(plan, version=version, steps=tuple(steps), repeats=frozenset(), took_up=frozenset())
    return Renewal(plan=made, names={old: new for old, new in names.items() if old != new})


def unsucceeded(runs: Runs, step_id: StepId) -> bool:
    """Has the step ended without success?"""
    run = runs.get(step_id)
    return run is not None and run.status is StepStatus.DONE and run.outcome is not StepOutcome.SUCCEEDED


def inputs_of(step: Step) -> Iterable[StepId]:
    """The steps of its own plan that it takes from, perhaps with repeats."""
    return (binding.step_id for binding in step.bindings.values() if not binding.earlier)


def stem(step_id: StepId) -> str:
    """What all versions of a step have in common: its id without the version that gave it."""
    numbered = _NUMBERED.match(step_id)
    return step_id[numbered.end() :] if numbered else step_id


def _needlessly_skipped(step: Step, runs: Runs, names: Mapping[StepId, StepId]) -> bool:
    run = runs.get(step.id)
    if run is None or run.outcome is not StepOutcome.SKIPPED:
        return False
    return not any(unsucceeded(runs, needed) and needed not in names for needed in step.depends_on)


def _referring(step: Step, names: Mapping[StepId, StepId]) -> Step:
    """The step with its references renamed; what earlier executions gave is called as before."""
    bindings = {
        field: b if b.earlier else replace(b, step_id=names.get(b.step_id, b.step_id))
        for field, b in step.bindings.items()
    }
    return replace(step, bindings=bindings, after=tuple(names.get(a, a) for a in step.after))


def _work(step: Step, plan: Plan) -> _Work:
    """What the step does. Two plans may call different things of earlier executions by the same name."""
    imports = {i.name: i for i in plan.imports}
    earlier = {b.step_id: imports.get(b.step_id) for b in step.bindings.values() if b.earlier}
    return step.agent, step.inputs, step.bindings, earlier


def _fresh(step_id: StepId, version: int, taken: Collection[StepId]) -> StepId:
    whole = f"v{version}{stem(step_id)}"
    wanted, number = whole[:_MAX_ID_CHARACTERS], 2
    while wanted in taken:
        ending = f"_{number}"
        wanted = whole[: _MAX_ID_CHARACTERS - len(ending)] + ending
        number += 1
    return StepId(wanted)
