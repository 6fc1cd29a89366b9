"""An alarm clock: wakes the engine at an instant, knows nothing of why."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Timer(Protocol):
    """Holds one next instant; due times themselves are rows."""

    def arm(self, at: datetime | None) -> None:
        """Ring at ``at`` (at once when it has passed), instead of any earlier arming; None disarms."""
        ...
