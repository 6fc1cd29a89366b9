"""Money set aside before a model call and accounted for after it, and the prompts calls are made with."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.domain.spend import ModelCall, Usage
from engine.ports import changes as s
from storage import tables as t
from storage.codec import instant
from storage.writes.dispatch import writes
from storage.writes.statement import Write, bound, compiled, inserting, setting

_mc = t.spend.model_calls
_COLUMNS = [c.name for c in _mc.columns]


def _room(cap: str, *where: object) -> object:
    """Is there room under a cap for the cost of the row being inserted? The one writer makes it free of races."""
    held = select(func.coalesce(func.sum(_mc.c.cost_nano), 0)).where(*where).scalar_subquery()  # pyright: ignore[reportArgumentType] - columns' expressions
    return or_(bound(cap).is_(None), held + func.coalesce(bound("cost_nano"), 0) <= bound(cap))


_RESERVE = compiled(
    upsert(_mc)
    .from_select(
        _COLUMNS,
        select(*[bound(name) for name in _COLUMNS]).where(
            _room("cap_execution", _mc.c.execution_id == bound("execution_id")),  # pyright: ignore[reportArgumentType]
            _room("cap_day", _mc.c.tenant_id == bound("tenant_id"), _mc.c.day == bound("day")),  # pyright: ignore[reportArgumentType]
        ),
    )
    .on_conflict_do_nothing()
)
USAGE = [
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
]
"""Columns that are fields of :class:`engine.domain.spend.Usage` as they are."""
_SETTLE = compiled(
    setting(
        update(_mc).where(_mc.c.id == bound("b_id"), _mc.c.settled == 0),
        "model",
        "cost_nano",
        "price_version",
        "estimated",
        "request_id",
        *USAGE,
        settled=1,
    )
)
_PROMPT = inserting(t.spend.prompt_versions, upsert(t.spend.prompt_versions).on_conflict_do_nothing())


@writes.register
def _(change: s.ReserveSpend) -> Iterator[Write]:
    call, caps = change.call, change.caps
    row: dict[str, object] = {
        "id": call.id,
        "tenant_id": call.tenant_id,
        "user_id": call.user_id,
        "execution_id": call.execution_id,
        "step_id": call.step_id,
        "prompt": call.prompt,
        "day": call.day.isoformat(),
        "at": instant(call.at),
        "settled": 0,
        **_account(call),
        "cap_execution": None if caps.per_execution is None else caps.per_execution.nano,
        "cap_day": None if caps.per_day is None else caps.per_day.nano,
    }
    yield Write(_RESERVE, row, 1)


@writes.register
def _(change: s.SettleSpend) -> Iterator[Write]:
    yield Write(_SETTLE, {"b_id": change.call.id, **_account(change.call)}, 1)


@writes.register
def _(change: s.PutPrompt) -> Iterator[Write]:
    prompt = change.prompt
    row = {
        "name": prompt.name,
        "version": prompt.version,
        "content_hash": prompt.content_hash,
        "text": prompt.text,
        "first_used_at": instant(change.at),
    }
    yield Write(_PROMPT, row, None)


def _account(call: ModelCall) -> dict[str, object]:
    usage: Usage = call.usage
    return {
        "model": call.model,
        "cost_nano": None if call.cost is None else call.cost.nano,
        "price_version": call.price_version,
        "estimated": int(usage.estimated),
        "request_id": call.request_id,
        **{name: getattr(usage, name) for name in USAGE},
    }
