"""Telemetry: log lines, Prometheus measurements and stored spans of the same facts."""

from __future__ import annotations

from typing import Protocol

from loguru import logger
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from engine.domain.event import Event, EventType
from engine.domain.ids import ExecutionId, StepId
from engine.ports.telemetry import Span


class SpanSink(Protocol):
    """Keeps spans."""

    def span(self, span: Span) -> None:
        """Keep one; never waits."""
        ...


class Observatory:
    """``engine.ports.telemetry.Telemetry``, and a watcher of events."""

    def __init__(self, spans: SpanSink) -> None:
        self._spans = spans
        self._registry = CollectorRegistry()
        self._events = Counter("tizmor_events", "Facts committed", ["type"], registry=self._registry)
        self._finished = Counter("tizmor_executions_finished", "By outcome", ["outcome"], registry=self._registry)
        self._moving = Gauge("tizmor_executions_unfinished", "Not done yet", registry=self._registry)
        self._circuits = Gauge(
            "tizmor_service_left_alone", "1 while a service that kept failing is", ["service"], registry=self._registry
        )
        self._steps = Histogram(
            "tizmor_step_seconds", "By agent and status", ["agent", "status"], registry=self._registry
        )

    def circuit(self, service: str, is_open: bool) -> None:  # noqa: FBT001 - ``engine.safety.circuits.Watcher``
        """A service is left alone from now on, or is back."""
        self._circuits.labels(service).set(is_open)
        told = logger.bind(service=service)
        told.warning("service_left_alone") if is_open else told.info("service_is_back")

    def span(self, span: Span) -> None:
        """See the port."""
        seconds = (span.ended_at - span.started_at).total_seconds()
        self._steps.labels(span.name, span.status).observe(max(seconds, 0))
        self._spans.span(span)

    def failed(self, execution_id: ExecutionId, step_id: StepId | None, error: BaseException) -> None:
        """See the port."""
        bound = logger.bind(execution_id=execution_id, step_id=step_id, code=getattr(error, "code", "internal_error"))
        bound.opt(exception=error).warning("attempt_failed")

    def heard(self, event: Event) -> None:
        """Count and log a committed fact; give it to ``StateManager.watch``."""
        self._events.labels(event.type.value).inc()
        if event.type is EventType.EXECUTION_STARTED:
            self._moving.inc()
        if event.type is EventType.EXECUTION_FINISHED:
            self._moving.dec()
            self._finished.labels(str(event.payload.get("outcome"))).inc()
        fields = {key: event.payload[key] for key in ("step", "outcome", "status", "kind") if key in event.payload}
        step = fields.pop("step", None)
        logger.bind(execution_id=event.execution_id, step_id=step, **fields).info(event.type.value)

    def recovered(self, unfinished: int) -> None:
        """Tell how many executions were found at start."""
        self._moving.set(unfinished)

    def metrics(self) -> str:
        """Prometheus' text format."""
        return generate_latest(self._registry).decode()
