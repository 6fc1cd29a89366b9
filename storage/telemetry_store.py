"""Spans, measurements and log lines as rows, written behind."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from engine.domain.ids import opaque
from engine.domain.json import JsonValue
from engine.ports.telemetry import Span
from storage.codec import encode, instant
from storage.database import Database
from storage.tables import telemetry
from storage.writes import Write, bound, compiled, inserting

_SPAN = inserting(telemetry.traces)
_METRIC = compiled(
    telemetry.metrics.insert().values({name: bound(name) for name in ("name", "execution_id", "labels", "value", "at")})
)
_LOG = compiled(
    telemetry.logs.insert().values(
        {name: bound(name) for name in ("execution_id", "step_id", "level", "message", "fields", "at")}
    )
)


class TelemetryStore:
    """Queues rows; a full queue drops them, never the work."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._count = 0

    def span(self, span: Span) -> None:
        """One span, and its duration as a measurement."""
        self._count += 1
        duration = (span.ended_at - span.started_at).total_seconds() * 1000
        identity = f"{self._database.generation}/{self._count}"
        row = {
            "span_id": opaque(identity, 16),
            "parent_id": None if span.step_id is None else opaque(span.execution_id, 16),
            "execution_id": span.execution_id,
            "step_id": span.step_id,
            "name": span.name,
            "started_at": instant(span.started_at),
            "duration_ms": duration,
            "status": span.status,
            "attributes": encode(span.attributes),
        }
        measure = {
            "name": "step_duration_ms",
            "execution_id": span.execution_id,
            "labels": encode({"agent": span.name, "status": span.status}),
            "value": duration,
            "at": instant(span.ended_at),
        }
        self._database.write_behind([Write(_SPAN, row, 1), Write(_METRIC, measure, 1)])

    def log(self, level: str, message: str, fields: Mapping[str, JsonValue], at: datetime) -> None:
        """One log line; ``execution_id`` and ``step_id`` among the fields become columns."""
        row = {
            "execution_id": fields.get("execution_id"),
            "step_id": fields.get("step_id"),
            "level": level,
            "message": message,
            "fields": encode({k: v for k, v in fields.items() if k not in {"execution_id", "step_id"}}),
            "at": instant(at),
        }
        self._database.write_behind([Write(_LOG, row, 1)])
