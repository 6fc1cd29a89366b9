"""Changes of a step: claimed, settled, parked, saved on the way, with its artifact."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from sqlalchemy import literal, null, or_, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.domain.execution import StepOutcome, StepStatus
from engine.ports import changes as s
from storage import tables as t
from storage.codec import dump_error, encode, instant, maybe_instant
from storage.writes.dispatch import writes
from storage.writes.statement import Write, bound, compiled, conflicting, inserting, mine, owned, setting

_e, _st = t.executions.executions, t.executions.execution_steps
_this_step = (_st.c.execution_id == bound("b_execution"), _st.c.step_id == bound("b_step"))
_CLAIM = compiled(
    setting(
        update(_st).where(
            *_this_step,
            or_(*[_st.c.status == status for status in ("pending", "ready", "waiting")]),
            select(literal(1))
            .where(*mine, _e.c.epoch == bound("b_epoch"), _e.c.paused == 0, _e.c.cancelled == 0)
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
    setting(
        update(_st).where(*_this_step, _st.c.status != "done", owned),
        "outcome",
        "finished_at",
        "error",
        status=StepStatus.DONE.value,
        retry_at=null(),
    )
)
_PARK = compiled(
    setting(update(_st).where(*_this_step, _st.c.status == "running", owned), "status", "retry_at", "error")
)
_HAND_OVER = compiled(
    setting(update(_st).where(*_this_step, _st.c.status == "running", owned), "status", "retry_at", "error", "stand_in")
)
_GIVE_BACK = compiled(
    setting(
        update(_st).where(*_this_step, _st.c.status == "running", owned),
        "status",
        "retry_at",
        "error",
        attempts=_st.c.attempts - 1,
    )
)
_CHECKPOINT = compiled(setting(update(_st).where(*_this_step, owned), "checkpoint"))
_ARTIFACT = inserting(
    t.executions.shared_context,
    upsert(t.executions.shared_context).on_conflict_do_update(
        index_elements=["execution_id", "name"],
        set_=conflicting(t.executions.shared_context, value=bound("value"), kind=bound("kind")),
    ),
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
    parameters: dict[str, object] = {
        "b_execution": change.execution_id,
        "b_step": change.step_id,
        "b_fence": change.fence,
        "status": (StepStatus.WAITING if change.waiting else StepStatus.READY).value,
        "retry_at": maybe_instant(change.retry_at),
        "error": dump_error(change.error),
    }
    if change.stand_in:
        yield Write(_HAND_OVER, {**parameters, "stand_in": change.stand_in}, 1)
    else:
        yield Write(_PARK if change.waiting else _GIVE_BACK, parameters, 1)


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
            "readers": _readers(change.label.readers),
            "written_at": instant(change.at),
        },
        1,
    )


@lru_cache(maxsize=256)
def _readers(readers: frozenset[str]) -> str:
    return encode(sorted(readers))
