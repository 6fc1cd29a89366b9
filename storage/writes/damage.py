"""An execution whose stored data is damaged: put aside, with whatever it asks."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import case, func, null, update

from engine.domain.approval import ApprovalStatus
from engine.domain.execution import ExecutionOutcome, ExecutionStatus, StepError
from engine.ports import changes as s
from storage import tables as t
from storage.codec import dump_error, instant
from storage.row_sums import ROW_SUM, changed
from storage.writes.dispatch import writes
from storage.writes.statement import Write, bound, compiled

_e, _ap = t.executions.executions, t.approvals.pending_approvals
_ended = {
    "status": bound("status"),
    "outcome": bound("outcome"),
    "updated_at": bound("at"),
    "error": bound("error"),
    "damaged": bound("detail"),
}
_PUT_ASIDE = compiled(
    update(_e)
    .where(_e.c.id == bound("b_execution"), _e.c.damaged.is_(None))
    .values({**_ended, ROW_SUM: changed(_e, _ended, unreadable=True)})
)
_body = case(
    (
        func.json_valid(_ap.c.body) == 1,
        func.json_set(_ap.c.body, "$.status", ApprovalStatus.SUPERSEDED.value, "$.decided_at", bound("at")),
    ),
    else_=_ap.c.body,
)
_CLOSE_QUESTIONS = compiled(
    update(_ap)
    .where(_ap.c.execution_id == bound("b_execution"), _ap.c.status == ApprovalStatus.PENDING.value)
    .values(status=bound("superseded"), decided_at=bound("at"), body=_body, row_sum=null())
)


@writes.register
def _(change: s.PutAside) -> Iterator[Write]:
    at = instant(change.at)
    yield Write(
        _PUT_ASIDE,
        {
            "b_execution": change.execution_id,
            "status": ExecutionStatus.DONE.value,
            "outcome": ExecutionOutcome.FAILED.value,
            "error": dump_error(StepError(code=change.code, detail=change.detail)),
            "at": at,
            "detail": change.detail,
        },
        1,
    )
    yield Write(
        _CLOSE_QUESTIONS,
        {"b_execution": change.execution_id, "superseded": ApprovalStatus.SUPERSEDED.value, "at": at},
        None,
    )
