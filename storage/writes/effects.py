"""Intents: before an effect, and completed after it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import literal, or_, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.ports import changes as s
from storage import tables as t
from storage.codec import encode, instant
from storage.writes.dispatch import writes
from storage.writes.statement import Write, bound, compiled, row_of, setting

_e, _in = t.executions.executions, t.effects.intents
_INTENT_ROW = row_of(_in)
_goes_on = (
    _e.c.id == bound("execution_id"),
    _e.c.fence == bound("fence"),
    _e.c.cancelled == 0,
    or_(_e.c.paused == 0, _e.c.pause_reason != ""),
)
"""The execution is ours, and nobody stopped it."""
_INTENT = compiled(
    upsert(_in).from_select(list(_INTENT_ROW), select(*_INTENT_ROW.values()).where(*_goes_on)).on_conflict_do_nothing()
)
_RETRY = compiled(
    setting(
        update(_in).where(
            _in.c.key == bound("b_key"),
            _in.c.status != "done",
            or_(bound("answer").is_(None), _in.c.answer.is_distinct_from(bound("answer"))),
            select(literal(1)).where(*_goes_on).exists(),
        ),
        "started_at",
        "call_hash",
        "answer",
        status="started",
        fence=bound("fence"),
    )
)
_VOID = compiled(
    setting(
        update(_in).where(_in.c.key == bound("b_key"), _in.c.status == "started", _in.c.fence == bound("b_fence")),
        "finished_at",
        status="void",
    )
)
_COMPLETE = compiled(
    setting(
        update(_in).where(_in.c.key == bound("b_key"), _in.c.status == "started"),
        "result",
        "finished_at",
        status="done",
    )
)


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
            "title": i.title,
            "answer": None,
        },
        1,
    )


@writes.register
def _(change: s.RetryIntent) -> Iterator[Write]:
    yield Write(
        _RETRY,
        {
            "b_key": change.key,
            "execution_id": change.execution_id,
            "fence": change.fence,
            "started_at": instant(change.at),
            "call_hash": change.call_hash,
            "answer": change.answer,
        },
        1,
    )


@writes.register
def _(change: s.VoidIntent) -> Iterator[Write]:
    yield Write(_VOID, {"b_key": change.key, "b_fence": change.fence, "finished_at": instant(change.at)}, 1)


@writes.register
def _(change: s.CompleteIntent) -> Iterator[Write]:
    yield Write(_COMPLETE, {"b_key": change.key, "result": encode(change.result), "finished_at": instant(change.at)}, 1)
