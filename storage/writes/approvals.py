"""Questions to persons, and the alarms that remind and expire them."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.domain.approval import ApprovalStatus
from engine.ports import changes as s
from storage import tables as t
from storage.codec import dump_approval, instant, maybe_instant
from storage.writes.dispatch import writes
from storage.writes.executions import moved
from storage.writes.statement import Write, bound, compiled, row_of, setting

_e, _ap = t.executions.executions, t.approvals.pending_approvals
_OPEN_ROW = row_of(_ap, tenant_id=_e.c.tenant_id)
_OPEN = compiled(
    upsert(_ap)
    .from_select(
        list(_OPEN_ROW),
        select(*_OPEN_ROW.values()).where(_e.c.id == bound("execution_id")),
    )
    .on_conflict_do_nothing()
)
_reminded_at = "$.reminded_at"
_body_decided = func.json_set(bound("body"), _reminded_at, func.json_extract(_ap.c.body, _reminded_at))
"""Whoever was reminded while they made up their mind, was."""
_DECIDE = compiled(
    setting(
        update(_ap).where(_ap.c.id == bound("b_id"), _ap.c.status == "pending"),
        "status",
        "decided_at",
        "decided_by",
        "call_hash",
        body=_body_decided,
    )
)
_REMIND = compiled(
    setting(update(_ap).where(_ap.c.id == bound("b_id"), _ap.c.status == "pending"), "body"),
)
_BUMP = compiled(
    update(_e)
    .where(_e.c.id == bound("b_execution"))
    .values(epoch=_e.c.epoch + 1, updated_at=bound("updated_at"), status=moved)
)
_WAKE = compiled(
    update(_e).where(_e.c.id == bound("b_execution"), _e.c.status != "done").values(status=moved, epoch=_e.c.epoch + 1)
)
_body_superseded = func.json_set(
    _ap.c.body, "$.status", ApprovalStatus.SUPERSEDED.value, "$.decided_at", bound("decided_at")
)
_supersede = update(_ap).where(_ap.c.execution_id == bound("b_execution"), _ap.c.status == "pending")
_SUPERSEDE = compiled(setting(_supersede, "decided_at", status=ApprovalStatus.SUPERSEDED.value, body=_body_superseded))
_du = t.approvals.due
_DUE = compiled(
    insert(_du).values(
        execution_id=bound("execution_id"),
        approval_id=bound("approval_id"),
        kind=bound("kind"),
        at=bound("at"),
        claimed=0,
    )
)
_CLAIM_DUE = compiled(update(_du).where(_du.c.id == bound("b_id"), _du.c.claimed == 0).values(claimed=1))


@writes.register
def _(change: s.OpenApproval) -> Iterator[Write]:
    a = change.approval
    yield Write(
        _OPEN,
        {
            "id": a.id,
            "execution_id": a.execution_id,
            "step_id": a.step_id or "",
            "plan_version": a.plan_version,
            "kind": a.kind.value,
            "status": a.status.value,
            "call_hash": None if a.call is None else a.call.hash,
            "body": dump_approval(a),
            "created_at": instant(a.created_at),
            "expires_at": maybe_instant(a.expires_at),
            "decided_at": None,
            "decided_by": None,
        },
        1,
    )


@writes.register
def _(change: s.DecideApproval) -> Iterator[Write]:
    a = change.approval
    at = maybe_instant(a.decided_at)
    yield Write(
        _DECIDE,
        {
            "b_id": a.id,
            "status": a.status.value,
            "body": dump_approval(a),
            "decided_at": at,
            "decided_by": a.decided_by,
            "call_hash": None if a.call is None else a.call.hash,
        },
        1,
    )
    yield Write(_BUMP, {"b_execution": a.execution_id, "updated_at": at}, 1)


@writes.register
def _(change: s.RemindApproval) -> Iterator[Write]:
    yield Write(_REMIND, {"b_id": change.approval.id, "body": dump_approval(change.approval)}, 1)


@writes.register
def _(change: s.SupersedeApprovals) -> Iterator[Write]:
    yield Write(_SUPERSEDE, {"b_execution": change.execution_id, "decided_at": instant(change.at)}, None)


@writes.register
def _(change: s.SetDue) -> Iterator[Write]:
    d = change.due
    yield Write(
        _DUE,
        {"execution_id": d.execution_id, "approval_id": d.approval_id, "kind": d.kind.value, "at": instant(d.at)},
        1,
    )


@writes.register
def _(change: s.ClaimDue) -> Iterator[Write]:
    yield Write(_CLAIM_DUE, {"b_id": change.due_id}, 1)
    if change.wakes is not None:
        yield Write(_WAKE, {"b_execution": change.wakes}, None)
