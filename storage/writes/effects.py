"""Intents: before an effect, and completed after it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.ports import changes as s
from storage import tables as t
from storage.codec import encode, instant
from storage.writes.dispatch import writes
from storage.writes.statement import Write, bound, compiled, setting

_e, _in = t.executions.executions, t.effects.intents
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
        },
        1,
    )


@writes.register
def _(change: s.CompleteIntent) -> Iterator[Write]:
    yield Write(_COMPLETE, {"b_key": change.key, "result": encode(change.result), "finished_at": instant(change.at)}, 1)
