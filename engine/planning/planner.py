"""Planners: a person's words in, a checked plan out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from engine.domain.agent import AgentSpec
from engine.domain.plan import Plan
from engine.domain.request import Request
from engine.domain.tenant import PersonalTime
from engine.planning.check import check_draft
from engine.planning.offline.understand import draft_plan


class Planner(Protocol):
    """Makes plans. It sees the asker's own words, never what steps have read."""

    async def create_plan(
        self,
        request: Request,
        *,
        now: datetime,
        personal: PersonalTime,
        version: int = 1,
        change: str | None = None,
    ) -> Plan:
        """Plan a request.

        Args:
            request: what was asked; ``request.locale`` is the language of titles and of ``understood``.
            now: when it was asked, aware; "tomorrow" is counted from here in ``personal.timezone``.
            personal: the asker's zone, working week and hours.
            version: the number of the plan to be made.
            change: the person's words changing an earlier version, or None.

        Raises:
            PlanError: ``request_not_understood`` when there is nothing to do that a planner could name;
                ``draft_invalid`` when what was drafted does not hold.

        """
        ...


class OfflinePlanner:
    """Plans by clause splitting, a bilingual lexicon and typed wiring: no model, no I/O, the same plan every time.

    Args:
        agents: gives the agents that may be used now, by name; called once per plan.

    """

    name = "offline"

    def __init__(self, agents: Callable[[], Mapping[str, AgentSpec]]) -> None:
        self._agents = agents

    async def create_plan(
        self,
        request: Request,
        *,
        now: datetime,
        personal: PersonalTime,
        version: int = 1,
        change: str | None = None,
    ) -> Plan:
        """Plan a request; a change is read as further words of the same request."""
        text = f"{request.text}\n{change}" if change else request.text
        draft = draft_plan(text, locale=request.locale, now=now, personal=personal)
        return check_draft(draft, self._agents(), version=version, planner=self.name)
