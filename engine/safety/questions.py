"""Opening a question to a person: its row, its alarms and its event, in one place for everyone who asks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from engine.domain.approval import Approval
from engine.domain.event import EventType
from engine.orchestration.state_manager import StateManager
from engine.ports.changes import Change, Due, DueKind, OpenApproval, SetDue

REMIND_AFTER = timedelta(hours=12)
EXPIRE_AFTER = timedelta(days=7)


def timed(approval: Approval) -> Approval:
    """The approval with when its person is reminded and when it closes, both counted from when it was made."""
    made = approval.created_at
    return replace(approval, remind_at=made + REMIND_AFTER, expires_at=made + EXPIRE_AFTER)


def opening(state: StateManager, approval: Approval) -> tuple[Change, ...]:
    """The changes that open an approval: its row, its alarms, its event."""
    alarms = [
        SetDue(due=Due(execution_id=approval.execution_id, approval_id=approval.id, kind=kind, at=at))
        for kind, at in ((DueKind.REMIND, approval.remind_at), (DueKind.EXPIRE, approval.expires_at))
        if at is not None
    ]
    event = state.event(
        approval.execution_id,
        EventType.APPROVAL_REQUESTED,
        approval=approval.id,
        kind=approval.kind.value,
        step=approval.step_id,
    )
    return (OpenApproval(approval=approval), *alarms, event)
