"""``engine.ports.store`` over SQLite: changes through the writer, reads as domain objects."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from loguru import logger
from sqlalchemy import (
    BindParameter,
    ColumnClause,
    Integer,
    RowMapping,
    bindparam,
    case,
    func,
    literal,
    literal_column,
    select,
    text,
)

from engine.domain.approval import Approval, ApprovalStatus
from engine.domain.effect import Intent
from engine.domain.event import Event
from engine.domain.execution import ExecutionStatus
from engine.domain.ids import ApprovalId, ConversationId, EffectKey, ExecutionId, PrincipalId, StepId, TenantId
from engine.domain.message import AgentMessage
from engine.domain.request import undo_key
from engine.domain.snapshot import ExecutionSnapshot, Undo
from engine.domain.spend import CostLine, Spend
from engine.errors import DamagedError
from engine.ports.changes import Change, Due, DueKind
from engine.ports.store import AskedOf, PlanVersion
from storage.codec import (
    instant,
    parse_instant,
)
from storage.database import Database
from storage.plan_versions import versions_of
from storage.rows import (
    approval_of,
    artifact_of,
    event_of,
    execution_of,
    intent_of,
    outcome_of,
    plan_of,
    refuse_what_is_no_text,
    remains_of,
    spend_of,
    step_run_of,
)
from storage.tables import approvals, chat, effects, events, executions, spend
from storage.writes import writes
from storage.writes.spend import USAGE

_e = executions.executions.c
_st = executions.execution_steps.c
_ap = approvals.pending_approvals.c
_mc = spend.model_calls.c
Row = RowMapping
_SPEND_SUMS = (
    func.count().label("calls"),
    func.sum(_mc.cost_nano).label("cost_nano"),
    func.sum(case((_mc.settled == 0, _mc.cost_nano), else_=0)).label("held_nano"),
    func.sum(case((_mc.cost_nano.is_(None), 1), else_=0)).label("unpriced"),
    *(func.sum(_mc[name]).label(name) for name in USAGE),
    func.max(_mc.estimated).label("estimated"),
)
_p, _sc, _ev, _fb = executions.plans.c, executions.shared_context.c, events.events.c, chat.execution_feedback.c
_this: BindParameter[str] = bindparam("execution")
_AS_ASKED: ColumnClause[int] = literal_column("pending_approvals.rowid", Integer)
"""In the order in which questions were asked: clocks that are put back do not tell that."""
_SNAPSHOT = (
    select(
        executions.executions,
        select(func.max(_ev.seq)).where(_ev.execution_id == _this).scalar_subquery().label("seq"),
        select(_fb.rating)
        .where(_fb.execution_id == _this)
        .order_by(_fb.at.desc())
        .limit(1)
        .scalar_subquery()
        .label("rating"),
    ).where(_e.id == _this),
    select(executions.plans).where(_p.execution_id == _this).order_by(_p.version.desc()).limit(2),
    select(executions.execution_steps).where(_st.execution_id == _this, _st.superseded.is_(None)),
    select(approvals.pending_approvals).where(_ap.execution_id == _this).order_by(_AS_ASKED),
    select(executions.shared_context).where(_sc.execution_id == _this),
    select(_mc.step_id, *_SPEND_SUMS).where(_mc.execution_id == _this).group_by(_mc.step_id),
)
"""What one snapshot is read with, all as of one instant."""
_in = effects.intents.c
_undo = executions.executions.alias("undo")
_AFTERWARDS = (
    select(effects.intents).where(_in.execution_id == _this).order_by(_in.started_at, _in.key),
    select(_undo.c.id, _undo.c.outcome).where(
        _e.id == _this,
        _undo.c.tenant_id == _e.tenant_id,
        _undo.c.user_id == _e.user_id,
        _undo.c.request_key == bindparam("undo_key"),
        _undo.c.origin.is_not(None),
    ),
)
"""What is read besides of an execution that is done: nothing of it changes any more, save that it may be taken back."""

_APPROVAL = select(approvals.pending_approvals).where(_ap.id == bindparam("approval"))
_ASKED = _APPROVAL.add_columns(_e.user_id.label("asker")).where(_e.id == _ap.execution_id)
_GATES = (
    select(approvals.pending_approvals)
    .where(_ap.execution_id == _this, _ap.step_id == bindparam("step"), _ap.kind == "gate", _ap.status != "superseded")
    .order_by(_AS_ASKED)
)
_INTENT = select(effects.intents).where(_in.key == bindparam("key"))


class SqliteExecutionStore:
    """The engine's memory in one SQLite file."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._damaged_alarms = set[int]()
        """Those that the log knows of: it is told of each once."""

    async def commit(self, *changes: Change) -> bool:
        """See the port."""
        return await self._database.write([write for change in changes for write in writes(change)])

    async def snapshot(self, execution_id: ExecutionId) -> ExecutionSnapshot | None:
        """See the port."""
        found, plans, steps, questions, context, calls = await self._database.rows_together(
            *_SNAPSHOT, execution=execution_id
        )
        if not found:
            return None
        row = found[0]
        if row["damaged"] is not None:
            return remains_of(row, row["seq"] or 0)
        execution = execution_of(row)
        intents, undo = (), None
        if execution.status is ExecutionStatus.DONE:
            intents, undo = await self._afterwards(execution_id)
        return ExecutionSnapshot(
            execution=execution,
            plan=plan_of(plans[0]) if plans else None,
            before=plan_of(plans[1]) if plans[1:] and plans[1]["version"] else None,
            step_runs={StepId(row["step_id"]): step_run_of(row) for row in steps},
            approvals=tuple(approval_of(row) for row in questions),
            artifacts={StepId(row["name"]): artifact_of(row) for row in context},
            seq=row["seq"] or 0,
            feedback=row["rating"] or 0,
            spends={None if row["step_id"] is None else StepId(row["step_id"]): spend_of(row) for row in calls},
            effects=intents,
            undo=undo,
        )

    async def _afterwards(self, execution_id: ExecutionId) -> tuple[tuple[Intent, ...], Undo | None]:
        done, undone = await self._database.rows_together(
            *_AFTERWARDS, execution=execution_id, undo_key=undo_key(execution_id)
        )
        undo = next((Undo(execution_id=ExecutionId(u["id"]), outcome=outcome_of(u["outcome"])) for u in undone), None)
        return tuple(intent_of(row) for row in done), undo

    async def by_request_key(self, tenant: TenantId, user: PrincipalId, key: str) -> ExecutionId | None:
        """See the port."""
        rows = await self._database.rows(
            select(_e.id).where(_e.tenant_id == tenant, _e.user_id == user, _e.request_key == key)
        )
        return ExecutionId(rows[0]["id"]) if rows else None

    async def moving(self) -> Sequence[ExecutionId]:
        """See the port."""
        # Spelled as the partial index spells it, or SQLite does not see that the index serves.
        query = select(_e.id).where(text("status IN ('planning', 'running')")).order_by(_e.created_at, _e.id)
        return [ExecutionId(row["id"]) for row in await self._database.rows(query)]

    async def suspects(self, deaths: int) -> Sequence[ExecutionId]:
        """See the port."""
        step = select(literal(1)).where(
            _st.execution_id == _e.id, _st.superseded.is_(None), _st.status != "done", _st.crashes >= deaths
        )
        query = select(_e.id).where(_e.status != text("'done'"), (_e.crashes >= deaths) | step.exists())
        return [ExecutionId(row["id"]) for row in await self._database.rows(query)]

    async def unfinished(self) -> int:
        """See the port."""
        rows = await self._database.rows(select(func.count().label("n")).where(_e.status != text("'done'")))
        return int(rows[0]["n"])

    async def conversation(
        self, tenant: TenantId, user: PrincipalId, conversation: ConversationId, *, before: ExecutionId, limit: int
    ) -> Sequence[ExecutionId]:
        """See the port."""
        at = select(_e.created_at).where(_e.id == before).scalar_subquery()
        query = select(_e.id).where(
            _e.tenant_id == tenant, _e.user_id == user, _e.conversation_id == conversation, _e.created_at < at
        )
        rows = await self._database.rows(query.order_by(_e.created_at.desc(), _e.id.desc()).limit(limit))
        return [ExecutionId(row["id"]) for row in rows]

    async def thread(self, tenant: TenantId, conversation: ConversationId, *, limit: int) -> Sequence[ExecutionId]:
        """See the port."""
        query = select(_e.id).where(_e.tenant_id == tenant, _e.conversation_id == conversation)
        rows = await self._database.rows(query.order_by(_e.created_at.desc(), _e.id.desc()).limit(limit))
        return [ExecutionId(row["id"]) for row in rows]

    async def live(self, tenant: TenantId, users: frozenset[PrincipalId], *, limit: int) -> Sequence[ExecutionId]:
        """See the port."""
        query = select(_e.id).where(_e.tenant_id == tenant, _e.user_id.in_(sorted(users)), _e.status != text("'done'"))
        rows = await self._database.rows(query.order_by(_e.created_at.desc(), _e.id.desc()).limit(limit))
        return [ExecutionId(row["id"]) for row in rows]

    async def recent_threads(self, tenant: TenantId, since: datetime, *, limit: int) -> Sequence[ConversationId]:
        """See the port."""
        query = select(_e.conversation_id, func.max(_e.updated_at).label("at")).where(
            _e.tenant_id == tenant, (_e.updated_at >= instant(since)) | (_e.status != text("'done'"))
        )
        query = query.group_by(_e.conversation_id).order_by(text("at DESC")).limit(limit)
        return [ConversationId(row["conversation_id"]) for row in await self._database.rows(query)]

    async def costs(self, tenant: TenantId, users: frozenset[PrincipalId] | None, since: date) -> Sequence[CostLine]:
        """See the port."""
        keys = (_mc.day, _mc.user_id, _mc.model)
        query = select(*keys, *_SPEND_SUMS).where(_mc.tenant_id == tenant, _mc.day >= since.isoformat())
        if users is not None:
            query = query.where(_mc.user_id.in_(sorted(users)))
        query = query.group_by(*keys).order_by(_mc.day.desc(), _mc.user_id, _mc.model).limit(1_000)
        return [
            CostLine(
                day=date.fromisoformat(row["day"]),
                user_id=PrincipalId(row["asker"]),
                model=row["model"],
                spend=spend_of(row),
            )
            for row in await self._database.rows(query)
        ]

    async def day_spend(self, tenant: TenantId, day: date) -> Spend:
        """See the port."""
        query = select(*_SPEND_SUMS).where(_mc.tenant_id == tenant, _mc.day == day.isoformat())
        return spend_of((await self._database.rows(query))[0])

    async def executions(
        self, tenant: TenantId, users: frozenset[PrincipalId] | None, *, limit: int, before: str | None
    ) -> Sequence[ExecutionId]:
        """See the port."""
        query = select(_e.id).where(_e.tenant_id == tenant)
        if users is not None:
            query = query.where(_e.user_id.in_(sorted(users)))
        if before is not None:
            at = select(_e.created_at).where(_e.id == before).scalar_subquery()
            query = query.where((_e.created_at < at) | ((_e.created_at == at) & (_e.id < before)))
        rows = await self._database.rows(query.order_by(_e.created_at.desc(), _e.id.desc()).limit(limit))
        return [ExecutionId(row["id"]) for row in rows]

    async def approval(self, approval_id: ApprovalId) -> Approval | None:
        """See the port."""
        rows = await self._database.rows(_APPROVAL, approval=approval_id)
        return approval_of(rows[0]) if rows else None

    async def asked(self, approval_id: ApprovalId) -> AskedOf | None:
        """See the port."""
        rows = await self._database.rows(_ASKED, approval=approval_id)
        if not rows:
            return None
        row = rows[0]
        return AskedOf(
            approval=approval_of(row),
            tenant_id=TenantId(row["tenant_id"]),
            user_id=PrincipalId(row["asker"]),
        )

    async def gate(self, execution_id: ExecutionId, step_id: StepId, effect_number: int) -> Approval | None:
        """See the port."""
        rows = await self._database.rows(_GATES, execution=execution_id, step=step_id)
        asked = [a for row in rows if (a := approval_of(row)).effect_number == effect_number]
        return asked[-1] if asked else None

    async def approvals(
        self, tenant: TenantId, users: frozenset[PrincipalId] | None, status: ApprovalStatus | None
    ) -> Sequence[Approval]:
        """See the port."""
        query = select(approvals.pending_approvals).where(_ap.tenant_id == tenant)
        if users is not None:
            query = query.where(_ap.execution_id.in_(select(_e.id).where(_e.user_id.in_(sorted(users)))))
        if status is not None:
            query = query.where(_ap.status == status.value)
        rows = await self._database.rows(query.order_by(_ap.created_at.desc()).limit(200))
        return [approval for row in rows if (approval := _maybe_approval(row)) is not None]

    async def intent(self, key: EffectKey) -> Intent | None:
        """See the port."""
        rows = await self._database.rows(_INTENT, key=key)
        return intent_of(rows[0]) if rows else None

    async def intents(self, execution_id: ExecutionId) -> Sequence[Intent]:
        """See the port."""
        c = effects.intents.c
        query = select(effects.intents).where(c.execution_id == execution_id).order_by(c.started_at, c.key)
        return [intent_of(row) for row in await self._database.rows(query)]

    async def events(self, execution_id: ExecutionId, after: int) -> Sequence[Event]:
        """See the port."""
        c = events.events.c
        query = select(events.events).where(c.execution_id == execution_id, c.seq > after).order_by(c.seq).limit(500)
        return [event_of(row) for row in await self._database.rows(query)]

    async def messages(self, execution_id: ExecutionId, recipient: str) -> Sequence[AgentMessage]:
        """See the port."""
        c = events.agent_messages.c
        query = select(events.agent_messages).where(c.execution_id == execution_id, c.recipient == recipient)
        return [
            AgentMessage(
                execution_id=execution_id,
                sender=StepId(row["sender"]),
                recipient=recipient,
                text=row["text"],
                at=parse_instant(row["at"]),
            )
            for row in await self._database.rows(query.order_by(c.at, c.text_hash))
        ]

    async def versions(self, execution_id: ExecutionId) -> Sequence[PlanVersion]:
        """See the port."""
        return await versions_of(self._database, execution_id)

    async def due(self, limit: int) -> Sequence[Due]:
        """See the port."""
        c = approvals.due.c
        query = select(approvals.due).where(c.claimed == 0).order_by(c.at, c.id).limit(limit)
        found, looked_at = list[Due](), 0
        while True:
            rows = await self._database.rows(query.offset(looked_at) if looked_at else query)
            found += [alarm for row in rows if (alarm := self._maybe_due(row)) is not None]
            looked_at += len(rows)
            if len(found) >= limit or len(rows) < limit:
                return found[:limit]

    def _maybe_due(self, row: RowMapping) -> Due | None:
        """None where it is damaged: all other alarms ring."""
        try:
            refuse_what_is_no_text(row)
            return Due(
                id=row["id"],
                execution_id=ExecutionId(row["execution_id"]),
                approval_id=None if row["approval_id"] is None else ApprovalId(row["approval_id"]),
                kind=DueKind(row["kind"]),
                at=parse_instant(row["at"]),
            )
        except (ValueError, TypeError):
            if row["id"] not in self._damaged_alarms:
                self._damaged_alarms.add(row["id"])
                logger.bind(execution=row["execution_id"], kind=row["kind"]).error("alarm_damaged")
            return None


def _maybe_approval(row: RowMapping) -> Approval | None:
    """None where it is damaged: the others of a list are shown all the same."""
    try:
        return approval_of(row)
    except DamagedError:
        return None
