"""Changes of an execution itself: made, owned, moved, signalled."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import case, func, literal, or_, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.ports import changes as s
from storage import tables as t
from storage.codec import dump_error, dump_origin, encode, instant
from storage.writes.dispatch import writes
from storage.writes.statement import Write, bound, compiled, inserting, mine, owned, setting

_e, _st = t.executions.executions, t.executions.execution_steps
moved = case((_e.c.status == "waiting", "running"), else_=_e.c.status)
"""A waiting execution runs again: should the process die before it is woken, the next start finds it."""
_CREATE = inserting(_e, upsert(_e).on_conflict_do_nothing())
_OWN = compiled(
    update(_e)
    .where(_e.c.id == bound("b_execution"), _e.c.fence <= bound("b_fence"), _e.c.status != "done")
    .values(fence=bound("b_fence"))
)
_left_running = select(literal(1)).where(_st.c.execution_id == bound("b_execution"), _st.c.status == "running").exists()
_others = _e.c.fence < bound("b_fence")
"""An earlier process owns it, which is not there any more."""
_COUNT_DEATH = compiled(
    update(_e)
    .where(
        _e.c.id == bound("b_execution"),
        _others,
        _e.c.fence > 0,
        or_(*[_e.c.status == status for status in ("planning", "running")]),
        _e.c.paused == 0,
        ~_left_running,
    )
    .values(crashes=_e.c.crashes + 1)
)
_RECLAIM = compiled(
    update(_st)
    .where(_st.c.execution_id == bound("b_execution"), _st.c.status == "running")
    .values(
        status="ready",
        crashes=_st.c.crashes + select(_others).where(_e.c.id == bound("b_execution")).scalar_subquery(),
    )
)
_FORGET_DEATHS = (
    compiled(update(_e).where(_e.c.status != "done", _e.c.crashes > 0).values(crashes=0)),
    # An attempt that the process died of counts for nothing any more: it was no failure of the step.
    compiled(
        update(_st)
        .where(_st.c.status != "done", _st.c.crashes > 0)
        .values(attempts=func.max(_st.c.attempts - _st.c.crashes, 0), crashes=0)
    ),
)
_LEAVE = compiled(update(_e).where(*mine).values(crashes=0))
_GIVE_BACK = compiled(
    update(_st)
    .where(_st.c.execution_id == bound("b_execution"), _st.c.status == "running", owned)
    .values(status="ready", attempts=_st.c.attempts - 1)
)
_MOVE = compiled(setting(update(_e).where(*mine), "status", "updated_at", "outcome", "result", "error", crashes=0))
_MOVE_AT_EPOCH = compiled(
    setting(
        update(_e).where(*mine, _e.c.epoch == bound("b_epoch")),
        "status",
        "updated_at",
        "outcome",
        "result",
        "error",
        crashes=0,
    )
)
_PAUSE = compiled(
    setting(
        update(_e).where(_e.c.id == bound("b_execution"), _e.c.status != "done", _e.c.paused != bound("paused")),
        "paused",
        "pause_reason",
        "updated_at",
        status=moved,
        epoch=_e.c.epoch + 1,
    )
)
_CANCEL = compiled(
    setting(
        update(_e).where(_e.c.id == bound("b_execution"), _e.c.status != "done", _e.c.cancelled == 0),
        "updated_at",
        cancelled=1,
        paused=0,
        pause_reason="",
        status=moved,
        epoch=_e.c.epoch + 1,
    )
)


@writes.register
def _(change: s.CreateExecution) -> Iterator[Write]:
    e = change.execution
    yield Write(
        _CREATE,
        {
            "id": e.id,
            "tenant_id": e.request.tenant_id,
            "user_id": e.request.user_id,
            "conversation_id": e.request.conversation_id,
            "request_key": e.request.request_key,
            "request": e.request.text,
            "locale": e.request.locale,
            "timezone": e.request.timezone,
            "dry_run": int(e.request.dry_run),
            "sent_at": None if e.request.sent_at is None else instant(e.request.sent_at),
            "origin": dump_origin(e.request.origin),
            "status": e.status.value,
            "outcome": e.outcome,
            "created_at": instant(e.created_at),
            "updated_at": instant(e.updated_at),
            "plan_version": e.plan_version,
            "epoch": e.epoch,
            "fence": e.fence,
            "crashes": e.crashes,
            "paused": int(e.paused),
            "pause_reason": e.pause_reason,
            "cancelled": int(e.cancelled),
            "error": dump_error(e.error),
            "result": None,
            "damaged": None,
            "doubtful": None,
        },
        1,
    )


@writes.register
def _(change: s.OwnExecution) -> Iterator[Write]:
    parameters = {"b_execution": change.execution_id, "b_fence": change.fence}
    yield Write(_COUNT_DEATH, parameters, None)
    yield Write(_RECLAIM, parameters, None)
    yield Write(_OWN, parameters, 1)


@writes.register
def _(change: s.LeaveExecution) -> Iterator[Write]:
    parameters = {"b_execution": change.execution_id, "b_fence": change.fence}
    yield Write(_LEAVE, parameters, 1)
    yield Write(_GIVE_BACK, parameters, None)


@writes.register
def _(_: s.ForgetDeaths) -> Iterator[Write]:
    for sql in _FORGET_DEATHS:
        yield Write(sql, {}, None)


@writes.register
def _(change: s.MoveExecution) -> Iterator[Write]:
    parameters: dict[str, object] = {
        "b_execution": change.execution_id,
        "b_fence": change.fence,
        "status": change.status.value,
        "updated_at": instant(change.at),
        "outcome": None if change.outcome is None else change.outcome.value,
        "result": None if change.result is None else encode(change.result),
        "error": dump_error(change.error),
    }
    if change.unless_moved_from is None:
        yield Write(_MOVE, parameters, 1)
    else:
        yield Write(_MOVE_AT_EPOCH, {**parameters, "b_epoch": change.unless_moved_from}, 1)


@writes.register
def _(change: s.RaiseFlag) -> Iterator[Write]:
    parameters = {"b_execution": change.execution_id, "updated_at": instant(change.at)}
    if change.cancelled:
        yield Write(_CANCEL, parameters, 1)
    if change.paused is not None:
        yield Write(_PAUSE, {**parameters, "paused": int(change.paused), "pause_reason": change.reason}, 1)
