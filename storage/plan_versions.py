"""Reading back the versions of an execution's plan: each of them is kept as it was."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BindParameter, bindparam, func, select

from engine.domain.event import EventType
from engine.domain.ids import ExecutionId
from engine.ports.store import PlanVersion
from storage.codec import parse_instant
from storage.database import Database
from storage.rows import plan_of
from storage.tables import events, executions

_p, _ev = executions.plans.c, events.events.c
_this: BindParameter[str] = bindparam("execution")
_VERSIONS = (
    select(executions.plans).where(_p.execution_id == _this, _p.version > 0).order_by(_p.version),
    select(func.json_extract(_ev.payload, "$.version").label("version"), func.min(_ev.at).label("at"))
    .where(_ev.execution_id == _this, _ev.type == EventType.PLAN_MADE.value)
    .group_by("version"),
)
"""Both as of one instant: when a version was made is told by the event committed with it."""


async def versions_of(database: Database, execution_id: ExecutionId) -> Sequence[PlanVersion]:
    """Every version, the first one first; a draft is none."""
    plans, made = await database.rows_together(*_VERSIONS, execution=execution_id)
    at = {int(row["version"]): parse_instant(row["at"]) for row in made if row["version"] is not None}
    return [PlanVersion(plan=plan_of(row), made_at=at.get(row["version"])) for row in plans]
