"""Where the making of a plan stands with the person: pure, from the questions asked so far."""

from __future__ import annotations

from dataclasses import dataclass

from engine.domain.approval import Approval, ApprovalKind, ApprovalStatus
from engine.domain.ids import ChoiceId
from engine.domain.snapshot import ExecutionSnapshot
from engine.ports.planning import Clarification

MODEL_UNAVAILABLE = "model_unavailable"
"""Topic of the question what to do when the model does not answer; its title is the error's code."""

AGAIN, OFFLINE, STOP = ChoiceId("again"), ChoiceId("offline"), ChoiceId("stop")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliberation:
    """What the questions about one plan version come to."""

    waits: bool = False
    """One is open."""
    dropped: bool = False
    """The person does not want it any more."""
    offline: bool = False
    """The person agreed to be planned for without the model."""
    answers: tuple[Clarification, ...] = ()
    """The planner's own questions with their answers, oldest first."""


def deliberate(snapshot: ExecutionSnapshot, version: int) -> Deliberation:
    """Look at every question asked while this plan version was being made."""
    asked = [a for a in snapshot.approvals if _about(a, version)]
    if not asked:
        return Deliberation()
    if any(a.status is ApprovalStatus.PENDING for a in asked):
        return Deliberation(waits=True)
    last = asked[-1]
    return Deliberation(
        dropped=last.status in {ApprovalStatus.REJECTED, ApprovalStatus.EXPIRED} or last.chosen == STOP,
        offline=any(a.topic == MODEL_UNAVAILABLE and a.chosen == OFFLINE for a in asked),
        answers=tuple(Clarification(question=a.title, answer=_answer(a)) for a in asked if not a.topic),
    )


def _about(approval: Approval, version: int) -> bool:
    return (
        approval.kind is ApprovalKind.QUESTION
        and approval.step_id is None
        and approval.plan_version == version
        and approval.status is not ApprovalStatus.SUPERSEDED
    )


def _answer(approval: Approval) -> str:
    return approval.answer or next((c.label for c in approval.choices if c.id == approval.chosen), "")
