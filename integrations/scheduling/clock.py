"""The system's clock and random identifiers."""

from __future__ import annotations

import asyncio
import secrets
from datetime import UTC, datetime, timedelta


class SystemClock:
    """Wall time in UTC; waits on the event loop's monotonic time."""

    def now(self) -> datetime:
        """The current instant."""
        return datetime.now(UTC)

    async def sleep(self, duration: timedelta) -> None:
        """Wait; cancels at once."""
        await asyncio.sleep(max(duration.total_seconds(), 0))


class RandomIds:
    """Identifiers of 128 random bits."""

    def new(self) -> str:
        """32 lower-case hexadecimal digits."""
        return secrets.token_hex(16)
