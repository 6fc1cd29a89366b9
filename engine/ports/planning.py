"""Makes a checked plan of a request."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from engine.domain.plan import Plan
from engine.domain.request import Request
from engine.domain.tenant import PersonalTime


class Planner(Protocol):
    """Sees the asker's own words only."""

    async def create_plan(
        self,
        request: Request,
        *,
        now: datetime,
        personal: PersonalTime,
        version: int = 1,
        change: str | None = None,
    ) -> Plan:
        """Plan a request, or plan it again with a person's ``change`` in words.

        Raises:
            PlanError: ``request_not_understood`` or ``draft_invalid``.
        """
        ...
