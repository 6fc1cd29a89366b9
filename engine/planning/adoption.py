"""Which steps of a draft are the plan's own: the same work on the same inputs, all the way back."""

from __future__ import annotations

from engine.domain.ids import StepId
from engine.domain.plan import Plan, Step


def unchanged(draft: Plan | None, plan: Plan) -> frozenset[StepId]:
    """Steps of ``plan`` that stand in ``draft`` with the same agent, inputs and bindings, and whose bindings lead to such
    steps only. Titles may differ; what a step waits for without using it does not change what it gives."""
    before = {step.id: step for step in draft.steps} if draft else {}
    same: set[StepId] = set()
    for step in plan.steps:
        known = before.get(step.id)
        if known is not None and _work(known) == _work(step) and _bound(step) <= same:
            same.add(step.id)
    return frozenset(same)


def _work(step: Step) -> tuple[object, ...]:
    return step.agent, step.inputs, step.bindings


def _bound(step: Step) -> set[StepId]:
    return {b.step_id for b in step.bindings.values() if not b.earlier}
