"""What the engine tells about itself. Written behind: nothing waits for it, no business decision reads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from engine.domain.ids import ExecutionId, StepId
from engine.domain.json import JsonObject, JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One timed piece of work."""

    execution_id: ExecutionId
    name: str
    started_at: datetime
    ended_at: datetime
    status: str
    """``ok``, ``error``, ``waiting``, ``cancelled``, ``rejected`` or ``unknown``."""
    step_id: StepId | None = None
    attributes: JsonObject = field(default_factory=dict[str, JsonValue])


class Telemetry(Protocol):
    """Takes spans and failures; never raises, never blocks."""

    def span(self, span: Span) -> None:
        """A piece of work ended."""
        ...

    def failed(self, execution_id: ExecutionId, step_id: StepId | None, error: Exception) -> None:
        """Something raised; for the log, with its traceback."""
        ...
