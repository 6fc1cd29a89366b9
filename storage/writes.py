"""Changes → SQL: each change becomes an ordered list of writes with the row counts that mean it was won.

SQL text is compiled once from the tables; the writer thread binds parameters on a raw connection.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import singledispatch
from typing import Any

from sqlalchemy import BindParameter, ClauseElement, bindparam, func, insert, literal, null, or_, select, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.sql.dml import Insert, Update

from engine.domain.approval import ApprovalStatus
from engine.domain.execution import StepOutcome, StepStatus
from engine.domain.json import content_hash
from engine.ports import store as s
from storage import tables as t
from storage.codec import (
    PLAN_SCHEMA,
    dump_approval,
    dump_error,
    dump_plan,
    encode,
    instant,
    maybe_instant,
)

Parameters = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL text with ``:name`` parameters, and the values of those that never change."""

    sql: str
    constants: Parameters


@dataclass(frozen=True, slots=True)
class Write:
    """One statement with its parameters."""

    statement: Statement
    values: Parameters
    rows: int | None
    """Row count that means the condition held; None: any."""

    @property
    def parameters(self) -> Parameters:
        """Everything to bind."""
        return {**self.statement.constants, **self.values}


def bound(name: str) -> BindParameter[Any]:
    """A named parameter."""
    return bindparam(name)


def compiled(statement: ClauseElement) -> Statement:
    """SQL text for sqlite3, compiled once at import."""
    result = statement.compile(dialect=sqlite.dialect(paramstyle="named"))
    constants: Mapping[str, object] = result.params or {}
    return Statement(str(result), {name: value for name, value in constants.items() if value is not None})


def inserting(table: Any, statement: Insert | None = None) -> Statement:
    """INSERT of every column of a table, each bound to a parameter of its own name."""
    columns: dict[str, BindParameter[Any]] = {
        c.name: bound(c.name) for c in table.columns if not (c.primary_key and c.autoincrement is True)
    }
    return compiled((statement if statement is not None else insert(table)).values(columns))


_e, _st, _ap, _in = (
    t.executions.executions,
    t.executions.execution_steps,
    t.approvals.pending_approvals,
    t.effects.intents,
)
_mine = (_e.c.id == bound("b_execution"), _e.c.fence == bound("b_fence"), _e.c.status != "done")
_owned = select(literal(1)).where(_e.c.id == bound("b_execution"), _e.c.fence == bound("b_fence")).exists()
_this_step = (_st.c.execution_id == bound("b_execution"), _st.c.step_id == bound("b_step"))


def _values(statement: Update, *names: str, **fixed: Any) -> Update:
    return statement.values({**{n: bound(n) for n in names}, **fixed})


_CREATE = inserting(_e, upsert(_e).on_conflict_do_nothing())
_OWN = compiled(
    update(_e)
    .where(_e.c.id == bound("b_execution"), _e.c.fence <= bound("b_fence"), _e.c.status != "done")
    .values(fence=bound("b_fence"))
)
_RECLAIM = compiled(
    update(_st).where(_st.c.execution_id == bound("b_execution"), _st.c.status == "running").values(status="ready")
)
_MOVE = compiled(_values(update(_e).where(*_mine), "status", "updated_at", "outcome", "result", "error"))
_MOVE_AT_EPOCH = compiled(
    _values(
        update(_e).where(*_mine, _e.c.epoch == bound("b_epoch")),
        "status",
        "updated_at",
        "outcome",
        "result",
        "error",
    )
)
_PAUSE = compiled(
    _values(
        update(_e).where(_e.c.id == bound("b_execution"), _e.c.status != "done", _e.c.paused != bound("paused")),
        "paused",
        "updated_at",
    )
)
_CANCEL = compiled(
    _values(
        update(_e).where(_e.c.id == bound("b_execution"), _e.c.status != "done", _e.c.cancelled == 0),
        "updated_at",
        cancelled=1,
        paused=0,
    )
)
_PLAN_VERSION = compiled(
    update(_e)
    .where(*_mine, _e.c.plan_version == bound("b_version") - 1)
    .values(plan_version=bound("b_version"), epoch=_e.c.epoch + 1)
)
_PLAN = inserting(t.executions.plans)
_SUPERSEDE_STEPS = compiled(
    update(_st)
    .where(_st.c.execution_id == bound("b_execution"), _st.c.superseded.is_(None))
    .values(superseded=bound("version"))
)
_STEP = inserting(
    _st,
    upsert(_st).on_conflict_do_update(index_elements=["execution_id", "step_id"], set_={"superseded": null()}),
)
_CLAIM = compiled(
    _values(
        update(_st).where(
            *_this_step,
            or_(*[_st.c.status == status for status in ("pending", "ready", "waiting")]),
            select(literal(1))
            .where(*_mine, _e.c.epoch == bound("b_epoch"), _e.c.paused == 0, _e.c.cancelled == 0)
            .exists(),
        ),
        "started_at",
        status=StepStatus.RUNNING.value,
        attempts=bound("attempt"),
        retry_at=null(),
    )
)
_ATTEMPT = inserting(t.executions.attempts, upsert(t.executions.attempts).on_conflict_do_nothing())
_SETTLE = compiled(
    _values(
        update(_st).where(*_this_step, _st.c.status != "done", _owned),
        "outcome",
        "finished_at",
        "error",
        status=StepStatus.DONE.value,
        retry_at=null(),
    )
)
_PARK = compiled(
    _values(update(_st).where(*_this_step, _st.c.status == "running", _owned), "status", "retry_at", "error")
)
_CHECKPOINT = compiled(_values(update(_st).where(*_this_step, _owned), "checkpoint"))
_ARTIFACT = inserting(
    t.executions.shared_context,
    upsert(t.executions.shared_context).on_conflict_do_update(
        index_elements=["execution_id", "name"], set_={"value": bound("value"), "kind": bound("kind")}
    ),
)
_OPEN_COLUMNS = [c.name for c in _ap.columns]
_OPEN = compiled(
    upsert(_ap)
    .from_select(
        _OPEN_COLUMNS,
        select(*[_e.c.tenant_id if n == "tenant_id" else bound(n) for n in _OPEN_COLUMNS]).where(
            _e.c.id == bound("execution_id")
        ),
    )
    .on_conflict_do_nothing()
)
_DECIDE = compiled(
    _values(
        update(_ap).where(_ap.c.id == bound("b_id"), _ap.c.status == "pending"),
        "status",
        "body",
        "decided_at",
        "decided_by",
        "call_hash",
    )
)
_REMIND = compiled(
    _values(update(_ap).where(_ap.c.id == bound("b_id"), _ap.c.status == "pending"), "body"),
)
_BUMP = compiled(
    update(_e).where(_e.c.id == bound("b_execution")).values(epoch=_e.c.epoch + 1, updated_at=bound("updated_at"))
)
_body_superseded = func.json_set(
    _ap.c.body, "$.status", ApprovalStatus.SUPERSEDED.value, "$.decided_at", bound("decided_at")
)
_supersede = update(_ap).where(_ap.c.execution_id == bound("b_execution"), _ap.c.status == "pending")
_SUPERSEDE = compiled(_values(_supersede, "decided_at", status=ApprovalStatus.SUPERSEDED.value, body=_body_superseded))
_SUPERSEDE_STEP = compiled(
    _values(
        _supersede.where(_ap.c.step_id == bound("b_step")),
        "decided_at",
        status=ApprovalStatus.SUPERSEDED.value,
        body=_body_superseded,
    )
)
_INTENT_COLUMNS = [c.name for c in _in.columns]
_INTENT = compiled(
    upsert(_in)
    .from_select(
        _INTENT_COLUMNS,
        select(*[bound(n) for n in _INTENT_COLUMNS]).where(
            _e.c.id == bound("execution_id"), _e.c.fence == bound("fence")
        ),
    )
    .on_conflict_do_nothing()
)
_COMPLETE = compiled(
    _values(
        update(_in).where(_in.c.key == bound("b_key"), _in.c.status == "started"),
        "result",
        "finished_at",
        status="done",
    )
)
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
_ev = t.events.events
_EVENT = compiled(
    insert(_ev).from_select(
        ["execution_id", "seq", "type", "at", "payload"],
        select(
            bound("execution_id"),
            func.coalesce(func.max(_ev.c.seq), 0) + 1,
            bound("type"),
            bound("at"),
            bound("payload"),
        ).where(_ev.c.execution_id == bound("execution_id")),
    )
)
_MESSAGE = inserting(t.events.agent_messages, upsert(t.events.agent_messages).on_conflict_do_nothing())
_FEEDBACK = inserting(
    t.chat.execution_feedback,
    upsert(t.chat.execution_feedback).on_conflict_do_update(
        index_elements=["execution_id", "user_id"],
        set_={"rating": bound("rating"), "comment": bound("comment"), "at": bound("at")},
    ),
)


@singledispatch
def writes(change: object) -> Iterator[Write]:
    """The writes of one change, in order."""
    raise NotImplementedError(type(change).__name__)


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
            "status": e.status.value,
            "outcome": e.outcome,
            "created_at": instant(e.created_at),
            "updated_at": instant(e.updated_at),
            "plan_version": e.plan_version,
            "epoch": e.epoch,
            "fence": e.fence,
            "paused": int(e.paused),
            "cancelled": int(e.cancelled),
            "error": dump_error(e.error),
            "result": None,
        },
        1,
    )


@writes.register
def _(change: s.OwnExecution) -> Iterator[Write]:
    yield Write(_OWN, {"b_execution": change.execution_id, "b_fence": change.fence}, 1)
    yield Write(_RECLAIM, {"b_execution": change.execution_id}, None)


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
        yield Write(_PAUSE, {**parameters, "paused": int(change.paused)}, 1)


@writes.register
def _(change: s.SavePlan) -> Iterator[Write]:
    plan, execution = change.plan, change.execution_id
    yield Write(_PLAN_VERSION, {"b_execution": execution, "b_fence": change.fence, "b_version": plan.version}, 1)
    yield Write(
        _PLAN,
        {"execution_id": execution, "version": plan.version, "schema": PLAN_SCHEMA, "body": dump_plan(plan)},
        1,
    )
    yield Write(_SUPERSEDE_STEPS, {"b_execution": execution, "version": plan.version}, None)
    for step in plan.steps:
        bound = {name: {"step": b.step_id, "one": b.one} for name, b in step.bindings.items()}
        yield Write(
            _STEP,
            {
                "execution_id": execution,
                "step_id": step.id,
                "plan_version": plan.version,
                "superseded": None,
                "agent": step.agent,
                "effect": step.effect.value,
                "argument_hash": content_hash({"agent": step.agent, "inputs": step.inputs, "bindings": bound}),
                "status": StepStatus.PENDING.value,
                "outcome": None,
                "attempts": 0,
                "retry_at": None,
                "started_at": None,
                "finished_at": None,
                "cached": 0,
                "error": None,
                "checkpoint": None,
            },
            1,
        )


@writes.register
def _(change: s.ClaimStep) -> Iterator[Write]:
    where = {"b_execution": change.execution_id, "b_step": change.step_id, "b_fence": change.fence}
    at = instant(change.at)
    yield Write(_CLAIM, {**where, "b_epoch": change.epoch, "started_at": at, "attempt": change.attempt}, 1)
    yield Write(
        _ATTEMPT,
        {
            "execution_id": change.execution_id,
            "step_id": change.step_id,
            "number": change.attempt,
            "fence": change.fence,
            "started_at": at,
        },
        None,
    )


@writes.register
def _(change: s.SettleStep) -> Iterator[Write]:
    yield Write(
        _SETTLE,
        {
            "b_execution": change.execution_id,
            "b_step": change.step_id,
            "b_fence": change.fence,
            "outcome": StepOutcome(change.outcome).value,
            "finished_at": instant(change.at),
            "error": dump_error(change.error),
        },
        1,
    )


@writes.register
def _(change: s.ParkStep) -> Iterator[Write]:
    yield Write(
        _PARK,
        {
            "b_execution": change.execution_id,
            "b_step": change.step_id,
            "b_fence": change.fence,
            "status": (StepStatus.WAITING if change.waiting else StepStatus.READY).value,
            "retry_at": maybe_instant(change.retry_at),
            "error": dump_error(change.error),
        },
        1,
    )


@writes.register
def _(change: s.SaveCheckpoint) -> Iterator[Write]:
    yield Write(
        _CHECKPOINT,
        {
            "b_execution": change.execution_id,
            "b_step": change.step_id,
            "b_fence": change.fence,
            "checkpoint": encode(change.state),
        },
        1,
    )


@writes.register
def _(change: s.PutArtifact) -> Iterator[Write]:
    yield Write(
        _ARTIFACT,
        {
            "execution_id": change.execution_id,
            "name": change.step_id,
            "kind": str(change.artifact.get("kind")),
            "value": encode(change.artifact),
            "integrity": int(change.label.integrity),
            "readers": encode(sorted(change.label.readers)),
            "written_at": instant(change.at),
        },
        1,
    )


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
    parameters = {"b_execution": change.execution_id, "decided_at": instant(change.at)}
    if change.step_id is None:
        yield Write(_SUPERSEDE, parameters, None)
    else:
        yield Write(_SUPERSEDE_STEP, {**parameters, "b_step": change.step_id}, None)


@writes.register
def _(change: s.RecordIntent) -> Iterator[Write]:
    i = change.intent
    yield Write(
        _INTENT,
        {
            "key": i.key,
            "execution_id": i.execution_id,
            "step_id": i.step_id,
            "tool": i.tool,
            "effect": i.effect.value,
            "call_hash": i.call_hash,
            "fence": change.fence,
            "status": i.status.value,
            "result": None,
            "started_at": instant(change.at),
            "finished_at": None,
        },
        1,
    )


@writes.register
def _(change: s.CompleteIntent) -> Iterator[Write]:
    yield Write(_COMPLETE, {"b_key": change.key, "result": encode(change.result), "finished_at": instant(change.at)}, 1)


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


@writes.register
def _(change: s.AppendEvent) -> Iterator[Write]:
    e = change.event
    yield Write(
        _EVENT,
        {"execution_id": e.execution_id, "type": e.type.value, "at": instant(e.at), "payload": encode(e.payload)},
        1,
    )


@writes.register
def _(change: s.SendMessage) -> Iterator[Write]:
    m = change.message
    yield Write(
        _MESSAGE,
        {
            "execution_id": m.execution_id,
            "recipient": m.recipient,
            "text_hash": content_hash({"from": m.sender, "text": m.text}),
            "sender": m.sender,
            "text": m.text,
            "at": instant(m.at),
        },
        1,
    )


@writes.register
def _(change: s.PutFeedback) -> Iterator[Write]:
    f = change.feedback
    yield Write(
        _FEEDBACK,
        {
            "execution_id": f.execution_id,
            "user_id": f.user_id,
            "rating": f.rating,
            "comment": f.comment,
            "at": instant(f.at),
        },
        1,
    )
