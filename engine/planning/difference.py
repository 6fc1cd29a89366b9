"""What is different between two versions of a plan, purely: for people to look at, not for the engine to act on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from engine.domain.approval import Approval, ApprovalKind, ApprovalStatus
from engine.domain.ids import ApprovalId, PrincipalId, StepId
from engine.domain.plan import Plan, PlanOrigin, Step
from engine.domain.request import Request
from engine.planning.follow_up import taken_up
from engine.planning.revise import stem

AGENT, ORDER = "agent", "order"
"""What may have changed about a step besides its inputs. No input is called this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A step that stands in both, with something about it different."""

    before: Step
    after: Step
    what: tuple[str, ...]
    """Names of inputs, :data:`AGENT`, :data:`ORDER`; at least one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What has to be said of the later version, by the earlier one; steps in plan order."""

    before: int
    after: int
    added: tuple[Step, ...] = ()
    dropped: tuple[Step, ...] = ()
    """As they were."""
    changed: tuple[Changed, ...] = ()
    again: tuple[Step, ...] = ()
    """The same work, to be done once more."""
    kept: tuple[Step, ...] = ()
    """The same step in both, done or not."""
    done: frozenset[StepId] = frozenset()
    """Those of the kept ones that have succeeded: they are not done again."""

    @property
    def changes(self) -> int:
        """In how many places the two differ."""
        return len(self.added) + len(self.dropped) + len(self.changed) + len(self.again)


def difference(before: Plan, after: Plan, finished: Collection[StepId] = ()) -> Difference:
    """Compare two versions of one plan; each step of one stands for at most one step of the other.

    Args:
        before: the one to compare with.
        after: the one to describe.
        finished: every step that has succeeded.
    """
    earlier = _paired(before, after)
    added, again, kept = list[Step](), list[Step](), list[Step]()
    changed: list[Changed] = []
    names = {old.id: new for new, old in earlier.items()}
    for step in after.steps:
        old = earlier.get(step.id)
        what = () if old is None else tuple(_what(old, step, names))
        if old is None:
            added.append(step)
        elif what:
            changed.append(Changed(before=old, after=step, what=what))
        elif old.id == step.id:
            kept.append(step)
        else:
            again.append(step)
    return Difference(
        before=before.version,
        after=after.version,
        added=tuple(added),
        dropped=tuple(step for step in before.steps if step.id not in names),
        changed=tuple(changed),
        again=tuple(again),
        kept=tuple(kept),
        done=frozenset(step.id for step in kept if step.id in finished),
    )


def author(plan: Plan, request: Request, approvals: Iterable[Approval]) -> PrincipalId | None:
    """Who a version goes back to; None where the engine made it by itself, or nobody knows."""
    if plan.origin is PlanOrigin.REQUEST:
        return request.user_id
    asked = list(approvals)
    about = next((a for a in asked if a.kind is ApprovalKind.PLAN and a.plan_version == plan.version), None)
    meant = plan.took_up | (taken_up(about) if about is not None else frozenset[ApprovalId]())
    found = [a.decided_by for a in asked if a.id in meant]
    found += [
        a.decided_by
        for a in asked
        if a.kind is ApprovalKind.PLAN
        and a.plan_version == plan.version - 1
        and a.status is ApprovalStatus.MODIFIED
        and plan.origin is not PlanOrigin.RECOVERY
    ]
    return next((by for by in found if by is not None), None)


def _paired(before: Plan, after: Plan) -> Mapping[StepId, Step]:
    """The earlier step that each later one stands for: the one with its id; else the one that had its id in an earlier
    version; else the one of the same agent and title."""
    paired: dict[StepId, Step] = {}
    left = {step.id: step for step in before.steps}
    for same in (_same_id, _same_stem, _same_title):
        for step in after.steps:
            if step.id in paired:
                continue
            found = next((old for old in left.values() if same(old, step)), None)
            if found is not None:
                paired[step.id] = left.pop(found.id)
    return paired


def _same_id(old: Step, new: Step) -> bool:
    return old.id == new.id


def _same_stem(old: Step, new: Step) -> bool:
    return stem(old.id) == stem(new.id) and old.agent == new.agent


def _same_title(old: Step, new: Step) -> bool:
    return (old.agent, old.title) == (new.agent, new.title)


def _what(old: Step, new: Step, names: Mapping[StepId, StepId]) -> Iterable[str]:
    """What is different, where a reference to what stands for the same step is not."""
    if old.agent != new.agent:
        yield AGENT
    for name in dict.fromkeys((*old.inputs, *old.bindings, *new.inputs, *new.bindings)):
        was, now = old.bindings.get(name), new.bindings.get(name)
        if was is not None and now is not None:
            if (names.get(was.step_id, was.step_id), was.one) != (now.step_id, now.one):
                yield name
        elif was is not now or old.inputs.get(name) != new.inputs.get(name):
            yield name
    if {names[one] for one in old.after if one in names} != set(new.after):
        yield ORDER
