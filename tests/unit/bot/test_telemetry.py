"""What operators see of services that are left alone."""

from __future__ import annotations

from bot.telemetry import Observatory
from engine.ports.telemetry import Span


class Nowhere:
    """Keeps no spans."""

    def span(self, span: Span) -> None:
        del span


def test_a_service_that_is_left_alone_is_a_measurement() -> None:
    observatory = Observatory(Nowhere())
    observatory.circuit("claude-sonnet-4-5", True)
    assert 'tizmor_service_left_alone{service="claude-sonnet-4-5"} 1.0' in observatory.metrics()
    observatory.circuit("claude-sonnet-4-5", False)
    assert 'tizmor_service_left_alone{service="claude-sonnet-4-5"} 0.0' in observatory.metrics()
