"""Where a test may have the process die (``engine.failpoints``), by settings."""

from __future__ import annotations

from bot.settings import Settings
from engine.failpoints import arm


def arm_failpoints(settings: Settings) -> None:
    """Choose where to die, and write down each point as it is passed, where that is wanted."""
    log = settings.tizmor_failpoint_log
    if log is None:
        arm(settings.tizmor_failpoint)
        return
    stream = log.open("a", buffering=1, encoding="utf-8")

    def note(name: str) -> None:
        stream.write(name + "\n")

    arm(settings.tizmor_failpoint, note)
