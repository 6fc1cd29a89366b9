"""Stored rows as domain objects: the one mapper. What a row holds is believed only where it is what was written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy import RowMapping, Table

from engine.domain.approval import Approval
from engine.domain.effect import Effect, Intent, IntentStatus
from engine.domain.event import Event, EventType
from engine.domain.execution import (
    Execution,
    ExecutionOutcome,
    ExecutionStatus,
    StepError,
    StepOutcome,
    StepRun,
    StepStatus,
)
from engine.domain.ids import ApprovalId, ConversationId, EffectKey, ExecutionId, PrincipalId, StepId, TenantId
from engine.domain.json import JsonObject
from engine.domain.plan import Plan
from engine.domain.request import Request
from engine.domain.snapshot import ExecutionSnapshot
from engine.domain.spend import Money, Spend, Usage
from engine.errors import DamagedError
from storage.codec import (
    decode,
    load_approval,
    load_error,
    load_origin,
    load_plan,
    maybe_decode,
    maybe_parse,
    parse_instant,
    readable_instant,
)
from storage.row_sums import is_damaged
from storage.tables import approvals, effects, events, executions
from storage.writes.spend import USAGE

Row = RowMapping
T = TypeVar("T")

_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)
"""What the mapping raises on text that is not what was written."""
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def execution_of(row: Row) -> Execution:
    """A row of ``executions``.

    Raises:
        DamagedError: ``row_corrupt``, as every function here does.
    """
    return _believed(executions.executions, row, ExecutionId(row["id"]), _execution)


def plan_of(row: Row) -> Plan:
    """A row of ``plans``.

    Raises:
        InternalError: ``plan_schema_unknown``: a newer program wrote it.
    """
    return _believed(executions.plans, row, _execution_id(row), lambda row: load_plan(row["schema"], row["body"]))


def step_run_of(row: Row) -> StepRun:
    """A row of ``execution_steps``."""
    return _believed(executions.execution_steps, row, _execution_id(row), _step_run)


def approval_of(row: Row) -> Approval:
    """A row of ``pending_approvals``, whatever else was read with it."""
    return _believed(approvals.pending_approvals, row, _execution_id(row), lambda row: load_approval(row["body"]))


def artifact_of(row: Row) -> JsonObject:
    """A row of ``shared_context``."""
    return _believed(executions.shared_context, row, _execution_id(row), lambda row: decode(row["value"]))


def intent_of(row: Row) -> Intent:
    """A row of ``intents``."""
    return _believed(effects.intents, row, _execution_id(row), _intent)


def event_of(row: Row) -> Event:
    """A row of ``events``."""
    return _believed(events.events, row, _execution_id(row), _event)


def refuse_what_is_no_text(row: Row) -> None:
    """Look at a row that has no sum: what was not UTF-8 in it was read all the same, and can be written nowhere.

    Raises:
        ValueError: there is such a text.
    """
    for stored in row.values():
        if isinstance(stored, str):
            stored.encode()


def remains_of(row: Row, seq: int) -> ExecutionSnapshot:
    """What is shown of an execution that was put aside: that it failed, and of what.

    Args:
        row: of ``executions``. Where it is damaged itself, none of its words are shown.
        seq: of the last event.
    """
    whole = not is_damaged(executions.executions, row)
    request = Request(
        text=row["request"] if whole else "",
        user_id=PrincipalId(row["user_id"]),
        tenant_id=TenantId(row["tenant_id"]),
        conversation_id=ConversationId(row["conversation_id"]),
        locale=row["locale"] if row["locale"] in {"he", "en"} else "en",
        timezone=row["timezone"] if whole else "UTC",
    )
    execution = Execution(
        id=ExecutionId(row["id"]),
        request=request,
        status=ExecutionStatus.DONE,
        outcome=ExecutionOutcome.FAILED,
        created_at=readable_instant(row["created_at"]) or _LONG_AGO,
        updated_at=readable_instant(row["updated_at"]) or _LONG_AGO,
        error=load_error(row["error"]) if whole else StepError(code="row_corrupt", detail=str(row["damaged"])),
    )
    return ExecutionSnapshot(execution=execution, plan=None, step_runs={}, approvals=(), artifacts={}, seq=seq)


def _believed(table: Table, row: Row, execution_id: ExecutionId, load: Callable[[Row], T]) -> T:
    try:
        if not is_damaged(table, row):
            return load(row)
    except _UNREADABLE as error:
        raise _damaged(table, execution_id, "cannot be read") from error
    raise _damaged(table, execution_id, "is not what was written")


def _damaged(table: Table, execution_id: ExecutionId, how: str) -> DamagedError:
    return DamagedError("row_corrupt", f"A row of {table.name} of execution {execution_id} {how}.", execution_id)


def _execution_id(row: Row) -> ExecutionId:
    return ExecutionId(row["execution_id"])


def _execution(row: Row) -> Execution:
    return Execution(
        id=ExecutionId(row["id"]),
        request=Request(
            text=row["request"],
            user_id=PrincipalId(row["user_id"]),
            tenant_id=TenantId(row["tenant_id"]),
            conversation_id=ConversationId(row["conversation_id"]),
            locale=row["locale"],
            timezone=row["timezone"],
            dry_run=bool(row["dry_run"]),
            request_key=row["request_key"],
            sent_at=maybe_parse(row["sent_at"]),
            origin=load_origin(row["origin"]),
        ),
        status=ExecutionStatus(row["status"]),
        outcome=outcome_of(row["outcome"]),
        created_at=parse_instant(row["created_at"]),
        updated_at=parse_instant(row["updated_at"]),
        plan_version=row["plan_version"],
        epoch=row["epoch"],
        fence=row["fence"],
        crashes=row["crashes"],
        paused=bool(row["paused"]),
        pause_reason=row["pause_reason"],
        cancelled=bool(row["cancelled"]),
        error=load_error(row["error"]),
        result=maybe_decode(row["result"]),
        doubtful=row["doubtful"] is not None,
    )


def outcome_of(value: str | None) -> ExecutionOutcome | None:
    """How an execution ended, or None."""
    return None if value is None else ExecutionOutcome(value)


def _step_run(row: Row) -> StepRun:
    return StepRun(
        step_id=StepId(row["step_id"]),
        status=StepStatus(row["status"]),
        outcome=None if row["outcome"] is None else StepOutcome(row["outcome"]),
        attempts=row["attempts"],
        retry_at=maybe_parse(row["retry_at"]),
        started_at=maybe_parse(row["started_at"]),
        finished_at=maybe_parse(row["finished_at"]),
        cached=bool(row["cached"]),
        crashes=row["crashes"],
        stand_in=row["stand_in"],
        error=load_error(row["error"]),
        checkpoint=maybe_decode(row["checkpoint"]),
    )


def spend_of(row: Row) -> Spend:
    """Sums over ``model_calls``."""
    return Spend(
        calls=row["calls"],
        usage=Usage(**{name: row[name] or 0 for name in USAGE}, estimated=bool(row["estimated"])),
        cost=Money(row["cost_nano"] or 0),
        held=Money(row["held_nano"] or 0),
        unpriced=row["unpriced"] or 0,
    )


def _intent(row: Row) -> Intent:
    return Intent(
        key=EffectKey(row["key"]),
        execution_id=ExecutionId(row["execution_id"]),
        step_id=StepId(row["step_id"]),
        tool=row["tool"],
        effect=Effect(row["effect"]),
        call_hash=row["call_hash"],
        title=row["title"],
        status=IntentStatus(row["status"]),
        started_at=parse_instant(row["started_at"]),
        answer=None if row["answer"] is None else ApprovalId(row["answer"]),
        result=maybe_decode(row["result"]),
    )


def _event(row: Row) -> Event:
    return Event(
        execution_id=ExecutionId(row["execution_id"]),
        seq=row["seq"],
        type=EventType(row["type"]),
        at=parse_instant(row["at"]),
        payload=decode(row["payload"]),
    )
