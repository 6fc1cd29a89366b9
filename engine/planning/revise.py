"""New versions of a plan, purely: drop steps, or make room for a replanned one. A step id is never reused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from engine.domain.ids import StepId
from engine.domain.plan import Plan, Step
from engine.errors import PlanError


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


def renumbered(plan: Plan, version: int) -> Plan:
    """The plan as that version, its step ids made new so that none is reused with other arguments."""
    names = {step.id: StepId(f"v{version}{step.id}") for step in plan.steps}

    def rename(step: Step) -> Step:
        return replace(
            step,
            id=names[step.id],
            bindings={n: replace(b, step_id=names[b.step_id]) for n, b in step.bindings.items()},
            after=tuple(names[a] for a in step.after),
        )

    return replace(plan, version=version, steps=tuple(rename(step) for step in plan.steps))
