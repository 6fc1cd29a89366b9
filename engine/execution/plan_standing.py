"""Where an execution stands with its plan: to be made, asked about, dropped or run. Pure, from the rows alone."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from engine.domain.approval import Approval, ApprovalKind, ApprovalStatus
from engine.domain.execution import ExecutionOutcome
from engine.domain.ids import ApprovalId, StepId
from engine.domain.snapshot import ExecutionSnapshot
from engine.planning.editing import dropped, waiting_edits
from engine.planning.follow_up import FOLLOW_UP, agreed, taken_up
from engine.ports.planning import FailedStep
from engine.safety.budgets import BUDGET


@dataclass(frozen=True, slots=True, kw_only=True)
class ToBeMade:
    """The next version is to be planned; nothing new starts until it is settled."""

    change: str | None = None
    """What the person wants different, in their words; None: it is the first plan, and nothing was said since."""
    drop: tuple[StepId, ...] = ()
    """Steps that the person wants left out besides."""
    follow_ups: frozenset[ApprovalId] = frozenset()
    """Offers of a change, agreed to, that it takes up."""
    failed: tuple[FailedStep, ...] = ()
    """Steps that another way is looked for round: then nobody asked for anything else."""
    overtaken: tuple[Approval, ...] = ()
    """Open questions about a plan that does not: closed first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToBeRevised:
    """The next version is the current one with a person's own edits; no planner is asked."""

    edits: tuple[Approval, ...]
    """Oldest first; the answer to the question about the current version is one."""
    overtaken: tuple[Approval, ...] = ()
    """Open questions about a plan that does not come now: closed first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IsOver:
    """The execution ends with it."""

    outcome: ExecutionOutcome


@dataclass(frozen=True, slots=True)
class IsAsked:
    """The person is looking at it."""


@dataclass(frozen=True, slots=True)
class IsRun:
    """It goes on."""


Standing = ToBeMade | ToBeRevised | IsOver | IsAsked | IsRun


def standing(snapshot: ExecutionSnapshot, settled: Collection[ApprovalId] = ()) -> Standing:
    """Decide from one snapshot.

    Args:
        snapshot: the execution, not done.
        settled: offers of a change that a plan took up without anybody being asked about it, as a dry run's.
    """
    asked = _asked(snapshot)
    if asked is not None and asked.status in {ApprovalStatus.REJECTED, ApprovalStatus.EXPIRED}:
        return IsOver(outcome=ExecutionOutcome.REJECTED)
    modified = asked is not None and asked.status is ApprovalStatus.MODIFIED
    edit = (asked.edit if asked is not None and modified else None) or {}
    text = str(edit.get("text") or "")
    edits = (*([asked] if asked is not None and modified and not text else []), *waiting_edits(snapshot))
    if edits:
        overtaken = tuple(a for a in snapshot.approvals if a.status is ApprovalStatus.PENDING and _overtaken(a))
        return ToBeRevised(edits=edits, overtaken=overtaken)
    offers = [a for a in agreed(snapshot) if a.id not in settled]
    if offers or modified or not snapshot.execution.plan_version:
        return replace(_to_be_made(snapshot, offers, text), drop=dropped(edit))
    if snapshot.execution.request.dry_run:
        return IsOver(outcome=ExecutionOutcome.SUCCEEDED)
    pending = asked is not None and asked.status is ApprovalStatus.PENDING
    return IsAsked() if pending else IsRun()


def astray(snapshot: ExecutionSnapshot) -> tuple[Approval, ...]:
    """Open questions about steps that the current plan does not have: answering them would change nothing."""
    plan = snapshot.plan
    pending = [a for a in snapshot.approvals if a.status is ApprovalStatus.PENDING and a.step_id is not None]
    if not pending or plan is None or not snapshot.execution.plan_version:
        return ()
    steps = {step.id for step in plan.steps}
    picked_from = {b.step_id for step in plan.steps for b in step.bindings.values() if b.one}
    known = {ApprovalKind.CHOICE: picked_from}
    return tuple(a for a in pending if a.topic != FOLLOW_UP and a.step_id not in known.get(a.kind, steps))


def _asked(snapshot: ExecutionSnapshot) -> Approval | None:
    """What the person was asked about the current version, if anything."""
    about = [
        a
        for a in snapshot.approvals
        if a.kind is ApprovalKind.PLAN
        and a.status is not ApprovalStatus.SUPERSEDED
        and snapshot.plan is not None
        and a.plan_version == snapshot.plan.version
    ]
    return about[-1] if about else None


def _to_be_made(snapshot: ExecutionSnapshot, offers: list[Approval], text: str) -> ToBeMade:
    follow_ups = frozenset(a.id for a in offers)
    words = [text, *(a.title for a in offers)]
    return ToBeMade(
        change="\n".join(word for word in words if word) or None,
        follow_ups=follow_ups,
        overtaken=tuple(
            a for a in snapshot.approvals if a.status is ApprovalStatus.PENDING and _overtaken(a, follow_ups)
        ),
    )


def _overtaken(asked: Approval, follow_ups: frozenset[ApprovalId] | None = None) -> bool:
    """A question about money stays open: it is not about the plan, and its answer holds for any. So does one about the plan
    that takes up just these follow-ups; None stands for none of them."""
    if asked.kind is ApprovalKind.PLAN:
        return True
    about_planning = asked.kind is ApprovalKind.QUESTION and asked.step_id is None and asked.topic != BUDGET
    return about_planning and taken_up(asked) != follow_ups
