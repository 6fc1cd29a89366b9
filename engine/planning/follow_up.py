"""What a person wrote while their execution ran: offered as a change of its plan. Pure, from the questions asked.

An offer is a question about the whole execution, open beside whatever else is asked, while the plan goes on. Agreed to, it
is taken up by the next plan that is put before the person: that plan's approval says which offers it took up, in the
transaction that saves it, so that a change agreed to is neither lost nor made twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from engine.domain.approval import Approval, ApprovalKind, ApprovalStatus, Choice
from engine.domain.ids import ApprovalId, ChoiceId, ExecutionId, PrincipalId, StepId, opaque
from engine.domain.snapshot import ExecutionSnapshot

FOLLOW_UP = "follow_up"
"""Topic of an offer; its title is what the person wrote."""

CHANGE, LEAVE = ChoiceId("change"), ChoiceId("leave")

ITS_PLACE = StepId("follow-up")
"""Stands for a step where an offer is kept, so that it can be open beside the other questions about an execution. No step
of a plan can be called this."""

THEIR_OWN_PLACE = StepId("follow-up-agreed")
"""The same for one that its author agreed to in writing it: it stands beside an offer that is still open."""

_TAKEN_UP = "follow_ups"
"""Parameter of what planning asks: ids of the offers the plan in question takes up."""


def offer_id(execution_id: ExecutionId, key: str) -> ApprovalId:
    """The one offer that a message, named by its key, can make."""
    return ApprovalId(opaque(f"{FOLLOW_UP}/{execution_id}/{key}"))


def offer(snapshot: ExecutionSnapshot, approval_id: ApprovalId, text: str, by: str, now: datetime) -> Approval:
    """Ask whether the plan is to change by this; what an offer still open asks is asked with it, the older words first.

    Args:
        snapshot: the execution.
        approval_id: from :func:`offer_id`.
        text: what was written, cleaned.
        by: who wrote it.
        now: the current instant.
    """
    before = open_offer(snapshot)
    return Approval(
        id=approval_id,
        execution_id=snapshot.execution.id,
        kind=ApprovalKind.QUESTION,
        plan_version=snapshot.execution.plan_version,
        created_at=now,
        step_id=ITS_PLACE,
        title=text if before is None else f"{before.title}\n{text}",
        topic=FOLLOW_UP,
        parameters={"by": by},
        choices=(Choice(id=CHANGE, label=CHANGE), Choice(id=LEAVE, label=LEAVE)),
    )


def agreed_in_writing(snapshot: ExecutionSnapshot, offered: Approval, text: str) -> Approval:
    """An offer, see :func:`offer`, that asks nothing: whoever wrote it has said that the plan is to change."""
    by = PrincipalId(offered.parameters.get("by", ""))
    return replace(
        offered,
        step_id=THEIR_OWN_PLACE,
        title=text,
        plan_version=snapshot.execution.plan_version,
        status=ApprovalStatus.CHOSEN,
        chosen=CHANGE,
        decided_at=offered.created_at,
        decided_by=by,
    )


def open_offer(snapshot: ExecutionSnapshot) -> Approval | None:
    """The offer nobody has answered yet."""
    pending = (a for a in snapshot.approvals if a.topic == FOLLOW_UP and a.status is ApprovalStatus.PENDING)
    return next(pending, None)


def agreed(snapshot: ExecutionSnapshot) -> tuple[Approval, ...]:
    """The offers agreed to that no plan has taken up yet, in the order they were agreed to."""
    offers = [a for a in snapshot.approvals if a.topic == FOLLOW_UP and a.chosen == CHANGE]
    if not offers:
        return ()
    settled = {one for a in snapshot.approvals if a.kind is ApprovalKind.PLAN for one in taken_up(a)}
    left = (a for a in offers if a.id not in settled)
    return tuple(sorted(left, key=lambda a: (a.decided_at or a.created_at, a.created_at)))


def taken_up(asked: Approval) -> frozenset[ApprovalId]:
    """The offers that the plan asked about takes up."""
    return frozenset(ApprovalId(one) for one in asked.parameters.get(_TAKEN_UP, "").split())


def taking_up(offers: Iterable[ApprovalId]) -> Mapping[str, str]:
    """Parameters of what is asked about a plan that takes these up."""
    ids = sorted(offers)
    return {_TAKEN_UP: " ".join(ids)} if ids else {}
