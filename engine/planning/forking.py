"""Doing an execution again from a step on: a plan of what is to be done, with everything before it brought in as it was."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace

from engine.domain.artifact import Contacts
from engine.domain.effect import Effect
from engine.domain.execution import StepOutcome
from engine.domain.ids import StepId
from engine.domain.plan import Binding, Import, Plan, Step
from engine.domain.snapshot import ExecutionSnapshot
from engine.errors import NotFoundError, PlanError
from engine.planning.conversation import importable
from engine.planning.editing import touched
from engine.planning.revise import unsucceeded
from engine.ports.planning import Brief, PlanningDesk
from engine.ports.store import ExecutionStore

CONTACTS: str = Contacts.__dataclass_fields__["kind"].default

_TRIED = frozenset({StepOutcome.FAILED, StepOutcome.CANCELLED})
"""Outcomes after which doing it again is what one would want, where no step is named."""


class ForkPlanner:
    """Plans what a request with a fork as its origin is about. Asks nobody.

    Args:
        store: has the earlier execution.
    """

    def __init__(self, store: ExecutionStore) -> None:
        self._store = store

    async def create_plan(self, brief: Brief, desk: PlanningDesk) -> Plan:
        """Plan it; a version that may do again what was done already is not sure.

        Raises:
            PlanError: ``fork_impossible``: the earlier execution is gone, or has nothing that could be done again.
        """
        del desk
        origin = brief.request.origin
        earlier = None if origin is None else await self._store.snapshot(origin.execution_id)
        if origin is None or earlier is None:
            raise PlanError("fork_impossible", "The execution this one should go on from is not there any more.")
        begun = touched(earlier, await self._store.intents(earlier.id))
        return replace(forked(earlier, origin.step_id, begun), version=brief.version)


def forked(earlier: ExecutionSnapshot, step_id: StepId | None, begun: Collection[StepId]) -> Plan:
    """The first version of the plan of a fork; its steps are called as they were.

    With a step named: it, everything that waits for it, and what they need that never succeeded. Without one: everything
    that failed or was cut short, and what waits for it; not what a person said no to.

    Args:
        earlier: the execution it goes on from; it need not be done.
        step_id: the first step to do again.
        begun: steps of it whose effect happened, or may have.

    Raises:
        PlanError: ``fork_impossible``: it has no plan, or nothing is left to do again.
    """
    plan = earlier.plan
    if plan is None or not earlier.execution.plan_version:
        raise PlanError("fork_impossible", f"Execution {earlier.id} has no plan.")
    wanted = _wanted(plan, earlier, step_id)
    if not wanted:
        raise PlanError("fork_impossible", f"Nothing of execution {earlier.id} is left to do again.")
    taken = _Taken(earlier=earlier)
    steps = tuple(_step(step, wanted, taken) for step in plan.steps if step.id in wanted)
    repeats = frozenset(step.id for step in steps if step.id in begun and step.effect is not Effect.READ)
    return Plan(
        version=1,
        steps=steps,
        understood=plan.understood,
        sure=not repeats and not earlier.execution.request.dry_run,
        planner=plan.planner,
        prompt=plan.prompt,
        model=plan.model,
        imports=tuple(taken.imports),
        repeats=repeats,
    )


def can_be_tried_again(earlier: ExecutionSnapshot) -> bool:
    """Has it anything that failed or was cut short, and could be done again?"""
    plan = earlier.plan if earlier.execution.plan_version else None
    return plan is not None and bool(_wanted(plan, earlier, None))


def named_step(earlier: ExecutionSnapshot, step_id: str) -> StepId:
    """A step of an execution's plan, by what a person called it.

    Raises:
        NotFoundError: ``step_unknown``.
    """
    for step in earlier.plan.steps if earlier.plan else ():
        if step.id == step_id:
            return step.id
    raise NotFoundError("step_unknown", f"Execution {earlier.id} has no step {step_id!r}.", {"step": step_id})


def _wanted(plan: Plan, earlier: ExecutionSnapshot, step_id: StepId | None) -> frozenset[StepId]:
    runs = earlier.step_runs
    first = {step_id} if step_id else {one.id for one in plan.steps if _tried(earlier, one.id)}
    found = _with_what_waits(plan, first)
    needed = {need for step in plan.steps if step.id in found for need in _before(plan, step.id)}
    unmet = {one for one in needed if one not in found and one not in earlier.artifacts}
    if step_id is None:  # what a person said no to, or left open, stays so; and so does what needs it
        refused = {one for one in unmet if unsucceeded(runs, one)}
        found -= _with_what_waits(plan, refused)
        unmet -= refused
    return frozenset(found | unmet)


def _tried(earlier: ExecutionSnapshot, step_id: StepId) -> bool:
    run = earlier.step_runs.get(step_id)
    return run is None or run.outcome is None or run.outcome in _TRIED


def _with_what_waits(plan: Plan, first: Iterable[StepId]) -> set[StepId]:
    found = set(first)
    for step in plan.steps:
        if not found.isdisjoint(step.depends_on):
            found.add(step.id)
    return found


def _before(plan: Plan, step_id: StepId) -> Iterator[StepId]:
    """Everything a step waits for, all the way back."""
    steps = {step.id: step for step in plan.steps}
    waiting, seen = [step_id], {step_id}
    while waiting:
        for need in steps[waiting.pop()].depends_on:
            if need not in seen:
                seen.add(need)
                waiting.append(need)
                yield need


@dataclass(slots=True, kw_only=True)
class _Taken:
    """What is brought in from the earlier execution, so far."""

    earlier: ExecutionSnapshot
    imports: list[Import] = field(default_factory=list[Import])
    _names: dict[tuple[StepId, bool], StepId] = field(default_factory=dict[tuple[StepId, bool], StepId])

    def binding(self, binding: Binding) -> Binding:
        """What stands for a binding to something that is not done again. Somebody picked is one person already."""
        whole = not binding.one
        given = self.earlier.artifacts.get(binding.step_id) if whole else importable(self.earlier, binding.step_id)
        many = (given or {}).get("kind") == CONTACTS
        return Binding(step_id=self._name(binding.step_id, whole=whole), one=binding.one and many, earlier=True)

    def _name(self, step_id: StepId, *, whole: bool) -> StepId:
        name = self._names.get((step_id, whole))
        if name is None:
            name = self._names[(step_id, whole)] = StepId(f"earlier_{len(self._names) + 1}")
            self.imports.append(Import(name=name, execution_id=self.earlier.id, step_id=step_id, whole=whole))
        return name


def _step(step: Step, wanted: Collection[StepId], taken: _Taken) -> Step:
    bindings = {
        name: binding if not binding.earlier and binding.step_id in wanted else taken.binding(binding)
        for name, binding in step.bindings.items()
    }
    return replace(step, bindings=bindings, after=tuple(one for one in step.after if one in wanted))
