"""Keeps a background service alive: what breaks one round of it is told and tried again, never the whole process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from loguru import logger

from engine.ports.clock import Clock

FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(seconds=30)
STEADY = timedelta(minutes=1)
"""A service that lived so long was well: what broke it then is something new."""


async def keep_running(name: str, service: Callable[[], Awaitable[None]], clock: Clock) -> None:
    """Run ``service``, which never returns by itself, and start it again after a pause when it breaks; the pause grows while it
    breaks soon after its start.

    Cancel: the service is cancelled and stays so.
    """
    pause = FIRST_PAUSE
    while True:
        began = clock.now()
        try:
            await service()
        except Exception:  # noqa: BLE001 - the crash barrier of a service
            pause = FIRST_PAUSE if clock.now() - began >= STEADY else pause
            logger.bind(service=name, again_in=str(pause)).exception("service_broke")
        await clock.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)
