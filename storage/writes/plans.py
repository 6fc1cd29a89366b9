"""Plans and drafts: versions with a row for each step."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import delete, func, null, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.domain.execution import StepStatus
from engine.domain.ids import ExecutionId, StepId
from engine.domain.json import content_hash
from engine.domain.plan import PLAN_EDIT_PLACE, Plan, Step
from engine.ports import changes as s
from storage import tables as t
from storage.codec import PLAN_SCHEMA, dump_plan, encode
from storage.writes.dispatch import writes
from storage.writes.statement import Write, bound, compiled, conflicting, inserting, mine

_e, _st, _ap = t.executions.executions, t.executions.execution_steps, t.approvals.pending_approvals
_edits_of_the_version_before = (
    select(func.count())
    .where(
        _ap.c.execution_id == bound("b_execution"),
        _ap.c.step_id == PLAN_EDIT_PLACE,
        _ap.c.plan_version == bound("b_version") - 1,
    )
    .scalar_subquery()
)
"""Edits are only ever added: where a plan takes up as many as there are, it takes up all of them."""
_PLAN_VERSION = compiled(
    update(_e)
    .where(*mine, _e.c.plan_version == bound("b_version") - 1, _edits_of_the_version_before == bound("b_edits"))
    .values(plan_version=bound("b_version"), epoch=_e.c.epoch + 1, crashes=0)
)
_NO_PLAN_YET = compiled(update(_e).where(*mine, _e.c.plan_version == 0).values(plan_version=0))
_PLAN = inserting(t.executions.plans)
_DRAFT = inserting(
    t.executions.plans,
    upsert(t.executions.plans).on_conflict_do_update(
        index_elements=["execution_id", "version"], set_=conflicting(t.executions.plans, body=bound("body"))
    ),
)
_SUPERSEDE_STEPS = compiled(
    update(_st)
    .where(_st.c.execution_id == bound("b_execution"), _st.c.superseded.is_(None))
    .values(superseded=bound("version"))
)
_STEP = inserting(
    _st,
    upsert(_st).on_conflict_do_update(
        index_elements=["execution_id", "step_id"],
        set_=conflicting(_st, superseded=null()),
        where=_st.c.argument_hash == bound("argument_hash"),
    ),
)


# Steps of a draft (plan version 0) that are not kept; ``kept`` is a JSON array of step ids.
_dropped = (
    _st.c.execution_id == bound("b_execution"),
    _st.c.plan_version == 0,
    _st.c.step_id.not_in(select(func.json_each(bound("kept")).table_valued("value").c.value)),
)
_sc = t.executions.shared_context
_DROP_ARTIFACTS = compiled(
    delete(_sc).where(
        _sc.c.execution_id == bound("b_execution"), _sc.c.name.in_(select(_st.c.step_id).where(*_dropped))
    )
)
_DROP_STEPS = compiled(delete(_st).where(*_dropped))


@writes.register
def _(change: s.SaveDraft) -> Iterator[Write]:
    draft, execution = change.draft, change.execution_id
    yield Write(_NO_PLAN_YET, {"b_execution": execution, "b_fence": change.fence}, 1)
    yield Write(_DRAFT, _plan_row(execution, draft), 1)
    yield from _steps(execution, draft, change.kept)


@writes.register
def _(change: s.SavePlan) -> Iterator[Write]:
    plan, execution = change.plan, change.execution_id
    own = {"b_execution": execution, "b_fence": change.fence, "b_version": plan.version}
    yield Write(_PLAN_VERSION, {**own, "b_edits": len(plan.took_up)}, 1)
    yield Write(_PLAN, _plan_row(execution, plan), 1)
    yield from _steps(execution, plan, change.adopted)


def _plan_row(execution: ExecutionId, plan: Plan) -> dict[str, object]:
    return {"execution_id": execution, "version": plan.version, "schema": PLAN_SCHEMA, "body": dump_plan(plan)}


def _steps(execution: ExecutionId, plan: Plan, kept: frozenset[StepId] | None) -> Iterator[Write]:
    """Supersede what is not in the plan, dropping what was only drafted; give every step of it a run, or leave it the one
    it has: a row of other arguments under its id makes the whole change lose."""
    yield Write(_SUPERSEDE_STEPS, {"b_execution": execution, "version": plan.version}, None)
    if kept is not None:
        drop = {"b_execution": execution, "kept": encode(sorted(kept))}
        yield Write(_DROP_ARTIFACTS, drop, None)
        yield Write(_DROP_STEPS, drop, None)
    for step in plan.steps:
        yield Write(
            _STEP,
            {
                "execution_id": execution,
                "step_id": step.id,
                "plan_version": plan.version,
                "superseded": None,
                "agent": step.agent,
                "effect": step.effect.value,
                "argument_hash": _argument_hash(step),
                "status": StepStatus.PENDING.value,
                "outcome": None,
                "attempts": 0,
                "retry_at": None,
                "started_at": None,
                "finished_at": None,
                "cached": 0,
                "error": None,
                "checkpoint": None,
                "crashes": 0,
                "stand_in": "",
            },
            1,
        )


def _argument_hash(step: Step) -> str:
    bindings = {name: {"step": b.step_id, "one": b.one} for name, b in step.bindings.items()}
    return content_hash({"agent": step.agent, "inputs": step.inputs, "bindings": bindings})
