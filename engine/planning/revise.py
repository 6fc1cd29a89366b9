"""New versions of a plan, purely: drop steps, or make room for a replanned one. A step id is never reused with other work."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from engine.domain.ids import StepId
from engine.domain.plan import Plan, Step
from engine.errors import PlanError

_NUMBERED = re.compile(r"(?:v[0-9]+)+(?=[a-z])")
_MAX_ID_CHARACTERS = 32


def without(plan: Plan, dropped: Iterable[str]) -> Plan:
    """The next version, without these steps and without every step that needs one of them as an input.

    A step that merely comes after a dropped one stays.

    Raises:
        PlanError: ``plan_empty`` when nothing is left; ``step_unknown`` for an id that is not in the plan.
    """
    gone = {StepId(d) for d in dropped}
    unknown = gone - {step.id for step in plan.steps}
    if unknown:
        raise PlanError("step_unknown", f"The plan has no step {', '.join(sorted(unknown))}.")
    for step in plan.steps:
        if any(b.step_id in gone for b in step.bindings.values()):
            gone.add(step.id)
    kept = tuple(
        replace(step, after=tuple(a for a in step.after if a not in gone)) for step in plan.steps if step.id not in gone
    )
    if not kept:
        raise PlanError("plan_empty", "Nothing is left of the plan without these steps.")
    return replace(plan, version=plan.version + 1, steps=kept)


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
    names: dict[StepId, StepId] = {}
    taken = {step.id for step in current.steps}
    given: set[StepId] = set()
    steps: list[Step] = []
    for step in plan.steps:
        renamed = _referring(step, names)
        work = _work(renamed, plan)
        same = [known for known, their_work in works if known not in given and their_work == work]
        if step.id in same or (version == 1 and step.id not in taken):
            names[step.id] = step.id
        elif same and version > 1:
            names[step.id] = same[0]
        else:
            names[step.id] = _fresh(step.id, version, taken)
        given.add(names[step.id])
        taken.add(names[step.id])
        steps.append(replace(renamed, id=names[step.id]))
    return replace(plan, version=version, steps=tuple(steps))


def _referring(step: Step, names: dict[StepId, StepId]) -> Step:
    """The step with its references renamed; what earlier executions gave is called as before."""
    bindings = {
        field: b if b.earlier else replace(b, step_id=names.get(b.step_id, b.step_id))
        for field, b in step.bindings.items()
    }
    return replace(step, bindings=bindings, after=tuple(names.get(a, a) for a in step.after))


def _work(step: Step, plan: Plan) -> tuple[object, ...]:
    """What the step does. Two plans may call different things of earlier executions by the same name."""
    imports = {i.name: i for i in plan.imports}
    earlier = {b.step_id: imports.get(b.step_id) for b in step.bindings.values() if b.earlier}
    return step.agent, step.inputs, step.bindings, earlier


def _fresh(step_id: StepId, version: int, taken: set[StepId]) -> StepId:
    numbered = _NUMBERED.match(step_id)
    whole = f"v{version}{step_id[numbered.end() :] if numbered else step_id}"
    wanted, number = whole[:_MAX_ID_CHARACTERS], 2
    while wanted in taken:
        ending = f"_{number}"
        wanted = whole[: _MAX_ID_CHARACTERS - len(ending)] + ending
        number += 1
    return StepId(wanted)
