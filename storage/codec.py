"""Domain values ↔ column values: the one mapper. Everything stored as JSON is canonical text."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter

from engine.domain.approval import Approval
from engine.domain.execution import StepError
from engine.domain.json import JsonObject, JsonValue, canonical
from engine.domain.plan import Plan
from engine.domain.request import Origin
from engine.errors import InternalError

PLAN_SCHEMA = 1
"""Version of the stored plan JSON; unknown versions fail loudly."""

_PLAN: TypeAdapter[Plan] = TypeAdapter(Plan)
_APPROVAL: TypeAdapter[Approval] = TypeAdapter(Approval)
_ERROR: TypeAdapter[StepError] = TypeAdapter(StepError)
_ORIGIN: TypeAdapter[Origin] = TypeAdapter(Origin)


@lru_cache(maxsize=64)
def instant(value: datetime) -> str:
    """A fixed-width UTC text that sorts as time does."""
    if value.tzinfo is None:
        raise InternalError("naive_datetime", f"A datetime without a zone reached the store: {value!r}.")
    if value.tzinfo is not UTC:
        value = value.astimezone(UTC)
    return value.isoformat(timespec="microseconds")[:-6] + "Z"


def maybe_instant(value: datetime | None) -> str | None:
    """:func:`instant`, or None."""
    return None if value is None else instant(value)


def parse_instant(value: str) -> datetime:
    """Read back :func:`instant`.

    Raises:
        ValueError: it is none, or has no zone.
    """
    found = datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError(f"an instant without a zone: {value!r}")
    return found


def maybe_parse(value: str | None) -> datetime | None:
    """:func:`parse_instant`, or None."""
    return None if value is None else parse_instant(value)


def readable_instant(value: str | None) -> datetime | None:
    """:func:`maybe_parse`, and None too where what stands there is no instant: it is damaged."""
    try:
        return maybe_parse(value)
    except (ValueError, TypeError):
        return None


def encode(value: JsonValue) -> str:
    """JSON text of a value."""
    return canonical(value)


def decode(text: str) -> Any:
    """Read back :func:`encode`."""
    return json.loads(text)


def maybe_decode(text: str | None) -> JsonObject | None:
    """A stored object, or None."""
    return None if text is None else decode(text)


def dump_plan(plan: Plan) -> str:
    """A plan as JSON text."""
    return _PLAN.dump_json(plan).decode()


def load_plan(schema: int, text: str) -> Plan:
    """A stored plan.

    Raises:
        InternalError: the schema is newer than this program.
    """
    if schema != PLAN_SCHEMA:
        raise InternalError(
            "plan_schema_unknown", f"A stored plan has schema {schema}; this program knows {PLAN_SCHEMA}."
        )
    return _PLAN.validate_json(text)


def dump_approval(approval: Approval) -> str:
    """An approval as JSON text."""
    return _APPROVAL.dump_json(approval).decode()


def load_approval(text: str) -> Approval:
    """A stored approval."""
    return _APPROVAL.validate_json(text)


def dump_error(error: StepError | None) -> str | None:
    """A step error as JSON text, or None."""
    return None if error is None else _ERROR.dump_json(error).decode()


def load_error(text: str | None) -> StepError | None:
    """A stored step error, or None."""
    return None if text is None else _ERROR.validate_json(text)


def dump_origin(origin: Origin | None) -> str | None:
    """Where a request comes from as JSON text, or None."""
    return None if origin is None else _ORIGIN.dump_json(origin).decode()


def load_origin(text: str | None) -> Origin | None:
    """Read back :func:`dump_origin`."""
    return None if text is None else _ORIGIN.validate_json(text)
